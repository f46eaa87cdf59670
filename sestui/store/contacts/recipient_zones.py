"""When a local time comes for each contact of an audience, in SQL.

What contacts have as their time zone and country is text of few different values. Python reads each
of these once, and the statement that writes deliveries joins the results.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from typing import Self

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Double,
    FromClause,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
)

from sestui.core.clock import Instant
from sestui.core.delivery.local_hours import LocalHours
from sestui.core.schedule.local_time import next_local_time
from sestui.core.schedule.recipient_zones import (
    COUNTRY_ATTRIBUTES,
    ZONE_ATTRIBUTES,
    ZoneSource,
    zone_of_country,
    zone_of_text,
)
from sestui.core.schedule.zones import zone_named
from sestui.store.contacts.key_queries import CONTACT
from sestui.store.db.tables import Run

_NOTHING = ("", None)
_EXAMPLES = 3
_LONGEST_EXAMPLE = 40
_BY_AND_BY = {"yield_per": 10_000}
"""As each contact may have a value of its own."""


@dataclass(frozen=True, slots=True)
class LocalStart:
    """A local time with what decides when it comes."""

    local_time: str
    """``09:00 local``."""
    timezone: str
    """The campaign's (IANA), '' for the machine's: that of whoever's isn't known."""
    start: Instant
    """From when on it may come."""

    @classmethod
    def of_run(cls, run: Run) -> Self:
        """That of a run, which may be late for its occurrence."""
        at = run.created_at if run.scheduled_for is None else run.scheduled_for
        return cls(run.due_time, run.timezone, at)

    def comes_at(self, zone: tzinfo) -> Instant:
        """When it comes in ``zone``."""
        return next_local_time(self.local_time, zone, self.start)


def due_times(
    connection: Connection, local: LocalStart, where: Sequence[ColumnElement[bool]]
) -> tuple[ColumnElement[float], FromClause]:
    """When it comes for each contact as a column, and what that is selected from.

    ``where`` are conditions on the contacts that will be selected, which are read once.
    """
    comes_at = cache(local.comes_at)
    known: dict[str, Instant] = {}
    different = select(_places(connection)).where(*where).distinct()
    for places in connection.execute(different, execution_options=_BY_AND_BY).scalars():
        zone, _, _ = _zone_of(places)
        if zone is not None:
            known[places] = comes_at(zone)
    otherwise: ColumnElement[float] = literal(comes_at(zone_named(local.timezone)), Double)
    if not known:
        return otherwise, CONTACT
    table = _table(connection, known)
    source = CONTACT.outerjoin(table, table.c.key == _places(connection))
    return func.coalesce(table.c.value, otherwise, type_=Double), source


def local_hours(
    connection: Connection, local: LocalStart, where: Sequence[ColumnElement[bool]]
) -> LocalHours:
    """Who of the contacts ``where`` gets it when; some seconds for a million of them."""
    campaign, comes_at = zone_named(local.timezone), cache(local.comes_at)
    dues: Counter[Instant] = Counter()
    sources: Counter[ZoneSource] = Counter()
    examples: list[str] = []
    unread = 0
    for places, count in _counted(connection, where):
        zone, source, faulty = _zone_of(places)
        dues[comes_at(zone or campaign)] += count
        sources[source] += count
        if faulty is not None:
            unread += count
            if len(examples) < _EXAMPLES and faulty not in examples:
                examples.append(faulty)
    return LocalHours(
        local.local_time, campaign, tuple(sorted(dues.items())), sources, unread, tuple(examples)
    )


def _zone_of(places: str) -> tuple[tzinfo | None, ZoneSource, str | None]:
    """A contact's zone by its :func:`_places`, what tells it, and what can't be read of them.

    None for neither.
    """
    given = json.loads(places)
    faulty = None
    for texts, read, source in (
        (given[: len(ZONE_ATTRIBUTES)], zone_of_text, ZoneSource.ATTRIBUTE),
        (given[len(ZONE_ATTRIBUTES) :], zone_of_country, ZoneSource.COUNTRY),
    ):
        text = next((str(each) for each in texts if each not in _NOTHING), None)
        if text is not None:
            zone = read(text)
            if zone is not None:
                return zone, source, faulty
            faulty = faulty or text[:_LONGEST_EXAMPLE]
    return None, ZoneSource.CAMPAIGN, faulty


def _places(connection: Connection) -> ColumnElement[str]:
    """A contact's time zones and countries as a JSON list, null where there is none.

    In one piece, as reading a contact's attributes is what takes the time.
    """
    names = (*ZONE_ATTRIBUTES, *COUNTRY_ATTRIBUTES)
    if connection.dialect.name == "postgresql":
        each = (CONTACT.c.attributes.op("->")(literal(name, Text)) for name in names)
        return cast(func.json_build_array(*each), Text)
    paths = (f"$.{name}" for name in names)
    return func.json_extract(CONTACT.c.attributes, *paths, type_=Text)


def _counted(
    connection: Connection, where: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[str, int]]:
    """The different places of contacts, and how many have each."""
    places = select(_places(connection).label("places")).where(*where).subquery().c.places
    counted = select(places, func.count()).group_by(places)
    rows = connection.execute(counted, execution_options=_BY_AND_BY)
    return ((text, count) for text, count in rows)


def _table(connection: Connection, known: dict[str, Instant]) -> FromClause:
    """The instants by places as a table with the columns ``key`` and ``value``."""
    given = bindparam("b_known", json.dumps(known), type_=Text)
    if connection.dialect.name == "postgresql":
        each = func.json_each_text(cast(given, JSON)).table_valued("key", "value", name="known_j")
    else:
        each = func.json_each(given).table_valued("key", "value", name="known_j")
    rows = select(each.c.key.label("key"), cast(each.c.value, Double).label("value"))
    # With a limit SQLite writes it down and indexes it: nothing is looked up in a table function.
    return rows.limit(len(known)).subquery("known")
