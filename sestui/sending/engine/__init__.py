"""The engine: claims deliveries, hands them to SES at their slots, writes what came of them.

To read it from the outside in:

- ``ports``: the protocols for everything that it needs from outside.
- ``loop``: the engine's thread; each tick writes answers, claims and hands over. With it:
  ``scheduler`` (which run is next), ``claim_sizer`` and ``batching`` (how many mails, in which
  calls), ``answer_buffer`` (answers that are not in the ledger yet), ``answer_policy`` (what they
  mean for going on), ``account_monitor`` and ``account_poller`` (quota and outages), ``report``.
- ``dispatch``: the dispatcher's thread, from a claim to its answer. With it: ``call_queue`` and
  ``bulk_split`` (claims become calls), ``rate_limiter`` (slots and the rate), ``concurrency`` (how
  many are in the air), ``brake`` (missing answers), ``call_cost``.
"""
