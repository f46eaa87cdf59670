"""`sestui apply`: campaign files into the database."""

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.core.text import printable

if TYPE_CHECKING:
    from sestui.compose.apply import Plan

_GREEN, _RED, _CYAN, _RESET = "\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[0m"


def apply_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Markdown files with front matter.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Create or update campaigns from files; applying a file twice changes nothing."""
    # Jinja, Markdown and the database: only for those who apply.
    from sestui.compose.apply import apply_plan, plan, refuse_repeated_names  # noqa: PLC0415
    from sestui.compose.files import load_campaign  # noqa: PLC0415
    from sestui.core.clock import SystemClock  # noqa: PLC0415
    from sestui.runtime import open_database  # noqa: PLC0415
    from sestui.settings import load_settings  # noqa: PLC0415
    from sestui.store.campaigns import Campaigns  # noqa: PLC0415

    settings = load_settings()
    loaded = [load_campaign(path, settings.timezone) for path in files]
    now = SystemClock().now()
    with closing(open_database(settings)) as database:
        campaigns = Campaigns(database)
        plans = [plan(campaigns, each, now) for each in loaded]
        refuse_repeated_names(plans)
        if not dry_run:
            for each in plans:
                apply_plan(campaigns, each, now)
    for each in plans:
        for warning in each.warnings:
            typer.echo(f"warning: {printable(warning)}", err=True)
    if as_json:
        typer.echo(json.dumps([_as_dict(each) for each in plans], ensure_ascii=False, indent=2))
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for each in plans:
            typer.echo("\n".join(_lines(each, colour=colour, dry_run=dry_run)))


def _as_dict(each: "Plan") -> dict[str, object]:
    return {
        "name": each.name,
        "change": each.change.value,
        "file": each.loaded.file.path,
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new} for change in each.changes
        ],
        "diff": each.diff,
        "warnings": list(each.warnings),
    }


def _lines(each: "Plan", *, colour: bool, dry_run: bool) -> list[str]:
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
