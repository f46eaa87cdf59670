import re
import subprocess
import sys
import time

import pytest
from textual.geometry import Size

from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.core.delivery.handover import Answer, AnswerKind, Reply
from sestui.core.delivery.states import PauseReason, RunState
from sestui.core.schedule.cron import Occurrence
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import TaskRunState
from sestui.errors import StorageBusyError
from sestui.ses_api.relay_admission import CallAnswer, Incoming, Terms
from sestui.ses_api.relayed import mail_of, packed
from sestui.store.contacts.imports import Imports
from sestui.store.ledger.ledger import Ledger
from sestui.store.relay.admission import AdmissionStore
from sestui.store.relay.keys import RelayKeys
from sestui.store.runs.run_lists import RecentRuns
from sestui.store.tasks.tables import TaskRun
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.pick import PickScreen
from sestui.tui.home.home_screen import HomeScreen
from sestui.tui.home.items import ItemList
from sestui.tui.home.layout import DROPPED, LATELY
from sestui.tui.imports.import_screen import ImportScreen
from sestui.tui.schedule.task_log import TaskLogScreen
from tests.support.finished_runs import settle
from tests.support.screens import add_campaign, fits, running, shown, until
from tests.support.seeding import add_contacts


def started(runtime, campaign):
    return runtime.starter.start(campaign, time.time())


def some_of_everything(runtime):
    """Something for each panel."""
    now = time.time()
    runtime.account.poll()
    for name, states in (("gone", ["accepted", "rejected"]), ("asked", ["accepted", "in_doubt"])):
        settle(runtime, runtime.runs.start(add_campaign(runtime, name), now - 9e4).id, states)
    held = started(runtime, add_campaign(runtime, "held", contacts=3))
    runtime.runs.pause(held.id, PauseReason.ERRORS, "SES refused the sender [/b].")
    started(runtime, add_campaign(runtime, "going"))
    coming = add_campaign(runtime, "coming")
    runtime.campaigns.set_next(coming.id, Occurrence(now + 3_700, ""))
    return held


def there(app):
    """The panels that are shown, by name."""
    return {panel.id for panel in app.screen.query("#dashboard > .panel") if panel.display}


@pytest.mark.long
@pytest.mark.ci
def test_the_first_screen_is_there_before_what_speaks_to_ses():
    late = ("boto3", "botocore", "dns", "cryptography")
    code = (
        "import sys, sestui.tui.app.app, sestui.tui.home.home_screen\n"
        f"print(*sorted(set({late}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


async def test_an_empty_home_says_what_to_do_first(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        assert isinstance(app.screen, HomeScreen)
        await until(pilot, lambda: "Three steps" in shown(app))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))


async def test_the_empty_home_goes_on_with_the_step_that_is_next(runtime, still):
    add_contacts(runtime.database, ["ada@example.com"])
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "✓ 3   Contacts" in shown(app))
        assert "⏎  goes to Compose." in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "compose")
        add_campaign(runtime)
        app.switch_mode("home")
        await until(pilot, lambda: "✓ 4   Compose" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_every_panel_has_its_place_in_every_usual_size(open_runtime, still, size, theme):
    runtime = open_runtime(theme=theme)
    some_of_everything(runtime)
    async with running(runtime, place="home", size=size) as (app, pilot):
        app.services.account_open = True
        await until(pilot, lambda: there(app) == {*DROPPED, "sending"})
        fits(app.screen, Size(*size))
        said = shown(app)
        for each in ("Needs you · 2", "Sending · 1", "Account", "Coming up", "Lately"):
            assert each in said
        assert "SES refused the sender [/b]." in said
        assert "▓" in said  # a bar of segments
        assert "no delivery events yet" in said
        panels = [panel.region for panel in app.screen.query("#dashboard > .panel")]
        assert sum(region.area for region in panels) == size[0] * (size[1] - 2)


@pytest.mark.long
@pytest.mark.ci
async def test_panels_are_dropped_in_a_fixed_order(runtime, still):
    some_of_everything(runtime)
    async with running(runtime, place="home") as (app, pilot):
        app.services.account_open = True
        await until(pilot, lambda: there(app) == {*DROPPED, "sending"})
        seen = []
        for height in (24, 20, 16, 12, 9):
            await pilot.resize_terminal(70, height)
            await until(pilot, lambda h=height: app.screen.query_one("#dashboard").size.height < h)
            await pilot.pause()
            await pilot.pause()
            gone = tuple(name for name in DROPPED if name not in there(app))
            assert gone == DROPPED[: len(gone)]
            seen.append(gone)
        assert len(set(seen)) > 2
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: LATELY in there(app))


@pytest.mark.long
@pytest.mark.ci
async def test_what_needs_somebody_is_first_and_can_be_acted_on(runtime, still):
    held = some_of_everything(runtime)
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "Needs you · 2" in shown(app))
        needs = app.screen.query_one("#needs", ItemList)
        assert app.focused is needs
        assert [need.acts for need in needs._entries] == ["p resume", "r resolve"]
        await pilot.press("p")
        await until(pilot, lambda: runtime.overview.run(held.id).state == RunState.SENDING)
        await until(pilot, lambda: "Needs you · 1" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await pilot.press("escape")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))


@pytest.mark.long
@pytest.mark.ci
async def test_the_cursor_goes_from_panel_to_panel(runtime, still):
    some_of_everything(runtime)
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        app.services.account_open = True
        await until(pilot, lambda: there(app) == {*DROPPED, "sending"})
        await pilot.press("j")
        assert app.focused.selected.run.campaign == "asked"
        await pilot.press("j")
        await until(pilot, lambda: app.focused.id == "cards")
        await pilot.press("tab")
        assert app.focused.id == "coming"
        await until(pilot, lambda: "· in 1 h" in shown(app))  # the exact time below the panel
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CampaignScreen))
        await pilot.press("escape", "tab")
        assert app.focused.id == "lately"
        assert "1 d ago" in shown(app)
        await until(pilot, lambda: "20" in str(app.focused.border_subtitle))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))


async def test_a_run_is_paused_where_it_is_seen(runtime, still):
    run = started(runtime, add_campaign(runtime, "going"))
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "Sending · 1" in shown(app))
        assert app.focused.id == "cards"
        await pilot.press("p")
        await until(pilot, lambda: runtime.overview.run(run.id).state == RunState.PAUSED)
        await until(pilot, lambda: "Needs you · 1" in shown(app))
        await until(pilot, lambda: app.focused.id == "needs")


async def test_a_task_that_failed_leads_to_its_log(runtime, still):
    runtime.tasks.add(TaskFields("nightly", "purge", "0 3 * * *"))
    with runtime.database.write() as session:
        session.add(
            TaskRun(
                task_id=1,
                queued_at=time.time(),
                state=TaskRunState.FAILED.value,
                started_at=time.time(),
                finished_at=time.time(),
                detail="The disk is full [x].",
            )
        )
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "The disk is full [x]." in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TaskLogScreen))


async def test_many_runs_are_one_panel(runtime, still):
    for number in range(30):
        started(runtime, add_campaign(runtime, f"c{number}", contacts=2))
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "Sending · 30" in shown(app))
        fits(app.screen, Size(80, 24))
        await pilot.press("G")
        await until(pilot, lambda: "c0 · run 1" in shown(app))
        assert "now" in shown(app)  # the plot is there still


@pytest.mark.long
@pytest.mark.ci
async def test_the_rate_of_the_last_hour_is_drawn_from_the_ledger(runtime):
    started(runtime, add_campaign(runtime))
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "limit 500.0/s" in shown(app))
        await until(pilot, lambda: re.search("[\u2801-\u28ff]", shown(app)))
        await until(pilot, lambda: re.search(r"\b2\d of 40,000", shown(app)))
        await until(pilot, lambda: "Lately" in shown(app))


async def test_what_others_sent_is_told_apart(runtime, still):
    runtime.account.poll()
    runtime.ses.clients.sesv2.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": ["b@example.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    )
    runtime.account.poll()
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        app.services.account_open = True
        await until(pilot, lambda: "1 by others" in shown(app))


@pytest.mark.long
async def test_a_busy_database_is_a_quiet_line(runtime, still, monkeypatch):
    def busy(self, ended):
        raise StorageBusyError("The database is locked by another program.")

    async with running(runtime, place="home") as (app, pilot):
        with monkeypatch.context() as patch:
            patch.setattr(RecentRuns, "shown", busy)
            await until(pilot, lambda: "locked by another program" in shown(app))
        await until(pilot, lambda: "locked by another program" not in shown(app))


async def test_hostile_names_stay_text(runtime, still):
    name = "x[red]\x1b[31m\u202ey" + "w" * 3_000
    started(runtime, add_campaign(runtime, name, contacts=1))
    for size in ((80, 24), (40, 10), (200, 50)):
        async with running(runtime, place="home", size=size) as (app, pilot):
            await until(pilot, lambda: "x[red]" in shown(app))
            assert "\x1b" not in shown(app)
            assert app.focused.selected is not None


@pytest.mark.long
@pytest.mark.ci
async def test_rejects_of_an_import_stay_until_somebody_knows(runtime, still, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email\nada@example.com\nnobody\nx@\n")
    import_contacts(runtime.database, file, ImportOptions(["all"]), now=time.time())
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "people.csv  2 rows were rejected" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert len(Imports(runtime.database).unseen()) == 1
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "rejected" not in shown(app))
    assert not Imports(runtime.database).unseen()


def relayed(runtime, *to):
    """A mail that a program handed to a relay, whose first call SES has taken."""
    runtime.account.poll()
    now, rule = time.time(), runtime.settings.quota_rule
    own = {"account": runtime.ses.reader.key, "worker": "relay", "quota_rule": rule}
    ledger = Ledger(runtime.database, clock=runtime.clock, **own)
    intake = AdmissionStore(runtime.database, ledger, clock=runtime.clock, **own)
    key = RelayKeys(runtime.database).add("SRLYTEST", "shop", proof="", now=now)
    given = {
        "FromEmailAddress": "shop@example.com",
        "Destination": {"ToAddresses": list(to)},
        "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    }
    mail = mail_of(given, most=50)
    terms = Terms(key.id, key.campaign_id)
    incoming = Incoming(terms, mail.recipients, packed(mail), "retry", "replay")
    [admission] = intake.exchange([], [incoming]).found
    [claim] = admission.claims
    answer = Answer.of(claim, Reply(AnswerKind.ACCEPTED, message_id="m1"))
    intake.exchange([CallAnswer(admission.mail_id, (answer,), terms, len(to), now)], [])


@pytest.mark.parametrize("size", [(80, 24), pytest.param((140, 40), marks=pytest.mark.long)])
async def test_the_relay_stands_beside_the_campaigns_with_its_queue(runtime, still, size):
    started(runtime, add_campaign(runtime, "news"))
    relayed(runtime, "a@x.org", "b@x.org", "c@x.org")
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE delivery SET queued_at = queued_at - 600")
    async with running(runtime, place="home", size=size) as (app, pilot):
        await until(pilot, lambda: "relay:shop" in shown(app))
        lines = [line for line in shown(app).splitlines() if "run 1" in line]
        assert [line.split()[1] for line in lines] == ["relay:shop", "news"]
        assert re.search(r"2 queued for 10 min \d\d s", lines[0])
        assert "1 accepted" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        runtime.runs.cancel(app.screen.run_id, time.time())
        await pilot.press("escape")
        await until(pilot, lambda: "Lately" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_where_there_is_nothing_enter_takes_the_first_step(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "Three steps" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ImportScreen))
        assert app.current_mode == "contacts"
