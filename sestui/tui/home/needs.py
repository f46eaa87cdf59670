"""What needs the operator, as lines of one list; pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunState, WaitReason
from sestui.reports.dashboard import Dashboard, Need
from sestui.reports.overview import RunView


@dataclass(frozen=True, slots=True)
class HomeNeed:
    """Something that needs the operator."""

    subject: str
    """A run, a task, a file, or what to press."""
    sentence: str
    acts: str
    """The key and what it does, such as ``r resolve``."""
    run: RunView | None = None
    import_id: int | None = None
    task: str = ""
    place: str = ""
    """The mode of the place where it is put right."""

    @property
    def key(self) -> tuple[object, ...]:
        """Identifies it from one read to the next."""
        return (self.subject, self.acts, self.run.id if self.run else self.import_id)


def home_needs(found: Dashboard, crontab_key: str, at: Callable[[Instant], str]) -> list[HomeNeed]:
    """Everything that needs the operator, the most urgent first.

    ``crontab_key`` is the one that installs the crontab line in Schedule; ``at`` says an instant in
    the operator's time.
    """
    needs = [
        HomeNeed(
            _short(need),
            f"{at(need.at)} {need.sentence}" if need.at is not None else need.sentence,
            "⏎ log" if need.task else _acts(need.run),
            need.run,
            need.import_id,
            need.task,
        )
        for need in found.needs
    ]
    if found.agenda.sentence:
        subject = f"Press {crontab_key} in Schedule"
        needs.append(HomeNeed(subject, found.agenda.sentence, "⏎ Schedule", place="schedule"))
    return needs


def _short(need: Need) -> str:
    """A file without its folders: the sentence wants room too."""
    return need.subject if need.import_id is None else re.split(r"[/\\]", need.subject)[-1]


def _acts(run: RunView | None) -> str:
    if run is None:
        return "⏎ show"
    if run.state == RunState.WAITING and run.reason == WaitReason.APPROVAL:
        return "p approve"
    if run.state == RunState.WAITING and run.reason == WaitReason.WINNER:
        return "B winner"
    if run.state == RunState.PAUSED:
        return "p resume"
    return "r resolve" if run.counts.in_doubt else "p pause"
