"""Find and read a domain's DMARC record (RFC 9989): tags, tree walk, organizational domain."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sestui.core.doctor.spf import TextRecords

POLICIES = ("none", "quarantine", "reject")
GONE = ("pct", "rf", "ri")
"""Tags of RFC 7489 that receivers ignore now."""
_MOST_LABELS = 8
_BEGINS = re.compile(r"[vV]\s*=\s*DMARC1\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A record and where it was found."""

    domain: str
    tags: Mapping[str, str]

    @property
    def policy(self) -> str:
        """``p``; '' if it is missing or none of the three."""
        policy = self.tags.get("p", "").lower()
        return policy if policy in POLICIES else ""

    def policy_for(self, domain: str) -> str:
        """What applies to mail from ``domain``: ``sp`` may differ for subdomains.

        In test mode (``t=y``) receivers apply the next weaker policy; that is not counted here.
        """
        sub = self.tags.get("sp", "").lower()
        if domain != self.domain and sub in POLICIES:
            return sub
        return self.policy

    @property
    def reports_to(self) -> str:
        """``rua``: where aggregate reports go; '' for nowhere."""
        return self.tags.get("rua", "")

    def is_strict(self, tag: str) -> bool:
        """Whether ``adkim`` or ``aspf`` demands the very same domain."""
        return self.tags.get(tag, "r").lower() == "s"

    @property
    def gone(self) -> tuple[str, ...]:
        """Tags that no longer mean anything."""
        return tuple(tag for tag in GONE if tag in self.tags)


@dataclass(frozen=True, slots=True)
class DmarcDiscovery:
    """What a tree walk has found for a domain."""

    record: DmarcRecord | None
    """The record that applies; None: there is none."""
    organization: str
    """The organizational domain; the domain itself if nothing was found."""
    several: str = ""
    """A name with more than one record, all of which are ignored; '' for none."""
    known: bool = True
    """False: a question was not answered, so a record may have been missed."""


def parse_dmarc(text: str) -> dict[str, str] | None:
    """The tags by name in lower case; None if it isn't a DMARC record."""
    if not _BEGINS.match(text):
        return None
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def discover(domain: str, texts: TextRecords) -> DmarcDiscovery:
    """Walk up from ``domain`` (RFC 9989, 4.10): its record, and its organizational domain."""
    found: list[DmarcRecord] = []
    several, known = "", True
    for name in _walk(domain):
        answers = texts(f"_dmarc.{name}")
        if answers is None:
            known = False
            continue
        records = [tags for text in answers if (tags := parse_dmarc(text)) is not None]
        if len(records) > 1:
            several = several or name
        if len(records) != 1:
            continue
        found.append(DmarcRecord(name, records[0]))
        if records[0].get("psd", "u").lower() in {"n", "y"}:
            break
    organization = _organization(domain, found)
    by_name = {each.domain: each for each in found}
    psd = found[-1] if found and found[-1].tags.get("psd", "").lower() == "y" else None
    record = by_name.get(domain) or by_name.get(organization) or psd
    return DmarcDiscovery(record, organization, several, known)


def _walk(domain: str) -> list[str]:
    """The domain and the ones above it, at most eight."""
    labels = domain.split(".")
    names = [domain]
    rest = labels[1:] if len(labels) <= _MOST_LABELS else labels[-(_MOST_LABELS - 1) :]
    while rest:
        names.append(".".join(rest))
        rest = rest[1:]
    return names


def _organization(domain: str, found: list[DmarcRecord]) -> str:
    for record in found:
        psd = record.tags.get("psd", "u").lower()
        if psd == "n":
            return record.domain
        if psd == "y" and record.domain != domain:
            labels = domain.split(".")
            return ".".join(labels[-(record.domain.count(".") + 2) :])
    return found[-1].domain if found else domain
