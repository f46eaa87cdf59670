"""Read a domain's SPF record and what it includes (RFC 7208)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

MOST_LOOKUPS = 10
"""RFC 7208: receivers give up beyond that."""
_MOST_FOLLOWED = 30
_TERM = re.compile(
    r"[+?~-]?(include|a|mx|ptr|exists)(?=[:/]|$)(?::([^/]*))?|(redirect)=(.*)", re.IGNORECASE
)


class TextRecords(Protocol):
    """Looks up TXT records."""

    def __call__(self, name: str, /) -> Sequence[str] | None:
        """The TXT records of ``name``, none for no such name; None: it can't be known now."""


@dataclass(slots=True)
class SpfReading:
    """What was found at a domain."""

    records: tuple[str, ...] | None = None
    """Its SPF records: there may be one; None: it can't be known now."""
    lookups: int = 0
    """How often a receiver has to ask the DNS for it."""
    included: set[str] = field(default_factory=set)
    """Domains that are included, in lower case."""

    @property
    def asks_too_much(self) -> bool:
        """Whether receivers give up."""
        return self.lookups > MOST_LOOKUPS


def read_spf(domain: str, texts: TextRecords) -> SpfReading:
    """The SPF record at ``domain``, and all that it includes."""
    reading = SpfReading()
    reading.records = _records(domain, texts)
    if reading.records and len(reading.records) == 1:
        _follow(reading.records[0], texts, reading)
    return reading


def _records(domain: str, texts: TextRecords) -> tuple[str, ...] | None:
    found = texts(domain)
    if found is None:
        return None
    return tuple(each for each in found if re.match(r"v=spf1(?: |$)", each, re.IGNORECASE))


def _follow(record: str, texts: TextRecords, reading: SpfReading) -> None:
    for word in record.split()[1:]:
        term = _TERM.match(word)
        if term is None:
            continue
        reading.lookups += 1
        kind = (term[1] or term[3]).lower()
        name = (term[2] or term[4] or "").rstrip(".").lower()
        if kind not in {"include", "redirect"} or not name or "%" in name:
            continue
        if name in reading.included or reading.lookups > _MOST_FOLLOWED:
            continue
        reading.included.add(name)
        found = _records(name, texts)
        if found and len(found) == 1:
            _follow(found[0], texts, reading)
