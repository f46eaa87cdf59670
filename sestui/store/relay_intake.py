"""Taking mail over from clients: into the ledger, with a slot for the first call, or not at all.

One transaction writes what SES said to earlier first calls and admits what has come meanwhile, so
that many clients at once cost one commit. A mail's recipients all become deliveries in it: those of
the first call ``sending``, the others pending and held until the first call has its answer.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from sestui.core.account import QuotaRule
from sestui.core.clock import Clock, Instant
from sestui.core.delivery import AnswerKind, Claim
from sestui.core.pacing import CHUNK_SECONDS, CLAIM_AHEAD_SECONDS, PACE, Pace, Quota
from sestui.core.states import DeliveryState, PauseReason, RunState, SkipReason
from sestui.ses_api.relay_intake import (
    HOLD_SECONDS,
    Admission,
    Admissions,
    CallAnswer,
    Incoming,
    Terms,
    Verdict,
)
from sestui.ses_api.relayed import first_call
from sestui.ses_api.wire import quota_exceeded, sending_paused
from sestui.store import governor, relay_runs
from sestui.store import relay_sql as sql
from sestui.store.database import Database
from sestui.store.ledger import Ledger, clocks_now, finish_if_done, move_counts
from sestui.store.tables import GovernorRow

_HOUR = 3600
_HOURS_OF_QUOTA = 24
_BATCH = 500
"""Names in one IN: SQLite takes a limited number of parameters."""

_WITHDRAWN = "SES did not take the mail's first recipient, and the client was told so."


class RelayIntake:
    """Admission as one worker does it, for one account; ``ledger`` settles for the same worker."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        *,
        account: str,
        worker: str,
        quota_rule: QuotaRule,
        clock: Clock,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._account = account
        self._worker = worker
        self._quota_rule = quota_rule
        self._clock = clock

    def exchange(self, answers: Sequence[CallAnswer], mails: Sequence[Incoming]) -> Admissions:
        """Write ``answers``, then admit of ``mails`` what may leave now, in one transaction."""
        with self._database.write_connection() as connection:
            # First for every worker, so that no two wait for each other's rows, and so that a
            # client's two tries at two relays come one after the other.
            row = governor.locked_row(connection, self._account)
            now, monotonic = clocks_now(connection, self._clock)
            if answers:
                self._settle(connection, row, answers, now)
            said = Admissions(now, monotonic, governor.row_rate(row, now))
            return replace(said, found=self._admitted(connection, mails, row, said))

    def take_back(self, held: Set[int]) -> None:
        """See :meth:`Ledger.take_back`: what is not ``held`` is sent like all that is pending."""
        self._ledger.take_back(held)

    # settling

    def _settle(
        self, connection: Connection, row: GovernorRow, calls: Sequence[CallAnswer], now: Instant
    ) -> None:
        self._ledger.settle(connection, row, [a for call in calls for a in call.answers], now)
        told: list[int] = []
        failed: list[int] = []
        forgotten: list[int] = []
        for call in calls:
            kind = call.answers[0].kind
            if kind in {AnswerKind.ACCEPTED, AnswerKind.UNKNOWN}:
                if call.recipients > len(call.answers):
                    told.append(call.mail_id)
                continue
            failed.append(call.mail_id)
            if kind is AnswerKind.NOT_SENT:
                forgotten.append(call.mail_id)
                _use(connection, call.terms, call.admitted_at, -call.recipients)
        if told:
            connection.execute(sql.RELEASE, {"ids": told})
        if failed:
            _give_up(connection, failed, now)
        if forgotten:
            connection.execute(sql.FORGET, {"ids": forgotten})

    # admitting

    def _admitted(
        self, connection: Connection, mails: Sequence[Incoming], row: GovernorRow, said: Admissions
    ) -> tuple[Admission, ...]:
        if not mails:
            return ()
        known = _known(connection, mails)
        batch = _Batch(
            connection,
            self._worker,
            row,
            said,
            governor.row_quota(row, self._quota_rule, said.now),
            _suppressed(connection, mails),
            frozenset(known),
        )
        found = []
        for mail in mails:
            mail_id = known.get(mail.retry_key)
            if mail_id is None and not mail.own_call:
                mail_id = known.get(mail.replay_key)
            if mail_id is not None:
                found.append(Admission(Verdict.KNOWN, mail_id))
            else:
                found.append(batch.admit(mail))
        batch.write(self._account)
        return tuple(batch.with_ids(found))


@dataclass(slots=True)
class _Batch:
    """Mails that are being admitted in one transaction; written together at its end."""

    connection: Connection
    worker: str
    row: GovernorRow
    said: Admissions
    quota: Quota
    suppressed: frozenset[str]
    known: frozenset[str]
    """Retry and replay keys that mails before have."""
    runs: dict[int, relay_runs.Current] = field(default_factory=dict)
    mails: list[dict[str, Any]] = field(default_factory=list)
    payloads: list[bytes | None] = field(default_factory=list)
    deliveries: list[list[dict[str, Any]]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """The number in this batch of the mail with that retry or replay key."""
    taken: int = 0
    claims: list[tuple[Claim, ...]] = field(default_factory=list)

    def admit(self, mail: Incoming) -> Admission:
        """Decide one mail; an ADMITTED one gets its ids from :meth:`with_ids`."""
        number = self.numbers.get(mail.retry_key)
        if number is None and not mail.own_call:
            number = self.numbers.get(mail.replay_key)
        if number is not None:
            return Admission(Verdict.KNOWN, -1 - number)
        run = self._run(mail.terms)
        if run.state == RunState.PAUSED and run.reason != PauseReason.ERRORS:
            return Admission(Verdict.REFUSED, error=sending_paused())
        mailable = [
            place
            for place, each in enumerate(mail.recipients)
            if self.suppressed.isdisjoint(_keys_of(each.email))
        ]
        call = first_call(mail.recipients, mailable)
        if not call:
            self._take_in(mail, run, (), frozenset())
            return Admission(Verdict.NOBODY, -len(self.mails))
        pace = self._pace(mail.terms, run)
        opens_at = pace.opens_at(self.said.now)
        horizon = self.said.now + CHUNK_SECONDS + CLAIM_AHEAD_SECONDS
        if opens_at is None or opens_at > horizon:
            next_at = self.said.now + 1 if opens_at is None else opens_at - CLAIM_AHEAD_SECONDS
            return Admission(Verdict.LATER, next_at=next_at)
        if not self._within_quota(mail.terms, len(call), len(mailable)):
            return Admission(Verdict.REFUSED, error=quota_exceeded())
        slots = pace.reserve(len(call), self.said.now)
        self.row.tat = pace.tat_after(slots)
        if pace.run_rate is not None:
            run.tat = slots.end
        self.taken += len(call)
        self._take_in(mail, run, call, frozenset(mailable))
        return Admission(Verdict.ADMITTED, -len(self.mails), places=call, slot=slots.start)

    def _run(self, terms: Terms) -> relay_runs.Current:
        if terms.campaign_id not in self.runs:
            self.runs[terms.campaign_id] = relay_runs.current_run(
                self.connection, terms.campaign_id, self.said.now
            )
        return self.runs[terms.campaign_id]

    def _pace(self, terms: Terms, run: relay_runs.Current) -> Pace:
        rate = self.said.rate * PACE  # the sender of this process is at work too
        share = rate * terms.rate_share if terms.rate_share < 1 else None
        run.max_rate = self.row.max_send_rate * terms.rate_share if terms.rate_share < 1 else None
        return Pace(tat=self.row.tat, rate=rate, run_tat=run.tat, run_rate=share)

    def _within_quota(self, terms: Terms, now: int, all_of_it: int) -> bool:
        if self.quota.left is not None and self.quota.left - self.taken < now:
            return False
        if terms.quota_share >= 1 or self.quota.limit is None:
            return True
        hour = int(self.said.now // _HOUR)
        used = self.connection.execute(
            sql.USED, {"key_id": terms.id, "since": hour - _HOURS_OF_QUOTA}
        ).scalar_one()
        return bool(used + all_of_it <= self.quota.limit * terms.quota_share)

    def _take_in(
        self, mail: Incoming, run: relay_runs.Current, call: Sequence[int], mailable: frozenset[int]
    ) -> None:
        now = self.said.now
        seen = mail.replay_key in self.known or mail.replay_key in self.numbers
        self.numbers[mail.retry_key] = len(self.mails)
        self.numbers.setdefault(mail.replay_key, len(self.mails))
        self.mails.append(
            {
                "run_id": run.id,
                "key_id": mail.terms.id,
                "created_at": now,
                "retry_key": mail.retry_key,
                "replay_key": None if seen else mail.replay_key,
                "first_place": call[0] if call else 0,
            }
        )
        self.payloads.append(mail.payload if call else None)
        rows = []
        for place, each in enumerate(mail.recipients):
            state, values = DeliveryState.SKIPPED, {"code": SkipReason.SUPPRESSED.value}
            if place in call:
                state, values = DeliveryState.SENDING, {}
            elif place in mailable:
                state, values = DeliveryState.PENDING, {}
            in_call = state is DeliveryState.SENDING
            rows.append(
                {
                    **sql.NEW_DELIVERY,
                    "run_id": run.id,
                    "place": place,
                    "email": each.email,
                    "state": state.value,
                    "attempts": int(in_call),
                    "worker": self.worker if in_call else "",
                    "claimed_at": now if in_call else None,
                    "not_before": now + HOLD_SECONDS if state is DeliveryState.PENDING else 0.0,
                    "queued_at": now,
                    **values,
                }
            )
        self.deliveries.append(rows)
        # At once: the next mail of this key in this batch has to be reckoned with it.
        _use(self.connection, mail.terms, now, len(mailable))

    def write(self, account: str) -> None:
        """Put everything that was admitted into the tables."""
        if not self.mails:
            return
        added = self.connection.execute(sql.ADD_MAILS, self.mails).all()
        by_key = {row.retry_key: row.id for row in added}
        ids = [by_key[mail["retry_key"]] for mail in self.mails]
        for mail, mail_id in zip(self.mails, ids, strict=True):
            mail["id"] = mail_id
        payloads = [
            {"mail_id": mail_id, "content": content}
            for mail_id, content in zip(ids, self.payloads, strict=True)
            if content is not None
        ]
        if payloads:
            self.connection.execute(sql.ADD_PAYLOADS, payloads)
        rows = [
            {**row, "relayed_id": mail_id}
            for mail_id, of_mail in zip(ids, self.deliveries, strict=True)
            for row in of_mail
        ]
        added = self.connection.execute(sql.ADD_DELIVERIES, rows).all()
        numbers = {(row.relayed_id, row.place): row.id for row in added}
        for mail_id, of_mail in zip(ids, self.deliveries, strict=True):
            own = [numbers[mail_id, row["place"]] for row in of_mail]
            self.claims.append(tuple(_claims(zip(own, of_mail, strict=True))))
        if self.taken:
            governor.take(self.connection, account, count=self.taken, tat=self.row.tat)
        for run in self.runs.values():
            relay_runs.count_in(self.connection, run, rows, limited=run.max_rate is not None)

    def with_ids(self, found: Iterable[Admission]) -> Iterable[Admission]:
        """The admissions with the ids that writing gave."""
        for each in found:
            if each.mail_id >= 0:
                yield each
                continue
            number = -each.mail_id - 1
            claims = self.claims[number] if each.verdict is Verdict.ADMITTED else ()
            yield replace(each, mail_id=self.mails[number]["id"], claims=claims)


def _claims(rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterable[Claim]:
    for number, row in rows:
        if row["state"] == DeliveryState.SENDING.value:
            yield Claim(number, row["run_id"], row["email"], 1)


def _give_up(connection: Connection, mail_ids: Sequence[int], now: Instant) -> None:
    """What of these mails is pending won't be sent: the client knows that its call failed."""
    rows = connection.execute(sql.PENDING_OF, {"ids": mail_ids}).all()
    if rows:
        connection.execute(
            sql.SKIP,
            {
                "ids": [row.id for row in rows],
                "b_code": SkipReason.CANCELLED.value,
                "b_reason": _WITHDRAWN,
            },
        )
    runs = [row.run_id for row in rows]
    steps = (DeliveryState.PENDING.value, DeliveryState.SKIPPED.value)
    move_counts(connection, {(run_id, *steps): runs.count(run_id) for run_id in set(runs)})
    for run_id in set(runs):
        finish_if_done(connection, run_id, now)
    connection.execute(sql.DROP_PAYLOADS, {"ids": mail_ids})


def _known(connection: Connection, mails: Sequence[Incoming]) -> dict[str, int]:
    """The ids of mails that were taken over before, by retry key and by replay key."""
    found: dict[str, int] = {}
    for start in range(0, len(mails), _BATCH):
        part = mails[start : start + _BATCH]
        rows = connection.execute(
            sql.KNOWN,
            {
                "retry_keys": [mail.retry_key for mail in part],
                "replay_keys": [mail.replay_key for mail in part],
            },
        )
        for row in rows:
            found |= {key: row.id for key in (row.retry_key, row.replay_key) if key}
    return found


def _keys_of(email: str) -> tuple[str, str]:
    """The keys under which an address is suppressed: its own, and its domain's."""
    key = email.lower()
    return key, f"@{key.rpartition('@')[2]}"


def _suppressed(connection: Connection, mails: Sequence[Incoming]) -> frozenset[str]:
    recipients = (each.email for mail in mails for each in mail.recipients)
    wanted = sorted({key for email in recipients for key in _keys_of(email)})
    found: set[str] = set()
    for start in range(0, len(wanted), _BATCH):
        keys = wanted[start : start + _BATCH]
        found.update(connection.execute(sql.SUPPRESSED, {"keys": keys}).scalars())
    return frozenset(found)


def _use(connection: Connection, terms: Terms, at: Instant, recipients: int) -> None:
    if terms.quota_share < 1:
        connection.execute(
            sql.use(connection.dialect.name),
            {"b_key_id": terms.id, "b_hour": int(at // _HOUR), "b_recipients": recipients},
        )
