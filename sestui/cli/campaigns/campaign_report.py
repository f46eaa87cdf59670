"""`sestui campaign report`: the results of a run."""

import json
from typing import Annotated

import typer

from sestui.cli.export import Out, Raw, is_stdout, target
from sestui.cli.shared.common import Name, opened, say
from sestui.errors import UsageError

_FORMATS = ("text", "json", "csv", "html")


def report_command(
    name: Name,
    *,
    number: Annotated[
        int | None,
        typer.Option("--run", metavar="N", min=1, help="This run; the newest without it."),
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="text|json|csv|html")] = "text",
    out: Out = None,
    raw: Raw = False,
) -> None:
    """The results of a run: bounces, complaints, opens and clicks by hour, and earlier runs."""
    from sestui.core.schedule.zones import dated_time  # noqa: PLC0415 - as below
    from sestui.reports.report_tables import as_html, as_text, write_csv  # noqa: PLC0415 - the database is slow
    from sestui.reports.run_report import run_report  # noqa: PLC0415 - as above

    if form not in _FORMATS:
        raise UsageError(f"--format {form}: must be text, json, csv or html.")
    with opened() as runtime:
        report, zone = run_report(runtime.database, name, number), runtime.settings.zone
        with target(out) as file:
            if form == "csv":
                write_csv(report, lambda at: dated_time(at, zone), file, raw=raw)
            elif form == "html":
                file.write(as_html(report, lambda at: dated_time(at, zone)))
            elif form == "json":
                file.write(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n")
            else:
                file.writelines(f"{line}\n" for line in as_text(report, runtime.local_time))
    if not is_stdout(out):
        say(f"The report is in {out}.")
