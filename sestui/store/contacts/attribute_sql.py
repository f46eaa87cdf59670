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
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from sestui.store.contacts.key_queries import CONTACT

_MOST_DIGITS = 20
"""Characters of a text that is read as a number."""

_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_JSON_NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"
_DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([T ].*)?$"

_CONTAINERS = ("object", "array")


class AttributeSql:
    """One attribute of the contact as SQL."""

    def __init__(self, name: str, *, sqlite: bool) -> None:
        self._name = name
        self._sqlite = sqlite

    def text(self) -> ColumnElement[Any]:
        """Its text; NULL if it is missing."""
        if self._sqlite:
            kind, raw = self._kind(), self._raw()
            told = case(
                (kind == "text", raw),
                (kind.in_(("integer", "real")), func.json_quote(raw)),
                (kind.in_(("true", "false")), kind),
            )
            return func.nullif(told, "", type_=Text)
        simple = case((func.json_typeof(self._json()).not_in(_CONTAINERS), self._shown()))
        return func.nullif(simple, "", type_=Text)

    def is_known(self) -> ColumnElement[bool]:
        """Whether the contact has it, be it empty."""
        there = self._kind() if self._sqlite else self._json()
        return there.is_not(None)

    def equal_text(self, *texts: str) -> ColumnElement[bool]:
        """Whether its text is one of these; as fast as it can be asked."""
        if any(_may_be_another_kind(each) for each in texts):
            told = self.text()
        else:
            told = self._raw() if self._sqlite else self._shown()
        return told == texts[0] if len(texts) == 1 else told.in_(texts)

    def number(self) -> ColumnElement[Any]:
        """Its number; NULL if it is missing or none."""
        if not self._sqlite:
            shown = self._shown()
            short = func.length(shown) <= _MOST_DIGITS
            scientific = func.json_typeof(self._json()) == "number"
            return case(
                (and_(short, shown.regexp_match(_NUMBER)), cast(shown, Double)),
                (
                    and_(shown.regexp_match(_JSON_NUMBER), func.length(shown) <= 30, scientific),
                    cast(shown, Double),
                ),
            )
        kind, raw = self._kind(), self._raw()
        unsigned = case((_glob(raw, "[-+]*"), func.substr(raw, 2)), else_=raw)
        is_number = and_(
            kind == "text",
            func.length(raw) <= _MOST_DIGITS,
            _glob(unsigned, "[0-9]*"),
            _glob(unsigned, "*[0-9]"),
            ~_glob(unsigned, "*[^0-9.]*"),
            ~_glob(unsigned, "*.*.*"),
        )
        return case((kind.in_(("integer", "real")), raw), (is_number, cast(raw, Float)))

    def day(self) -> ColumnElement[Any]:
        """Its day as 2026-11-01; NULL if it is missing or none. What follows a day is left out."""
        if self._sqlite:
            text = self._raw()
            behind = func.substr(text, 11, 1)
            is_day = and_(
                self._kind() == "text",
                _glob(text, "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"),
                func.substr(text, 6, 2).between("01", "12"),
                func.substr(text, 9, 2).between("01", "31"),
                or_(func.length(text) == 10, behind.in_(("T", " "))),
            )
        else:
            text = self._shown()
            is_day = text.regexp_match(_DAY)
        return bytewise(case((is_day, func.substr(text, 1, 10))), sqlite=self._sqlite)

    def part(self, first: int, length: int) -> ColumnElement[Any]:
        """The number at these characters of its day."""
        return cast(func.substr(self.day(), first, length), Integer)

    # SQLite

    @property
    def _path(self) -> str | None:
        """Where SQLite finds it; None if its paths can't name it."""
        if any(sign in '"\\' or not sign.isprintable() for sign in self._name):
            return None
        return f'$."{self._name}"'

    def _raw(self) -> ColumnElement[Any]:
        if (path := self._path) is not None:
            return func.json_extract(CONTACT.c.attributes, path)
        return self._each("value")

    def _kind(self) -> ColumnElement[Any]:
        if (path := self._path) is not None:
            return func.json_type(CONTACT.c.attributes, path)
        return self._each("type")

    def _each(self, column: str) -> ColumnElement[Any]:
        each = func.json_each(CONTACT.c.attributes).table_valued(
            "key", "value", "type", name="asked_attribute"
        )
        found = select(each.c[column]).where(each.c.key == self._name).limit(1)
        return found.scalar_subquery()

    # PostgreSQL

    def _json(self) -> ColumnElement[Any]:
        found: ColumnElement[Any] = CONTACT.c.attributes.op("->")(literal(self._name, Text))
        return found

    def _shown(self) -> ColumnElement[Any]:
        shown = CONTACT.c.attributes.op("->>", return_type=Text())
        found: ColumnElement[Any] = shown(literal(self._name, Text))
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
    return text.bool_op("GLOB")(pattern)
