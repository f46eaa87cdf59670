"""`sestui campaign …`: show campaigns, start and control their runs."""

from sestui.cli.campaigns.campaign_forecast import forecast_command
from sestui.cli.campaigns.campaign_report import report_command
from sestui.cli.campaigns.campaign_show import list_command, show_command
from sestui.cli.campaigns.campaign_upkeep import (
    archive_command,
    copy_command,
    delete_command,
    rename_command,
)
from sestui.cli.campaigns.checks import check_command
from sestui.cli.campaigns.in_doubt import resolve_command
from sestui.cli.campaigns.run_controls import cancel_command, pause_command, resume_command
from sestui.cli.campaigns.send_test import send_test_command
from sestui.cli.campaigns.starting import start_command
from sestui.cli.campaigns.winner import winner_command
from sestui.cli.shared.commands import Commands

app = Commands(help="Show campaigns; start and control their runs.", no_args_is_help=True)

app.command("check")(check_command)
app.command("copy")(copy_command)
app.command("rename")(rename_command)
app.command("archive")(archive_command)
app.command("delete")(delete_command)
app.command("report")(report_command)
app.command("list")(list_command)
app.command("show")(show_command)
app.command("start")(start_command)
app.command("pause")(pause_command)
app.command("resume")(resume_command)
app.command("cancel")(cancel_command)
app.command("winner")(winner_command)
app.command("forecast")(forecast_command)
app.command("resolve")(resolve_command)
app.command("test")(send_test_command)
