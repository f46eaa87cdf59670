"""`sestui apply`: campaign files into the database."""

import json
import os
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.shared.common import AsJson
from sestui.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sestui.compose.applying import AnyPlan, Applying
    from sestui.compose.prune import Leftover

_CHANGES = 2
"""The exit code of `plan` where something would change."""

_GREEN, _RED, _CYAN, _RESET = "\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[0m"


Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="Campaigns (Markdown or HTML, with front matter), tasks, lists and segments (YAML), "
        "or folders of them.",
    ),
]
AllowFolder = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="DIR",
        help="A folder outside a campaign's own that it may attach files from; repeatable.",
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Also remove what no file of the folders names.")
]


def apply_command(
    files: Paths,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    prune: Prune = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before removing.")] = False,
    allow_folder: AllowFolder = None,
    as_json: AsJson = False,
) -> None:
    """Create or update campaigns, tasks, lists and segments from files.

    Applied twice, nothing changes.
    """
    with _opened(files, allow_folder or (), prune=prune) as applying:
        if not dry_run:
            if not yes:
                _confirm(applying.leftovers)
            applying.apply()
    _report(applying.plans, applying.left_out, as_json=as_json, dry_run=dry_run)


def plan_command(
    files: Paths,
    *,
    prune: Prune = False,
    allow_folder: AllowFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show what `apply` would change, and write nothing; exit code 2 if anything would."""
    with _opened(files, allow_folder or (), prune=prune) as applying:
        plans, left_out = applying.plans, applying.left_out
    _report(plans, left_out, as_json=as_json, dry_run=True)
    if any(each.change != "unchanged" for each in plans):
        raise typer.Exit(_CHANGES)


@contextmanager
def _opened(
    paths: "Sequence[Path]", allowed: "Sequence[Path]", *, prune: bool
) -> "Iterator[Applying]":
    """The changes, planned, while the database is open."""
    # Jinja, Markdown and the database: only for those who apply.
    from sestui.compose.applying import Applying  # noqa: PLC0415
    from sestui.core.clock import SystemClock  # noqa: PLC0415
    from sestui.runtime import open_database  # noqa: PLC0415
    from sestui.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    with closing(open_database(settings)) as database:
        yield Applying(database, settings, SystemClock(), paths, allowed=allowed, prune=prune)


def _confirm(leftovers: "Sequence[Leftover]") -> None:
    """Ask before anything is removed, with the numbers."""
    parts = []
    for change in ("removed", "archived", "switched off"):
        for kind in ("campaign", "task", "segment"):
            count = sum(each.kind == kind and each.change == change for each in leftovers)
            if count:
                parts.append(f"{count:,} {kind}{'' if count == 1 else 's'} {change}")
    if parts:
        question = f"No file names them: {', '.join(parts)}. Do that?"
        typer.confirm(question, abort=True, err=True)


def _report(
    plans: "Sequence[AnyPlan]", left_out: "Sequence[Path]", *, as_json: bool, dry_run: bool
) -> None:
    for path in left_out:
        typer.echo(f"left out, as it has no front matter or kind: {printable(str(path))}", err=True)
    for each in plans:
        for warning in each.warnings:
            typer.echo(f"warning: {printable(warning)}", err=True)
    if as_json:
        typer.echo(json.dumps([_as_dict(each) for each in plans], ensure_ascii=False, indent=2))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for each in plans:
            typer.echo("\n".join(_lines(each, colour=colour, dry_run=dry_run)))


def _as_dict(each: "AnyPlan") -> dict[str, object]:
    return {
        "kind": each.kind,
        "name": each.name,
        "change": each.change.value,
        "file": each.path,
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new} for change in each.changes
        ],
        "diff": each.diff,
        "warnings": list(each.warnings),
    }


def _lines(each: "AnyPlan", *, colour: bool, dry_run: bool) -> list[str]:
    verb = f"would be {each.change}" if dry_run and each.change != "unchanged" else each.change
    lines = [f"{verb} {each.name}"]
    for change in each.changes:
        if change.old:
            lines.append(_painted(f"- {change.field}: {printable(change.old)}", colour))
        if change.new:
            lines.append(_painted(f"+ {change.field}: {printable(change.new)}", colour))
    lines += [_painted(printable(line), colour) for line in each.diff.splitlines()]
    return lines


def _painted(line: str, colour: bool) -> str:
    paint = {"+": _GREEN, "-": _RED, "@": _CYAN}.get(line[:1], "")
    return f"  {paint}{line}{_RESET}" if colour and paint else f"  {line}"
