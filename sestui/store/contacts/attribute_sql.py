"""An attribute in the SQL of each engine: as text, as a number, as a day.

Attributes are JSON values. Texts, numbers and true or false have a text; what is absent, null or
empty, a list or an object is missing: NULL here. Both engines read the same text as a number or a
day; neither ever fails on one.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)

from sestui.core.segments.kinds import OperandKind
from sestui.store.contacts.key_queries import CONTACT

_INDEXED = 60
"""Characters of a text that PostgreSQL's index has: an entry has at most 2,700 bytes in all."""

_MOST_DIGITS = 20
"""Characters of a text that is read as a number."""

_NUMBER = r"^[+-]?[0-9]+([.][0-9]+)?$"
_JSON_NUMBER = r"^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,2})?$"
_DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([T ].*)?$"


class AttributeSql:
    """One attribute of the contact as SQL.

    ``spelled_out`` has its name in the statement rather than as a parameter, escaped by SQLAlchemy:
    planners compare the statement with the expressions of indexes. The rest is the same in both.
    """

    def __init__(self, name: str, *, sqlite: bool, spelled_out: bool = False) -> None:
        self._name = name
        self._sqlite = sqlite
        self._spelled_out = spelled_out

    @property
    def can_be_indexed(self) -> bool:
        """Whether its expressions may stand in an index."""
        return not self._sqlite or self._path is not None

    def of_kind(self, kind: OperandKind) -> ColumnElement[Any]:
        """As what it is compared."""
        return {
            OperandKind.TEXT: self.text,
            OperandKind.NUMBER: self.number,
            OperandKind.DAY: self.day,
        }[kind]()

    def text(self) -> ColumnElement[Any]:
        """Its text; NULL if it is missing."""
        if self._sqlite:
            kind, raw = self._kind(), self._raw()
            is_number = or_(kind == _const("integer"), kind == _const("real"))
            is_truth = or_(kind == _const("true"), kind == _const("false"))
            told = case(
                (kind == _const("text"), raw), (is_number, func.json_quote(raw)), (is_truth, kind)
            )
            return func.nullif(told, _const(""), type_=Text)
        kind = func.json_typeof(self._json())
        simple = and_(kind != _const("object"), kind != _const("array"))
        return func.nullif(case((simple, self._shown())), _const(""), type_=Text)

    def is_known(self) -> ColumnElement[bool]:
        """Whether the contact has it, be it empty."""
        there = self._kind() if self._sqlite else self._json()
        return there.is_not(None)

    def equal_text(self, *texts: str) -> ColumnElement[bool]:
        """Whether its text is one of these; as fast as it can be asked."""
        if (self._sqlite and self._spelled_out) or any(map(_may_be_another_kind, texts)):
            told = self.text()
        elif self._spelled_out and all(len(each) < _INDEXED for each in texts):
            told = self.beginning()
        else:
            told = self._raw() if self._sqlite else self._shown()
        return told == texts[0] if len(texts) == 1 else told.in_(texts)

    def beginning(self) -> ColumnElement[Any]:
        """What PostgreSQL's index has of its text: the whole would be too long for one."""
        return func.left(self._shown(), _const(_INDEXED), type_=Text)

    def number(self) -> ColumnElement[Any]:
        """Its number; NULL if it is missing or none."""
        if not self._sqlite:
            shown = self._shown()
            is_short = func.length(shown) <= _const(_MOST_DIGITS)
            is_json = func.json_typeof(self._json()) == _const("number")
            scientific = and_(
                shown.regexp_match(_const(_JSON_NUMBER)), func.length(shown) <= _const(30), is_json
            )
            return case(
                (and_(is_short, shown.regexp_match(_const(_NUMBER))), cast(shown, Double)),
                (scientific, cast(shown, Double)),
            )
        raw = self._raw()
        length, type_ = func.length(raw), func.typeof(raw)
        unsigned = func.ltrim(raw, _const("+-"))
        is_number = and_(
            _glob(unsigned, "[0-9]*"),
            _glob(unsigned, "*[0-9]"),
            ~_glob(unsigned, "*[^0-9.]*"),
            ~_glob(unsigned, "*.*.*"),
            length - func.length(unsigned) <= _const(1),
        )
        digits = and_(~_glob(raw, "*[^0-9]*"), length > _const(0))
        of_text = case(
            (length > _const(_MOST_DIGITS), null()),
            (or_(digits, is_number), cast(raw, Float)),
        )
        return case(
            (type_ == _const("text"), of_text),
            (type_ == _const("real"), raw),
            (self._kind() == _const("integer"), raw),
        )

    def day(self) -> ColumnElement[Any]:
        """Its day as 2026-11-01; NULL if it is missing or none. What follows a day is left out."""
        if self._sqlite:
            text = self._raw()
            behind = _part(text, 11, 1)
            is_day = and_(
                _glob(text, "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"),
                _part(text, 6, 2).between(_const("01"), _const("12")),
                _part(text, 9, 2).between(_const("01"), _const("31")),
                or_(func.length(text) == _const(10), behind == _const("T"), behind == _const(" ")),
            )
        else:
            text = self._shown()
            is_day = text.regexp_match(_const(_DAY))
        return bytewise(case((is_day, _part(text, 1, 10))), sqlite=self._sqlite)

    def part(self, first: int, length: int) -> ColumnElement[Any]:
        """The number at these characters of its day."""
        return cast(_part(self.day(), first, length), Integer)

    def _named(self, name: str) -> ColumnElement[Any]:
        return _const(name) if self._spelled_out else literal(name, Text)

    # SQLite

    @property
    def _path(self) -> str | None:
        """Where SQLite finds it; None if its paths can't name it."""
        if any(sign in '"\\' or not sign.isprintable() for sign in self._name):
            return None
        return f'$."{self._name}"'

    def _raw(self) -> ColumnElement[Any]:
        if (path := self._path) is not None:
            return func.json_extract(CONTACT.c.attributes, self._named(path))
        return self._each("value")

    def _kind(self) -> ColumnElement[Any]:
        if (path := self._path) is not None:
            return func.json_type(CONTACT.c.attributes, self._named(path))
        return self._each("type")

    def _each(self, column: str) -> ColumnElement[Any]:
        each = func.json_each(CONTACT.c.attributes).table_valued(
            "key", "value", "type", name="asked_attribute"
        )
        found = select(each.c[column]).where(each.c.key == self._name).limit(1)
        return found.scalar_subquery()

    # PostgreSQL

    def _json(self) -> ColumnElement[Any]:
        found: ColumnElement[Any] = CONTACT.c.attributes.op("->")(self._named(self._name))
        return found

    def _shown(self) -> ColumnElement[Any]:
        shown = CONTACT.c.attributes.op("->>", return_type=Text())
        found: ColumnElement[Any] = shown(self._named(self._name))
        return found


def bytewise(text: ColumnElement[Any], *, sqlite: bool) -> ColumnElement[Any]:
    """The text as it is to be compared: by its characters' numbers, whatever the database's
    language."""
    return text if sqlite else text.collate("C")


def small_letters(text: ColumnElement[Any], *, sqlite: bool) -> ColumnElement[Any]:
    """The text with A–Z made small, and no other letters: SQLite knows no others."""
    return func.lower(bytewise(text, sqlite=sqlite))


def _may_be_another_kind(text: str) -> bool:
    """Whether something that is no JSON text may look like it."""
    return text in {"true", "false"} or text[0] in "[{+-0123456789"


def _glob(text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    return text.bool_op("GLOB")(_const(pattern))


def _part(text: ColumnElement[Any], first: int, length: int) -> ColumnElement[Any]:
    return func.substr(text, _const(first), _const(length), type_=Text)


def _const(value: str | int) -> ColumnElement[Any]:
    """A value that stands in the statement itself, as it does in an index."""
    return bindparam(None, value, literal_execute=True)
