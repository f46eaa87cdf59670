import json
import time

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from sestui.core.clock import SystemClock
from sestui.errors import StorageBusyError
from sestui.ses_api.wire_parsing import parse_send_email
from sestui.simulator.account.account import call_of
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.outbox.outbox_reader import OutboxReader
from sestui.tui.app.keys.help import HelpScreen
from sestui.tui.outbox.mail_screen import MailHead, MailScreen
from sestui.tui.outbox.outbox_screen import OutboxScreen
from sestui.tui.widgets.lazy_table import LazyTable
from sestui.tui.widgets.pager import Pager, folded
from sestui.tui.widgets.rendered_mail import RenderedMail
from tests.support.screens import add_campaign, running, shown, toasts, until

HOSTILE = "[bold]x[/bold] [/] \x1b[31m \u202eabc 你好 e\u0301\u0301"


@pytest.fixture
def simulated(runtime):
    """The simulated account, as another process sends to it."""
    state = SimulatorState(runtime.settings.data_dir / "simulator.db", SystemClock())
    state.configure(rate=100_000, quota=-1)
    yield state
    state.close()


@pytest.fixture
def send(simulated):
    def accept(to="ada@example.org", subject="News", *, text="Hello", html="", **content):
        body = {"Text": {"Data": text}} | ({"Html": {"Data": html}} if html else {})
        request = {
            "FromEmailAddress": "Ada's Shop <news@example.com>",
            "Destination": {"ToAddresses": [to]},
            "Content": {"Simple": {"Subject": {"Data": subject}, "Body": body, **content}},
        }
        raw = json.dumps(request).encode()
        call = call_of(parse_send_email(raw), "EU-WEST-1")
        return simulated.send(call, raw, time.time()).results[0].message_id

    return accept


def in_outbox(runtime, **options):
    return running(runtime, place="outbox", **options)


def table(app):
    return app.screen.query_one(LazyTable)


def text(app):
    """What the view in sight shows."""
    pager, mail = app.screen.query_one(Pager), app.screen.query_one(RenderedMail)
    return pager.text if pager.display else mail.plain


async def opened(app, pilot):
    """Open the mail under the cursor."""
    await until(pilot, lambda: table(app).selected is not None)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, MailScreen) and app.screen.snapshot)


@pytest.mark.long
@pytest.mark.ci
async def test_an_empty_outbox_teaches_the_first_key(runtime, still):
    async with in_outbox(runtime) as (app, pilot):
        await pilot.press("ctrl+p", *"outbox")
        await until(pilot, lambda: "0 mails" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "2   Campaigns: s starts one" in shown(app))
        assert not app.screen.query_one(LazyTable).display
    assert not (runtime.settings.data_dir / "simulator.db").exists()


@pytest.mark.long
@pytest.mark.ci
async def test_what_a_run_sends_appears_by_itself(runtime):
    add_campaign(runtime, contacts=3)
    async with in_outbox(runtime) as (app, pilot):
        await until(pilot, lambda: "The outbox is empty." in shown(app))
        run = runtime.starter.start(runtime.campaigns.get("news"), runtime.clock.now())
        await until(pilot, lambda: "3 mails" in shown(app))
        assert "all2@example.com" in shown(app)
        await opened(app, pilot)
        assert f"sestui-run={run.id}" in app.screen.snapshot.views["headers"]
        await pilot.press("w")
        await until(pilot, lambda: toasts(app))
        url = runtime.ses.clients.endpoint_url
        assert f"{url}/outbox/{app.screen.snapshot.listed.message_id}" in toasts(app)[-1]


@pytest.mark.long
@pytest.mark.ci
async def test_newest_first_and_following_at_the_top_only(runtime, still, send):
    for number in range(40):
        send(f"u{number}@example.org", f"mail {number}")
    async with in_outbox(runtime) as (app, pilot):
        await until(pilot, lambda: "40 mails" in shown(app))
        assert shown(app).index("mail 39") < shown(app).index("mail 38")
        send("late@example.org", "late mail")
        await until(pilot, lambda: "late mail" in shown(app) and "41 mails" in shown(app))
        assert table(app).selected.subject == "late mail"
        await pilot.press("down", "down")
        assert table(app).selected.subject == "mail 38"
        send("later@example.org", "later mail")
        await until(pilot, lambda: "1 new: g goes to the top" in shown(app))
        assert "later mail" not in shown(app)
        assert table(app).selected.subject == "mail 38"
        await pilot.press("g")
        await until(pilot, lambda: "later mail" in shown(app) and "new:" not in shown(app))


@pytest.mark.long
async def test_find_while_typing_and_back(runtime, still, send):
    for number in range(30):
        send(f"u{number}@example.org", f"mail {number}")
    send("bounce@simulator.amazonses.com", "Grüße")
    async with in_outbox(runtime) as (app, pilot):
        await until(pilot, lambda: "31 mails" in shown(app))
        await pilot.press("slash", *"U7@")
        await until(pilot, lambda: "1 mail with U7@" in shown(app))
        assert table(app).selected.to == "u7@example.org"
        app.screen.query_one("#find", Input).value = "GRÜSSE"
        await until(pilot, lambda: "bounced" in shown(app))
        await pilot.press("enter")
        assert table(app).has_focus
        send("late@example.org", "grüße nochmal")
        send("late@example.org", "something else")
        await until(pilot, lambda: "2 mails with GRÜSSE" in shown(app))
        assert table(app).selected.subject == "grüße nochmal"
        await pilot.press("down")
        send("late@example.org", "Grüsse")
        await until(pilot, lambda: "1 new:" in shown(app))
        app.screen.query_one("#find", Input).value = "nobody"
        await until(pilot, lambda: "0 mails with nobody" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "34 mails" in shown(app))
        assert not app.screen.query_one("#find").display
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "home")


@pytest.mark.long
@pytest.mark.ci
async def test_every_view_of_a_mail_by_its_key(runtime, still, send):
    files = [{"FileName": "price list.pdf", "ContentType": "application/pdf", "RawContent": "eA=="}]
    send(text="The text.", html="<h1>Hi</h1><p>The <b>mail</b>.</p>", Attachments=files)
    async with in_outbox(runtime, size=(120, 50)) as (app, pilot):
        await opened(app, pilot)
        assert text(app).strip() == "Hi\n\nThe mail."
        for seen in ("ada@example.org", "Ada's Shop <news@example.com>", "delivered", "1 of 1"):
            assert seen in shown(app)
        assert "price list.pdf (1 B)" in shown(app)
        await pilot.press("alt+t")
        assert text(app) == "The text."
        await pilot.press("alt+s")
        assert "Content-Transfer-Encoding: quoted-printable" in text(app)
        assert "Content-Type: multipart" in shown(app)
        await pilot.press("alt+h")
        assert "Subject: News" in text(app)
        await pilot.press("alt+m")
        assert "Subject: News" not in shown(app)
        assert "The mail." in shown(app)
        for seen in ("The text.", "quoted-printable", "Subject: News", "The mail."):
            await pilot.press("v")
            assert seen in text(app)
        await pilot.press("Y")
        assert app.clipboard == text(app)
        await pilot.press("y")
        assert app.clipboard == "ada@example.org"
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        for action in (
            "View:",
            "Mail:",
            "Text:",
            "Source:",
            "Headers:",
            "Browser:",
            "Copy:",
            "Copy text:",
        ):
            assert action in shown(app)
        await pilot.press("escape")
        await pilot.click(MailHead, offset=(8, app.screen.query_one(MailHead).size.height - 1))
        assert text(app) == "The text."


@pytest.mark.long
@pytest.mark.ci
async def test_next_and_previous_mail_keep_the_view_and_the_cursor_follows(runtime, still, send):
    for number in range(3):
        send(f"u{number}@example.org", f"mail {number}", text=f"text {number}", html="<p>html")
    async with in_outbox(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("alt+t", "left_square_bracket")
        assert text(app) == "text 2"
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: text(app) == "text 1")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: text(app) == "text 0")
        await pilot.press("right_square_bracket")
        assert "3 of 3" in shown(app)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "2 of 3" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OutboxScreen))
        assert table(app).selected.subject == "mail 1"
        assert table(app).selected.sender == "Ada's Shop <news@example.com>"
        await pilot.press("y")
        assert app.clipboard == "u1@example.org"


@pytest.mark.long
@pytest.mark.ci
async def test_a_browser_in_sight_is_opened(runtime, still, send, monkeypatch):
    visited = []
    monkeypatch.setattr("webbrowser.open", lambda url, *_, **__: visited.append(url))
    monkeypatch.setenv("DISPLAY", ":0")
    send()
    async with in_outbox(runtime) as (app, pilot):
        await until(pilot, lambda: "1 mail" in shown(app))
        await pilot.press("w")
        await until(pilot, lambda: visited)
        assert visited[0].startswith(f"{runtime.ses.clients.endpoint_url}/outbox?token=")
        monkeypatch.delenv("DISPLAY")
        await pilot.press("w")
        await until(pilot, lambda: "Open it in a browser:" in str(toasts(app)))
        assert len(visited) == 1


@pytest.mark.long
async def test_hostile_mail_breaks_nothing(runtime, still, send):
    send(subject=HOSTILE, text=f"{HOSTILE}\n\tx" * 50, html=f"<p>{HOSTILE}<![x[")
    send(subject="x" * 10_000, text="e" + "\u0301" * 10_000 + "你" * 10_000 + "x" * 10_000)
    send(subject="", text="", Attachments=[{"FileName": HOSTILE, "RawContent": "eA=="}])
    async with in_outbox(runtime) as (app, pilot):
        await until(pilot, lambda: "3 mails" in shown(app))
        assert "[bold]x[/bold] [/]" in shown(app)
        assert "\x1b" not in shown(app)
        assert "\u202e" not in shown(app)
        await opened(app, pilot)
        for _ in range(3):
            await until(pilot, lambda: "accepted" in shown(app))
            for _ in range(4):
                await pilot.press("v", "G")
                assert "\x1b" not in shown(app)
                assert "\u202e" not in shown(app)
            await pilot.press("right_square_bracket")


async def test_a_mail_without_text_and_a_very_long_one(runtime, still, send):
    send(text="", html="<p>x")
    send(text="word " * 80_000)
    async with in_outbox(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("G")
        await until(
            pilot, lambda: "Only the beginning is shown: press w to see the rest" in shown(app)
        )
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "2 of 2" in shown(app))
        await pilot.press("alt+t")
        await until(pilot, lambda: "This mail has no such part." in shown(app))


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_it_fits(runtime, still, send, size):
    for number in range(100):
        send(f"reader{number}@example.org", f"Your news {number}", html="<p>x</p>" * 60)
    send("complaint@simulator.amazonses.com", "Your news")
    async with in_outbox(runtime, size=size) as (app, pilot):
        await until(pilot, lambda: "101 mails" in shown(app))
        for seen in (
            "SIMULATOR",
            "Outbox",
            "Accepted",
            "Subject",
            "complained",
            "/ Find",
            "y Copy",
        ):
            assert seen in shown(app)
        assert ("news@example.com" in shown(app)) == (size[0] >= 110)
        await opened(app, pilot)
        await until(pilot, lambda: "] Next" in shown(app))
        for seen in ("complained", "Mail   Text   Source   Headers", "w Browser"):
            await until(pilot, lambda seen=seen: seen in shown(app))
        await pilot.resize_terminal(80, 24)
        await pilot.press("alt+s")
        await until(pilot, lambda: "Your news" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_what_goes_wrong_while_reading_is_said(runtime, still, send, monkeypatch):
    send()
    async with in_outbox(runtime) as (app, pilot):
        await until(pilot, lambda: "1 mail" in shown(app))

        def busy(*_, **__):
            raise StorageBusyError("The simulator's state is locked.")

        with monkeypatch.context() as patched:
            patched.setattr(OutboxReader, "newest", busy)
            await until(pilot, lambda: "is locked. Trying again." in shown(app))
        await until(pilot, lambda: "is locked" not in shown(app))
        with monkeypatch.context() as patched:
            patched.setattr(OutboxReader, "mail", busy)
            await pilot.press("enter")
            await until(pilot, lambda: "is locked. Trying again." in shown(app))
        await until(pilot, lambda: "ada@example.org" in shown(app) and "locked" not in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_an_account_that_is_reset_meanwhile(runtime, still, send, simulated):
    for number in range(3):
        send(subject=f"mail {number}")
    async with in_outbox(runtime) as (app, pilot):
        await opened(app, pilot)
        simulated.reset()
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "the simulator's account has been reset" in str(toasts(app)))
        await until(pilot, lambda: "The outbox is empty." in shown(app))
        simulated.configure(rate=1000, quota=-1)
        send(subject="after the reset")
        await until(pilot, lambda: "after the reset" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_the_place_is_there_for_the_simulator_only(open_runtime, still):
    runtime = open_runtime(account="ses")
    async with running(runtime, place="home") as (app, pilot):
        assert "Outbox" not in shown(app)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "Outbox" not in shown(app)
        await pilot.press("escape", "ctrl+p", *"outbox")
        await pilot.pause()
        assert "recipients would see" not in shown(app)
        await pilot.press("escape")
        assert app.current_mode == "home"


@pytest.mark.parametrize("width", [8, 20, 79])
@pytest.mark.parametrize(
    "line",
    [
        "",
        "x" * 300,
        "word " * 60,
        "你好 " * 60,
        "e\u0301" * 300,
        "\u0301" * 5000,
        "a\tb",
        "x  y " * 40,
    ],
)
def test_folded_lines_fit_and_lose_nothing(line, width):
    lines = list(folded(line, width))
    assert all(cell_len(each) <= width for each in lines)
    assert "".join(lines).replace(" ", "") == line.expandtabs(4).replace(" ", "")
