"""The engine: claims deliveries, hands them to SES at their slots, and writes the answers.

Its modules, from the outside in:

- ``ports``: protocols of everything it depends on.
- ``loop``: the engine's thread; each tick writes answers, claims and hands over. It uses
  ``scheduler`` (which run is next), ``claim_sizer`` and ``batching`` (how many mails, in which
  calls), ``answer_buffer`` (answers not yet in the ledger), ``answer_policy`` (backoff and pauses),
  ``account_monitor`` and ``account_poller`` (quota and outages) and ``report``.
- ``dispatch``: the dispatcher's thread, from a claim to its answer. It uses ``call_queue`` and
  ``bulk_split`` (claims become calls), ``rate_limiter`` (slots and the rate), ``concurrency``
  (calls in flight), ``brake`` (missing answers) and ``call_cost``.
"""
