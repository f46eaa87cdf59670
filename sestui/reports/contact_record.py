"""A contact with lists, suppression and history, for its page and ``sestui contact show``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sestui.core.clock import Clock, Instant, iso
from sestui.core.contact.address_check import suppression_key
from sestui.core.delivery.explain import (
    DeliveryFacts,
    ExplainedContact,
    RunFacts,
    Suppressed,
    explain,
    explain_absence,
)
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import ContactStatus, DeliveryState, RunKind, RunState, Standing
from sestui.core.text import printable
from sestui.errors import NotFoundError
from sestui.reports.event_log import event_record
from sestui.store.contacts.address_checks import AddressChecks
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.erased import erased_at
from sestui.store.contacts.history import MOST_DELIVERIES, ContactHistory, Joined, PastRun
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, Delivery, Run, Suppression
from sestui.store.events.diagnostics import diagnostics
from sestui.store.events.event_log import LoggedEvent, events_of
from sestui.store.tasks.tables import ContactCheck
from sestui.store.web.preferences import Preferences
from sestui.store.web.subscriptions import requests_of
from sestui.store.web.tables import PreferenceChange, SubscriptionRequest


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A run and its result for this contact."""

    campaign: str
    run_id: int
    run: int
    kind: str
    state: DeliveryState | None
    """None if the run has no delivery to them."""
    at: Instant
    """When the state changed, as far as recorded."""
    code: str
    reason: str
    message_id: str
    attempts: int
    outcome: str
    outcome_code: str
    on_their_list: bool
    """Whether the campaign goes to one of their lists."""
    why: str
    """The state's explanation in whole sentences."""

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``; the state is null where the run has no delivery to them."""
        return {
            "campaign": self.campaign,
            "run": self.run,
            "kind": self.kind,
            "state": self.state.value if self.state else None,
            "at": iso(self.at),
            "code": self.code,
            "reason": self.reason,
            "message_id": self.message_id,
            "attempts": self.attempts,
            "outcome": self.outcome,
            "outcome_code": self.outcome_code,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """Everything known of one address."""

    email: str
    contact: Contact | None
    """None if the address has no contact, but is suppressed or got a test."""
    suppression: Suppression | None
    lists: tuple[Joined, ...]
    history: tuple[HistoryEntry, ...]
    """Newest first."""
    left_lists: tuple[str, ...] = ()
    """Lists that they left by the unsubscribe page."""
    paused_until: Instant | None = None
    """The end of a pause that they asked for; None: there is none."""
    choices: tuple[PreferenceChange, ...] = ()
    """Everything that they chose on the unsubscribe page, newest first."""
    events: tuple[LoggedEvent, ...] = ()
    """What SES reported of their mail; read for a whole record only, as ``check``."""
    check: ContactCheck | None = None
    """The last check of the address."""
    requests: tuple[SubscriptionRequest, ...] = ()
    """What was asked for by the subscribe form lately, for a whole record only."""

    @property
    def standing(self) -> Standing | None:
        """The status shown; None without contact and suppression."""
        if self.suppression is not None:
            return Standing.SUPPRESSED
        return Standing(self.contact.status) if self.contact else None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        contact, suppression = self.contact, self.suppression
        return {
            "email": self.email,
            "is_contact": contact is not None,
            "status": contact.status if contact else None,
            "status_reason": contact.status_reason if contact else "",
            "attributes": contact.attributes if contact else {},
            "tags": contact.tags if contact else [],
            "lists": [{"name": each.name, "joined_at": iso(each.at)} for each in self.lists],
            "suppression": {
                "address": suppression.email_key,
                "reason": suppression.reason,
                "detail": suppression.detail,
                "since": iso(suppression.created_at),
            }
            if suppression
            else None,
            "created_at": iso(contact.created_at) if contact else None,
            "updated_at": iso(contact.updated_at) if contact else None,
            "paused_until": iso(self.paused_until) or None,
            "left_lists": list(self.left_lists),
            "choices": [
                {
                    "at": iso(each.at),
                    "choice": each.choice,
                    "source": each.source,
                    "mail": each.detail.get("mail", ""),
                    "consent": _consent(each.detail),
                    "undone_at": iso(each.undone_at) or None,
                }
                for each in self.choices
            ],
            "address_check": {
                "verdict": self.check.verdict,
                "reason": self.check.reason,
                "checked_at": iso(self.check.checked_at),
            }
            if self.check
            else None,
            "subscription_requests": [
                {
                    "at": iso(each.asked_at),
                    "name": each.name,
                    "lists": each.lists,
                    "language": each.lang,
                    "confirmed_at": iso(each.confirmed_at) or None,
                }
                for each in self.requests
            ],
            "history": [entry.as_dict() for entry in self.history],
            "events": [event_record(event) for event in self.events],
        }


class ContactRecords:
    """Reads records; ``say`` formats instants in the operator's zone."""

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        suppressions: Suppressions,
        history: ContactHistory,
        say: Callable[[Instant], str],
        *,
        preferences: Preferences,
        clock: Clock,
    ) -> None:
        self._database = database
        self._contacts = contacts
        self._suppressions = suppressions
        self._history = history
        self._preferences = preferences
        self._clock = clock
        self._say = say

    def of(self, email: str, *, whole: bool = False) -> ContactRecord:
        """What is known of an address, ignoring case; its newest mail, unless all is wanted.

        ``whole`` also reads the events, and mail that other programs sent through the relay.

        Raises:
            NotFoundError: nothing is known.
        """
        with self._database.snapshot():
            return self._of(email, suppression_key(email), whole=whole)

    def _of(self, email: str, key: str, *, whole: bool) -> ContactRecord:
        contact = self._contacts.get(email)
        suppression = self._suppressions.get(key)
        spellings = [contact.email if contact else email, key]
        mail_of_none = self._history.without_contact if whole else self._history.tests
        runs = mail_of_none(spellings)
        if contact is None and suppression is None and not runs:
            with self._database.read_connection() as connection:
                erased = erased_at(connection, key)
            if erased is not None:
                raise NotFoundError(
                    f"{printable(email)} was erased {self._say(erased)}: nothing else is known."
                )
            raise NotFoundError(
                f"There is no contact {printable(email)}; `sestui contact find TEXT` looks for "
                "parts of addresses and names."
            )
        lists = tuple(self._history.lists(contact.id)) if contact else ()
        if contact is not None:
            limit = None if whole else MOST_DELIVERIES
            runs += self._history.deliveries(contact, limit=limit)
            runs += self._history.runs_without(contact.id)
        paused_until = contact.paused_until if contact else None
        if paused_until is not None and paused_until <= self._clock.now():
            paused_until = None
        recipient = _recipient(contact, suppression, lists, paused_until)
        return ContactRecord(
            email=contact.email if contact else key,
            contact=contact,
            suppression=suppression,
            lists=lists,
            history=tuple(self._told(runs, recipient)),
            left_lists=tuple(self._preferences.refused_lists(contact.id)) if contact else (),
            paused_until=paused_until,
            choices=tuple(self._preferences.trail(contact.id)) if contact else (),
            events=tuple(events_of(self._database, _deliveries_of(runs))) if whole else (),
            requests=tuple(requests_of(self._database, key)) if whole else (),
            check=AddressChecks(self._database).of(contact.id) if contact and whole else None,
        )

    def _told(self, runs: Sequence[PastRun], recipient: ExplainedContact) -> Iterable[HistoryEntry]:
        earlier = _earlier_runs(runs)
        said = diagnostics(
            self._database,
            [
                past.delivery.id
                for past in runs
                if past.delivery is not None and past.delivery.outcome not in _ARRIVED
            ],
        )
        entries = [
            self._entry(past, recipient, earlier.get(past.campaign, ()), said) for past in runs
        ]
        return sorted(entries, key=lambda entry: (entry.run_id, entry.at), reverse=True)

    def _entry(
        self,
        past: PastRun,
        recipient: ExplainedContact,
        mailed: Sequence[Run],
        said: Mapping[int, str],
    ) -> HistoryEntry:
        run, delivery = past.run, past.delivery
        before = [other.number for other in mailed if other.id < run.id]
        facts = _run_facts(past, had_it=f"run {max(before)}" if before else "")
        if delivery is None:
            told = explain_absence(facts, recipient, self._say)
        else:
            found = _delivery_facts(delivery, said.get(delivery.id, ""), self._clock.now())
            told = explain(found, facts, recipient, self._say)
        return HistoryEntry(
            campaign=past.campaign,
            run_id=run.id,
            run=abs(run.number),
            kind=run.kind,
            state=DeliveryState(delivery.state) if delivery else None,
            at=_noted_at(run, delivery),
            code=delivery.code if delivery else "",
            reason=delivery.reason if delivery else "",
            message_id=delivery.message_id if delivery else "",
            attempts=delivery.attempts if delivery else 0,
            outcome=delivery.outcome if delivery else "",
            outcome_code=delivery.outcome_code if delivery else "",
            on_their_list=any(name in recipient.joined for name in past.lists),
            why=told,
        )


def _deliveries_of(runs: Iterable[PastRun]) -> list[int]:
    return [past.delivery.id for past in runs if past.delivery is not None]


_ARRIVED = frozenset({"", DeliveryOutcome.DELIVERED.value, DeliveryOutcome.COMPLAINED.value})
_MAY_HAVE_IT = frozenset({DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT, DeliveryState.SENDING})


def _earlier_runs(runs: Iterable[PastRun]) -> dict[str, list[Run]]:
    """The runs that mailed them, or may have, by campaign, without tests."""
    mailed: dict[str, list[Run]] = {}
    for past in runs:
        if past.run.kind == RunKind.TEST or past.delivery is None:
            continue
        if past.delivery.state in _MAY_HAVE_IT:
            mailed.setdefault(past.campaign, []).append(past.run)
    return mailed


def _recipient(
    contact: Contact | None,
    suppression: Suppression | None,
    lists: Iterable[Joined],
    paused_until: Instant | None,
) -> ExplainedContact:
    suppressed = None
    if suppression is not None:
        suppressed = Suppressed(suppression.created_at, suppression.why)
    return ExplainedContact(
        status=ContactStatus(contact.status) if contact else None,
        status_reason=contact.status_reason if contact else "",
        suppressed=suppressed,
        joined={each.name: each.at for each in lists},
        paused_until=paused_until,
    )


def _run_facts(past: PastRun, *, had_it: str) -> RunFacts:
    run = past.run
    return RunFacts(
        state=RunState(run.state),
        detail=run.detail,
        resume_at=run.resume_at,
        created_at=run.created_at,
        finished_at=run.finished_at,
        lists=past.lists,
        segment=bool(run.frozen_segment),
        transactional=run.transactional,
        at_most=run.at_most,
        had_it=had_it,
    )


def _delivery_facts(delivery: Delivery, diagnostic: str, now: Instant) -> DeliveryFacts:
    early = delivery.due_at is not None and delivery.due_at > now
    return DeliveryFacts(
        state=DeliveryState(delivery.state),
        code=delivery.code,
        reason=delivery.reason,
        attempts=delivery.attempts,
        not_before=delivery.not_before,
        due_at=delivery.due_at if early else None,
        claimed_at=delivery.claimed_at,
        sent_at=delivery.sent_at,
        outcome=delivery.outcome,
        outcome_at=delivery.outcome_at,
        outcome_code=delivery.outcome_code,
        diagnostic=diagnostic,
        opened_at=delivery.opened_at,
        clicked_at=delivery.clicked_at,
    )


def _noted_at(run: Run, delivery: Delivery | None) -> Instant:
    if delivery is None:
        return run.created_at
    return delivery.sent_at or delivery.claimed_at or delivery.queued_at


def _consent(detail: Mapping[str, Any]) -> dict[str, Any] | None:
    """What somebody agreed to by the subscribe form; None for any other choice."""
    if "text" not in detail:
        return None
    return {
        "asked_at": iso(detail["asked_at"]),
        "lists": detail["lists"],
        "text": detail["text"],
        "lang": detail["lang"],
    }
