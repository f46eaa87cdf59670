"""What `sestui setup` has created, wherever the settings point now, to be removed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sestui.errors import AccountError
from sestui.ses.client import Clients
from sestui.ses.setup.event_setup import EventSetup, PlannedPart
from sestui.ses.setup.parts import ConfigurationSetPart, EventDestinationPart
from sestui.ses.setup.tagged import TaggedResource, tagged_resources


@dataclass(frozen=True, slots=True)
class _Removed:
    setup: EventSetup
    parts: Sequence[PlannedPart]


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed, and what stays."""

    main: EventSetup
    chosen: Sequence[_Removed]
    others: Sequence[TaggedResource]
    """Created by set-ups of other names; they stay."""
    unknown: str
    """Why it can't be told whether there are others; '' if it can."""

    @property
    def parts(self) -> list[PlannedPart]:
        """All that is removed, in that order."""
        return [part for each in self.chosen for part in each.parts]

    def run(self, done: Callable[[PlannedPart], None]) -> None:
        """Delete it; ``done`` is told of each.

        Raises:
            PermissionDeniedError, AccountError: as ``EventSetup.remove``.
        """
        for each in self.chosen:
            each.setup.remove(each.parts, done)


def removal_of(clients: Clients, name: str, configuration_set: str) -> Removal:
    """What the set-up of that name has created; ``configuration_set`` is the settings'.

    The topic's policy names the configuration set that it was made for, which may be another one,
    and tags name those of earlier times.

    Raises:
        UsageError, PermissionDeniedError, AccountError: as ``EventSetup.plan``.
    """
    main = EventSetup(clients, name, configuration_set)
    made_for = main.set_up_for
    if made_for and made_for != main.path.configuration_set:
        main = EventSetup(clients, name, made_for)
    unknown, tagged = "", list[TaggedResource]()
    try:
        tagged = tagged_resources(clients)
    except AccountError as error:
        unknown = str(error)
    earlier = [
        EventSetup(clients, name, each.name)
        for each in tagged
        if each.path == name
        and each.kind == ConfigurationSetPart.kind
        and each.name != main.path.configuration_set
    ]
    of_sets = {ConfigurationSetPart.kind, EventDestinationPart.kind}
    chosen = [
        *(
            _Removed(each, [part for part in each.removable(each.plan()) if part.kind in of_sets])
            for each in earlier
        ),
        _Removed(main, main.removable(main.plan())),
    ]
    return Removal(main, chosen, [each for each in tagged if each.path != name], unknown)
