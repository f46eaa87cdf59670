"""The time zone of a recipient, by what is known of them.

A contact's own zone is an attribute: an IANA name in any letters (``Europe/Paris``,
``america/new york``) or an offset from UTC (``+05:45``, ``UTC-3``). Without one that can be read,
their country decides: a code (``FR``) or an English name. A country with several zones counts with
that of most of its people. Countries and their zones are those of the IANA database (``zone.tab``
and ``iso3166.tab``), which the package tzdata has where the system has none.
"""

import re
import unicodedata
import zoneinfo
from collections.abc import Iterator
from datetime import timedelta, timezone, tzinfo
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path

from sestui.core.schedule.zones import zone_named
from sestui.errors import UsageError

ZONE_ATTRIBUTES = ("timezone", "time_zone", "tz")
"""Attributes with the zone, the first that a contact has counts."""
COUNTRY_ATTRIBUTES = ("country", "country_code", "cc")
"""Attributes with the country; as above."""

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_FARTHEST = timedelta(hours=14)
_NOT_OF_PEOPLE = frozenset({"localtime", "factory", "posixrules"})
"""Names among the zones that mean no place."""

_OF_MOST_PEOPLE = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
}
"""Where the zone that ``zone.tab`` lists first, mostly the largest, is that of few people."""

_ALSO_CALLED = {
    "america": "US",
    "bolivia plurinational state of": "BO",
    "burma": "MM",
    "congo": "CG",
    "cote divoire": "CI",
    "czechia": "CZ",
    "democratic republic of the congo": "CD",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "hong kong sar": "HK",
    "iran islamic republic of": "IR",
    "ivory coast": "CI",
    "korea": "KR",
    "korea republic of": "KR",
    "north korea": "KP",
    "northern ireland": "GB",
    "republic of korea": "KR",
    "russian federation": "RU",
    "scotland": "GB",
    "south korea": "KR",
    "swaziland": "SZ",
    "the netherlands": "NL",
    "turkiye": "TR",
    "uae": "AE",
    "uk": "GB",
    "united kingdom": "GB",
    "united states of america": "US",
    "usa": "US",
    "viet nam": "VN",
    "wales": "GB",
}
"""Names of countries that ``iso3166.tab`` has otherwise or not at all."""


class ZoneSource(StrEnum):
    """What tells a recipient's zone."""

    ATTRIBUTE = "attribute"
    COUNTRY = "country"
    CAMPAIGN = "campaign"
    """Nothing that can be read: the campaign's zone stands for theirs."""


def zone_of_text(text: str) -> tzinfo | None:
    """The zone that an attribute names; None if it can't be read."""
    text = text.strip()
    if text.upper() == "Z":
        text = "UTC"
    if found := _OFFSET.fullmatch(text):
        ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if ahead > _FARTHEST or int(found[3] or 0) > 59:
            return None
        return timezone(ahead if found[1] == "+" else -ahead)
    name = _zone_names().get(text.casefold().replace(" ", "_"))
    return None if name is None else zone_named(name)


def zone_of_country(text: str) -> tzinfo | None:
    """The zone of a country, given its code or English name; None if it can't be read."""
    code = text.strip().upper()
    if code not in _zones_of_countries():
        code = _countries().get(_plain(text), "")
    name = _OF_MOST_PEOPLE.get(code) or _zones_of_countries().get(code)
    if name is None:
        return None
    try:
        return zone_named(name)
    except UsageError:  # the table is newer than the zones
        return None


@cache
def _zone_names() -> dict[str, str]:
    """The IANA names by what they are without capitals."""
    known = zoneinfo.available_timezones()
    return {each.casefold(): each for each in known if each.casefold() not in _NOT_OF_PEOPLE}


@cache
def _zones_of_countries() -> dict[str, str]:
    """The first zone of each country, by code."""
    zones: dict[str, str] = {}
    for code, _, zone in _rows("zone.tab", 3):
        zones.setdefault(code, zone)
    return zones


@cache
def _countries() -> dict[str, str]:
    """The codes of countries by name, without accents, brackets and the like."""
    names: dict[str, str] = {}
    for code, name in _rows("iso3166.tab", 2):
        names[_plain(name)] = code
        names[_plain(re.sub(r"\(.*?\)", "", name))] = code  # Britain (UK)
    return names | _ALSO_CALLED


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    kept = "".join(sign for sign in letters if sign.isalpha() or sign in " -.,")
    return " ".join(re.findall(r"[^ .,-]+", kept))


def _rows(table: str, columns: int) -> Iterator[list[str]]:
    """The first columns of a table of the IANA database; no rows where there is none."""
    for line in _table(table).splitlines():
        cells = line.split("\t")
        if not line.startswith("#") and len(cells) >= columns:
            yield cells[:columns]


def _table(name: str) -> str:
    for folder in zoneinfo.TZPATH:
        try:
            return Path(folder, name).read_text("utf-8")
        except OSError:
            continue
    return files("tzdata.zoneinfo").joinpath(name).read_text("utf-8")
