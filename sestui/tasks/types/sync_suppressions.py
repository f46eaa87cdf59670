"""``sync-suppressions``: synchronise our suppressions with SES's suppression list."""

from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import Outcome, TaskParameters, TaskType


class SyncSuppressionsParameters(TaskParameters):
    """What the task may change."""

    dry_run: bool = False
    """Only count what would change."""
    remove: bool = False
    """Also remove from either side what was removed from the other."""


class SyncSuppressions(TaskType[SyncSuppressionsParameters]):
    """Synchronises both sides; continues where a stopped run left off."""

    summary = "Exchange suppressed addresses with SES's account-level suppression list."
    Parameters = SyncSuppressionsParameters

    def run(self, context: TaskContext[SyncSuppressionsParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given = context.parameters
        result = context.services.feedback.suppression_sync(context.stop).run(
            dry_run=given.dry_run, remove=given.remove, on_step=lambda *_: context.go_on()
        )
        return Outcome(result.sentence(dry_run=given.dry_run), result.figures())
