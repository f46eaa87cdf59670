"""A finding of the doctor: what it has seen, what that means, and what to do next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class DoctorSeverity(StrEnum):
    """How urgent a finding is, the worst first."""

    ERROR = "error"
    """Mail does not leave, or most of it does not arrive."""
    WARNING = "warning"
    """It works now, and will do harm."""
    UNKNOWN = "unknown"
    """It could not be checked."""
    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    OK = "ok"

    @property
    def needs_doing(self) -> bool:
        """Whether somebody has to do something."""
        return self in {DoctorSeverity.ERROR, DoctorSeverity.WARNING}


_ORDER = tuple(DoctorSeverity)


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One result of one check."""

    check: str
    """The check's name for programs, such as ``dkim``."""
    severity: DoctorSeverity
    found: str
    """What was found, as a sentence."""
    meaning: str = ""
    """What follows from it; '' where it speaks for itself."""
    step: str = ""
    """The exact next step; '' where there is none."""
    subject: str = ""
    """What it is about, such as a domain; '' for the account or this machine."""

    @property
    def sentence(self) -> str:
        """What was found, and of what."""
        return f"{self.subject}: {self.found}" if self.subject else self.found

    def as_dict(self) -> dict[str, str]:
        """For ``--json``."""
        return {
            "check": self.check,
            "subject": self.subject,
            "severity": self.severity.value,
            "found": self.found,
            "meaning": self.meaning,
            "next_step": self.step,
        }


def in_order(findings: Iterable[DoctorFinding]) -> tuple[DoctorFinding, ...]:
    """The worst first; those of one severity stay in the order of the checks."""
    return tuple(sorted(findings, key=lambda each: _ORDER.index(each.severity)))


def at_most_note(findings: Sequence[DoctorFinding]) -> list[DoctorFinding]:
    """The same with errors and warnings as notes: they only matter once mail leaves for real."""
    return [
        replace(each, severity=DoctorSeverity.NOTE) if each.severity.needs_doing else each
        for each in findings
    ]


def summary(findings: Sequence[DoctorFinding]) -> str:
    """``2 things need doing; 1 could not be checked; 3 notes; 14 checks passed.``"""
    counts = {
        severity: sum(each.severity is severity for each in findings) for severity in DoctorSeverity
    }
    doing = counts[DoctorSeverity.ERROR] + counts[DoctorSeverity.WARNING]
    unknown, notes, passed = (
        counts[each] for each in (DoctorSeverity.UNKNOWN, DoctorSeverity.NOTE, DoctorSeverity.OK)
    )
    first = {0: "Nothing needs doing", 1: "1 thing needs doing"}
    parts = [first.get(doing, f"{doing} things need doing")]
    if unknown:
        parts.append(f"{unknown} could not be checked")
    if notes:
        parts.append("1 note" if notes == 1 else f"{notes} notes")
    parts.append("1 check passed" if passed == 1 else f"{passed} checks passed")
    return "; ".join(parts) + "."
