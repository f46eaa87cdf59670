"""What helps while one writes: completion, marks beside the text, and when it was saved."""

import time

import pytest
from textual.widgets import OptionList, TextArea

from sestui.store.contacts.contacts import NewContact
from sestui.tui.dialogs.pick import PickScreen
from sestui.tui.widgets.format import clock_time
from tests.support.compose import add_news, add_people, load, press, ready, stored
from tests.support.screens import running, shown, toasts, until


def gutter(app):
    """What stands between the numbers and the text of the body, by line."""
    area = app.screen.query_one("#field-body", TextArea)
    rows = [area.render_line(y).text for y in range(area.size.height)]
    width = area.gutter_width
    return {int(row[: width - 2]): row[width - 2] for row in rows if row[: width - 2].strip()}


@pytest.mark.long
@pytest.mark.ci
async def test_lines_with_findings_are_marked_beside_their_numbers(runtime, still):
    add_people(runtime)
    long = "word " * 40  # is folded: the mark stands on its first row only
    add_news(
        runtime, body=f"# Hi\n*|FNAME|* {long}\n\n{{{{ nobody }}}}\n\n{{{{ unsubscribe_url }}}}"
    )
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        await until(pilot, lambda: gutter(app).get(4) == "✗")
        assert gutter(app) == {1: " ", 2: "!", 3: " ", 4: "✗", 5: " ", 6: " "}
        await press(pilot, "@escape", "@exclamation_mark")
        area = app.screen.query_one("#field-body", TextArea)
        assert (app.focused, area.cursor_location) == (area, (3, 0))
        await until(pilot, lambda: "✗ nobody has no value" in shown(app))
        await press(pilot, "@end", *["@backspace"] * 12)
        await until(pilot, lambda: (gutter(app)[2], gutter(app)[4]) == ("!", " "))
        app.theme = "textual-light"
        await until(pilot, lambda: gutter(app)[2] == "!")


@pytest.mark.long
@pytest.mark.ci
async def test_the_head_says_when_it_was_saved_and_autosaved(runtime, still):
    saved = add_news(runtime, body="Hi")
    async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        since = f"saved {clock_time(saved.updated_at, runtime.settings.zone)}"
        await until(pilot, lambda: since in shown(app))
        await press(pilot, "@escape", "m", "@i")
        app.screen.form.go_to("body", 1)
        await press(pilot, "More ")
        await until(pilot, lambda: "not saved, only autosaved" in shown(app))
        assert since not in shown(app)
        (kept,) = runtime.settings.data_dir.glob("compose/*/draft.json")
        assert "More Hi" in kept.read_text()
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: "Saved news" in "".join(toasts(app)))
        now = runtime.campaigns.get("news").updated_at
        await until(pilot, lambda: f"saved {clock_time(now, runtime.settings.zone)}" in shown(app))
        assert "autosaved" not in shown(app)
    assert stored(runtime, "news")[1].body == "More Hi"


@pytest.mark.long
async def test_an_autosave_that_fails_is_not_called_one(runtime, still):
    add_news(runtime)
    (runtime.settings.data_dir / "compose").write_text("a file is in the way of the folder")
    async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
        await ready(app, pilot)
        await press(pilot, "@i", "x")
        await until(pilot, lambda: "not saved and can't be autosaved" in shown(app))
        assert any("What you type can't be autosaved" in text for text in toasts(app))
        (runtime.settings.data_dir / "compose").unlink()
        await press(pilot, "y")
        await until(pilot, lambda: "autosaved" in shown(app) and "can't" not in shown(app))


def offered(app):
    """The lines of the completion, if it is there."""
    options = app.screen.query_one("#completion", OptionList)
    return [str(each.prompt).split(maxsplit=1) for each in options.options if options.display]


@pytest.mark.long
@pytest.mark.ci
async def test_variables_are_completed_with_how_many_contacts_have_them(runtime, still):
    add_people(runtime)  # one of the three has no first name
    hostile = "[red]x[/red]\x1b\u202e"
    rows = [NewContact("eve@example.com", "eve@example.com", {hostile: "1", "plan": hostile})]
    runtime.contacts.add(rows, list_name="newsletter", now=time.time())
    add_news(runtime, body="", keywords={"season": "autumn"})
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        app.screen.form.go_to("body", 1)
        await press(pilot, *"Hi {{")
        await until(pilot, lambda: ["first_name", "2 of 4"] in offered(app))
        assert offered(app)[:3] == [
            ["first_name", "2 of 4"],
            ["plan", "1 of 4"],
            ["season", "a keyword of the campaign"],
        ]
        assert "Variables" in shown(app)
        assert "\x1b" not in shown(app)
        await press(pilot, "@down", "@down", "@up", "@up", "@enter", *"you")
        assert app.screen.form.draft.body == "Hi {{ first_name or 'you' }}"
        assert offered(app) == []
        await press(pilot, "@end", *" {{ now | da")
        await until(pilot, lambda: [each[0] for each in offered(app)][:1] == ["date"])
        await press(pilot, "@tab", "@enter")
        assert app.screen.form.draft.body == "Hi {{ first_name or 'you' }} {{ now | date }}\n"
        await press(pilot, *"{{ un")
        await until(pilot, lambda: [each[0] for each in offered(app)] == ["unsubscribe_url"])
        await press(pilot, "@escape", "s")
        assert offered(app) == []  # closed for this word, and one still writes
        assert app.screen.typing
        await press(pilot, "@escape")
        assert not app.screen.typing
        app.screen.form.go_to("subject", None)
        await press(pilot, "@end", *" {{ sea")
        await until(pilot, lambda: offered(app) != [])
        await press(pilot, "@enter")
        assert app.screen.form.draft.subject == "Hello {{ season }}"
        assert app.focused.id == "field-subject"
        await press(pilot, *" {{")
        await until(pilot, lambda: offered(app) != [])
        await pilot.click("#completion", offset=(3, 1))
        assert app.screen.form.draft.subject == "Hello {{ season }} {{ first_name or '' }}"
        assert app.focused.id == "field-subject"


@pytest.mark.long
async def test_the_completion_stands_at_the_cursor_and_hides_no_line_that_is_written(
    runtime, still
):
    add_people(runtime)
    add_news(runtime, body="\n" * 40 + "End")
    async with running(runtime, place="compose", size=(60, 16)) as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        for line in (1, 41):
            app.screen.form.go_to("body", line)
            await press(pilot, "@end", *" " * 40, *"{{")
            await until(pilot, lambda: offered(app) != [])
            listed = app.screen.query_one("#completion").region
            assert app.screen.region.contains_region(listed)
            assert not listed.contains_point(app.focused.cursor_screen_offset)
            await press(pilot, "@left")
            await until(pilot, lambda: offered(app) == [])
            await press(pilot, "@right", "@ctrl+u")
        app.screen.form.go_to("body", 41)
        await press(pilot, "@end", *"{{")
        await until(pilot, lambda: offered(app) != [])
        app.screen.form.go_to("name", None)
        await until(pilot, lambda: offered(app) == [])


@pytest.mark.long
@pytest.mark.ci
async def test_what_has_changed_since_the_last_run_is_a_view_of_the_preview(runtime, still):
    hostile = "<b>[red]x[/red]</b>\x1b[31m\u202e"
    body = "# Hi\n\nSame\nOld\n\n{{ unsubscribe_url }}"
    add_people(runtime)
    runtime.starter.start(add_news(runtime, body=body), time.time())
    add_news(runtime, "unsent")
    async with running(runtime, place="compose", size=(120, 40)) as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        await press(pilot, "@escape", *"vvvvvvv")
        await until(pilot, lambda: "@ Nothing has changed since run 1" in shown(app))
        app.screen.form.go_to("body", 4)
        await press(pilot, "@shift+end", f"New {hostile}")
        app.screen.form.go_to("subject", None)
        await press(pilot, "@end", *"!")
        await until(pilot, lambda: "- Hello" in shown(app) and "+ Hello!" in shown(app))
        view = app.screen.query_one("#preview-changes")
        lines = [view.render_line(y).text.strip() for y in range(13)]
        assert lines[:3] == ["@ Changed since run 1", "subject", "- Hello"]
        assert lines[3:9] == ["+ Hello!", "body", "@ line 2", "", "Same", "- Old"]
        assert lines[9].startswith("+ New <b>[red]x[/red]</b>")
        assert "\x1b" not in shown(app)
        removed, added = (next(iter(view.render_line(y))).style for y in (2, 3))
        assert removed.color != added.color
        app.screen.action_page("details")
        await press(pilot, "@escape")
        app.screen.saving.action_save()
        await until(pilot, lambda: "Saved news" in "".join(toasts(app)))
        app.screen.load("unsent")
        await until(pilot, lambda: "Nothing has been sent yet" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_snippets_are_inserted_at_the_cursor_the_workspaces_own_first(runtime, still):
    folder = runtime.settings.data_dir / "snippets"
    folder.mkdir()
    (folder / "[b]sig\x1b.md").write_text("Yours,\nAda [b]\n")
    (folder / "bad.md").write_bytes(b"\xff")
    add_news(runtime, body="Hi\n\nEnd")
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.typing)
        app.screen.form.go_to("body", 2)
        await press(pilot, "@alt+i")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await until(pilot, lambda: "[b]sig\\x1b.md" in shown(app))
        assert "it is not UTF-8" in shown(app)
        assert "\x1b" not in shown(app)
        await press(pilot, *"sig", "@enter")
        await until(pilot, lambda: app.screen.form.draft.body == "Hi\nYours,\nAda [b]\nEnd")
        await until(pilot, lambda: app.screen.typing)
        await press(pilot, "!")
        assert app.screen.form.draft.body == "Hi\nYours,\nAda [b]!\nEnd"
        await press(pilot, "@escape", "d", "I")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await press(pilot, *"unsub", "@enter")
        link = "[Unsubscribe]({{ unsubscribe_url }})"
        await until(pilot, lambda: link in app.screen.form.draft.body)
        await until(pilot, lambda: app.focused is not None and app.focused.id == "field-body")
        await press(pilot, "@ctrl+z")
        assert app.screen.form.draft.body == "Hi\nYours,\nAda [b]!\nEnd"
