"""Apply campaign files to the database: plan without changes, then write."""

import difflib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from sestui.compose.checks import Checker
from sestui.compose.files import LoadedCampaign
from sestui.compose.timing import next_due
from sestui.core.campaign.fields import CAMPAIGN_FIELDS, CampaignFields
from sestui.core.clock import Instant, iso
from sestui.core.content import MessageSource
from sestui.core.content.lint.findings import Finding, Severity
from sestui.core.segments.expression import NOTHING_ELSE, Together
from sestui.errors import BadFileError
from sestui.store.campaigns.campaigns import Campaigns, fields_of, refuse_archived
from sestui.store.db.tables import Campaign


class Change(StrEnum):
    """What applying files changes."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    """No file names it any more; as the next two."""
    ARCHIVED = "archived"
    """It was sent, or something else names it."""
    OFF = "switched off"
    """It is a task that has run."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field's change, by its name in the file; '' is empty."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that a file would make."""

    loaded: LoadedCampaign
    change: Change
    changes: tuple[FieldChange, ...]
    diff: str
    """Unified diff of body, text alternative and layout; '' if unchanged or all new."""
    warnings: tuple[str, ...]
    """Warnings, as sentences."""
    kind: ClassVar[str] = "campaign"
    existing: Campaign | None
    next_due_at: Instant | None
    """When the campaign would start next on its own."""

    @property
    def schedules(self) -> bool:
        """Whether applying the file makes the campaign start on its own, or at another time."""
        before = self.existing.next_due_at if self.existing is not None else None
        return self.next_due_at not in {None, before}

    @property
    def name(self) -> str:
        """The campaign's name."""
        return self.loaded.file.fields.name

    @property
    def path(self) -> str:
        """The file, as shown in errors."""
        return self.loaded.file.path


def plan(
    campaigns: Campaigns,
    loaded: LoadedCampaign,
    now: Instant,
    checker: Checker,
    together: Together = NOTHING_ELSE,
) -> Plan:
    """Compare a file with the database; nothing is written.

    ``together`` is what is going to be saved with it.

    Raises:
        BadFileError: a template in it is broken; the text names file, line and part.
        StateError: the campaign is archived.
    """
    wanted = loaded.file.fields
    existing = campaigns.find(wanted.name)
    if existing is not None:
        refuse_archived(existing)
    warnings = _warnings(checker, loaded, existing, together)
    due = next_due(campaigns, wanted, existing, now)
    if existing is None:
        change, old, old_message = Change.CREATED, None, None
        diff = ""
    else:
        old, old_message = fields_of(existing), campaigns.message(existing.message_id)
        same = old == wanted and old_message.digest == loaded.message.digest
        change = Change.UNCHANGED if same else Change.UPDATED
        diff = _diff(old_message, loaded.message)
    changes = _changes(_shown(old, old_message), _shown(wanted, loaded.message))
    if change is Change.UNCHANGED and existing is not None and existing.next_due_at != due:
        # Saved on the screen as a draft without a schedule.
        change = Change.UPDATED
        changes = (FieldChange("next run", iso(existing.next_due_at), iso(due)),)
    return Plan(
        loaded=loaded,
        change=change,
        changes=changes,
        diff=diff,
        warnings=warnings,
        existing=existing,
        next_due_at=due,
    )


class NamedFile(Protocol):
    """A file that describes one thing, or the plan for it."""

    @property
    def path(self) -> str:
        """As errors show it."""

    @property
    def name(self) -> str:
        """Of what it describes."""


def refuse_repeated_names(files: Iterable[NamedFile]) -> None:
    """Check that no two files of one kind describe the same.

    Raises:
        BadFileError: names both files.
    """
    seen: dict[str, str] = {}
    for each in files:
        if each.name in seen:
            raise BadFileError(
                f"{seen[each.name]} and {each.path} are both named {each.name!r}; rename one."
            )
        seen[each.name] = each.path


def apply_plan(
    campaigns: Campaigns, each: Plan, now: Instant, tasks: Collection[str] = ()
) -> Campaign:
    """Write a plan; an unchanged campaign keeps its next run too.

    ``tasks`` are applied after it, so their current campaigns don't matter.

    Raises:
        StateError: it has a schedule, and a task starts it.
    """
    if each.change is Change.UNCHANGED and each.existing is not None:
        return each.existing
    wanted = each.loaded.file.fields
    return campaigns.save(
        wanted,
        each.loaded.message,
        now=now,
        next_due_at=each.next_due_at,
        besides=tasks,
    )


def _warnings(
    checker: Checker, loaded: LoadedCampaign, existing: Campaign | None, together: Together
) -> tuple[str, ...]:
    """The findings' warnings; raises errors as the file's, with the line."""
    existing_id = existing.id if existing is not None else None
    findings = checker.for_file(loaded.file.fields, loaded.message, existing_id, together)
    for finding in findings:
        if finding.severity is Severity.ERROR:
            raise _fault(loaded, finding)
    return tuple(
        str(_fault(loaded, each)) for each in findings if each.severity is Severity.WARNING
    )


def _fault(loaded: LoadedCampaign, finding: Finding) -> BadFileError:
    return loaded.fault(finding.where, finding.line, finding.problem)


def _shown(values: CampaignFields | None, message: MessageSource | None) -> dict[str, str]:
    """Every field as text, by its name in the file."""
    if values is None or message is None:
        return {}
    shown = {each.name: _as_text(getattr(values, name)) for name, each in CAMPAIGN_FIELDS.items()}
    shown["start"] = iso(values.start_at)
    shown["subject"] = message.subject
    shown["preheader"] = message.preheader
    shown["format"] = message.body_format
    shown["layout"] = message.layout_name
    shown["to_name"] = message.to_name
    shown["headers"] = ", ".join(f"{name}: {value}" for name, value in message.headers)
    shown["attachments"] = ", ".join(
        f"{item.name} ({len(item.content):,} bytes)" for item in message.attachments
    )
    return shown


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _changes(old: dict[str, str], new: dict[str, str]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name, old.get(name, ""), value)
        for name, value in new.items()
        if old.get(name, "") != value
    )


def _diff(old: MessageSource, new: MessageSource) -> str:
    lines: list[str] = []
    for part in ("body", "text", "layout"):
        lines += difflib.unified_diff(
            getattr(old, part).splitlines(),
            getattr(new, part).splitlines(),
            f"{part} (now)",
            f"{part} (file)",
            lineterm="",
        )
    return "\n".join(lines)
