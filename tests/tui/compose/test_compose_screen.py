"""Writing and looking: what is typed, what is found, and the mail each contact would get."""

import os
import stat
import time

import pytest
from textual.widgets import TextArea

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.core.schedule.cron import Occurrence
from sestui.errors import StorageBusyError
from sestui.store.contacts.contacts import Contacts
from sestui.tui.app.keys.help import HelpScreen
from sestui.tui.compose.compose_screen import ComposeScreen
from sestui.tui.dialogs.ask_path import AskPathScreen
from tests.support.compose import BODY, add_news, add_people, found, load, press, ready, stored
from tests.support.screens import running, shown, toasts, until


@pytest.mark.long
@pytest.mark.ci
async def test_a_campaign_is_written_and_saved_by_keys_alone(runtime, still):
    add_people(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        assert "the new campaign  new" in shown(app)
        assert "Press i to write" in shown(app)
        await press(pilot, "@i", "november-news", "@tab", "@tab", "Shop <shop@example.com>")
        await press(pilot, "@tab", "News for {{ first_name or 'you' }}", "@tab", "Soon", "@tab")
        await press(pilot, "# Hi {{ first_name or 'you' }}", "@enter", "@enter")
        await press(pilot, "[off]({{ unsubscribe_url }})", "@escape")
        await until(pilot, lambda: "not saved" in shown(app) and found(app) == [])
        assert "✓" in shown(app)
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: "Saved november-news; not scheduled" in "".join(toasts(app)))
        assert "not saved" not in shown(app)
        await press(pilot, "v")
        await until(pilot, lambda: "News for Ada" in shown(app))
        assert "Hi Ada" in shown(app)
    fields, message = stored(runtime, "november-news")
    assert (fields.name, fields.from_address) == ("november-news", "Shop <shop@example.com>")
    assert fields.lists == ("newsletter",)  # the only one there is
    assert (message.subject, message.preheader) == ("News for {{ first_name or 'you' }}", "Soon")
    assert message.body == "# Hi {{ first_name or 'you' }}\n\n[off]({{ unsubscribe_url }})"
    assert runtime.overview.campaign("november-news").run is None


async def test_an_open_campaign_follows_when_it_starts(runtime, still):
    add_people(runtime)
    campaign = add_news(runtime)
    runtime.campaigns.set_next(campaign.id, Occurrence(time.time() + 60, "once"))
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: "starts " in shown(app))
        runtime.campaigns.set_next(campaign.id, None)  # as its start does
        app.screen.reload()
        await until(pilot, lambda: "starts " not in shown(app))
        assert app.screen.opened_draft.opened.next_due_at is None
        runtime.campaigns.set_next(campaign.id, Occurrence(time.time() + 86_400, "again"))
        app.screen.reload()
        await until(pilot, lambda: "starts " in shown(app))
        assert "not saved" not in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_typing_replaces_what_a_new_campaign_was_offered(runtime, still):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        await press(pilot, "@i", "october", "@tab", "others", "@tab", "ada@example.com", "@escape")
        await until(pilot, lambda: app.screen.form.draft.from_address == "ada@example.com")
        assert app.screen.form.draft.lists == "others"
        await press(pilot, "@i", "@shift+tab", "@end", ", more", "@escape")
        await until(pilot, lambda: app.screen.form.draft.lists == "others, more")


@pytest.mark.long
@pytest.mark.ci
async def test_typing_replaces_nothing_in_a_campaign_that_is_saved(runtime, still):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        await press(pilot, "@i", "@tab", "@tab", "x", "@escape")
        await until(pilot, lambda: app.screen.form.draft.from_address == "xshop@example.com")


@pytest.mark.long
@pytest.mark.ci
async def test_the_mail_is_shown_for_one_contact_after_the_other(runtime, still):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
        await load(app, pilot, lambda: "to ada@example.com" in shown(app))
        await until(pilot, lambda: "Hi Ada" in shown(app))
        await press(pilot, "@ctrl+n")
        await until(pilot, lambda: "to bob@example.com" in shown(app) and "Hi you" in shown(app))
        await press(pilot, "@escape", "@right_square_bracket")
        await until(pilot, lambda: "Hi Cléo" in shown(app))
        await press(pilot, "@right_square_bracket")
        await until(pilot, lambda: "Hi Ada" in shown(app))
        await press(pilot, "@left_square_bracket")
        await until(pilot, lambda: "Hi Cléo" in shown(app))
        await press(pilot, "/", "BOB@example.com", "@enter")
        await until(pilot, lambda: "to bob@example.com" in shown(app))
        await press(pilot, "/", "zoe@example.com", "@enter")
        await until(pilot, lambda: "Nobody on newsletter has zoe@example.com." in toasts(app))
        await press(pilot, "y")
        assert app.clipboard == "bob@example.com"


@pytest.mark.long
async def test_the_views_of_the_mail(runtime, still, monkeypatch):
    monkeypatch.setenv("PATH", "")  # pictures have tests of their own
    add_people(runtime)
    add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        await ready(app, pilot)
        await press(pilot, "@escape", "v")
        await until(pilot, lambda: "Hi Ada" in shown(app))
        assert "Subject  " not in shown(app)  # the mail has the whole screen
        await press(pilot, *"vvvv")
        await until(
            pilot, lambda: "off <mailto:shop@example.com?subject=unsubscribe>" in shown(app)
        )
        await press(pilot, "v")
        await until(pilot, lambda: "<!DOCTYPE html>" in shown(app))
        await press(pilot, "v")
        await until(pilot, lambda: "From: shop@example.com" in shown(app))
        assert "List-Unsubscribe: <mailto:shop@example.com?subject=unsubscribe>" in shown(app)
        await press(pilot, "@escape")
        await until(pilot, lambda: "Subject  " in shown(app))
        await pilot.resize_terminal(130, 40)
        await until(pilot, lambda: "Subject  " in shown(app) and "From: shop@" in shown(app))


@pytest.mark.long
async def test_what_is_wrong_is_found_as_one_types_and_a_key_goes_there(runtime, still):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        await press(pilot, "@alt+m")
        app.screen.form.go_to("body", 3)
        await press(pilot, "@end", "@enter", "{{ frist_name or 1 }} *|FNAME|* [x](www.example.com)")
        await until(pilot, lambda: len(found(app)) == 3)
        assert found(app) == [
            "body, line 4: *|FNAME|* looks like a placeholder of another system and is sent as it "
            "stands; sestui's look like {{ first_name }}.",
            "body, line 4: the link 'www.example.com' has no scheme; write "
            "https://www.example.com.",
            "body, line 4: nobody in its audience has frist_name; did you mean first_name?",
        ]
        await press(pilot, "@enter", "{% if %}")
        await until(pilot, lambda: "the template is broken" in found(app)[0])
        await press(pilot, "@escape", "v")
        await until(pilot, lambda: "No preview yet" in shown(app))
        await press(pilot, "@exclamation_mark")
        area = app.screen.query_one("#field-body", TextArea)
        assert (app.focused, area.cursor_location) == (area, (4, 0))
        await press(pilot, "@delete", *["@delete"] * 7)
        await until(pilot, lambda: len(found(app)) == 3)
        app.screen.query_one("#findings").focus()
        await press(pilot, "j", "@enter")
        assert (app.focused, area.cursor_location) == (area, (3, 0))
        app.screen.form.go_to("subject", None)
        await press(pilot, "@home", *["@delete"] * 5)
        await until(pilot, lambda: "subject: it is empty." in found(app))
        await press(pilot, "@ctrl+end", "@escape", "@exclamation_mark")
        assert app.focused.id == "field-subject"


@pytest.mark.long
async def test_with_nobody_on_its_lists_a_contact_is_made_up(runtime, still):
    add_news(runtime, body="Hi {{ first_name }} of {{ planet }} {{ unsubscribe_url }}")
    async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "made up: no contacts yet" in shown(app))
        assert "from: there is no sender" not in "".join(found(app))  # as the last campaign's
        app.screen.load("news")
        await until(pilot, lambda: "Hi Ada of [planet]" in shown(app))
        assert found(app) == ["lists: there is no list 'newsletter' yet; `sestui import` makes it."]
        add_people(runtime, people=[("dora", "Dora")])
        await press(pilot, "@escape", "1", "4")
        await until(pilot, lambda: "to dora@example.com" in shown(app))


@pytest.mark.long
async def test_fields_that_are_rarely_touched_are_on_other_pages(runtime, still):
    add_people(runtime)
    add_people(runtime, "vip")
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        await press(pilot, "@i", "x", "@tab", "newsletter, v", "@tab")
        assert app.screen.form.draft.lists == "newsletter, vip"
        await press(pilot, "@alt+a", "In plain words", "@alt+d")
        await press(pilot, "@tab", "help@example.com", "@tab", "season: autumn")
        await press(pilot, "@tab", "@tab", "@tab")
        await press(pilot, "Europe/Paris", "@tab", "08:00-20:00", "@tab", "9.5", "@tab", "7")
        await press(pilot, "@tab", "@tab", "@space", "@tab", "@space", "@escape", "@ctrl+s")
        await until(pilot, lambda: "Saved x; not scheduled" in "".join(toasts(app)))
    fields, message = stored(runtime, "x")
    assert fields.lists == ("newsletter", "vip")
    assert (fields.reply_to, fields.keywords) == (("help@example.com",), {"season": "autumn"})
    assert (fields.timezone, fields.send_window) == ("Europe/Paris", "08:00-20:00")
    assert (fields.max_rate, fields.priority, fields.transactional) == (9.5, 7, True)
    assert (message.text, message.body_format) == ("In plain words", "html")


@pytest.mark.long
async def test_files_are_attached_and_taken_away(runtime, still, tmp_path):
    add_news(runtime)
    (tmp_path / "price list.pdf").write_bytes(b"%PDF")
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        for path in ("price list.pdf", "price list.pdf", "none.pdf"):
            await press(pilot, "@f9")
            await until(pilot, lambda: isinstance(app.screen, AskPathScreen))
            await press(pilot, f"{tmp_path}/{path}", "@enter")
            await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
            await ready(app, pilot)
        assert "price list.pdf  4 B" in shown(app)
        assert any("two files are called price list.pdf" in text for text in toasts(app))
        assert any("there is no file" in text for text in toasts(app))
        await press(pilot, "@f2")
        await until(pilot, lambda: stored(runtime, "news")[1].attachments != ())
        assert stored(runtime, "news")[1].attachments == (
            MailAttachment("price list.pdf", "application/pdf", b"%PDF"),
        )
        app.screen.query_one("#field-attachments").focus()
        await press(pilot, "x", "@escape", "@ctrl+s")
        await until(pilot, lambda: stored(runtime, "news")[1].attachments == ())


def editor(tmp_path, monkeypatch, script):
    path = tmp_path / "my editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    monkeypatch.setenv("EDITOR", f"'{path}' --flag")


TERMINAL = "textual.drivers.headless_driver.HeadlessDriver.can_suspend"


@pytest.mark.long
async def test_the_text_is_written_in_ones_own_editor(runtime, still, tmp_path, monkeypatch):
    monkeypatch.setattr(TERMINAL, True)  # the pilot's can be handed over, as a real one
    add_news(runtime)
    mode = tmp_path / "mode"
    script = f'test "$1" = --flag || exit 9; stat -c %a "$2" > {mode}; echo "More" >> "$2"'
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        editor(tmp_path, monkeypatch, script)
        await press(pilot, "@ctrl+g")
        await until(pilot, lambda: app.screen.form.draft.body == BODY + "More")
        assert mode.read_text() == "600\n"
        await press(pilot, "@alt+a", "@escape", "e")
        await until(pilot, lambda: app.screen.form.draft.text == "More")
        await press(pilot, "@i", "@ctrl+z")
        assert app.screen.form.draft.text == ""
        await press(pilot, "@escape")
        for script, said in (
            ("echo x > $2; exit 3", "ended with 3: the text has not been changed."),
            ("printf '\\377' > $2", "(it is not UTF-8 text): the text has not been changed."),
        ):
            editor(tmp_path, monkeypatch, script)
            await press(pilot, "e")
            await until(pilot, lambda said=said: any(said in text for text in toasts(app)))
        monkeypatch.setenv("EDITOR", "/no/such/editor")
        await press(pilot, "e")
        await until(pilot, lambda: any("can't be found; set it" in text for text in toasts(app)))
        monkeypatch.setattr(TERMINAL, False)
        monkeypatch.setenv("EDITOR", "true")
        await press(pilot, "e")
        await until(pilot, lambda: any("There is no terminal here" in text for text in toasts(app)))
        assert (app.screen.form.draft.text, app.screen.form.draft.body) == ("", BODY + "More")
        await until(pilot, lambda: not list(runtime.settings.data_dir.glob("compose/*/body*")))


@pytest.mark.long
async def test_the_mail_is_shown_in_a_browser_or_it_is_said_where_it_is(
    runtime, still, tmp_path, monkeypatch
):
    logo = MailAttachment("logo.png", "image/png", b"PNG")
    body = "<p>Grüezi {{ unsubscribe_url }}</p>\n\n![Logo](cid:logo.png)"
    runtime.campaigns.save(
        CampaignFields(name="news", from_address="shop@example.com", lists=("newsletter",)),
        MessageSource("Hello", body, attachments=(logo,)),
        now=time.time(),
        next_due_at=None,
    )
    opened = []
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        await until(pilot, lambda: app.screen.drawn.checked.mail is not None)
        await press(pilot, "@escape", "w")
        await until(pilot, lambda: any("Open it in a browser" in text for text in toasts(app)))
        (page,) = runtime.settings.data_dir.glob("compose/*/mail.html")
        assert app.clipboard == str(page)
        assert "Grüezi" in page.read_bytes().decode("utf-8-sig")
        assert b"data:image/png;base64,UE5H" in page.read_bytes()  # what is attached is shown
        assert stat.S_IMODE(os.stat(page).st_mode) == 0o600
        monkeypatch.setenv("DISPLAY", ":0")
        monkeypatch.setattr(app, "open_url", opened.append)
        await press(pilot, "w")
        await until(pilot, lambda: opened == [page.as_uri()])
    assert not page.exists()
    assert list((runtime.settings.data_dir / "compose").iterdir()) == []


HOSTILE = "[bold]x[/bold] [/] \x1b[31m\u202eabc 日本語 e\u0301\u0302 " + "z" * 10_000


@pytest.mark.long
async def test_hostile_text_is_shown_as_typed_and_breaks_nothing(runtime, still, monkeypatch):
    monkeypatch.setenv("PATH", "")  # pictures have tests of their own
    add_people(runtime, people=[("eve", HOSTILE)])
    add_news(runtime, HOSTILE, body=f"{HOSTILE}\n\n{{{{ first_name }}}} {HOSTILE}")
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        app.screen.load(HOSTILE)
        await until(pilot, lambda: any("control character" in text for text in found(app)))
        assert not app.screen.unsaved
        for size in ((80, 24), (120, 40), (200, 50)):
            await pilot.resize_terminal(*size)
            if app.screen.typing:
                await press(pilot, "@escape")
            for key in (*"vvvvvvvvv", "d", "m"):
                await press(pilot, key)
                text = shown(app)
                assert "\x1b" not in text
                assert "\u202e" not in text
            assert "[bold]x[/bold] [/]" in text


@pytest.mark.long
@pytest.mark.ci
async def test_a_busy_database_is_said_and_asked_again(runtime, still, monkeypatch):
    add_people(runtime)

    def busy(self):
        raise StorageBusyError("The database is locked by another program.")

    with monkeypatch.context() as patched:
        patched.setattr(Contacts, "lists", busy)
        async with running(runtime, place="compose") as (app, pilot):
            await until(pilot, lambda: "locked by another program. Trying again." in shown(app))
            patched.undo()
            await until(pilot, lambda: "locked" not in shown(app) and found(app))


@pytest.mark.long
async def test_help_and_palette_offer_every_action_while_one_types(runtime, still):
    add_people(runtime)
    add_news(runtime, body="Hi")
    async with running(runtime, place="compose", size=(120, 100)) as (app, pilot):
        await load(
            app, pilot, lambda: app.screen.typing and app.screen.drawn.checked.mail is not None
        )
        offered = {
            binding.description
            for _, binding, _, tooltip in app.screen.active_bindings.values()
            if tooltip
        }
        assert {
            "Save",
            "View",
            "Next",
            "Previous contact",
            "Find contact",
            "Next problem",
        } <= offered
        assert {"Editor", "Test", "Message", "Plain text", "Details", "Attach"} <= offered
        assert {"Browser", "Open", "New", "Save as file", "Copy"} <= offered
        await press(pilot, "@f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await until(pilot, lambda: "Next problem: go to the next" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_esc_leads_from_the_field_to_the_letters_and_out(runtime, still):
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        await press(pilot, "@i", "1", "q")
        assert app.screen.form.draft.name == "1q"
        await press(pilot, "@escape", "@enter", "x", "@escape")
        assert app.screen.form.draft.name == "1qx"
        await press(pilot, "1")
        await until(pilot, lambda: not isinstance(app.screen, ComposeScreen))
        await press(pilot, "4")
        await until(pilot, lambda: "1qx" in shown(app))
        await press(pilot, "@escape")
        await until(pilot, lambda: not isinstance(app.screen, ComposeScreen))
