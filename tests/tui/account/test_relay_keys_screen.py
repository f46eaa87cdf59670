"""The relay's keys on the screen: through keys alone, asserting on what is stored."""

import time
from contextlib import asynccontextmanager

import pytest
from textual.events import Paste
from textual.widgets import Static

from sestui.core.relay.key import KeyFields
from sestui.errors import NotFoundError, StorageBusyError
from sestui.relay.keyring import Keyring
from sestui.store.relay.key_maker import KeyMaker
from sestui.store.relay.keys import RelayKeys
from sestui.tui.account.account_screen import AccountScreen
from sestui.tui.account.new_relay_key import NewRelayKeyScreen, RelaySecretScreen
from sestui.tui.account.relay_keys import RelayKeysScreen
from sestui.tui.app.palette.palette import PaletteScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.screens import fits, running, shown, toasts, until

pytestmark = pytest.mark.usefixtures("still")

HOSTILE = "[bold]x[/bold] [/] \x1b[31m\u202e" + "名e\u0301" * 3_500
TO_THE_BUTTON = ("tab", "tab", "enter")
"""From what it may make, past going back."""


@asynccontextmanager
async def at_keys(runtime, **options):
    """The app, gone from Account to its relay keys."""
    async with running(runtime, place="account", **options) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))
        await until(pilot, lambda: app.screen.query_one("#settings").count)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, RelayKeysScreen))
        screen = app.screen
        there = KeyMaker(runtime.database, runtime.settings.data_dir, runtime.clock).all()
        await until(pilot, lambda: screen._empty.display or screen._table.count == len(there))
        await pilot.pause()
        yield app, pilot


def made(runtime, name="shop", **bounds):
    return KeyMaker(runtime.database, runtime.settings.data_dir, runtime.clock).add(
        KeyFields(name, **bounds)
    )


async def form(app, pilot):
    await pilot.press("n")
    await until(pilot, lambda: isinstance(app.screen, NewRelayKeyScreen))
    await until(pilot, lambda: app.focused is not None and app.focused.id == "name")
    return app.screen


async def write(pilot, *fields):
    """Type fields one after the other, from the name on; five end on what it may make."""
    for text in fields:
        await pilot.press("ctrl+u", *text, "enter")


async def secret_dialog(app, pilot):
    await until(pilot, lambda: isinstance(app.screen, RelaySecretScreen))
    await until(pilot, lambda: "AWS_SECRET_ACCESS_KEY=" in shown(app))
    return app.screen


def said(app):
    """What stands on the screen, however it is broken into lines."""
    return " ".join(shown(app).replace("│", " ").split())


def texts(app):
    """All that stands on any screen, in front or not."""
    screens = [screen for stack in app._screen_stacks.values() for screen in stack]
    return "\n".join(
        str(part.content) for screen in screens for part in screen.query(Static).results()
    )


async def test_without_keys_the_screen_teaches_the_first_one(runtime):
    async with at_keys(runtime) as (app, pilot):
        await until(pilot, lambda: "No relay keys yet" in shown(app))
        assert "n   creates one" in shown(app)
        assert "`sestui relay`" in shown(app)
        footer = shown(app).splitlines()[-1]
        assert "n New" in footer
        assert not {"x Revoke", "y Copy"} & set(footer.split("  "))
        fits(app.screen, (80, 24))
        await pilot.press("x", "y", "enter")
        assert not toasts(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))


@pytest.mark.long
@pytest.mark.ci
async def test_a_key_made_by_keys_alone_is_the_one_the_relay_knows(runtime, tmp_path):
    async with at_keys(runtime) as (app, pilot):
        await form(app, pilot)
        for label in (
            *("name", "may send as", "% of rate", "% of quota"),
            *("other calls", "sends only", "Create key"),
        ):
            assert label in shown(app)
        await write(pilot, "shop", "a.org , b@c.de,", "12.5 %", "50", "")
        await pilot.press("j", "space", *TO_THE_BUTTON)
        dialog = await secret_dialog(app, pilot)
        assert "Key shop has been created" in shown(app)
        assert "The secret will not be shown again" in said(app)
        [key] = RelayKeys(runtime.database).all()
        known = Keyring(runtime.database, runtime.settings.data_dir, runtime.clock).find(key.id)
        assert (key.name, key.senders) == ("shop", ["a.org", "b@c.de"])
        assert (key.rate_share, key.quota_share, key.send_only) == (0.125, 0.5, True)
        lines = f"AWS_ACCESS_KEY_ID={key.id}\nAWS_SECRET_ACCESS_KEY={known.secret}"
        for line in lines.splitlines():
            assert line in shown(app)
        assert app.screen.region.contains_region(dialog.query_one("#dialog").region)
        await pilot.press("y")
        await until(pilot, lambda: any(text.startswith("Copied") for text in toasts(app)))
        assert app.clipboard == lines
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RelayKeysScreen))
        await until(pilot, lambda: key.id in shown(app))
        for text in ("shop", "12.5 %", "50 %", "sends only"):
            assert text in shown(app)
        about = str(app.screen.query_one("#about-key", Static).content)
        assert about.startswith("shop may send as a.org, b@c.de; calls: sends only; created ")
        fits(app.screen, (80, 24))
        assert known.secret not in shown(app) + texts(app) + "".join(toasts(app))
    for path in tmp_path.iterdir():
        if path.is_file():
            assert known.secret.encode() not in path.read_bytes()


@pytest.mark.long
@pytest.mark.ci
async def test_what_is_left_alone_bounds_nothing(runtime):
    async with at_keys(runtime) as (app, pilot):
        await form(app, pilot)
        await write(pilot, " blog ", "", "", "100%", "")
        await pilot.press(*TO_THE_BUTTON)
        await secret_dialog(app, pilot)
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(app.screen, RelayKeysScreen))
        await until(
            pilot, lambda: "blog may send as anybody; calls: every call; created" in shown(app)
        )
    [key] = RelayKeys(runtime.database).all()
    assert (key.name, key.senders, key.send_only) == ("blog", [], False)
    assert (key.rate_share, key.quota_share) == (1, 1)


@pytest.mark.long
@pytest.mark.ci
async def test_calls_are_named_beside_the_sends_and_a_slip_is_told_of(runtime):
    async with at_keys(runtime) as (app, pilot):
        await form(app, pilot)
        await write(pilot, "shop", "a.org", "", "", "GetTemplates, GetSendQuota")
        await pilot.press(*TO_THE_BUTTON)
        await until(pilot, lambda: "'GetTemplates'; did you mean GetTemplate?" in said(app))
        app.screen.query_one("#allow").focus()
        await pilot.press("ctrl+u", *"GetTemplate,SendBounce")
        app.screen.query_one("#yes").focus()
        await pilot.press("enter")
        await until(pilot, lambda: "can't be allowed 'SendBounce'" in said(app))
        app.screen.query_one("#allow").focus()
        await pilot.press("ctrl+u", *"GetTemplate, GetSendQuota")
        app.screen.query_one("#yes").focus()
        await pilot.press("enter")
        await secret_dialog(app, pilot)
        await pilot.press("escape")
        about = "shop may send as a.org; calls: sends, GetTemplate, GetSendQuota; created"
        await until(pilot, lambda: about in said(app))
    [key] = RelayKeys(runtime.database).all()
    assert key.allow == ["GetTemplate", "GetSendQuota"]


@pytest.mark.long
@pytest.mark.ci
async def test_what_is_wrong_is_said_under_the_form_and_nothing_is_lost(runtime):
    async with at_keys(runtime) as (app, pilot):
        screen = await form(app, pilot)
        await write(pilot, "a b", "c, a b", "x", "150", "")
        typed = {"name": "a b", "senders": "c, a b", "rate_share": "x", "quota_share": "150"}
        await pilot.press("j", "space", "tab", "tab")
        for field, fault, better in (
            ("rate_share", "The share of the rate is a percentage", "nan"),
            ("name", "'a b' can't be a key's name", "a"),
            ("senders", "'a b' is neither an address nor a domain.", ""),
            ("rate_share", "The share of the rate can't be nan %", "1"),
            ("quota_share", "The share of the quota can't be 150 %", ""),
        ):
            await pilot.press("enter")
            await until(pilot, lambda fault=fault: fault in said(app))
            assert app.screen is screen
            assert {name: screen.query_one(f"#{name}").value for name in typed} == typed
            assert screen.query_one("#calls").ticked == {"sends only"}
            assert "Create key" in shown(app)
            assert not toasts(app)
            screen.query_one(f"#{field}").focus()
            await pilot.press("ctrl+u", *better)
            screen.query_one("#yes").focus()
            typed[field] = better
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RelayKeysScreen))
    assert not RelayKeys(runtime.database).all()


@pytest.mark.long
@pytest.mark.ci
async def test_what_the_database_refuses_leads_back_to_the_form(runtime, monkeypatch):
    made(runtime, "shop")

    def busy(*_args):
        raise StorageBusyError("The database is locked by another program.")

    async with at_keys(runtime) as (app, pilot):
        first = await form(app, pilot)
        await write(pilot, "shop", "a.org", "50", "25", "")
        await pilot.press("j", "space", *TO_THE_BUTTON)
        await until(pilot, lambda: "There is already an active relay key 'shop'" in said(app))
        again = app.screen
        assert isinstance(again, NewRelayKeyScreen)
        assert again is not first
        with monkeypatch.context() as patch:
            patch.setattr(KeyMaker, "add", busy)
            await write(pilot, "blog")
            await pilot.press(*["enter"] * 4, *TO_THE_BUTTON)
            await until(pilot, lambda: "locked by another program" in said(app))
        await until(pilot, lambda: app.focused is not None and app.focused.id == "name")
        await pilot.press(*["enter"] * 5, *TO_THE_BUTTON)
        await secret_dialog(app, pilot)
    newest = RelayKeys(runtime.database).all()[0]
    assert (newest.name, newest.senders, newest.send_only) == ("blog", ["a.org"], True)
    assert (newest.rate_share, newest.quota_share) == (0.5, 0.25)


@pytest.mark.long
@pytest.mark.ci
async def test_a_secret_that_is_left_behind_is_forgotten(runtime):
    async with at_keys(runtime) as (app, pilot):
        await form(app, pilot)
        await write(pilot, "shop")
        await pilot.press(*["enter"] * 4, *TO_THE_BUTTON)
        await secret_dialog(app, pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.press("escape")
        dialog = await secret_dialog(app, pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.press(*"Campaigns")
        await until(pilot, lambda: "1 campaign" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "campaigns")
        await until(pilot, lambda: dialog._key is None)
        assert "AWS_SECRET_ACCESS_KEY" not in texts(app)
        await pilot.press("8")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))
        assert app.screen_stack == [app.screen]
    assert len(RelayKeys(runtime.database).all()) == 1


@pytest.mark.long
@pytest.mark.ci
async def test_a_key_is_revoked_only_by_an_explicit_yes(runtime):
    made(runtime, "old")
    key = made(runtime, "shop")
    keys = RelayKeys(runtime.database)
    async with at_keys(runtime) as (app, pilot):
        for answer in (("enter",), ("escape",), ("right", "enter")):
            assert keys.find("shop") is not None
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            assert "Revoke the key shop?" in shown(app)
            assert key.access_key_id in shown(app)
            await pilot.press(*answer)
            await until(pilot, lambda: isinstance(app.screen, RelayKeysScreen))
        await until(pilot, lambda: "Key shop has been revoked." in toasts(app))
        await until(pilot, lambda: "revoked" in shown(app))
        assert keys.find("shop") is None
        assert keys.find("old") is not None
        await until(pilot, lambda: "x Revoke" not in shown(app).splitlines()[-1])
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, RelayKeysScreen)
        await pilot.press("y", "j", "y")
        await until(pilot, lambda: len(toasts(app)) == 3)
        assert f"Copied: {key.access_key_id}" in toasts(app)
        assert app.clipboard == keys.find("old").id


@pytest.mark.long
@pytest.mark.ci
async def test_what_others_do_to_keys_is_seen_and_moves_no_cursor(runtime):
    key = made(runtime, "shop")
    made(runtime, "late")
    async with at_keys(runtime) as (app, pilot):
        await pilot.press("j")
        await until(pilot, lambda: app.screen._table.selected.name == "shop")
        made(runtime, "later")
        app.screen.reload()
        await until(pilot, lambda: app.screen._table.count == 3)
        assert app.screen._table.selected.name == "shop"
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        RelayKeys(runtime.database).revoke("shop", time.time())
        await pilot.press("right", "enter")
        await until(pilot, lambda: toasts(app))
        assert f"There is no active relay key '{key.access_key_id}'" in toasts(app)[0]
    with pytest.raises(NotFoundError):
        RelayKeys(runtime.database).revoke("shop", time.time())


@pytest.mark.long
@pytest.mark.ci
async def test_hostile_text_is_shown_as_text(runtime):
    keys = RelayKeys(runtime.database)
    keys.add("SRLYHOSTILE", HOSTILE, proof="", now=time.time(), senders=[HOSTILE, "[/]"])
    async with at_keys(runtime) as (app, pilot):
        for size in ((80, 24), (20, 5), (200, 50), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            if size >= (80, 24):
                fits(app.screen, size)
                assert "[bold]x[/bold]" in shown(app)
        assert "\x1b" not in shown(app)
        assert "\u202e" not in shown(app)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Revoke the key [bold]x[/bold] [/]" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RelayKeysScreen))
        screen = await form(app, pilot)
        for field in ("name", "senders"):
            app.focused.post_message(Paste(HOSTILE))
            await until(pilot, lambda field=field: screen.query_one(f"#{field}").value)
            assert "\x1b" not in shown(app)
            assert "\u202e" not in shown(app)
            await pilot.press("enter")
        await pilot.press("enter", "enter", "enter", *TO_THE_BUTTON)
        await until(pilot, lambda: "can't be a key's name" in said(app))
        assert "x1b[31m" in said(app)
        assert "Create key" in shown(app)
        assert app.screen.region.contains_region(screen.query_one("#dialog").region)
    assert len(keys.all()) == 1


@pytest.mark.long
@pytest.mark.ci
async def test_a_busy_database_is_a_quiet_line(runtime, monkeypatch):
    made(runtime)

    def busy(*_args):
        raise StorageBusyError("The database is locked by another program.")

    async with at_keys(runtime) as (app, pilot):
        with monkeypatch.context() as patch:
            patch.setattr(KeyMaker, "all", busy)
            app.screen.reload()
            await until(pilot, lambda: "locked by another program. Trying again." in shown(app))
            assert "shop" in shown(app)
            assert not toasts(app)
        await until(pilot, lambda: "locked" not in shown(app))
