"""Ask SES's records about what a run has in doubt, beside the screens."""

from typing import TYPE_CHECKING

from sestui.runtime import Runtime
from sestui.tui.app.screens.background_jobs import BackgroundJob
from sestui.tui.widgets.format import grouped, recipients

if TYPE_CHECKING:
    from sestui.feedback.insights_search import SearchResult  # boto3: not for the first paint


class AskSesJob(BackgroundJob["SearchResult"]):
    """A search in SES's message insights; the next one goes on where it was stopped."""

    def __init__(self, runtime: Runtime, run_id: int) -> None:
        super().__init__()
        self._runtime = runtime
        self.run_id = run_id

    def work(self) -> "SearchResult":
        """Search; it ends early if somebody leaves."""
        return self._runtime.feedback.insights_search(self._told).run(self.run_id)

    def summary(self, result: "SearchResult") -> str:
        """What it has found."""
        found = [f"{grouped(result.settled)} accepted"]
        if result.unrecorded:
            found.append(f"{grouped(result.unrecorded)} without a record")
        if result.unclear:
            found.append(f"{grouped(result.unclear)} unclear")
        if result.too_old:
            found.append(f"{grouped(result.too_old)} sent too long ago")
        return f"SES was asked about {recipients(result.asked)}: {', '.join(found)}."
