"""The breaker: pause, or warn of, runs that cause too many bounces or complaints.

Looked at in the transaction that applies the events, and only for runs of which something has got
worse. It costs a few rows of sums, however large the runs are.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from sestui.core.clock import Instant
from sestui.core.delivery.breaker import (
    BreakerRule,
    Crossing,
    Level,
    Sample,
    contributes,
    counts_as_bounce,
    crossing,
)
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import (
    GOING_RUN_STATES,
    DeliveryState,
    PauseReason,
    RunKind,
    RunState,
)
from sestui.core.text import printable
from sestui.store.db.tables import Campaign, ContactList, Membership
from sestui.store.events.outcome_slices import sample_of
from sestui.store.ledger.course import note_hold
from sestui.store.ledger.statements import DELIVERY, RUN

_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_LIST = ContactList.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_MEMBERSHIP = Membership.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_WATCHED = frozenset({RunKind.CAMPAIGN.value, RunKind.RELAY.value, RunKind.CONFIRMATION.value})
_PAUSED_KINDS = frozenset({RunKind.CAMPAIGN.value})
"""Other mail only causes a warning, as somebody may be waiting for it."""
_RUNS_OF_CAMPAIGN = 20
_LOOKED_AT = 5_000
"""The number of newest deliveries that are searched for the worst domains and lists."""
_SHOWN = 3
_LEAST_SHARE = 5
"""Bounces below which a domain or a list is not named."""


@dataclass(frozen=True, slots=True)
class Tripped:
    """A run whose rate has crossed a limit."""

    run_id: int
    campaign: str
    number: int
    level: Level
    sentence: str


def trip(
    connection: Connection, worse: Collection[int], rule: BreakerRule, now: Instant
) -> tuple[Tripped, ...]:
    """Pause, or warn of, those of the runs ``worse`` whose rates have crossed a line.

    Their rows are locked by the caller's transaction already.
    """
    if not worse or rule.is_off:
        return ()
    runs = connection.execute(
        select(
            RUN.c.id, RUN.c.number, RUN.c.kind, RUN.c.state, RUN.c.campaign_id, RUN.c.warning,
            _CAMPAIGN.c.name,
        )
        .join(_CAMPAIGN, _CAMPAIGN.c.id == RUN.c.campaign_id)
        .where(RUN.c.id.in_(sorted(worse)), RUN.c.kind.in_(sorted(_WATCHED)))
        .order_by(RUN.c.id)
    ).all()  # fmt: skip
    if not runs:
        return ()
    since = resumed_at(connection)
    account = sample_of(connection, rule.volume, since=since)
    tripped = [_judge(connection, run, account, rule, since, now) for run in runs]
    return tuple(each for each in tripped if each is not None)


def resumed_at(connection: Connection) -> Instant:
    """When the operator last resumed a run that the breaker had paused; 0: never.

    Earlier mail is not judged again, as the operator knows of it.
    """
    newest = select(func.max(RUN.c.breaker_since)).where(RUN.c.breaker_since.is_not(None))
    return float(connection.execute(newest).scalar() or 0.0)


def _judge(  # noqa: PLR0917 - one run against all that there is to judge it by
    connection: Connection,
    run: Any,
    account: Sample,
    rule: BreakerRule,
    since: Instant,
    now: Instant,
) -> Tripped | None:
    own = sample_of(connection, rule.volume, since=since, runs=[run.id])
    found = crossing(own, rule)
    whose = "of this run"
    if found is None or found.level is not Level.PAUSE:
        siblings = connection.execute(
            select(RUN.c.id)
            .where(RUN.c.campaign_id == run.campaign_id, RUN.c.kind == run.kind)
            .order_by(RUN.c.id.desc())
            .limit(_RUNS_OF_CAMPAIGN)
        ).scalars()
        campaign = sample_of(connection, rule.volume, since=since, runs=list(siblings))
        for sample, of in ((campaign, "of this campaign"), (account, "of this account")):
            wider = crossing(sample, rule)
            if wider is None or not contributes(own, rule, wider.what):
                continue
            if found is None or wider.level is Level.PAUSE:
                found, whose = wider, of
                break
    if found is None:
        return None
    pauses = found.level is Level.PAUSE and run.kind in _PAUSED_KINDS
    if pauses and run.state in GOING_RUN_STATES:
        return _pause(connection, run, found, whose, now)
    return None if run.warning else _warn(connection, run, found, whose)


def _pause(connection: Connection, run: Any, found: Crossing, whose: str, now: Instant) -> Tripped:
    sentence = _why(connection, run, found, whose)
    connection.execute(
        update(RUN)
        .where(RUN.c.id == run.id)
        .values(
            state=RunState.PAUSED.value,
            reason=PauseReason.BREAKER.value,
            detail=sentence,
            resume_at=None,
        )
    )
    note_hold(connection, run.id, "paused", now)
    return Tripped(run.id, run.name, run.number, Level.PAUSE, sentence)


def _warn(connection: Connection, run: Any, found: Crossing, whose: str) -> Tripped:
    sentence = _why(connection, run, found, whose)
    connection.execute(update(RUN).where(RUN.c.id == run.id).values(warning=sentence))
    return Tripped(run.id, run.name, run.number, Level.WARNING, sentence)


def _why(connection: Connection, run: Any, found: Crossing, whose: str) -> str:
    """What has crossed a line, and the domains and lists of the run that it comes from most."""
    return " ".join([found.sentence(whose), *worst(connection, run.id, found.what)])


def worst(connection: Connection, run_id: int, what: str) -> list[str]:
    """The domains and lists that bounces (or complaints) of a run's newest mails come from.

    At most two sentences; bounded by :data:`_LOOKED_AT`.
    """
    newest = (
        select(DELIVERY.c.contact_id, DELIVERY.c.email, DELIVERY.c.outcome, DELIVERY.c.outcome_code)
        .where(DELIVERY.c.run_id == run_id, DELIVERY.c.state == DeliveryState.ACCEPTED.value)
        .order_by(DELIVERY.c.id.desc())
        .limit(_LOOKED_AT)
    )
    rows = connection.execute(newest).all()
    bad = [row for row in rows if _is_bad(row, what)]
    domains = _shares(map(_domain, rows), map(_domain, bad))
    newest_ids = newest.with_only_columns(DELIVERY.c.contact_id).subquery()
    members = (
        select(_LIST.c.name, func.count())
        .select_from(_MEMBERSHIP)
        .join(newest_ids, newest_ids.c.contact_id == _MEMBERSHIP.c.contact_id)
        .join(_LIST, _LIST.c.id == _MEMBERSHIP.c.list_id)
        .group_by(_LIST.c.name)
    )
    whole = dict(map(tuple, connection.execute(members)))
    contacts = [row.contact_id for row in bad if row.contact_id is not None]
    of_bad: Counter[str] = Counter()
    for start in range(0, len(contacts), 500):
        some = contacts[start : start + 500]
        of_bad.update(
            connection.execute(
                select(_LIST.c.name)
                .join(_MEMBERSHIP, _MEMBERSHIP.c.list_id == _LIST.c.id)
                .where(_MEMBERSHIP.c.contact_id.in_(some))
            ).scalars()
        )
    lists = _named(whole, of_bad)
    found = (("Worst domains", domains), ("Worst lists", lists))
    return [f"{title}: {', '.join(named)}." for title, named in found if named]


def _is_bad(row: Row[Any], what: str) -> bool:
    if what == "complained":
        return bool(row.outcome == DeliveryOutcome.COMPLAINED)
    return counts_as_bounce(row.outcome, row.outcome_code)


def _domain(row: Row[Any]) -> str:
    return str(row.email).rpartition("@")[2].lower()


def _shares(whole: Iterable[str], bad: Iterable[str]) -> list[str]:
    return _named(Counter(whole), Counter(bad))


def _named(whole: "dict[str, int] | Counter[str]", bad: Counter[str]) -> list[str]:
    """``example.net (60 of 70)``: those with most."""
    chosen = [(name, count) for name, count in bad.most_common(_SHOWN) if count >= _LEAST_SHARE]
    return [f"{_short(name)} ({count:,} of {whole.get(name, count):,})" for name, count in chosen]


def _short(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
