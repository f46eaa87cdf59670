"""Watch runs for their end and for what needs the operator."""

from dataclasses import dataclass

from sestui.core.delivery.states import AUDIENCES, OPERATOR_WAITS, PauseReason, RunState
from sestui.reports.dashboard import needs_of, run_title
from sestui.reports.overview import RunView, run_view
from sestui.runtime import Runtime
from sestui.store.runs.run_lists import RecentRuns

_IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened to a run."""

    sentence: str
    """Any text: names are in it as they are."""
    needs_somebody: bool
    run_id: int


class RunWatch:
    """Compares each poll of the runs with the one before, whichever process sends them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._runs = RecentRuns(runtime.database)
        self._going: set[int] | None = None
        self._needs: set[tuple[int, str]] = set()

    def poll(self) -> list[RunEvent]:
        """What has happened since the last poll; nothing at the first. Blocks.

        A pause or an end by the operator's own hand is nothing to call somebody for.
        """
        with self._runtime.database.snapshot():
            views = [run_view(run, name) for run, name in self._runs.unsettled()]
            views = [view for view in views if view.kind in AUDIENCES]
            going = {view.id for view in views if not view.has_ended}
            gone = sorted((self._going or set()) - going)
            ended = [run_view(*self._runtime.runs.named(run_id)) for run_id in gone]
        needs = {need: view for view in views for need in _needs(view)}
        first, self._going = self._going is None, going
        new, self._needs = sorted(set(needs) - self._needs), set(needs)
        if first:
            return []
        finished = [view for view in ended if view.state == RunState.FINISHED]
        return [
            *(RunEvent(f"{each.sentence()}.", False, each.id) for each in finished),
            *(RunEvent(_sentence(needs[need], need), True, needs[need].id) for need in new),
        ]


def _needs(view: RunView) -> list[tuple[int, str]]:
    """What it needs somebody for: the run, and the kind of need."""
    needs = []
    paused = view.state == RunState.PAUSED and view.reason != PauseReason.OPERATOR
    if paused or (view.state == RunState.WAITING and view.reason in OPERATOR_WAITS):
        needs.append((view.id, view.state))
    if view.counts.in_doubt:
        needs.append((view.id, _IN_DOUBT))
    return needs


def _sentence(view: RunView, need: tuple[int, str]) -> str:
    sentences = [each.sentence for each in needs_of(view)]
    return f"{run_title(view)}: {sentences[-1 if need[1] == _IN_DOUBT else 0]}"
