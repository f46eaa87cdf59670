"""Show a proof's progress: a table that fills on a terminal, else a line for each event."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sestui.cli.shared.common import say, watched
from sestui.core.text import printable

if TYPE_CHECKING:
    from rich.table import Table

    from sestui.feedback.loop_proof import Probe

HEAD = ("mail to", "awaited", "came", "after")


def row(probe: "Probe") -> tuple[str, str, str, str]:
    """A probe's cells below HEAD."""
    after = "" if probe.seconds is None else f"{probe.seconds:.1f} s"
    came = ", ".join(probe.events) or ("waiting" if probe.message_id else "not sent")
    return f"{probe.mailbox}@", probe.awaited.value, came, after


@contextmanager
def shown(probes: Sequence["Probe"]) -> Iterator[Callable[[Sequence["Probe"]], None]]:
    """What shows the probes when they have changed."""
    if not watched():
        yield _Lines(probes)
        return
    from rich.console import Console  # noqa: PLC0415 - only where a person watches
    from rich.live import Live  # noqa: PLC0415 - as above

    # It goes at the end: the same table follows as data.
    with Live(_table(probes), console=Console(stderr=True), transient=True) as live:
        yield lambda changed: live.update(_table(changed), refresh=True)


def _table(probes: Sequence["Probe"]) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - only where a person watches
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(*HEAD, box=None, pad_edge=False)
    for probe in probes:
        style = "green" if probe.seconds is not None else "dim"
        table.add_row(*(Text(printable(cell), style) for cell in row(probe)))
    return table


class _Lines:
    """A line for each event that has come."""

    def __init__(self, probes: Sequence["Probe"]) -> None:
        self._told = {each.mailbox: len(each.events) for each in probes}

    def __call__(self, probes: Sequence["Probe"]) -> None:
        for probe in probes:
            for said in probe.events[self._told[probe.mailbox] :]:
                say(f"{probe.mailbox}@: {said}")
            self._told[probe.mailbox] = len(probe.events)
