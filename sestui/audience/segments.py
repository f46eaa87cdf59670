"""Segments as people ask for them: by name or as an expression, with the reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sestui.core.segments.chosen import is_name
from sestui.core.segments.expression import SegmentExpression
from sestui.core.segments.names import Refers
from sestui.core.segments.nodes import (
    And,
    AnyLeaf,
    AttributeValue,
    Condition,
    InSegment,
    MailsIn,
    MomentValue,
    Not,
    Or,
    PartValue,
    Value,
    asks,
    value_of,
)
from sestui.core.segments.parse import parse
from sestui.core.segments.present import Present
from sestui.core.text import printable
from sestui.errors import NotFoundError, SegmentError
from sestui.store.db.database import Database
from sestui.store.segments.segment_queries import leaf_counts, leaves_of_contact
from sestui.store.segments.segments import Segments
from sestui.store.segments.segments_sql import ResolvedSegment


@dataclass(frozen=True, slots=True)
class ChosenSegment:
    """A segment that was asked for."""

    name: str
    """'' for an expression without a name."""
    expression: SegmentExpression
    resolved: ResolvedSegment


@dataclass(frozen=True, slots=True)
class ExplainedLeaf:
    """One condition of a segment, in the order of its expression."""

    text: str
    """As it was written; with ``not`` before it if that is meant."""
    level: int
    """How many segments deep it stands."""
    holds: bool | None = None
    """Whether it is true of the contact; None if no contact was asked for."""
    contacts: int | None = None
    """Of how many contacts it is true; None if a contact was asked for."""
    subject: str = ""
    """What it compares: ``plan``; '' for nothing."""
    value: Any = None
    """What that is of the contact; None if it is missing."""
    is_instant: bool = False
    """Whether the value is one."""


def choose(segments: Segments, text: str) -> ChosenSegment:
    """The segment by that name, or the expression that ``text`` is.

    Raises:
        NotFoundError: it is neither, or names something that doesn't exist.
        SegmentError: it is no expression that can be read.
    """
    named = segments.find(text)
    if named is not None:
        expression = parse(named.expression)
        return ChosenSegment(named.name, expression, segments.resolve(expression))
    try:
        expression = parse(text)
    except SegmentError:
        if is_name(text):
            segments.get(text)
        raise
    return ChosenSegment("", expression, segments.resolve(expression))


def explain_contact(
    database: Database, segments: Segments, chosen: ChosenSegment, present: Present, email: str
) -> tuple[bool, list[ExplainedLeaf]]:
    """Whether the contact is in the segment, and what each condition is of it.

    Raises:
        NotFoundError: there is no contact with that address.
    """
    answer = leaves_of_contact(database, chosen.resolved, present, email)
    if answer is None:
        raise NotFoundError(f"There is no contact {printable(email)!r}.")
    is_in, found = answer
    by_leaf = {asks(each.leaf): each for each in found}
    lines = []
    for text, level, leaf, negated in _in_order(_expressions(segments, chosen)):
        each = by_leaf[asks(leaf)]
        value = value_of(leaf)
        lines.append(
            ExplainedLeaf(
                text,
                level,
                holds=each.holds is not negated,
                subject=_subject(value),
                value=each.value,
                is_instant=isinstance(value, MomentValue),
            )
        )
    return is_in, lines


def explain_counts(
    database: Database, segments: Segments, chosen: ChosenSegment, present: Present, total: int
) -> list[ExplainedLeaf]:
    """Of how many of ``total`` contacts each condition is true."""
    counts = {asks(leaf): count for leaf, count in leaf_counts(database, chosen.resolved, present)}
    return [
        ExplainedLeaf(
            text, level, contacts=total - counts[asks(leaf)] if negated else counts[asks(leaf)]
        )
        for text, level, leaf, negated in _in_order(_expressions(segments, chosen))
    ]


def _expressions(segments: Segments, chosen: ChosenSegment) -> Mapping[str, SegmentExpression]:
    """The expression under '', and those of the segments that it uses."""
    found = {"": chosen.expression}
    open_ = [chosen.expression]
    while open_:
        for name in open_.pop().names(Refers.SEGMENT):
            if name not in found:
                found[name] = parse(segments.get(name).expression)
                open_.append(found[name])
    return found


_Line = tuple[str, int, AnyLeaf, bool]
"""Text, level, leaf, and whether ``not`` stands before it."""


def _in_order(expressions: Mapping[str, SegmentExpression]) -> Iterator[_Line]:
    """The leaves as one reads them; what a segment consists of, behind its first use."""
    told: set[str] = set()

    def lines(expression: SegmentExpression, condition: Condition, level: int) -> Iterator[_Line]:
        if isinstance(condition, And | Or):
            for part in condition.parts:
                yield from lines(expression, part, level)
        elif not isinstance(condition, Not):
            yield from of_leaf(expression, condition, level, negated=False)
        elif isinstance(condition.part, And | Or | Not):
            yield from lines(expression, condition.part, level)
        else:
            yield from of_leaf(expression, condition.part, level, negated=True)

    def of_leaf(
        expression: SegmentExpression, leaf: AnyLeaf, level: int, *, negated: bool
    ) -> Iterator[_Line]:
        written = " ".join(expression.text[slice(*leaf.span)].split())
        yield f"not {written}" if negated else written, level, leaf, negated
        if isinstance(leaf, InSegment) and leaf.name not in told:
            told.add(leaf.name)
            inner = expressions[leaf.name]
            yield from lines(inner, inner.root, level + 1)

    yield from lines(expressions[""], expressions[""].root, 0)


def _subject(value: Value | None) -> str:
    match value:
        case None:
            return ""
        case AttributeValue(name):
            return name
        case PartValue(name, part):
            return f"{name}.{part}"
        case MomentValue(moment, list_name):
            return f'{moment}("{list_name}")' if list_name else moment.value
        case MailsIn(days):
            return f"mails_in({days:g})"
    return "email"
