"""The table of a campaign's fields.

Files, `apply`'s diff, forms, database rows and a run's copy are derived from it. A new field needs
a line here, a column in ``store.db.tables`` with its migration, and a line in
``core.campaign.draft.Draft`` if an editor shows it.
"""

# ruff: noqa: RUF009 - a call makes each dataclass field, as dataclasses.field does

from dataclasses import MISSING, dataclass
from typing import Any

from sestui.core.campaign import values
from sestui.core.campaign.kinds import (
    FLAG,
    KEYWORDS,
    MAILBOX,
    SEGMENT,
    SPLIT,
    START,
    CampaignKind,
    items,
    number,
    text,
)
from sestui.core.campaign.values import USUAL_PRIORITY, USUAL_SPLIT_SHARE
from sestui.core.clock import Instant
from sestui.core.field_table import TableField, table_field, table_of

USUAL_MISFIRE_HOURS = 24.0
"""A scheduled run that is later than this needs approval."""

_ADDRESS = "Ada's Shop <news@example.com>"
_CRON = "0 9 1 * *: minute hour day month weekday"
_LOCAL = "at once, or 09:00 local: by each recipient's clock"
_WINDOW = "always, or Mon-Fri 09:00-18:00"
_AT_MOST = "any number of mails, or 2 per week to each recipient"
_HOLDOUT = "nobody, or 5% of the recipients, to compare with"
_RATE = "the account's, or recipients a second"
_SPLIT = 'none, or several: "Our news, and a gift", A gift for you'
_SPLIT_SHARE = "20; per cent of the audience that the subjects of a split go to"
_SPLIT_HOURS = "chosen by hand, or hours until the rest gets the better subject"
_SEGMENT = 'everyone on the lists, or plan == "pro"'
_NO_LIST = "names no list; the campaign would reach no one"


@dataclass(frozen=True, slots=True)
class CampaignFields:
    """A campaign's fields apart from its message, in the order of its file."""

    name: str = table_field(MISSING, text(values.campaign_name), "Name", "november-news")
    from_address: str = table_field(MISSING, MAILBOX, "From", _ADDRESS, name="from", sent=True)
    reply_to: tuple[str, ...] = table_field((), items(MAILBOX), "Reply to", "the sender", sent=True)
    lists: tuple[str, ...] = table_field((), items(text(str), _NO_LIST), "Lists", "newsletter")
    segment: str = table_field("", SEGMENT, "Segment", _SEGMENT)
    """Who of the lists, or of all contacts: the name of a segment, or an expression."""
    split: tuple[str, ...] = table_field((), SPLIT, "Split", _SPLIT, sent=True)
    """Subjects that parts of the audience get, to find the better one; without any, everybody gets
    the message's."""
    split_share: float = table_field(
        USUAL_SPLIT_SHARE, number(values.split_share), "Split share", _SPLIT_SHARE, sent=True
    )
    """Per cent of the audience that is split evenly among the subjects; the rest gets the
    winner."""
    split_hours: float | None = table_field(
        None, number(values.split_hours), "Split hours", _SPLIT_HOURS, sent=True
    )
    """Hours between the last mail of the split and the choice of the winner; None: by hand."""
    schedule: str = table_field("", text(values.schedule), "Schedule", _CRON)
    start_at: Instant | None = table_field(
        None, START, "Start", "tomorrow 9:00, in 2 hours, 2026-12-01T09:00", name="start"
    )
    timezone: str = table_field(
        "", text(values.timezone), "Time zone", "the machine's own, or Europe/Paris", sent=True
    )
    local_time: str = table_field("", text(values.local_time), "At", _LOCAL, name="at")
    """When its mail leaves by each recipient's own clock; '' is at once. Its zone is that of
    whoever's isn't known."""
    only: str = table_field("", text(values.only))
    """``joined``: scheduled runs go only to contacts who joined since the last; '' for
    everybody."""
    misfire_hours: float = table_field(USUAL_MISFIRE_HOURS, number(values.misfire_hours))
    """A scheduled run that is later than this waits for approval."""
    priority: int = table_field(
        USUAL_PRIORITY, number(values.priority), "Priority", "5; of 0 to 9, 9 goes first", sent=True
    )
    max_rate: float | None = table_field(
        None, number(values.max_rate), "Max rate", _RATE, sent=True
    )
    """Recipients a second."""
    send_window: str = table_field("", text(values.send_window), "Send window", _WINDOW, sent=True)
    """When its mail may leave, in ``timezone``; '' is always."""
    at_most: str = table_field("", text(values.at_most), "At most", _AT_MOST, sent=True)
    """How many mails of campaigns a recipient gets in a time, this one included; '' for any."""
    holdout: str = table_field("", text(values.holdout), "Holdout", _HOLDOUT, sent=True)
    """The random share of the recipients who get none of its mail, to compare with; '' for none."""
    transactional: bool = table_field(
        False, FLAG, "Transactional: nobody can unsubscribe", sent=True
    )
    skip_unrenderable: bool = table_field(False, FLAG, sent=True)
    """Skip recipients whose mail can't be rendered, rather than hold the run."""
    notify: tuple[str, ...] = table_field((), items(MAILBOX), "Notify", "nobody")
    keywords: dict[str, Any] = table_field(
        dict, KEYWORDS, "Keywords", "season: autumn, year: 2026", sent=True
    )


CAMPAIGN_FIELDS: dict[str, TableField[CampaignKind]] = table_of(CampaignFields)
"""By attribute."""


def default_of(attribute: str) -> Any:
    """The default of a campaign's field."""
    return getattr(CampaignFields("", ""), attribute)
