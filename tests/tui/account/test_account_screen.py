import time
import tomllib

import psutil
import pytest
from textual.widgets import Input

from sestui.config_file import config_path
from sestui.core.clock import SystemClock
from sestui.errors import StorageBusyError
from sestui.sending.background import background_sender
from sestui.sending.detached import start_in_background
from sestui.settings import Settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.api.faults import checked_fault
from sestui.simulator.launch import start_simulator
from sestui.store.db.tables import Run
from sestui.tui.account.account_choice import AccountChoiceScreen
from sestui.tui.account.account_screen import AccountScreen
from sestui.tui.account.identities import IdentitiesScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.lazy_table import LazyTable
from tests.support.screens import add_campaign, running, shown, toasts, until

SECRET = "wJalrXUtnFEMI"
HOSTILE = "[bold]x[/bold] [/] \x1b[31m\u202e" + "名" * 200


def written():
    path = config_path()
    return tomllib.loads(path.read_text()) if path.exists() else {}


def said(app):
    """What stands on the screen, however it is broken into lines."""
    return " ".join(shown(app).replace("│", " ").split())


async def settled(app, pilot):
    await until(pilot, lambda: isinstance(app.screen, AccountScreen))
    await until(pilot, lambda: app.screen.query_one("#settings", LazyTable).count)
    return app.screen


async def on_setting(app, pilot, name):
    """Put the cursor on a setting, by keys."""
    screen = await settled(app, pilot)
    table = screen.query_one("#settings", LazyTable)
    names = [each.name for each in table._source.rows]
    await pilot.press("g", *("j" * names.index(name)))
    await until(pilot, lambda: table.selected.name == name)
    return screen


@pytest.fixture(scope="module")
def simulated_ses(tmp_path_factory):
    """An SES that answers where AWS_ENDPOINT_URL_SESV2 leads to."""
    folder = tmp_path_factory.mktemp("ses")
    with start_simulator(folder, rate=28, quota=50_000, latency=0) as process:
        state = SimulatorState(folder / FILE_NAME, SystemClock())
        yield process, state
        state.close()


@pytest.fixture
def ses(simulated_ses, monkeypatch, tmp_path):
    process, state = simulated_ses
    state.reset()
    state.configure(rate=28, quota=50_000, production_access=False, enforcement="PROBATION")
    (tmp_path / "aws").write_text(
        f"[shop]\naws_access_key_id = {process.access_key_id}\naws_secret_access_key = {SECRET}\n"
        "region = eu-north-1\n[default]\n"
        f"aws_access_key_id = {process.access_key_id}\naws_secret_access_key = y\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", process.endpoint_url)
    return state


@pytest.mark.long
@pytest.mark.ci
async def test_the_account_is_shown_as_ses_tells_of_it(open_runtime, ses):
    runtime = open_runtime(account="ses", aws_profile="shop")
    async with running(runtime, place="account") as (app, pilot):
        await until(pilot, lambda: "28.0 a second" in shown(app))
        text = shown(app)
        assert "Amazon SES · eu-west-1 · sandbox: verified addresses only, probation" in text
        assert "profile shop (aws_profile): the shared credentials file" in text
        assert "80 % of 50,000, 0 ours, 0 others'" in text
        assert SECRET not in text
        assert "AKIA" not in text
        ses.configure(rate=14, enforcement="HEALTHY")
        await pilot.press("R")
        await until(pilot, lambda: "14.0 a second" in shown(app))
        assert "healthy" in shown(app)
        ses.add_identity("example.com")
        ses.add_identity("ada@example.net")
        await pilot.press("i")
        await until(pilot, lambda: "2 senders, 2 verified" in shown(app))
        assert isinstance(app.screen, IdentitiesScreen)
        await pilot.press("y", "j", "y")
        await until(pilot, lambda: "Copied: ada@example.net" in toasts(app))
        assert "Copied: example.com" in toasts(app)
        ses.reset()
        await pilot.press("R")
        await until(pilot, lambda: "SES knows no sender" in shown(app))
        await pilot.press("escape")
        await settled(app, pilot)


@pytest.mark.long
@pytest.mark.ci
async def test_every_setting_is_there_with_value_source_and_meaning(runtime, still, monkeypatch):
    monkeypatch.setenv("SESTUI_SENDERS", "9")
    monkeypatch.setenv("SESTUI_VIEW_URL", HOSTILE.replace("\x1b", "\x9b"))
    async with running(runtime, place="account", size=(80, 24)) as (app, pilot):
        screen = await on_setting(app, pilot, "senders")
        await until(pilot, lambda: "The most calls to SES in flight" in shown(app))
        assert "Set by SESTUI_SENDERS or the command line" in said(app)
        assert "simulator" in shown(app)
        for text in ("simulator · not known yet", "access", "Value", "From", "environment"):
            assert text in shown(app)
        for key, name in (("r", "Relay keys"), ("m", "Keymap"), ("a", "Account")):
            assert f"{key} {name}" in shown(app)
        assert screen.query_one("#settings", LazyTable).count == len(Settings.model_fields)
        assert "\x9b" not in shown(app)


@pytest.mark.long
async def test_a_setting_is_changed_in_the_file(runtime, still):
    async with running(runtime, place="account") as (app, pilot):
        screen = await on_setting(app, pilot, "max_quota_usage")
        await pilot.press("enter", "ctrl+u", *"2", "enter")
        await until(pilot, lambda: "max_quota_usage can't be '2'" in shown(app))
        assert written() == {}
        await pilot.press("ctrl+u", *"0.5", "enter")
        await until(pilot, lambda: "0.5 at the next start" in shown(app))
        assert "Saved max_quota_usage = 0.5, for the next start." in toasts(app)
        assert written() == {"max_quota_usage": 0.5}
        assert runtime.settings.max_quota_usage == 0.8
        await pilot.press("enter")
        assert screen.query_one("#value", Input).value == "0.5"
        await pilot.press("ctrl+u", "enter")
        await until(pilot, lambda: "Reset max_quota_usage" in "".join(toasts(app)))
        await pilot.press("enter", "escape")
        await until(pilot, lambda: not screen.query_one("#value").display)
        assert written() == {}


@pytest.mark.long
@pytest.mark.ci
async def test_a_secret_is_neither_shown_nor_offered_for_an_edit(runtime, still):
    config_path().write_text('database_url = "postgresql+psycopg://ada:hush@db/x"\n')
    async with running(runtime, place="account", size=(120, 40)) as (app, pilot):
        screen = await on_setting(app, pilot, "database_url")
        await until(pilot, lambda: "ada:***" in shown(app))
        await pilot.press("enter")
        assert screen.query_one("#value", Input).value == ""
        await pilot.press(*"sqlite:///x", "enter")
        await until(pilot, lambda: "Saved database_url, for the next start" in str(toasts(app)))
        assert "hush" not in shown(app)


async def on_choice(app, pilot, *, profile="", simulator=False):
    """The screen that chooses, with the cursor on an account."""
    await settled(app, pilot)
    await pilot.press("a")
    await until(pilot, lambda: isinstance(app.screen, AccountChoiceScreen))
    table = app.screen.query_one("#choices")
    await until(pilot, lambda: table.count > 1)
    rows = [(each.account, each.profile) for each in table._source.rows]
    at = rows.index(("simulator", "") if simulator else ("ses", profile))
    await pilot.press("g", *("j" * at))
    await until(pilot, lambda: app.screen.query_one("#region", Input).suggester is not None)


async def confirm(app, pilot, *, number=""):
    """Say yes to the question."""
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
    await pilot.press(*(["right", "enter"] if not number else [*number, "enter"]))


@pytest.mark.long
@pytest.mark.ci
async def test_ses_is_chosen_only_by_an_explicit_yes(runtime, still, ses):
    add_campaign(runtime, contacts=3)
    run = runtime.starter.start(runtime.campaigns.get("news"), time.time())
    async with running(runtime, place="account") as (app, pilot):
        await on_choice(app, pilot)
        assert "● simulator" in " ".join(shown(app).split())
        app.screen.set_focus(app.screen.query_one("#region"))
        await pilot.press("ctrl+u", *"eu-w", "right", "enter", "G", "k")
        await until(pilot, lambda: app.screen.query_one("#choices").selected.profile == "shop")
        for yes in (("enter",), ("right", "enter")):
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            text = said(app)
            assert "Real mail at once" in text
            assert "sandbox: verified addresses only, probation, 28 a second" in text
            assert "news is paused first." in text
            assert "Once resumed, 3 pending recipients get real mail" in text
            assert "AWS_ENDPOINT_URL_SESV2" in text
            await pilot.press(*yes)
            await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
            if yes == ("enter",):
                assert written() == {}
                assert runtime.ses.simulated
                assert runtime.runs.get(run.id).state == "sending"
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))
        assert written() == {
            "account": "ses",
            "aws_profile": "shop",
            "aws_region": "eu-west-1",
        }
        assert "Mail goes to Amazon SES (profile shop) now. 1 run paused." in toasts(app)
        await until(pilot, lambda: "SIMULATOR" not in shown(app))
        await until(pilot, lambda: "Amazon SES · " in shown(app))
        assert "at the next start" not in shown(app)
        assert not runtime.ses.simulated
        paused = runtime.runs.get(run.id)
        assert (paused.state, paused.pending) == ("paused", 3)
        assert "Amazon SES (profile shop)" in paused.detail
        await on_choice(app, pilot, simulator=True)
        await until(pilot, lambda: app.screen.query_one("#region", Input).value == "eu-west-1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "No mail will leave this machine, at once" in said(app)
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))
        assert written()["account"] == "simulator"
        await until(pilot, lambda: "SIMULATOR" in shown(app))
        assert runtime.ses.simulated


@pytest.mark.long
@pytest.mark.ci
async def test_what_was_sent_by_one_account_goes_on_by_the_other_once_it_is_resumed(runtime, ses):
    ses.configure(rate=200, production_access=True, enforcement="HEALTHY")
    ses.add_identity("shop@example.com")
    campaign = add_campaign(runtime, contacts=60, max_rate=2)
    run = runtime.starter.start(campaign, time.time())
    async with running(runtime, place="account") as (app, pilot):
        await until(pilot, lambda: runtime.runs.get(run.id).accepted > 0)
        await until(pilot, lambda: "14.0 a second" in shown(app) or "500" in shown(app))
        former = runtime.ses.reader.key
        await on_choice(app, pilot, profile="shop")
        await pilot.press("enter")
        await confirm(app, pilot)
        await until(pilot, lambda: isinstance(app.screen, AccountScreen), 60)
        held = runtime.runs.get(run.id)
        assert (held.state, held.sending, held.in_doubt) == ("paused", 0, 0)
        assert 0 < held.pending < 60
        assert ses.addresses() == {}
        await until(pilot, lambda: app.background.alive)
        await until(pilot, lambda: "200.0 a second" in shown(app))  # the other's figures
        assert runtime.ses.reader.key != former
        runtime.run_control.resume("news", change_account=True)
        with runtime.database.write() as session:
            session.get(Run, run.id).max_rate = None
        await until(pilot, lambda: runtime.runs.get(run.id).state == "finished")
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "home" and "200" in shown(app))
    assert len(ses.addresses()) == held.pending
    assert runtime.runs.get(run.id).accepted == 60


@pytest.mark.long
@pytest.mark.ci
async def test_a_background_sender_of_the_former_account_is_ended_first(runtime, ses):
    ses.configure(production_access=True)
    campaign = add_campaign(runtime, contacts=60, max_rate=1)
    run = runtime.starter.start(campaign, time.time())
    sender = start_in_background(runtime.settings, runtime.database, runtime.clock)
    async with running(runtime, place="account") as (app, pilot):
        await on_choice(app, pilot, profile="shop")
        await pilot.press("enter")
        await confirm(app, pilot)
        await until(pilot, lambda: isinstance(app.screen, AccountScreen), 60)
        assert background_sender(runtime.database, runtime.clock) is None
        assert not psutil.pid_exists(sender.pid)
        assert runtime.runs.get(run.id).state == "paused"
    assert ses.addresses() == {}


@pytest.mark.long
@pytest.mark.ci
async def test_the_account_stays_while_another_process_has_mail_in_flight(
    open_runtime, ses, monkeypatch
):
    runtime, other = open_runtime(), open_runtime()
    run = runtime.starter.start(add_campaign(runtime, contacts=3), time.time())
    simulated = SimulatorState(runtime.settings.data_dir / FILE_NAME, SystemClock())
    simulated.add_fault(checked_fault("hang_after", count=3))
    sender = other.sender()
    sender.start()
    try:
        async with running(runtime, place="account") as (app, pilot):
            await until(pilot, lambda: runtime.runs.get(run.id).sending > 0)
            monkeypatch.setattr("sestui.tui.account.account_switch._PATIENCE_SECONDS", 1.0)
            await on_choice(app, pilot, profile="shop")
            await pilot.press("enter")
            await confirm(app, pilot)
            await until(pilot, lambda: "has not been changed" in str(toasts(app)))
            assert runtime.ses.simulated
            assert written() == {}
            await until(pilot, lambda: app.background.alive)
    finally:
        sender.stop(0.1)
        sender.join()
        simulated.close()
    assert ses.addresses() == {}


async def test_a_variable_that_decides_where_mail_goes_is_named(runtime, still, ses, monkeypatch):
    async with running(runtime, place="account") as (app, pilot):
        monkeypatch.setenv("SESTUI_ACCOUNT", "simulator")
        await on_choice(app, pilot, profile="shop")
        await pilot.press("enter")
        await until(pilot, lambda: "SESTUI_ACCOUNT in the environment" in str(toasts(app)))
        assert isinstance(app.screen, AccountChoiceScreen)
        monkeypatch.setenv("SESTUI_ACCOUNT", "ses")  # that is what is wanted
        monkeypatch.setenv("SESTUI_AWS_PROFILE", "another")
        await pilot.press("enter")
        await until(pilot, lambda: "SESTUI_AWS_PROFILE in the environment" in str(toasts(app)))
        assert written() == {}
        assert runtime.ses.simulated


async def test_a_demo_stays_on_the_simulator(runtime, still, ses):
    async with running(runtime, place="account", lasting=False) as (app, pilot):
        await on_choice(app, pilot, profile="shop")
        await pilot.press("enter")
        await until(pilot, lambda: "The demo sends to the simulator" in str(toasts(app)))
        assert written() == {}


async def test_what_ses_says_against_it_is_said_before_the_yes(runtime, still, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    async with running(runtime, place="account") as (app, pilot):
        await on_choice(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "It can't be used now: No AWS credentials were found" in said(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_broken_settings_file_is_said_until_it_is_mended(runtime, still):
    async with running(runtime, place="account") as (app, pilot):
        await settled(app, pilot)
        config_path().write_text("senders = ")
        await until(pilot, lambda: "is not valid TOML" in said(app))
        config_path().unlink()
        await until(pilot, lambda: "is not valid TOML" not in said(app))


@pytest.mark.long
@pytest.mark.ci
async def test_a_busy_database_is_a_quiet_line(runtime, still, monkeypatch):
    def busy(*_args, **_options):
        raise StorageBusyError("The database is locked by another program.")

    async with running(runtime, place="account") as (app, pilot):
        await settled(app, pilot)
        with monkeypatch.context() as patch:
            patch.setattr("sestui.tui.account.account_screen.in_force", busy)
            await until(pilot, lambda: "locked by another program. Trying again." in shown(app))
            assert not toasts(app)
        await until(pilot, lambda: "locked" not in shown(app))
