"""``campaign``: start a run of a campaign."""

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import iso
from sestui.core.schedule.cron import Occurrence
from sestui.errors import SestuiError
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import CampaignName, Outcome, TaskParameters, TaskType


class CampaignParameters(TaskParameters):
    """Which campaign, and for whom of its audience."""

    campaign: CampaignName
    """The campaign to send."""
    only: Only | None = None
    """A part of the audience; everybody if it isn't said."""


class StartCampaign(TaskType[CampaignParameters]):
    """Starts the run; the sender sends it, in this `run-due` and those that follow.

    An occurrence that is tried again after a crash finds the run that it had started.
    """

    summary = "Start a run of a campaign."
    Parameters = CampaignParameters

    def run(self, context: TaskContext[CampaignParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given = context.parameters
        # By hand it is no occurrence: what was sent before is not sent again unless it says so.
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
