"""``pull-events``: read what SES has reported, and apply it."""

from sestui.errors import SestuiError, SettingsError
from sestui.feedback.report import NO_QUEUE, pull_sentence, pulled_figures
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import Outcome, TaskParameters, TaskType


class PullEvents(TaskType[TaskParameters]):
    """Applies the events that have come since the last time."""

    summary = "Read SES's reports on mail: deliveries, bounces, complaints, opens, clicks."
    Parameters = TaskParameters

    def run(self, context: TaskContext[TaskParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        puller = context.services.feedback.puller()
        if puller is None:
            raise SettingsError(NO_QUEUE)
        result = puller.pull(keep_going=lambda: not context.stop.is_set())
        self._ask_about_doubts(context)
        return Outcome(pull_sentence(result), pulled_figures(result))

    def _ask_about_doubts(self, context: TaskContext[TaskParameters]) -> None:
        """Ask SES about what no event has settled within the grace period."""
        try:
            settled = context.services.feedback.ask_about_doubts(context.stop)
        except SestuiError as error:
            # The events are in, and the next pull asks again.
            context.log(f"SES can't be asked about what is in doubt: {error}")
            return
        if settled:
            context.log(f"{settled:,} no longer in doubt, as SES's records have them.")
