"""Which value may be compared with what, and why not."""

from enum import StrEnum

from sestui.core.segments.nodes import (
    AnyLeaf,
    AttributeValue,
    Comparison,
    DaysFromNow,
    EmailValue,
    GivenDay,
    MailsIn,
    MomentValue,
    OneOf,
    Op,
    Operand,
    PartValue,
    TodaysPart,
    Value,
)

AskedAttribute = tuple[str, "OperandKind"]
"""An attribute's name, and as what it is asked."""


class OperandKind(StrEnum):
    """As what a value is compared."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


def kind_of(operand: Operand) -> OperandKind:
    """As what a value is compared with it; True and False are texts."""
    if isinstance(operand, str | bool):
        return OperandKind.TEXT
    if isinstance(operand, DaysFromNow | GivenDay):
        return OperandKind.DAY
    return OperandKind.NUMBER


def _is_number(operand: Operand) -> bool:
    return isinstance(operand, int | float) and not isinstance(operand, bool)


def mismatch(value: Value, op: Op, operand: Operand) -> str:
    """Why the two can't be compared so, as a sentence; '' if they can."""
    if isinstance(value, AttributeValue):
        return _of_attribute(value, op, operand)
    ordered = op not in {Op.EQ, Op.NE}
    why = ""
    match value:
        case EmailValue() if not isinstance(operand, str):
            why = "compare email with a text."
        case MailsIn() if not _is_number(operand):
            why = "compare mails_in(…) with a number."
        case PartValue(_, part) if not (_is_number(operand) or isinstance(operand, TodaysPart)):
            why = f"compare the {part} with a number."
        case MomentValue(moment) if not isinstance(operand, DaysFromNow | GivenDay):
            why = f"compare {moment} with days_ago(…) or date(…)."
        case MomentValue(moment) if not ordered:
            why = f"{moment} is an instant: compare it by < or >, it is never equal to a day."
    return why


def _of_attribute(value: AttributeValue, op: Op, operand: Operand) -> str:
    why = ""
    if isinstance(operand, TodaysPart):
        why = f"compare it with a part of a day, as in birthday.{operand.part}."
    elif value.folded and not isinstance(operand, str):
        why = "compare lower() with a text."
    elif operand == "":
        why = "an empty text counts as missing; ask missing(…)."
    elif isinstance(operand, bool) and op not in {Op.EQ, Op.NE}:
        why = "True and False have no order; compare them by == or !=."
    elif isinstance(operand, GivenDay) and operand.has_time:
        why = "attributes hold days; leave out the time."
    return why


def attribute_asked(leaf: AnyLeaf) -> AskedAttribute | None:
    """The attribute that the leaf asks about, and as what; None if it asks about another thing."""
    value = getattr(leaf, "value", None)
    if isinstance(value, PartValue):
        return value.name, OperandKind.DAY
    if not isinstance(value, AttributeValue):
        return None
    if isinstance(leaf, Comparison):
        return value.name, kind_of(leaf.operand)
    if isinstance(leaf, OneOf):
        return value.name, kind_of(leaf.operands[0])
    return value.name, OperandKind.TEXT
