"""``pull-events``: read what SES has reported, and apply it."""

from sestui.errors import SettingsError
from sestui.feedback.report import NO_QUEUE, pull_sentence, pulled_figures
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import Outcome, TaskParameters, TaskType


class PullEvents(TaskType[TaskParameters]):
    """Applies the events that have come since the last time."""

    summary = "Read what SES reports of mails: deliveries, bounces, complaints, opens, clicks."
    Parameters = TaskParameters

    def run(self, context: TaskContext[TaskParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        puller = context.services.event_puller()
        if puller is None:
            raise SettingsError(NO_QUEUE)
        result = puller.pull(keep_going=lambda: not context.stop.is_set())
        return Outcome(pull_sentence(result), pulled_figures(result))
