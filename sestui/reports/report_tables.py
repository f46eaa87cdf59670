"""A run's report as tables, and these as text, CSV and HTML; its strings are untrusted."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import IO

from sestui.core.clock import Instant
from sestui.core.delivery.progress import share_of
from sestui.core.delivery.states import skip_words
from sestui.core.percent import fine_percent, rate_percent
from sestui.core.spreadsheet import guarded
from sestui.core.text import printable
from sestui.reports.run_report import ReportTotals, RunReport
from sestui.reports.split_report import SplitReport

Local = Callable[[Instant], str]
"""Formats an instant in the operator's zone."""

_LONGEST = 100
"""Characters of a link in a text."""
_SHARES = (
    *("accepted", "rejected", "in_doubt", "skipped"),
    *("delivered", "bounced", "failed", "complained", "opened", "clicked"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A part of a report; without ``rows`` it is left out of texts."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str | int, ...]]


def tables_of(report: RunReport, local: Local) -> list[Table]:
    """The report's tables, in order; numbers are numbers."""
    found, totals = report.outcomes, report.totals
    clicks: list[tuple[str | int, ...]] = [
        (each.link, each.people, each.clicks) for each in found.links
    ]
    if found.other_links.links:
        clicks.append((f"{found.other_links.links:,} other links", "", found.other_links.clicks))
    aside = [("opens", found.machine_opens), ("clicks", found.machine_clicks)]
    hours = [
        (
            _alone(local(each.at)), each.accepted, each.delivered, each.bounced, each.complained,
            each.opened, each.clicked,
        )
        for each in found.hours
    ]  # fmt: skip
    runs = [_compared(each, local) for each in (totals, *report.earlier)] if report.earlier else []
    return [
        Table("Recipients", ("", "count", "share"), list(_shares(totals))),
        Table("Skipped, by reason", ("reason", "count"), list(_skipped(report))),
        Table(
            "Held out, beside whom it mailed: since its start",
            ("", "mailed", "share", "held out", "share"),
            list(_held_out(report)),
        ),
        Table(
            "Split by subject",
            ("variant", "subject", "accepted", "delivered", "opened", "clicked", "share", "95 %"),
            list(_variants(report.split)) if report.split is not None else [],
        ),
        Table(
            "Bounced, by domain and reason",
            ("domain", "reason", "count"),
            [(each.domain, each.code or "unknown", each.count) for each in found.bounces],
        ),
        Table("Complaints, by domain", ("domain", "count"), list(found.complaints)),
        Table("Links", ("link", "people", "clicks"), clicks),
        Table("Set aside, as machines did it", ("", "count"), [row for row in aside if row[1]]),
        Table(
            "Hour by hour",
            ("hour", "accepted", "delivered", "bounced", "complained", "opened", "clicked"),
            hours,
        ),
        Table(
            "Compared with earlier runs",
            ("run", "started", "accepted", "delivered", "bounced", "complained", "opened",
             "clicked"),
            runs,
        ),
    ]  # fmt: skip


def _shares(totals: ReportTotals) -> Iterator[tuple[str | int, ...]]:
    """Whose share it is: of the audience, of the accepted, and of the delivered."""
    yield "audience", totals.audience, ""
    for name in _SHARES:
        yield name.replace("_", " "), getattr(totals, name), share_of(totals, name)


def _skipped(report: RunReport) -> Iterator[tuple[str | int, ...]]:
    for code, count in sorted(report.skipped_for.items(), key=lambda each: (-each[1], each[0])):
        yield skip_words(code) or code, count


_HELD_OUT = {
    "unsubscribed": "unsubscribed",
    "received": "got mail of other campaigns",
    "opened": "opened some of it",
    "clicked": "clicked in it",
}


def _held_out(report: RunReport) -> Iterator[tuple[str | int, ...]]:
    """Of each group's contacts, not of those who got other mail: only so are they comparable."""
    if (found := report.holdout) is None:
        return
    mailed, out = found.mailed, found.held_out
    yield "contacts", mailed.contacts, "", out.contacts, ""
    for name, label in _HELD_OUT.items():
        counts = [(getattr(each, name), each.contacts) for each in (mailed, out)]
        yield label, *(cell for one in counts for cell in (one[0], fine_percent(*one)))


def _variants(split: SplitReport) -> Iterator[tuple[str | int, ...]]:
    """The variants, then everybody else; the share is of the accepted."""
    rest = split.rest
    for name, each in (*((each.variant, each) for each in split.variants), ("rest", rest)):
        if each is rest and not rest.recipients:
            continue
        clicks = each.clicks
        known = (rate_percent(clicks.rate), clicks.interval) if each.accepted else ("", "")
        subject = each.subject
        if each is rest:
            subject = f"{rest.variant}: {subject}" if rest.variant else "waits for the winner"
        yield name, subject, each.accepted, each.delivered, each.opened, each.clicked, *known


def _compared(totals: ReportTotals, local: Local) -> tuple[str | int, ...]:
    started = _alone(local(totals.started_at)) if totals.started_at is not None else ""
    compared = ("delivered", "bounced", "complained", "opened", "clicked")
    return (
        totals.run,
        started,
        totals.accepted,
        *(share_of(totals, name) for name in compared),
    )


def _alone(time: str) -> str:
    """A time that follows no verb: ``10:37``, not ``at 10:37``."""
    return time.removeprefix("at ").removeprefix("on ")


def title_of(report: RunReport) -> str:
    """``november-news run 3: finished``."""
    return f"{report.campaign} run {report.totals.run}: {report.totals.state}"


def _remarks(report: RunReport) -> list[str]:
    """What the breaker has said, and what the clicks of a split say."""
    split = report.split.sentence if report.split is not None else ""
    return [each for each in (report.warning, split) if each]


def as_text(report: RunReport, local: Local) -> list[str]:
    """Lines for a terminal or a mail, safe to print."""
    lines = [printable(title_of(report))]
    lines += [printable(each) for each in _remarks(report)]
    for table in tables_of(report, local):
        if table.rows:
            lines += ["", table.title, *_aligned(table)]
    return lines


def _aligned(table: Table) -> Iterator[str]:
    rows = [[_cell(cell) for cell in row] for row in (table.head, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numbers = [isinstance(cell, int) for cell in table.rows[0]]
    for row in rows if any(table.head[:1]) else rows[1:]:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numbers, strict=True)
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _cell(cell: str | int) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    text = printable(cell)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def write_csv(report: RunReport, local: Local, out: IO[str], *, raw: bool) -> None:
    """One file of all tables: the first column names the table, each begins with its head.

    ``out`` is opened with newline=''. Formulas are neutralised unless ``raw``.
    """
    writer = csv.writer(out)
    for table in tables_of(report, local):
        for row in (table.head, *table.rows):
            cells = (cell if raw or isinstance(cell, int) else guarded(cell) for cell in row)
            writer.writerow([table.title, *cells])


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #d0d0d0;overflow-wrap:anywhere}"
    "td.n,th.n{text-align:right;white-space:nowrap}h2{margin-top:2rem;font-size:1.1rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#16181c}"
    "th,td{border-color:#3a3d44}}"
)


def as_html(report: RunReport, local: Local) -> str:
    """A page of its own: no scripts, nothing loaded, links as text."""
    title = escape(printable(title_of(report)))
    parts = [f"<h1>{title}</h1>"]
    parts += [f"<p><strong>{escape(printable(each))}</strong></p>" for each in _remarks(report)]
    parts += [_html_table(table) for table in tables_of(report, local) if table.rows]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _html_table(table: Table) -> str:
    head = _html_row("th", table.head, table.rows[0])
    body = "\n".join(_html_row("td", row, row) for row in table.rows)
    return (
        f"<h2>{escape(table.title)}</h2>\n<table><thead>{head}</thead>\n<tbody>\n{body}\n"
        "</tbody></table>"
    )


def _html_row(tag: str, row: Sequence[str | int], like: Sequence[str | int]) -> str:
    cells = "".join(
        f"<{tag}{' class=n' if isinstance(model, int) else ''}>{_html_cell(cell)}</{tag}>"
        for cell, model in zip(row, like, strict=True)
    )
    return f"<tr>{cells}</tr>"


def _html_cell(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else escape(printable(cell))
