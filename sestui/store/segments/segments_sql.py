"""Segments as SQL for both engines: values are bound, and what is unknown counts as false."""

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    and_,
    false,
    func,
    not_,
    or_,
    select,
)

from sestui.core.contact.role_addresses import ROLES
from sestui.core.delivery.states import ContactStatus
from sestui.core.segments.kinds import AskedAttribute, OperandKind, kind_of
from sestui.core.segments.nodes import (
    And,
    AnyLeaf,
    AttributeValue,
    Comparison,
    Condition,
    DayPart,
    DaysFromNow,
    EmailValue,
    GivenDay,
    HasTag,
    InSegment,
    IsMissing,
    IsValid,
    MailResult,
    MailsIn,
    Moment,
    MomentValue,
    Not,
    OfDomain,
    OneOf,
    OnList,
    Op,
    Operand,
    Or,
    PartValue,
    RoleAddress,
    TextFound,
    TextMatch,
    TodaysPart,
    Value,
)
from sestui.core.segments.present import Present
from sestui.store.contacts.address_sql import of_domain
from sestui.store.contacts.attribute_sql import AttributeSql, bytewise, small_letters
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP, on_list
from sestui.store.contacts.tags_sql import has_tag
from sestui.store.segments.mail_history_sql import MailHistory

_PLACES = {DayPart.YEAR: (1, 4), DayPart.MONTH: (6, 2), DayPart.DAY: (9, 2)}
"""Where the parts stand in a day: first character and length."""


@dataclass(frozen=True, slots=True)
class ResolvedSegment:
    """A condition, and what the names in it mean."""

    root: Condition
    named: Mapping[str, Condition] = field(default_factory=dict)
    """The segments that it uses, and that those use."""
    lists: Mapping[str, int] = field(default_factory=dict)
    campaigns: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """The expressions by the segments' names; its own under ''."""


class SegmentSql:
    """Conditions of one segment as conditions on ``contact``.

    ``without_run`` is a run whose deliveries don't count as history, ``indexed`` are attributes
    that an index has.
    """

    def __init__(
        self,
        segment: ResolvedSegment,
        present: Present,
        *,
        sqlite: bool,
        without_run: int | None = None,
        indexed: Collection[AskedAttribute] = (),
    ) -> None:
        self._segment = segment
        self._present = present
        self._sqlite = sqlite
        self._indexed = indexed
        self._history = MailHistory(segment.campaigns, present.now, without_run)

    def where(self) -> ColumnElement[bool]:
        """The condition for a query over all contacts: NULL counts as false there."""
        return self._condition(self._segment.root, leads=True)

    def holds(self, condition: Condition) -> ColumnElement[bool]:
        """Whether the condition is true of the contact: true or false, never NULL."""
        return self._whole(condition)

    def value(self, value: Value) -> ColumnElement[Any]:
        """The value; NULL if it is missing."""
        match value:
            case AttributeValue(name, folded):
                text = self._attribute(name, OperandKind.TEXT).text()
                return small_letters(text, sqlite=self._sqlite) if folded else text
            case PartValue(name, part):
                return self._attribute(name, OperandKind.DAY).part(*_PLACES[part])
            case EmailValue():
                key: ColumnElement[Any] = CONTACT.c.email_key
                return key
            case MomentValue(Moment.JOINED, list_name):
                return self._joined(list_name)
            case MomentValue(moment):
                return self._history.newest(moment)
            case MailsIn(days):
                return self._history.count(days)

    def _attribute(self, name: str, kind: OperandKind) -> AttributeSql:
        spelled_out = (name, kind) in self._indexed
        return AttributeSql(name, sqlite=self._sqlite, spelled_out=spelled_out)

    def _joined(self, list_name: str) -> ColumnElement[Any]:
        if not list_name:
            created: ColumnElement[Any] = CONTACT.c.created_at
            return created
        return (
            select(MEMBERSHIP.c.joined_at)
            .where(
                MEMBERSHIP.c.list_id == self._segment.lists[list_name],
                MEMBERSHIP.c.contact_id == CONTACT.c.id,
            )
            .scalar_subquery()
        )

    # conditions

    def _condition(self, condition: Condition, *, leads: bool = False) -> ColumnElement[bool]:
        """``leads``: all contacts that are found fulfil it, so that a search may begin with it."""
        match condition:
            case And(parts):
                return and_(*(self._condition(each, leads=leads) for each in parts))
            case Or(parts):
                return or_(*(self._condition(each) for each in parts))
            case Not(part):
                return not_(self._whole(part))
            case InSegment(name):
                return self._condition(self._segment.named[name], leads=leads)
            case OnList(name) if leads and self._sqlite:
                members: ColumnElement[bool] = CONTACT.c.id.in_(self._members(name))
                return members
        return self._leaf(condition)

    def _members(self, name: str) -> Select[Any]:
        return select(MEMBERSHIP.c.contact_id).where(
            MEMBERSHIP.c.list_id == self._segment.lists[name]
        )

    def _whole(self, condition: Condition) -> ColumnElement[bool]:
        """The condition with NULL as false, so that ``not`` is its complement."""
        found = self._condition(condition)
        if _is_known(condition):
            return found
        return func.coalesce(found, false(), type_=Boolean)

    def _leaf(self, leaf: AnyLeaf) -> ColumnElement[bool]:
        match leaf:
            case Comparison(value, op, operand):
                return self._compared(value, op, operand)
            case OneOf(value, operands, negated):
                return self._one_of(value, operands, negated=negated)
            case TextFound(value, match, text, negated):
                return self._found(value, match, text, negated=negated)
            case IsMissing(value):
                return self.value(value).is_(None)
            case MailResult():
                return self._history.result(leaf)
        return self._of_person(leaf)

    def _of_person(self, leaf: AnyLeaf) -> ColumnElement[bool]:
        match leaf:
            case OnList(name):
                return on_list(self._segment.lists[name], CONTACT.c.id)
            case HasTag(tag):
                return has_tag(tag, sqlite=self._sqlite)
            case OfDomain(domain):
                return of_domain(CONTACT.c.email_key) == domain
            case RoleAddress():
                return self._local_part().in_(sorted(ROLES))
            case IsValid():
                valid: ColumnElement[bool] = CONTACT.c.status != ContactStatus.INVALID.value
                return valid
        raise TypeError(f"no leaf: {type(leaf).__name__}")

    def _local_part(self) -> ColumnElement[Any]:
        key = CONTACT.c.email_key
        if self._sqlite:
            return func.substr(key, 1, func.instr(key, "@") - 1)
        return func.split_part(key, "@", 1)

    # comparisons

    def _compared(self, value: Value, op: Op, operand: Operand) -> ColumnElement[bool]:
        if (
            isinstance(value, AttributeValue)
            and isinstance(operand, str)
            and op is Op.EQ
            and not value.folded
        ):
            return self._attribute(value.name, OperandKind.TEXT).equal_text(operand)
        left = self._as(value, operand)
        compared: ColumnElement[bool] = _COMPARED[op](left, self._bound(value, operand))
        return compared

    def _one_of(
        self, value: Value, operands: tuple[Operand, ...], *, negated: bool
    ) -> ColumnElement[bool]:
        texts = [each for each in operands if isinstance(each, str)]
        as_is = isinstance(value, AttributeValue) and not value.folded and not negated
        if isinstance(value, AttributeValue) and as_is and len(texts) == len(operands):
            return self._attribute(value.name, OperandKind.TEXT).equal_text(*texts)
        left = self._as(value, operands[0])
        bound = [self._bound(value, each) for each in operands]
        return left.not_in(bound) if negated else left.in_(bound)

    def _as(self, value: Value, operand: Operand) -> ColumnElement[Any]:
        """The value as what it is compared with."""
        if isinstance(value, AttributeValue):
            kind = kind_of(operand)
            if kind is not OperandKind.TEXT:
                return self._attribute(value.name, kind).of_kind(kind)
        found = self.value(value)
        is_text = isinstance(value, AttributeValue | EmailValue)
        return bytewise(found, sqlite=self._sqlite) if is_text else found

    def _bound(self, value: Value, operand: Operand) -> str | int | float:
        """The operand as a parameter."""
        match operand:
            case bool():
                return "true" if operand else "false"
            case int() if isinstance(value, AttributeValue):
                return float(operand)
            case DaysFromNow() | GivenDay() if isinstance(value, AttributeValue):
                return self._present.day(operand)
            case DaysFromNow() | GivenDay():
                return self._present.instant(operand)
            case TodaysPart(part):
                return self._present.part(part)
        return operand

    def _found(
        self, value: Value, match: TextMatch, text: str, *, negated: bool
    ) -> ColumnElement[bool]:
        whole, length = self.value(value), len(text)
        if match is TextMatch.CONTAINS:
            place = func.instr if self._sqlite else func.strpos
            found = place(whole, text) > 0
        elif match is TextMatch.STARTS:
            found = func.substr(whole, 1, length) == text
        else:
            # SQLite counts from the end where it is negative.
            end = func.substr(whole, -length) if self._sqlite else func.right(whole, length)
            found = end == text
        # Of what is missing, it is unknown as the comparison is.
        return ~found if negated else found


_COMPARED: dict[Op, Callable[[Any, Any], Any]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}

_NEVER_UNKNOWN = (Not, OnList, HasTag, IsMissing, MailResult, OfDomain, IsValid, RoleAddress)


def _is_known(condition: Condition) -> bool:
    """Whether its SQL is never NULL."""
    if isinstance(condition, And | Or):
        return all(_is_known(each) for each in condition.parts)
    return isinstance(condition, _NEVER_UNKNOWN)
