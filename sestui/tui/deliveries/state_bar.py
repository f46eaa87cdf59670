"""The bar of states to filter by, each with its count; the current one is marked."""

from dataclasses import dataclass

from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.progress import Part
from sestui.core.delivery.states import OPEN_STATES, SETTLED_STATES, DeliveryState
from sestui.store.ledger.log_rows import EVERY_STATE
from sestui.tui.app.look.panel import is_tight
from sestui.tui.deliveries.flow import flowed
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.segments import STYLES, outcomes, segment_bar

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
    part: Part | None = None
    """What it is in the bar."""

    def count(self, counts: RunCounts) -> int:
        """How many deliveries are in these states."""
        by_state = counts.as_dict()
        return sum(by_state[state] for state in self.states)


CHOICES = (
    StateChoice("done", SETTLED_STATES),
    StateChoice("all", EVERY_STATE),
    StateChoice("accepted", frozenset({DeliveryState.ACCEPTED}), "$text-success", Part.ACCEPTED),
    StateChoice("rejected", frozenset({DeliveryState.REJECTED}), "bold $text-error", Part.REJECTED),
    StateChoice(
        "in doubt", frozenset({DeliveryState.IN_DOUBT}), "bold $text-warning", Part.IN_DOUBT
    ),
    StateChoice("skipped", frozenset({DeliveryState.SKIPPED}), part=Part.SKIPPED),
    StateChoice("pending", OPEN_STATES, part=Part.PENDING),
)
"""What is settled comes first: in a run that goes on, the newest answers are then on top."""


class StateBar(Widget):
    """The bar of a run and its legend, in which the states can be chosen; on a low screen, and
    where a bar is drawn already, the legend alone."""

    with_bar: reactive[bool] = reactive(True, layout=True)
    """Whether the bar is drawn where there is room for it."""
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
        return self._drawn(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the counts take at that width."""
        return len(self._drawn(width).plain.splitlines())

    @property
    def _has_bar(self) -> bool:
        return self.with_bar and not is_tight(self)

    def _drawn(self, width: int) -> Content:
        if self.counts is None or not self._has_bar:
            return self._flowed(width)
        return segment_bar(self.counts, width) + Content("\n") + self._flowed(width)

    def _flowed(self, width: int) -> Content:
        parts: list[Content] = []
        for number, choice in enumerate(CHOICES):
            parts.append(self._part(number))
            if choice.part is Part.ACCEPTED and self.counts is not None and self._has_bar:
                reported = outcomes(self.counts)
                parts += [Content.assemble("(", reported, ")")] if reported else []
        return flowed(parts, width)

    def _part(self, number: int) -> Content:
        choice = CHOICES[number]
        label = Content.styled(
            choice.label,
            "bold underline" if number == self.chosen else "$text-muted",
        )
        if self.counts is not None:
            count = choice.count(self.counts)
            figure = Content.styled(grouped(count), choice.style if count else "$text-muted")
            label = label + " " + figure
            if choice.part is not None and self._has_bar:
                how = STYLES[choice.part]
                label = Content.styled(f"{how.character} ", how.style) + label
        return label.stylize(Style.from_meta({"@click": f"screen.state({number})"}))
