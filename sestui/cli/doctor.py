"""`sestui doctor`: find what keeps mail from arriving, or its results from coming back."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.shared.common import AsJson, put, put_json, say
from sestui.errors import EXIT_DONE, EXIT_NEEDS_OPERATOR, StorageError

if TYPE_CHECKING:
    from sestui.reports.doctor.doctor import DoctorReport
    from sestui.settings import Settings


def doctor_command(
    *,
    everything: Annotated[bool, typer.Option("--all", help="List what is in order, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check account, senders, DNS, the event path and this machine; say what to do next."""
    from sestui.core.doctor.finding import DoctorSeverity  # noqa: PLC0415 - with the checks
    from sestui.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import

    report = _examined(load_settings())
    if as_json:
        put_json(report.as_dict())
    else:
        for each in report.findings:
            if each.severity is DoctorSeverity.OK and not everything:
                continue
            subject = f"{each.subject}: " if each.subject else ""
            put(f"{each.severity.value:<8} {each.check:<17} {subject}{each.found}")
            if each.meaning:
                put(f"{'':<26} {each.meaning}")
            if each.step:
                put(f"{'':<26} → {each.step}")
        say(report.sentence)
    raise typer.Exit(EXIT_DONE if report.healthy else EXIT_NEEDS_OPERATOR)


def _examined(settings: "Settings") -> "DoctorReport":
    from sestui.reports.doctor.doctor import machine_report  # noqa: PLC0415 - boto3 and dnspython
    from sestui.reports.doctor.machine import broken_database  # noqa: PLC0415 - as above
    from sestui.runtime import Runtime  # noqa: PLC0415 - the database is slow to import

    try:
        runtime = Runtime.open(settings)
    except StorageError as error:
        return machine_report(
            settings, broken_database(error, is_file=settings.sqlite_file is not None)
        )
    with runtime:
        return runtime.doctor().check()
