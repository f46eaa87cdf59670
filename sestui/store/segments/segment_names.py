"""What the names in an expression mean: lists, campaigns, and other segments to any depth."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from sestui.core.segments.expression import NOTHING_ELSE, SegmentExpression, Together
from sestui.core.segments.names import Refers
from sestui.core.segments.nodes import And, Condition, InSegment, Not, OneOf, Or
from sestui.core.segments.parse import MOST_CONDITIONS, parse
from sestui.core.segments.source import MOST_LEVELS
from sestui.core.suggestions import did_you_mean
from sestui.core.text import printable
from sestui.errors import NotFoundError, SegmentError
from sestui.store.contacts.tables import SavedSegment
from sestui.store.db.tables import Campaign, ContactList
from sestui.store.segments.segments_sql import ResolvedSegment

SEGMENT = SavedSegment.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_LIST = ContactList.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_MOST_VALUES = 10_000
"""In all brackets of an expression and of the segments that it uses."""


def resolve(
    connection: Connection,
    expression: SegmentExpression,
    *,
    called: str = "",
    together: Together = NOTHING_ELSE,
) -> ResolvedSegment:
    """The expression with what its names mean now; ``called`` is its own name, if it has one.

    ``together`` is what is saved with it; what is new has no id.

    Raises:
        NotFoundError: a list, campaign or segment that it names doesn't exist.
        SegmentError: it uses itself by way of others, or is too big with all that it uses.
    """
    used = _Used(connection, together.segments)
    used.follow(expression, (called,) if called else ())
    expressions = [expression, *used.found.values()]
    named = {name: each.root for name, each in used.found.items()}
    segment = ResolvedSegment(
        expression.root,
        named,
        _ids(connection, Refers.LIST, expressions, together.lists),
        _ids(connection, Refers.CAMPAIGN, expressions, together.campaigns),
        {"": expression.text, **{name: each.text for name, each in used.found.items()}},
    )
    _refuse_too_big(segment)
    return segment


@dataclass
class _Used:
    """The segments that an expression uses."""

    connection: Connection
    together: Mapping[str, SegmentExpression]
    found: dict[str, SegmentExpression] = field(default_factory=dict)
    _depths: dict[str, int] = field(default_factory=dict)
    _saved: Mapping[str, str] = field(default_factory=dict)
    """All that are saved, read by one statement once the first is needed."""

    def follow(self, expression: SegmentExpression, way: tuple[str, ...]) -> int:
        """Find all that ``expression`` uses; ``way`` are the segments that led to it.

        Returns how many segments use each other one by one below it.
        """
        depth = 0
        for name in expression.names(Refers.SEGMENT):
            if name in way:
                circle = " → ".join(printable(each) for each in (*way[way.index(name) :], name))
                raise SegmentError(f"A segment can't use itself: {circle}.")
            if name not in self._depths:
                self.found[name] = self._stored(name)
                self._depths[name] = self.follow(self.found[name], (*way, name)) + 1
            depth = max(depth, self._depths[name])
            if max(len(way), depth) > MOST_LEVELS:
                raise SegmentError(
                    f"More than {MOST_LEVELS} segments use each other one by one: too deep."
                )
        return depth

    def _stored(self, name: str) -> SegmentExpression:
        if name in self.together:
            return self.together[name]
        if not self._saved:
            saved = self.connection.execute(select(SEGMENT.c.name, SEGMENT.c.expression))
            self._saved = {str(each): str(text) for each, text in saved}
        if name not in self._saved:
            raise name_not_found(Refers.SEGMENT, name, self._saved)
        return parse(self._saved[name])


def _ids(
    connection: Connection,
    kind: Refers,
    expressions: Iterable[SegmentExpression],
    coming: Collection[str] = (),
) -> Mapping[str, int]:
    """The ids of all lists or campaigns that are named; of those that are only ``coming``, none."""
    wanted = sorted({name for each in expressions for name in each.names(kind)})
    if not wanted:
        return {}
    columns = _LIST.c if kind is Refers.LIST else _CAMPAIGN.c
    rows = connection.execute(select(columns.name, columns.id).where(columns.name.in_(wanted)))
    found = {str(name): int(each) for name, each in rows}
    for name in wanted:
        if name not in found and name not in coming:
            raise name_not_found(kind, name, connection.execute(select(columns.name)).scalars())
    return found


def name_not_found(kind: Refers, name: str, known: Iterable[str]) -> NotFoundError:
    """The error for a name that nothing has."""
    hint = did_you_mean(name, known)
    return NotFoundError(f"There is no {kind} {printable(name)!r}{f'; {hint}' if hint else '.'}")


def _refuse_too_big(segment: ResolvedSegment) -> None:
    sizes: dict[str, tuple[int, int, int]] = {}
    conditions, levels, values = _size(segment.root, segment.named, sizes)
    if conditions > MOST_CONDITIONS or levels > MOST_LEVELS or values > _MOST_VALUES:
        raise SegmentError(
            f"With the segments that it uses, the expression has {conditions:,} conditions in "
            f"{levels:,} levels with {values:,} values; at most {MOST_CONDITIONS:,} in "
            f"{MOST_LEVELS} with {_MOST_VALUES:,} are possible."
        )


def _size(
    condition: Condition, named: Mapping[str, Condition], sizes: dict[str, tuple[int, int, int]]
) -> tuple[int, int, int]:
    """Its conditions, levels and values with those of segments, each counted where it is used."""
    if isinstance(condition, InSegment):
        if condition.name not in sizes:
            inner = _size(named[condition.name], named, sizes)
            sizes[condition.name] = (inner[0], inner[1] + 1, inner[2])
        return sizes[condition.name]
    if isinstance(condition, And | Or | Not):
        parts = [condition.part] if isinstance(condition, Not) else condition.parts
        each = [_size(part, named, sizes) for part in parts]
        return (
            sum(size[0] for size in each),
            max(size[1] for size in each) + 1,
            sum(size[2] for size in each),
        )
    return 1, 1, len(condition.operands) if isinstance(condition, OneOf) else 1
