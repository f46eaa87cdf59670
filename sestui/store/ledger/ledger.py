"""The ledger: settle answered deliveries and claim the next ones.

Both are done in one write transaction with the governor's row (:meth:`Ledger.exchange`), so that a
tick of the sender costs one commit, and a claim is made together with its slots and its part of the
quota. The run's counters change in the same transaction, so that they always add up.
"""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.account import QuotaRule
from sestui.core.delivery.account_key import belongs_to
from sestui.core.delivery.events import RefusalReason
from sestui.core.delivery.frequency import parse_frequency
from sestui.core.delivery.handover import (
    PLACE,
    RELAYED,
    Answer,
    AnswerKind,
    Claim,
    ClaimRequest,
    ClaimResult,
    HoldBack,
    Reply,
)
from sestui.core.delivery.pacing import (
    CHUNK_SECONDS,
    CLAIM_AHEAD_SECONDS,
    FURTHEST_RETRY,
    SHARED_LEAD_SECONDS,
    Pace,
    chunk_size,
)
from sestui.core.delivery.states import ContactStatus, DeliveryState, RunKind, RunState, SkipReason
from sestui.store.db.database import Database
from sestui.store.ledger import bulk_statements as many
from sestui.store.ledger import frequency, governor, slices
from sestui.store.ledger import statements as sql
from sestui.store.ledger.clocks import clocks_now, ledger_now
from sestui.store.ledger.course import AnswerTimes
from sestui.store.ledger.governor import LockedRow
from sestui.store.ledger.held_out import held_out
from sestui.store.ledger.list_leavers import who_left
from sestui.store.ledger.local_times import due_until
from sestui.store.ledger.segment_leavers import SegmentLeavers
from sestui.store.ledger.transitions import finish_if_done, move_counts

_CLAIM_ROUNDS = 50
"""Batches that one claim may skip because all addresses are suppressed."""

_UNCHECKED_SECONDS = 0.5
"""Until the next claim where all who are left are yet to be checked, as claims take the lock."""

_STATE_AFTER = {
    AnswerKind.ACCEPTED: DeliveryState.ACCEPTED,
    AnswerKind.REFUSED: DeliveryState.REJECTED,
    AnswerKind.NOT_SENT: DeliveryState.PENDING,
    AnswerKind.UNKNOWN: DeliveryState.IN_DOUBT,
}

_UNSENT = frozenset({DeliveryState.PENDING.value, DeliveryState.REJECTED.value})
"""States after answers that SES didn't accept the mail."""


class Ledger:
    """The ledger for one worker and one account.

    ``worker`` is the id under which this process claims.
    """

    def __init__(
        self,
        database: Database,
        *,
        account: str,
        worker: str,
        quota_rule: QuotaRule,
        clock: Clock,
    ) -> None:
        self._database = database
        self._account = account
        self._worker = worker
        self._quota_rule = quota_rule
        self._clock = clock
        self._times = AnswerTimes()
        self._segments = SegmentLeavers()

    def exchange(self, answers: Sequence[Answer], want: ClaimRequest | None) -> ClaimResult:
        """Write ``answers``, then make a claim, in one transaction.

        Answers to deliveries that this worker no longer holds are ignored: an operator may have
        resolved them while the worker was presumed dead.
        """
        with self._database.write_connection() as connection:
            # All workers lock this row first, so that there are no deadlocks.
            row = governor.locked_row(connection, self._account)
            if want is not None:  # before the rows of runs, too
                frequency.take_turn(connection, want.run_id)
            said = ClaimResult(*clocks_now(connection, self._clock))
            if answers:
                self.settle(connection, row, answers, said.now)
                self._times.write(connection, said.now, at_once=want is None)
            return said if want is None else self._claim(connection, want, row, said)

    def take_back(self, held: Set[int]) -> None:
        """Make this worker's claims pending again, except for ids in ``held``.

        To be called after a failed commit, which may have succeeded on the server.
        """
        with self._database.write_connection() as connection:
            row = governor.locked_row(connection, self._account)
            claimed = connection.execute(sql.CLAIMED, {"worker": self._worker}).all()
            unknown = [
                Answer(each.id, each.attempts, Reply(AnswerKind.NOT_SENT))
                for each in claimed
                if each.id not in held
            ]
            if unknown:
                self.settle(connection, row, unknown, ledger_now(connection, self._clock))

    # settling

    def settle(
        self,
        connection: Connection,
        row: LockedRow,
        answers: Sequence[Answer],
        now: Instant,
    ) -> None:
        """Write ``answers`` in the caller's transaction, which has locked the ``row``."""
        throttled = {each.delivery_id for each in answers if each.reply.hold_back is HoldBack.RATE}
        moved = self._write(connection, answers, now)
        if not moved:
            return
        moves = Counter((each.run_id, before, each.state) for before, each in moved)
        runs = move_counts(connection, moves)
        accepted, refused = [], []
        if throttled or not governor.row_control(row).is_quiet:
            for _, each in moved:
                if each.id in throttled:
                    refused.append(each.claimed_at)
                elif each.state == DeliveryState.ACCEPTED:
                    accepted.append(each.claimed_at)
        held = Counter(each.run_id for _, each in moved if each.id in throttled)
        slices.note_answers(connection, moves, held, runs, now)
        self._times.add(answers, (each for _, each in moved), now)
        unsent = sum(count for (_, _, after), count in moves.items() if after in _UNSENT)
        governor.settle(connection, row, governor.SettledCounts(unsent, accepted, refused), now)
        for run_id, run in runs.items():
            if finish_if_done(connection, run_id, now, run) is RunState.FINISHED:
                self._times.write(connection, now, at_once=True)
        for run_id in {each for each, _, after in moves if after == DeliveryState.PENDING}:
            if runs[run_id].state == RunState.WAITING:
                connection.execute(sql.LOOK_AGAIN, {"b_run_id": run_id, "b_now": now})

    def _write(
        self, connection: Connection, answers: Sequence[Answer], now: Instant
    ) -> list[tuple[str, Row[Any]]]:
        """Write answers; returns the changed rows with their states before."""
        moved: list[tuple[str, Row[Any]]] = []
        # Nearly all are in flight; some may have been put in doubt before their answer came.
        for before in (DeliveryState.SENDING.value, DeliveryState.IN_DOUBT.value):
            said = many.answers_text(
                [(each, _STATE_AFTER[each.reply.kind].value) for each in answers]
            )
            given = {"b_said": said, "b_before": before, "b_worker": self._worker, "b_now": now}
            rows = connection.execute(many.statements(connection).settle, given).all()
            moved += [(before, row) for row in rows]
            if len(rows) == len(answers):
                break
            settled = {row.id for row in rows}
            answers = [each for each in answers if each.delivery_id not in settled]
        return moved

    # claiming

    def _claim(
        self, connection: Connection, want: ClaimRequest, row: LockedRow, said: ClaimResult
    ) -> ClaimResult:
        now = said.now
        run = connection.execute(sql.RUN_NOW, {"run_id": want.run_id}).one()
        if run.state != RunState.SENDING:
            return replace(said, run_state=RunState(run.state))
        is_ours = belongs_to(run.account, self._account)
        if not is_ours and run.kind == RunKind.CAMPAIGN:
            return replace(said, run_state=RunState.PAUSED)
        quota = governor.row_quota(row, self._quota_rule, now)
        allowed = governor.row_allowed(row, now)
        pace = Pace(
            tat=row.tat,
            rate=allowed.rate * want.pace,
            run_tat=run.tat,
            run_rate=want.max_rate,
        )
        said = replace(
            said,
            run_state=RunState.SENDING,
            allowed=allowed,
            workers=max(1, run.workers),
            quota=quota,
        )
        opens_at = pace.opens_at(now)
        if opens_at is None or opens_at > now + CHUNK_SECONDS + CLAIM_AHEAD_SECONDS:
            return replace(said, next_at=(opens_at or now + 1) - CLAIM_AHEAD_SECONDS)
        count = min(chunk_size(pace.allowed), want.most)
        if quota.left is not None:
            count = min(count, quota.left)
        if count <= 0:
            exhausted = bool(_claimable(connection, want.run_id, run, 1, now))
            return replace(said, quota_exhausted=exhausted)
        claims, skipped = self._claim_rows(connection, want.run_id, run, count, now)
        said = self._take(connection, want.run_id, pace, claims, said)
        if claims and run.account != self._account:
            given = {"b_run_id": want.run_id, "b_account": self._account}
            connection.execute(sql.BIND_RUN, given | {"b_since": 0.0 if is_ours else now})
        open_rows = run.pending + run.sending - skipped
        state = RunState.SENDING if open_rows else finish_if_done(connection, want.run_id, now)
        said = replace(said, run_state=state, skipped=skipped)
        if not claims and not skipped and open_rows:
            return _nobody(connection, want.run_id, run, said)
        return said

    def _take(
        self,
        connection: Connection,
        run_id: int,
        pace: Pace,
        claims: list[Claim],
        said: ClaimResult,
    ) -> ClaimResult:
        """Reserve slots for ``claims`` and count them in the quota."""
        if not claims:
            return replace(said, opens_at=said.now)
        # With several processes slots are missed soon, so the first must be after the commit.
        lead = SHARED_LEAD_SECONDS if said.workers > 1 else 0.0
        slots = pace.reserve(len(claims), said.now + lead)
        opens_at = pace.tat_after(slots)
        governor.take(connection, self._account, count=len(claims), tat=opens_at)
        if pace.run_rate is not None:
            connection.execute(sql.SET_RUN_TAT, {"b_run_id": run_id, "b_tat": slots.end})
        return replace(said, claims=tuple(claims), slots=slots, opens_at=opens_at)

    def _claim_rows(
        self, connection: Connection, run_id: int, run: Any, count: int, now: Instant
    ) -> tuple[list[Claim], int]:
        claims: list[Claim] = []
        skipped = 0
        for _ in range(_CLAIM_ROUNDS):
            wanted = count - len(claims)
            rows = _claimable(connection, run_id, run, wanted, now)
            found = []
            skips: dict[str, list[int]] = {}
            others = self._not_for(connection, run_id, run, rows, now)
            for row in rows:
                reason = _why_skip(row, now, run)
                if reason is None:
                    reason = next((why for why, who in others if row.contact_id in who), None)
                if reason is None:
                    found.append(row)
                else:
                    skips.setdefault(reason.value, []).append(row.id)
            if found:
                ids = [row.id for row in found]
                connection.execute(
                    many.statements(connection).mark_sending,
                    {"b_ids": many.values_text(ids), "b_worker": self._worker, "b_now": now},
                )
            for code, ids in skips.items():
                connection.execute(sql.MARK_SKIPPED, {"ids": ids, "b_code": code})
            claims += [_claim_of(row, run_id, run.winner) for row in found]
            skipped += len(rows) - len(found)
            if len(rows) < wanted or len(claims) == count:
                break
        pending = DeliveryState.PENDING.value
        move_counts(
            connection,
            {
                (run_id, pending, DeliveryState.SENDING.value): len(claims),
                (run_id, pending, DeliveryState.SKIPPED.value): skipped,
            },
        )
        return claims, skipped

    def _not_for(
        self, connection: Connection, run_id: int, run: Any, rows: Sequence[Row[Any]], now: Instant
    ) -> list[tuple[SkipReason, Set[int | None]]]:
        """The contacts of ``rows`` whom the run is not for, or no longer, by the reason."""
        found: list[tuple[SkipReason, Set[int | None]]] = []
        if not run.transactional:
            found.append((SkipReason.LEFT_LIST, who_left(connection, run_id, rows)))
        if run.has_segment:
            left = self._segments.who_left(connection, run_id, run.created_at, rows)
            found.append((SkipReason.LEFT_SEGMENT, left))
        if run.is_limited:
            limit = parse_frequency(run.at_most)
            had = frequency.who_had(connection, limit, rows, now, self._account)
            found.append((SkipReason.AT_MOST, had))
        if run.has_holdout:  # last, so that they are those who would have been mailed
            found.append((SkipReason.HOLDOUT, held_out(run, rows)))
        return found


def _claimable(
    connection: Connection, run_id: int, run: Any, most: int, now: Instant
) -> Sequence[Any]:
    given = {"run_id": run_id, "most": most, "now": now, "furthest": now + FURTHEST_RETRY}
    rows = sql.CLAIMABLE
    if run.awaits_winner:
        rows = sql.CLAIMABLE_OF_SPLIT
    elif run.has_local_time:
        rows, given["due"] = sql.CLAIMABLE_DUE, due_until(connection, run_id, now)
    return connection.execute(rows, given).all()


def _nobody(connection: Connection, run_id: int, run: Any, said: ClaimResult) -> ClaimResult:
    """When the next one can be claimed, as nobody can be now."""
    if run.awaits_winner or not run.has_local_time:
        tries = sql.NEXT_TRY_OF_SPLIT if run.awaits_winner else sql.NEXT_TRY
        next_at = connection.execute(tries, {"run_id": run_id}).scalar()
        if next_at is None and run.unchecked:
            next_at = said.now + _UNCHECKED_SECONDS
        return replace(said, next_at=next_at, nobody=not run.unchecked)
    given = {"run_id": run_id, "due": due_until(connection, run_id, said.now)}
    retry_at = connection.execute(sql.NEXT_DUE_TRY, given).scalar()
    later = connection.execute(sql.LATER_DUE, given).scalar()
    return replace(said, next_at=later if retry_at is None else retry_at, nobody=later is None)


def _why_skip(row: Row[Any], now: Instant, run: Any) -> SkipReason | None:
    transactional = run.transactional
    its_contact = row.contact_id if row.shown_as is None else row.shown_as
    if not row.email or (its_contact is not None and row.status is None):
        return SkipReason.ERASED  # while it was in flight, or while the run was starting
    if row.suppressed is not None:
        # Somebody who had unsubscribed may ask to subscribe again, and this mail lets them.
        their_word = row.refused_by == RefusalReason.UNSUBSCRIBED and row.of_domain is None
        asked = run.kind == RunKind.CONFIRMATION and their_word
        return None if asked else SkipReason.SUPPRESSED
    if row.shown_as is not None:  # the status is that of the contact that a test shows
        refused = row.tester_status == ContactStatus.UNSUBSCRIBED and not transactional
        return SkipReason.UNSUBSCRIBED if refused else None
    if row.status == ContactStatus.INVALID:
        return SkipReason.INVALID
    return None if transactional else _word_of_theirs(row, now)


def _word_of_theirs(row: Row[Any], now: Instant) -> SkipReason | None:
    if row.status == ContactStatus.UNSUBSCRIBED:
        return SkipReason.UNSUBSCRIBED
    paused = row.paused_until is not None and row.paused_until > now
    return SkipReason.PAUSED if paused else None


def _claim_of(row: Row[Any], run_id: int, winner: str) -> Claim:
    attributes = row.attributes or {}
    if row.relayed_id is not None:
        attributes = {RELAYED: row.relayed_id, PLACE: row.place}
    variant = row.variant or winner
    return Claim(row.id, run_id, row.email, row.attempts + 1, attributes, row.faults, variant)
