"""``report``: mail the figures of the last few days."""

from pydantic import Field, field_validator

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import BadValue
from sestui.core.content.notice import Notice
from sestui.reports.figures import period_figures
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import Outcome, TaskParameters, TaskType

_DAY = 86_400.0


class ReportParameters(TaskParameters):
    """Recipients, sender and period."""

    to: list[str] = Field(min_length=1)
    """The addresses that get the report."""
    sender: str
    """An address that SES lets this account send from."""
    days: float = Field(7, gt=0, le=366)
    """How many days before now the figures cover."""

    @field_validator("to")
    @classmethod
    def _addresses(cls, given: list[str]) -> list[str]:
        return [_mailbox(each) for each in given]

    @field_validator("sender")
    @classmethod
    def _address(cls, given: str) -> str:
        return _mailbox(given)


def _mailbox(given: str) -> str:
    try:
        return campaign_values.mailbox(given)
    except BadValue as bad:
        raise ValueError(bad.problem) from bad


class MailReport(TaskType[ReportParameters]):
    """Puts the report into the ledger; the sender sends it like any other mail."""

    summary = "Mail the figures of the last days."
    Parameters = ReportParameters

    def run(self, context: TaskContext[ReportParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given = context.parameters
        since = context.clock.now() - given.days * _DAY
        found = period_figures(context.services.database, since)
        for line in found.lines:
            context.log(line)
        days = f"{given.days:g} day{'' if given.days == 1 else 's'}"
        notice = Notice(
            subject=f"sestui: {found.accepted:,} mails accepted in {days}",
            lines=found.lines,
            figures=found.table,
        )
        context.services.notices.post(notice, given.to, from_address=given.sender)
        return Outcome(
            f"Mailed to {', '.join(given.to)}.", {"accepted": found.accepted, "runs": found.runs}
        )
