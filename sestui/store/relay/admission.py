"""Admit clients' mails to the ledger, each with a slot for its first call.

One transaction writes the answers to earlier first calls and admits new mails, so that many clients
cost one commit. All recipients become deliveries: those of the first call ``sending``, the others
pending and held until it is answered.
"""

from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import Connection

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.account import QuotaRule
from sestui.core.delivery.handover import AnswerKind, Claim
from sestui.core.delivery.pacing import CHUNK_SECONDS, CLAIM_AHEAD_SECONDS, PACE, Pace, Quota
from sestui.core.delivery.states import DeliveryState, PauseReason, RunState, SkipReason
from sestui.ses_api.relay_admission import (
    HOLD_SECONDS,
    Admission,
    Admissions,
    AdmissionVerdict,
    CallAnswer,
    Incoming,
    Terms,
)
from sestui.ses_api.relayed import first_call
from sestui.ses_api.wire import quota_exceeded, sending_paused
from sestui.store.contacts.erased import erased_among
from sestui.store.db.database import Database
from sestui.store.ledger import bulk_statements as many
from sestui.store.ledger import governor
from sestui.store.ledger.clocks import clocks_now
from sestui.store.ledger.governor import LockedRow
from sestui.store.ledger.ledger import Ledger
from sestui.store.ledger.transitions import finish_if_done, move_counts
from sestui.store.relay import inserts as relay_inserts
from sestui.store.relay import runs as relay_runs
from sestui.store.relay import statements as sql

_HOUR = 3600
_HOURS_OF_QUOTA = 24
_WITHDRAWN = "SES did not take the mail's first recipient, and the client was told so."


class AdmissionStore:
    """Admission for one worker and account; ``ledger`` is the same worker's."""

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
        """Write ``answers``, then admit those ``mails`` that may leave now, in one transaction."""
        with self._database.write_connection() as connection:
            # All workers lock this row first. That avoids deadlocks, and serialises a client's
            # retry at another relay.
            row = governor.locked_row(connection, self._account)
            now, monotonic = clocks_now(connection, self._clock)
            if answers:
                self._settle(connection, row, answers, now)
            said = Admissions(now, monotonic, governor.row_rate(row, now))
            return replace(said, found=self._admitted(connection, mails, row, said))

    def take_back(self, held: Set[int]) -> None:
        """See :meth:`Ledger.take_back`."""
        self._ledger.take_back(held)

    # settling

    def _settle(
        self,
        connection: Connection,
        row: LockedRow,
        calls: Sequence[CallAnswer],
        now: Instant,
    ) -> None:
        self._ledger.settle(connection, row, [a for call in calls for a in call.answers], now)
        told: list[int] = []
        failed: list[int] = []
        unsent: list[CallAnswer] = []
        for call in calls:
            kind = call.answers[0].reply.kind
            if kind in {AnswerKind.ACCEPTED, AnswerKind.UNKNOWN}:
                if call.recipients > len(call.answers):
                    told.append(call.mail_id)
                continue
            failed.append(call.mail_id)
            if kind is AnswerKind.NOT_SENT:
                unsent.append(call)
        if told:
            connection.execute(sql.RELEASE, {"ids": told})
        if failed:
            given_up = _give_up(connection, failed, now)
            for call in unsent:
                _use(connection, call.terms, call.admitted_at, -given_up[call.mail_id])
        if unsent:
            connection.execute(sql.FORGET, {"ids": [call.mail_id for call in unsent]})

    # admitting

    def _admitted(
        self,
        connection: Connection,
        mails: Sequence[Incoming],
        row: LockedRow,
        said: Admissions,
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
            _erased(connection, mails),
            frozenset(known),
        )
        found: list[Callable[[], Admission]] = []
        for mail in mails:
            mail_id = known.get(mail.retry_key)
            if mail_id is None and not mail.own_call:
                mail_id = known.get(mail.replay_key)
            if mail_id is not None:
                found.append(partial(Admission, AdmissionVerdict.KNOWN, mail_id))
            else:
                found.append(batch.admit(mail))
        batch.write(self._account)
        return tuple(admission() for admission in found)


@dataclass(slots=True, eq=False)
class _New:
    """A mail to be inserted; :meth:`_Batch.write` assigns its ids."""

    mail: Incoming
    run: relay_runs.Current
    call: Sequence[int]
    """Places of the first call's recipients; empty if all are suppressed."""
    mailable: Set[int]
    """Places of recipients who aren't suppressed."""
    replay_key: str | None
    slot: Instant
    id: int = 0
    claims: tuple[Claim, ...] = ()

    def admission(self) -> Admission:
        """The result, after :meth:`_Batch.write`."""
        if not self.call:
            return Admission(AdmissionVerdict.NOBODY, self.id)
        return Admission(
            AdmissionVerdict.ADMITTED, self.id, self.claims, tuple(self.call), self.slot
        )

    def known(self) -> Admission:
        """The result for a repetition of the mail."""
        return Admission(AdmissionVerdict.KNOWN, self.id)

    def state(self, place: int) -> DeliveryState:
        """The initial state of the recipient at ``place``."""
        if place in self.call:
            return DeliveryState.SENDING
        return DeliveryState.PENDING if place in self.mailable else DeliveryState.SKIPPED


@dataclass(slots=True)
class _Batch:
    """Mails admitted in one transaction, written together at its end."""

    connection: Connection
    worker: str
    row: LockedRow
    said: Admissions
    quota: Quota
    suppressed: frozenset[str]
    erased: frozenset[str]
    """Addresses, in lower case, that were erased on request."""
    known: frozenset[str]
    """Retry and replay keys of earlier mails."""
    runs: dict[int, relay_runs.Current] = field(default_factory=dict)
    new: list[_New] = field(default_factory=list)
    by_key: dict[str, _New] = field(default_factory=dict)
    """Mails of this batch by retry and replay key."""
    taken: int = 0

    def admit(self, mail: Incoming) -> Callable[[], Admission]:
        """Decide about a mail; the returned function gives the result after :meth:`write`."""
        earlier = self.by_key.get(mail.retry_key)
        if earlier is None and not mail.own_call:
            earlier = self.by_key.get(mail.replay_key)
        if earlier is not None:
            return earlier.known
        run = self._run(mail.terms)
        if run.state == RunState.PAUSED and run.reason != PauseReason.ERRORS:
            return partial(Admission, AdmissionVerdict.REFUSED, error=sending_paused())
        mailable = [
            place
            for place, each in enumerate(mail.recipients)
            if self.suppressed.isdisjoint(_keys_of(each.email))
            and each.email.lower() not in self.erased
        ]
        call = first_call(mail.recipients, mailable)
        if not call:
            return self._take_in(mail, run, (), frozenset(), 0.0)
        pace = self._pace(mail.terms, run)
        opens_at = pace.opens_at(self.said.now)
        horizon = self.said.now + CHUNK_SECONDS + CLAIM_AHEAD_SECONDS
        if opens_at is None or opens_at > horizon:
            next_at = self.said.now + 1 if opens_at is None else opens_at - CLAIM_AHEAD_SECONDS
            return partial(Admission, AdmissionVerdict.LATER, next_at=next_at)
        if not self._within_quota(mail.terms, len(call), len(mailable)):
            return partial(Admission, AdmissionVerdict.REFUSED, error=quota_exceeded())
        slots = pace.reserve(len(call), self.said.now)
        self.row.tat = pace.tat_after(slots)
        if pace.run_rate is not None:
            run.tat = slots.end
        self.taken += len(call)
        return self._take_in(mail, run, call, frozenset(mailable), slots.start)

    def _run(self, terms: Terms) -> relay_runs.Current:
        if terms.campaign_id not in self.runs:
            self.runs[terms.campaign_id] = relay_runs.current_run(
                self.connection, terms.campaign_id, self.said.now
            )
        return self.runs[terms.campaign_id]

    def _pace(self, terms: Terms, run: relay_runs.Current) -> Pace:
        rate = self.said.rate * PACE  # the sender of this process sends too
        if terms.rate_share >= 1:
            run.max_rate = None
            return Pace(self.row.tat, rate, run.tat)
        run.max_rate = self.row.max_send_rate * terms.rate_share
        return Pace(self.row.tat, rate, run.tat, rate * terms.rate_share)

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
        self,
        mail: Incoming,
        run: relay_runs.Current,
        call: Sequence[int],
        mailable: Set[int],
        slot: Instant,
    ) -> Callable[[], Admission]:
        seen = mail.replay_key in self.known or mail.replay_key in self.by_key
        new = _New(mail, run, call, mailable, None if seen else mail.replay_key, slot)
        self.new.append(new)
        self.by_key[mail.retry_key] = new
        self.by_key.setdefault(mail.replay_key, new)
        # At once, as the key's next mail in this batch needs the count.
        _use(self.connection, mail.terms, self.said.now, len(mailable))
        return new.admission

    def write(self, account: str) -> None:
        """Insert all admitted mails."""
        if not self.new:
            return
        recipients = sum(len(new.mail.recipients) for new in self.new)
        mail_ids, delivery_ids = relay_inserts.new_ids(self.connection, len(self.new), recipients)
        deliveries: list[relay_inserts.Row] = []
        states: dict[int, Counter[DeliveryState]] = {
            run.id: Counter() for run in self.runs.values()
        }
        for new, mail_id in zip(self.new, mail_ids, strict=True):
            new.id = mail_id
            claims = []
            for place, each in enumerate(new.mail.recipients):
                delivery_id = next(delivery_ids)
                state = new.state(place)
                states[new.run.id][state] += 1
                deliveries.append(self._delivery(new, delivery_id, place, each.email, state))
                if state is DeliveryState.SENDING:
                    claims.append(Claim(delivery_id, new.run.id, each.email, 1))
            new.claims = tuple(claims)
        relay_inserts.add_mails(self.connection, [self._mail(new) for new in self.new])
        relay_inserts.add_payloads(
            self.connection, [(new.id, new.mail.payload) for new in self.new if new.call]
        )
        relay_inserts.add_deliveries(self.connection, deliveries)
        if self.taken:
            governor.take(self.connection, account, count=self.taken, tat=self.row.tat)
        for run in self.runs.values():
            relay_runs.count_in(
                self.connection,
                run,
                states[run.id],
                now=self.said.now,
                limited=run.max_rate is not None,
            )

    def _mail(self, new: _New) -> relay_inserts.Row:
        first = new.call[0] if new.call else 0
        retry_key, key_id = new.mail.retry_key, new.mail.terms.id
        return (new.id, new.run.id, key_id, self.said.now, retry_key, new.replay_key, first)

    def _delivery(
        self, new: _New, number: int, place: int, email: str, state: DeliveryState
    ) -> relay_inserts.Row:
        now, worker, claimed_at, not_before, code = self.said.now, "", None, 0.0, ""
        if state is DeliveryState.SENDING:
            worker, claimed_at = self.worker, now
        elif state is DeliveryState.PENDING:
            not_before = now + HOLD_SECONDS
        elif email.lower() in self.erased:
            email, code = "", SkipReason.ERASED.value
        else:
            code = SkipReason.SUPPRESSED.value
        row = (number, new.run.id, new.id, place, email, state.value, int(bool(worker)), code)
        return (*row, worker, claimed_at, not_before, now)


def _give_up(connection: Connection, mail_ids: Sequence[int], now: Instant) -> Counter[int]:
    """Skip what is pending of mails whose first call failed, which the client knows.

    Returns the number of skipped recipients by mail.
    """
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
    return Counter(row.relayed_id for row in rows)


def _known(connection: Connection, mails: Sequence[Incoming]) -> dict[str, int]:
    """The ids of known mails by retry key and replay key."""
    rows = connection.execute(
        sql.among(connection).known,
        {
            "b_retry_keys": many.values_text([mail.retry_key for mail in mails]),
            "b_replay_keys": many.values_text([mail.replay_key for mail in mails]),
        },
    ).all()
    return {key: row.id for row in rows for key in (row.retry_key, row.replay_key) if key}


def _keys_of(email: str) -> tuple[str, str]:
    """The suppression keys of an address: its own, and its domain's."""
    key = email.lower()
    return key, f"@{key.rpartition('@')[2]}"


def _suppressed(connection: Connection, mails: Sequence[Incoming]) -> frozenset[str]:
    recipients = (each.email for mail in mails for each in mail.recipients)
    wanted = {key for email in recipients for key in _keys_of(email)}
    given = {"b_keys": many.values_text(list(wanted))}
    return frozenset(connection.execute(sql.among(connection).suppressed, given).scalars())


def _erased(connection: Connection, mails: Sequence[Incoming]) -> frozenset[str]:
    return erased_among(
        connection, {each.email.lower() for mail in mails for each in mail.recipients}
    )


def _use(connection: Connection, terms: Terms, at: Instant, recipients: int) -> None:
    if terms.quota_share < 1:
        connection.execute(
            sql.use(connection.dialect.name),
            {"b_key_id": terms.id, "b_hour": int(at // _HOUR), "b_recipients": recipients},
        )
