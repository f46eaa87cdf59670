"""`sestui demo`: a whole campaign on the simulator, in a temporary workspace."""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.campaigns.run_accounting import accounting, exit_code
from sestui.cli.shared.common import put, say
from sestui.errors import NeedsOperatorError

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.settings import Settings

_CAMPAIGN = """\
---
name: november-news
subject: "{{ first_name or 'Hello' }}, your November news"
preheader: Three things before winter
from: Ada's Shop <news@example.com>
reply_to: help@example.com
lists: [newsletter]
keywords: {season: autumn}
---
# Hi {{ first_name or "there" }}

It is {{ season }}, and your **{{ plan }}** plan comes with three things this month:

1. The [price list](https://example.com/prices), in full.
2. Longer opening hours, *also on Sundays*.
3. A cup of tea.

[No more news, please]({{ unsubscribe_url }})
"""


def demo_command(
    *,
    headless: Annotated[
        bool,
        typer.Option(
            "--headless", help="No screens: send everything, then account for every mail."
        ),
    ] = False,
    contacts: Annotated[
        int, typer.Option("--contacts", metavar="N", min=1, max=1_000_000, help="Audience.")
    ] = 1_000,
    rate: Annotated[
        float,
        typer.Option(
            "--rate", metavar="R", min=0.1, help="Mails per second that the simulator allows."
        ),
    ] = 50.0,
    latency: Annotated[
        float,
        typer.Option(
            "--latency", metavar="S", min=0, max=60, help="Seconds the simulator takes to answer."
        ),
    ] = 0.08,
) -> None:
    """Show a whole campaign on a simulated SES account; nothing leaves this machine."""
    from sestui.runtime import Runtime  # noqa: PLC0415 - the database is slow to import
    from sestui.settings import check_variables, load_settings  # noqa: PLC0415 - so is pydantic

    check_variables()
    with tempfile.TemporaryDirectory(prefix="sestui-demo-") as folder:
        settings = load_settings(
            account="simulator",
            data_dir=Path(folder),
            state_dir=Path(folder) / "state",
            database_url="",
            # Whatever the user has set for real mail is not for the demo.
            configuration_set="",
            max_quota_usage=0.8,
            simulator_rate=rate,
            simulator_quota=max(50_000, 2 * contacts),
            simulator_latency=latency,
        )
        with Runtime.open(settings) as runtime:
            run_id = _start(runtime, Path(folder), contacts)
            if headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
                _send(runtime, run_id)
            else:
                from sestui.tui.app.app import SestuiApp  # noqa: PLC0415 - textual is slow to import

                SestuiApp(settings, lambda: runtime, follow=run_id, lasting=False).run()


def _start(runtime: "Runtime", folder: Path, contacts: int) -> int:
    """Import the sample, apply the campaign, start its run; returns the run's id."""
    from sestui.audience.imports.importer import ImportOptions, import_contacts  # noqa: PLC0415 - with the database
    from sestui.audience.sample import write_sample  # noqa: PLC0415
    from sestui.compose.apply import apply_plan, plan  # noqa: PLC0415
    from sestui.compose.files import load_campaign  # noqa: PLC0415

    sample, message = folder / "newsletter.csv", folder / "november-news.md"
    write_sample(sample, contacts)
    now = runtime.clock.now()
    result = import_contacts(runtime.database, sample, ImportOptions(["newsletter"]), now=now)
    say(
        f"imported {result.imported:,} of {result.rows:,} rows: {result.duplicates:,} duplicates, "
        f"{result.rejects:,} rejects"
    )
    message.write_text(_CAMPAIGN, encoding="utf-8")
    planned = plan(runtime.campaigns, load_campaign(message), now, runtime.checker)
    campaign = apply_plan(runtime.campaigns, planned, now)
    run = runtime.starter.start(campaign, runtime.clock.now())
    if run is None:
        raise NeedsOperatorError("The demo's run has been started by another process.")
    say(f"started {campaign.name}: {run.pending:,} recipients on the simulator")
    return run.id


def _send(runtime: "Runtime", run_id: int) -> None:
    from sestui.cli.shared.progress import follow  # noqa: PLC0415 - the sender is slow to import

    follow(runtime, run_id)
    run = runtime.overview.run(run_id)
    for line in accounting(run):
        put(line)
    got = _outbox(runtime.settings)
    twice = sum(1 for times in got.values() if times > 1)
    put(f"simulator's outbox: {len(got):,} addresses, {twice:,} of them twice")
    known = run.counts.accepted
    if twice or not known <= len(got) <= known + run.counts.in_doubt:
        raise NeedsOperatorError("The outbox and the ledger don't agree; please report this.")
    raise typer.Exit(exit_code(run))


def _outbox(settings: "Settings") -> Counter[str]:
    """How often each address is in the simulator's outbox, which knows nothing of our ledger."""
    from sestui.core.clock import SystemClock  # noqa: PLC0415
    from sestui.simulator.account.state import SimulatorState  # noqa: PLC0415
    from sestui.simulator.account.storage import FILE_NAME  # noqa: PLC0415

    state = SimulatorState(settings.data_dir / FILE_NAME, SystemClock())
    try:
        return Counter(state.addresses())
    finally:
        state.close()
