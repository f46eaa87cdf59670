"""Set up the event path: inspect, create what is missing, remove what is tagged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sestui.core.text import printable
from sestui.errors import StateError, UsageError
from sestui.ses.client import Clients, plain_errors
from sestui.ses.setup.denied import PermissionDeniedError, plain_errors_of
from sestui.ses.setup.parts import (
    DEAD_LETTER_QUEUE,
    QUEUE,
    ConfigurationSetPart,
    EventDestinationPart,
    FoundPart,
    PartState,
    PathPart,
    QueuePart,
    SubscriptionPart,
    TopicPart,
)
from sestui.ses_api.event_path import EventPath, is_name

_SAID = {
    PartState.MISSING: "create",
    PartState.DIFFERENT: "change",
    PartState.RIGHT: "exists",
    PartState.FOREIGN: "exists, yours",
}


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One part, what there is of it, and so what the set-up would do."""

    kind: str
    name: str
    found: FoundPart

    @property
    def action(self) -> str:
        """``create``, ``change (Policy)``, ``exists`` or ``exists, yours``."""
        said = _SAID[self.found.state]
        return f"{said} ({', '.join(self.found.differs)})" if self.found.differs else said

    @property
    def is_open(self) -> bool:
        """Whether something is to be done."""
        return self.found.state in {PartState.MISSING, PartState.DIFFERENT}


class EventSetup:
    """The set-up in one account and region."""

    def __init__(self, clients: Clients, name: str, configuration_set: str) -> None:
        """``configuration_set`` may be the operator's own; '' for one of ``name``.

        Raises:
            UsageError: AWS takes no such name.
            AccountError: who the credentials belong to can't be asked.
        """
        if not is_name(name):
            raise UsageError(
                f"{printable(name)} can't be the name: up to 59 letters, digits, - and _."
            )
        with plain_errors():
            sqs, sns = clients.sqs(None, None), clients.service("sns")
            sts = clients.service("sts")
        with plain_errors_of("sts"):
            _, partition, _, _, account, *_ = sts.get_caller_identity()["Arn"].split(":", 5)
        self.path = EventPath(name, configuration_set or name, clients.region, account, partition)
        self._may_be_foreign = bool(configuration_set)
        self._queue = QueuePart(sqs, QUEUE, name, self.path.queue_attributes(), name)
        self._topic = TopicPart(sns, self.path)
        self._parts: tuple[PathPart, ...] = (
            QueuePart(
                sqs, DEAD_LETTER_QUEUE, self.path.dead_name, self.path.dead_attributes(), name
            ),
            self._queue,
            self._topic,
            SubscriptionPart(sns, self.path),
            ConfigurationSetPart(clients.sesv2, self.path),
            EventDestinationPart(clients.sesv2, self.path),
        )
        """In the order in which they are created."""

    @property
    def queue_url(self) -> str:
        """The queue's URL, once it is there."""
        return self._queue.url

    @property
    def set_up_for(self) -> str:
        """The configuration set that it was set up for, which the settings may no longer name;
        '' if it wasn't, or doesn't say.

        Raises:
            PermissionDeniedError, AccountError: as for :meth:`plan`.
        """
        return self._topic.configuration_set()

    def plan(self) -> list[PlannedPart]:
        """Every part, in the order in which they are created; changes nothing.

        Raises:
            PermissionDeniedError: with one sentence for each permission that is missing.
            AccountError: AWS does not answer, or not as it should.
        """
        found, denied = [], []
        for part in self._parts:
            try:
                found.append(PlannedPart(part.kind, part.name, part.inspect()))
            except PermissionDeniedError as error:
                denied.append(str(error))
        _raise_denied(denied)
        return found

    def create(self, planned: Iterable[PlannedPart], done: Callable[[PlannedPart], None]) -> None:
        """Do what ``plan`` has planned; ``done`` is told of each part.

        Run again after an error it goes on where it stopped.

        Raises:
            StateError: something of that name is somebody else's; nothing is changed.
            PermissionDeniedError, AccountError: as for :meth:`plan`.
        """
        parts = list(planned)
        self.check_owner(parts)
        for part, plan in zip(self._parts, parts, strict=True):
            if not plan.is_open:
                continue
            try:
                if plan.found.state is PartState.MISSING:
                    part.create()
                else:
                    part.correct(plan.found.differs)
            except PermissionDeniedError as error:
                _raise_denied([str(error)])
            done(plan)

    def check_owner(self, planned: Iterable[PlannedPart]) -> None:
        """Check that nothing in the way is somebody else's.

        Raises:
            StateError: something is; the sentence names it.
        """
        for each in planned:
            if each.found.state is not PartState.FOREIGN:
                continue
            if each.kind == ConfigurationSetPart.kind and self._may_be_foreign:
                continue
            raise StateError(
                f"The {each.kind} {each.name} exists, and sestui has not created it; nothing has "
                "been changed.",
                by_option="--name NAME takes another name.",
            )

    def removable(self, planned: Iterable[PlannedPart]) -> list[PlannedPart]:
        """Those that sestui has created, in the order in which they are removed.

        What has no tags of its own (subscription, event destination) is sestui's if its topic is.
        """
        parts = list(planned)
        states = {each.kind: each.found.state for each in parts}
        topic_is_ours = states[TopicPart.kind] is not PartState.FOREIGN
        return [
            each
            for each in reversed(parts)
            if each.found.state in {PartState.RIGHT, PartState.DIFFERENT}
            and (
                topic_is_ours or each.kind not in {SubscriptionPart.kind, EventDestinationPart.kind}
            )
        ]

    def remove(self, chosen: Iterable[PlannedPart], done: Callable[[PlannedPart], None]) -> None:
        """Delete ``chosen``, as :meth:`removable` has them; ``done`` is told of each.

        Raises:
            PermissionDeniedError, AccountError: as for :meth:`plan`; what is left can be removed
                by a second try.
        """
        by_key = {(part.kind, part.name): part for part in self._parts}
        for each in chosen:
            by_key[each.kind, each.name].remove()
            done(each)


def _raise_denied(sentences: list[str]) -> None:
    if sentences:
        raise PermissionDeniedError(
            " ".join(dict.fromkeys(sentences)),
            by_option="`sestui setup --plan cli` prints what somebody who has them can run.",
        )
