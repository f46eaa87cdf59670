"""The words of expressions: one table, which the reader, its errors and the guide use."""

from dataclasses import dataclass
from enum import StrEnum

from sestui.core.segments.nodes import DayPart, Fact, Moment


class Takes(StrEnum):
    """What an argument is."""

    TEXT = "text"
    NUMBER = "a number"
    VALUE = "an attribute"


class Gives(StrEnum):
    """What a function gives."""

    CONDITION = "condition"
    VALUE = "value"
    OPERAND = "operand"


class Refers(StrEnum):
    """What an argument's text names."""

    LIST = "list"
    CAMPAIGN = "campaign"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function."""

    example: str
    takes: Takes = Takes.TEXT
    optional: bool = False
    refers: Refers | None = None
    keyword: str = ""
    """It may be given by this name too."""


@dataclass(frozen=True, slots=True)
class SegmentFunction:
    """A function of expressions."""

    name: str
    gives: Gives
    arguments: tuple[Argument, ...] = ()

    @property
    def usage(self) -> str:
        """How it is written: ``joined("newsletter")``."""
        return f"{self.name}({', '.join(each.example for each in self.arguments)})"


_CAMPAIGN = Argument('"november"', optional=True, refers=Refers.CAMPAIGN)
_LINK = Argument('"https://example.com/"', optional=True)
_LIST = Argument('"newsletter"', refers=Refers.LIST)

_FUNCTIONS = (
    SegmentFunction("list", Gives.CONDITION, (_LIST,)),
    SegmentFunction("tag", Gives.CONDITION, (Argument('"vip"'),)),
    SegmentFunction("segment", Gives.CONDITION, (Argument('"adults"', refers=Refers.SEGMENT),)),
    SegmentFunction("missing", Gives.CONDITION, (Argument("phone", Takes.VALUE),)),
    *(
        SegmentFunction(
            fact.value,
            Gives.CONDITION,
            (_CAMPAIGN, _LINK) if fact is Fact.CLICKED else (_CAMPAIGN,),
        )
        for fact in Fact
    ),
    SegmentFunction("domain", Gives.CONDITION, (Argument('"gmail.com"'),)),
    SegmentFunction("valid", Gives.CONDITION),
    SegmentFunction("role_address", Gives.CONDITION),
    SegmentFunction("attribute", Gives.VALUE, (Argument('"first name"'),)),
    SegmentFunction("joined", Gives.VALUE, (_LIST,)),
    SegmentFunction("mails_in", Gives.VALUE, (Argument("days=7", Takes.NUMBER, keyword="days"),)),
    SegmentFunction("date", Gives.OPERAND, (Argument('"2026-11-01"'),)),
    SegmentFunction("days_ago", Gives.OPERAND, (Argument("30", Takes.NUMBER),)),
    SegmentFunction("in_days", Gives.OPERAND, (Argument("14", Takes.NUMBER),)),
    SegmentFunction("today", Gives.OPERAND),
)

FUNCTIONS = {each.name: each for each in _FUNCTIONS}
"""Every function by its name."""

EMAIL = "email"

VALUES = (EMAIL, *(each.value for each in Moment))
"""Names that are no attributes."""

METHODS = ("startswith", "endswith", "lower")
"""Methods of texts."""

PARTS = tuple(each.value for each in DayPart)
"""Parts of days."""
