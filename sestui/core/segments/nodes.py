"""An expression over contacts as a tree of values.

Every condition is true or false of a contact, never unknown: a comparison with something that is
missing is false, and ``not`` is the plain complement.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

Span = tuple[int, int]
"""Where it stands in the expression: the first character, and the one behind the last."""


class Op(StrEnum):
    """A comparison."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def turned(self) -> "Op":
        """The same comparison with its sides exchanged."""
        return _TURNED.get(self, self)


_TURNED = {Op.LT: Op.GT, Op.GT: Op.LT, Op.LE: Op.GE, Op.GE: Op.LE}


class TextMatch(StrEnum):
    """How a text is looked for in another."""

    STARTS = "startswith"
    ENDS = "endswith"
    CONTAINS = "in"


class DayPart(StrEnum):
    """A number of a day."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


class Moment(StrEnum):
    """An instant that sestui knows of a contact."""

    JOINED = "joined"
    """When it was added, or came on a list."""
    LAST_RECEIVED = "last_received"
    LAST_OPENED = "last_opened"
    LAST_CLICKED = "last_clicked"


class Fact(StrEnum):
    """What may have become of a campaign's mail to a contact."""

    RECEIVED = "received"
    FAILED = "failed"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


# values of a contact


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """An attribute: what it is compared with decides whether as text, number or day."""

    name: str
    folded: bool = False
    """With the letters A–Z made small."""


@dataclass(frozen=True, slots=True)
class EmailValue:
    """The address, in small letters; never missing."""


@dataclass(frozen=True, slots=True)
class PartValue:
    """Year, month or day of an attribute that holds a day."""

    name: str
    part: DayPart


@dataclass(frozen=True, slots=True)
class MomentValue:
    """An instant; missing if it has never happened."""

    moment: Moment
    list_name: str = ""
    """Of JOINED: when the contact came on this list."""


@dataclass(frozen=True, slots=True)
class MailsIn:
    """How many mails of campaigns the contact got in the last days; never missing."""

    days: float


Value = AttributeValue | EmailValue | PartValue | MomentValue | MailsIn


# what values are compared with


@dataclass(frozen=True, slots=True)
class DaysFromNow:
    """An instant relative to now; negative: ago."""

    days: float


@dataclass(frozen=True, slots=True)
class GivenDay:
    """A day, or an instant of it, in the operator's time zone."""

    iso: str
    """``2026-11-01`` or ``2026-11-01T09:00:00``."""

    @property
    def has_time(self) -> bool:
        """Whether it is an instant rather than a whole day."""
        return "T" in self.iso


@dataclass(frozen=True, slots=True)
class TodaysPart:
    """Year, month or day of today in the operator's time zone."""

    part: DayPart


Operand = str | bool | int | float | DaysFromNow | GivenDay | TodaysPart


# conditions


@dataclass(frozen=True, slots=True)
class And:
    """All parts are true."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part is true."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part is false."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition without conditions in it."""

    span: Span = field(default=(0, 0), compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class OnList(Leaf):
    """The contact is on the list."""

    name: str


@dataclass(frozen=True, slots=True)
class HasTag(Leaf):
    """The contact has the tag, spelled exactly so."""

    tag: str


@dataclass(frozen=True, slots=True)
class InSegment(Leaf):
    """The named segment is true of the contact."""

    name: str


@dataclass(frozen=True, slots=True)
class IsMissing(Leaf):
    """The contact has no such value."""

    value: Value


@dataclass(frozen=True, slots=True)
class Comparison(Leaf):
    """The value is there, can be read as the operand's kind, and compares so."""

    value: Value
    op: Op
    operand: Operand


@dataclass(frozen=True, slots=True)
class OneOf(Leaf):
    """The value is there and equal to one of the operands; ``negated``: there, and to none."""

    value: Value
    operands: tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class TextFound(Leaf):
    """The text is in the value; ``negated``: the value is there, and it is not."""

    value: Value
    match: TextMatch
    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class MailResult(Leaf):
    """This became of a mail to the contact, of one campaign or any."""

    fact: Fact
    campaign: str | None = None
    link: str = ""
    """Of CLICKED: the link; '' for any."""


@dataclass(frozen=True, slots=True)
class OfDomain(Leaf):
    """The address is of this domain, not of one below it."""

    domain: str


@dataclass(frozen=True, slots=True)
class IsValid(Leaf):
    """No check has found the address invalid."""


@dataclass(frozen=True, slots=True)
class RoleAddress(Leaf):
    """The address is a function's rather than a person's: info@, sales@."""


AnyLeaf = (
    OnList
    | HasTag
    | InSegment
    | IsMissing
    | Comparison
    | OneOf
    | TextFound
    | MailResult
    | OfDomain
    | IsValid
    | RoleAddress
)
Condition = And | Or | Not | AnyLeaf


def leaves(condition: Condition) -> Iterator[AnyLeaf]:
    """The leaves from left to right; those of a named segment are not its own."""
    match condition:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


def asks(leaf: AnyLeaf) -> str:
    """What the leaf asks, wherever it stands: two that ask different things never have the same."""
    return repr(leaf)  # equality takes 1 for True


def attribute_names(condition: Condition) -> set[str]:
    """The attributes that the condition asks about."""
    values = (getattr(leaf, "value", None) for leaf in leaves(condition))
    return {each.name for each in values if isinstance(each, AttributeValue | PartValue)}


def value_of(leaf: AnyLeaf) -> Value | None:
    """What the leaf asks about; None if that is no value."""
    return getattr(leaf, "value", None)
