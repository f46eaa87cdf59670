"""Report the result of an import, for people and as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sestui.core.text import printable

if TYPE_CHECKING:
    from sestui.audience.imports.importer import ImportResult
    from sestui.audience.imports.rows import Reject
    from sestui.audience.imports.suppress_file import SuppressResult

_MAX_LISTED = 20


def put_imported(
    result: "ImportResult",
    file: Path,
    lists: Sequence[str],
    rejects: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print the report to stdout, the first rejects to stderr."""
    if as_json:
        typer.echo(json.dumps(_as_dict(result, file, lists, rejects), ensure_ascii=False))
    else:
        typer.echo("\n".join(_summary(result, file, lists, rejects)))
    _narrate_rejects(result.first_rejects, result.rejects, rejects)


def put_suppressed(
    result: "SuppressResult", file: Path, rejects: Path | None, *, as_json: bool
) -> None:
    """Print the report of an import of suppressions."""
    if as_json:
        told = {
            "file": str(file),
            "as": "suppressed",
            **result.figures,
            "change": result.change,
            "encoding": result.encoding,
            "email_column": result.column,
            "dry_run": result.dry_run,
            "rejects_file": str(rejects) if rejects else None,
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        figures = result.figures
        counts = (
            (figures["rows"], "rows"),
            (result.suppressed, "suppressed: they will get no more mail"),
            (result.known, "suppressed before, or twice in the file"),
            (result.domains, "of the rows name whole domains"),
            (result.rejects, _rejects(rejects)),
        )
        title = f"{printable(str(file))} → suppressed"
        typer.echo("\n".join(_counted(title, counts, dry_run=result.dry_run)))
    _narrate_rejects(result.first_rejects, result.rejects, rejects)


def _as_dict(
    result: "ImportResult", file: Path, lists: Sequence[str], rejects: Path | None
) -> dict[str, Any]:
    return {
        "file": str(file),
        "list": lists[0] if lists else None,
        "lists": list(lists),
        **result.figures,
        "change": result.change,
        "format": result.kind,
        "encoding": result.encoding,
        "delimiter": result.delimiter,
        "email_column": result.email_column,
        "columns": dict(result.columns),
        "found": result.found,
        "shown": result.shown,
        "statuses": [
            {
                "column": count.column,
                "value": count.value,
                "becomes": count.becomes,
                "rows": count.rows,
            }
            for count in result.says.counts
        ],
        "all_active": result.says.all_active,
        "dry_run": result.dry_run,
        "rejects_file": str(rejects) if rejects else None,
    }


def _summary(
    result: "ImportResult", file: Path, lists: Sequence[str], rejects: Path | None
) -> list[str]:
    counts = [
        (result.rows, "rows"),
        (result.imported, "imported"),
        (result.updated, "updated"),
        (result.unchanged, "unchanged"),
        (result.duplicates, "duplicates"),
        (result.rejects, _rejects(rejects)),
        (result.contacts, f"contacts, {result.joined:,} of them new on the list"),
    ]
    if result.split:
        counts.insert(-1, (result.split, "more addresses in rows that have several"))
    if result.tidied:
        counts.insert(-1, (result.tidied, "addresses tidied"))
    if len(lists) != 1:
        counts[-1] = (result.contacts, f"contacts, {result.joined:,} new memberships of lists")
    if result.erased:
        counts.insert(-1, (result.erased, "left out: erased on request"))
    noticed = result.noticed
    if noticed.roles:
        counts.append((noticed.roles, "addresses of a function (info@, sales@), not a person"))
    if noticed.disposable:
        counts.append((noticed.disposable, "addresses at domains for throw-away mailboxes"))
    if result.addresses_only:
        counts.append((result.addresses_only, "suppressed addresses that are not contacts"))
    into = ", ".join(lists) or "the lists it names"
    title = f"{printable(str(file))} → {into}"
    lines = _counted(title, counts, dry_run=result.dry_run)
    lines[1:1] = _read_as(result)
    if result.says.counts:
        lines.append("What the file says about who may be mailed:")
        lines += [f"  {line}" for line in result.says.lines]
    if result.dry_run:
        from sestui.audience.imports.columns import in_words  # noqa: PLC0415 - with the importer

        lines += [f"{printable(label)} → {in_words(use)}" for label, use in result.columns]
    return lines


def _read_as(result: "ImportResult") -> list[str]:
    """How the file was read, with sample cells to check it."""
    from sestui.audience.imports.preview import read_as  # noqa: PLC0415 - with the importer

    form = read_as(result.kind, result.encoding, result.delimiter)
    lines = [
        f"read as {', '.join([*form, *result.found])}",
        f"columns: {_listed([label for label, _ in result.columns])}",
    ]
    return [*lines, f"for example: {_listed(result.shown)}"] if result.shown else lines


def _listed(cells: Sequence[str]) -> str:
    """Cells of a file on one line."""
    more = f", and {len(cells) - _MAX_LISTED:,} more" if len(cells) > _MAX_LISTED else ""
    return ", ".join(map(printable, cells[:_MAX_LISTED])) + more


def _counted(title: str, counts: Sequence[tuple[int, str]], *, dry_run: bool) -> list[str]:
    first = title + (" (dry run: nothing has been changed)" if dry_run else "")
    return [first, *(f"{count:>12,}  {what}" for count, what in counts)]


def _rejects(rejects: Path | None) -> str:
    return f"rejects{f' → {printable(str(rejects))}' if rejects else ''}"


def _narrate_rejects(first: "Sequence[Reject]", count: int, rejects: Path | None) -> None:
    for reject in first:
        where = f"line {reject.line}, {printable(reject.column)}"
        typer.echo(f"{where}: {printable(reject.value)}: {printable(reject.reason)}", err=True)
    hidden = count - len(first)
    if hidden:
        way = "" if rejects else "; see them all with --rejects FILE"
        typer.echo(f"... and {hidden:,} more rejected rows{way}.", err=True)
