"""``campaign``: start a run of a campaign."""

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import iso
from sestui.core.schedule.cron import Occurrence
from sestui.errors import SestuiError
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import CampaignName, Outcome, TaskParameters, TaskType


class CampaignParameters(TaskParameters):
    """The campaign, and which part of its audience gets it."""

    campaign: CampaignName
    """The campaign to send."""
    only: Only | None = None
    """Send only to this part of the audience; by default to everyone."""


class StartCampaign(TaskType[CampaignParameters]):
    """Starts the run; this `run-due` and later ones send it.

    An occurrence that is retried after a crash finds the run it had started.
    """

    summary = "Start a run of a campaign."
    Parameters = CampaignParameters

    def run(self, context: TaskContext[CampaignParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given = context.parameters
        # Started by hand it is no occurrence: nothing is sent again unless ``again`` says so.
        occurrence = None
        if not context.by_hand:
            name = context.occurrence_name or iso(context.occurrence)
            occurrence = Occurrence(context.occurrence, name).of_zone(context.timezone)
        run, notes = context.services.campaign_scheduler.start(
            given.campaign, occurrence, given.only, again=context.again
        )
        for note in notes:
            context.log(note)
        if run is None:
            return Outcome(
                f"The run of {given.campaign} for {iso(context.occurrence)} was started before."
            )
        if notes:
            raise SestuiError(notes[0])
        return Outcome(
            f"Run {run.number} of {given.campaign} is {run.state}: {run.pending:,} recipients.",
            {"run": run.number, "recipients": run.pending},
        )
