"""The states one may look at, each with its count; the one in force is marked."""

from dataclasses import dataclass

from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import OPEN_STATES, SETTLED_STATES, DeliveryState
from sestui.store.ledger.walk import EVERY_STATE
from sestui.tui.deliveries.flow import flowed

STATE_KEYS = [
    Binding(
        "left,h",
        "screen.narrow(-1)",
        "Previous state",
        show=False,
        id="deliveries.state_before",
        tooltip="Show the deliveries of the previous state in the line above the table",
    ),
    Binding(
        "right,l",
        "screen.narrow(1)",
        "Next state",
        show=False,
        id="deliveries.next_state",
        tooltip="Show the deliveries of the next state in the line above the table",
    ),
]
"""For the tables on a screen whose deliveries can be narrowed."""


@dataclass(frozen=True, slots=True)
class StateChoice:
    """Some states under one word."""

    label: str
    states: frozenset[DeliveryState]
    style: str = ""

    def count(self, counts: RunCounts) -> int:
        """How many deliveries are in these states."""
        by_state = counts.as_dict()
        return sum(by_state[state] for state in self.states)


CHOICES = (
    StateChoice("done", SETTLED_STATES),
    StateChoice("all", EVERY_STATE),
    StateChoice("accepted", frozenset({DeliveryState.ACCEPTED}), "$text-success"),
    StateChoice("rejected", frozenset({DeliveryState.REJECTED}), "bold $text-error"),
    StateChoice("in doubt", frozenset({DeliveryState.IN_DOUBT}), "bold $text-warning"),
    StateChoice("skipped", frozenset({DeliveryState.SKIPPED})),
    StateChoice("pending", OPEN_STATES),
)
"""What is settled comes first: in a run that goes on, the newest answers are then on top."""


class StateBar(Widget):
    """One line, or two where the counts are long."""

    counts: reactive[RunCounts | None] = reactive(None, layout=True)
    chosen: reactive[int] = reactive(0, layout=True)
    """The number of the choice in force."""

    @property
    def choice(self) -> StateChoice:
        """The choice in force."""
        return CHOICES[self.chosen]

    def move(self, step: int) -> None:
        """Take the choice so many further on; after the last comes the first."""
        self.chosen = (self.chosen + step) % len(CHOICES)

    def render(self) -> Content:
        """Words and counts; a click on one chooses it."""
        return self._flowed(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the counts take at that width."""
        return len(self._flowed(width).plain.splitlines())

    def _flowed(self, width: int) -> Content:
        return flowed(map(self._part, range(len(CHOICES))), width)

    def _part(self, number: int) -> Content:
        choice = CHOICES[number]
        label = Content.styled(
            choice.label,
            "bold underline" if number == self.chosen else "$text-muted",
        )
        if self.counts is not None:
            count = choice.count(self.counts)
            figure = Content.styled(f"{count:,}", choice.style if count else "$text-muted")
            label = label + " " + figure
        return label.stylize(Style.from_meta({"@click": f"screen.state({number})"}))
