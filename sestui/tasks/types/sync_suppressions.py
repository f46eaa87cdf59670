"""``sync-suppressions``: make our suppressions and SES's suppression list agree."""

from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import Outcome, TaskParameters, TaskType


class SyncSuppressionsParameters(TaskParameters):
    """What may be changed."""

    dry_run: bool = False
    """Only count what would change."""
    remove: bool = False
    """Also remove on either side what the other has removed."""


class SyncSuppressions(TaskType[SyncSuppressionsParameters]):
    """Goes on where the last one was stopped."""

    summary = "Exchange suppressed addresses with SES's account-level suppression list."
    Parameters = SyncSuppressionsParameters

    def run(self, context: TaskContext[SyncSuppressionsParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given = context.parameters
        result = context.services.suppression_sync(context.stop).run(
            dry_run=given.dry_run, remove=given.remove, on_step=lambda *_: context.go_on()
        )
        return Outcome(result.sentence, result.figures())
