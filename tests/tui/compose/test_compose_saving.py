"""Opening, saving, testing and leaving: nothing is lost, and nothing starts, without a question."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sestui.compose.apply import Change
from sestui.compose.autosave import Autosave
from sestui.compose.files import load_campaign
from sestui.core.campaign.draft import Draft
from sestui.core.clock import SystemClock
from sestui.core.task.fields import TaskFields
from sestui.store.campaigns.campaigns import CampaignVersion
from sestui.tui.app.navigation.navigation import compose_campaign
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.compose.compose_screen import ComposeScreen
from sestui.tui.compose.open_campaign import OpenCampaignScreen
from sestui.tui.dialogs.ask_path import AskPathScreen
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import exact
from tests.support.compose import (
    BODY,
    add_news,
    add_people,
    answer,
    load,
    plan,
    press,
    ready,
    stored,
)
from tests.support.screens import running, shown, toasts, until

FAR = datetime(2099, 1, 1, 9, tzinfo=ZoneInfo("Europe/Paris")).timestamp()


def kept(runtime):
    """What is kept against crashes."""
    return list(runtime.settings.data_dir.glob("compose/*/draft.json"))


async def write_in(app, pilot, field, text):
    """Type at the end of a field."""
    app.screen.form.go_to(field, None)
    await press(pilot, "@end", text, "@escape")


@pytest.mark.long
async def test_a_draft_is_saved_while_checks_complain_but_not_what_no_campaign_can_hold(
    runtime, still
):
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        await write_in(app, pilot, "name", "november news")
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: any("can't be a campaign's name" in t for t in toasts(app)))
        assert app.focused.id == "field-name"
        await until(pilot, lambda: "→ takes november-news" in shown(app))
        await press(pilot, "@end", "@right")
        await until(pilot, lambda: app.focused.value == "november-news")
        await until(pilot, lambda: "→ takes" not in shown(app))
        await press(pilot, *["@backspace"] * 5, "@escape")
        await write_in(app, pilot, "priority", "high")
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: any("priority: must be a whole" in t for t in toasts(app)))
        assert (app.focused.id, app.screen.form.page) == ("field-priority", "details")
        await press(pilot, "@ctrl+u", "@escape", "m")
        await write_in(app, pilot, "body", "{% if %}")
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: "november" in runtime.campaigns.names())
        await until(pilot, lambda: not kept(runtime))
    fields, message = stored(runtime, "november")
    assert (fields.from_address, fields.lists, message.body) == ("", (), "{% if %}")
    assert runtime.overview.campaign("november").run is None


@pytest.mark.long
async def test_a_campaign_starts_by_itself_only_when_that_is_said(runtime, still):
    add_people(runtime)
    add_news(runtime, timezone="Europe/Paris")

    def due():
        return runtime.campaigns.get("news").next_due_at

    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        await write_in(app, pilot, "start", "2099-01-01T09:00")
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Schedule news for Thu 1 Jan 2099" in shown(app)
        at = exact(FAR, app.services.zone).removesuffix(":00")
        assert f"for {at}?" in " ".join(shown(app).split())
        assert "for 3 recipients as of now" in " ".join(shown(app).split())
        await press(pilot, "@escape")
        await until(pilot, lambda: any("Neither saved nor scheduled." in t for t in toasts(app)))
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        assert stored(runtime, "news")[0].start_at is None
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await press(pilot, "@shift+tab", "@shift+tab", "@enter")  # as a draft
        await until(pilot, lambda: stored(runtime, "news")[0].start_at == FAR)
        assert due() is None
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "⏎ Schedule it" in shown(app)
        await press(pilot, "@enter")  # one question is all
        await until(pilot, lambda: due() == FAR)
        await until(pilot, lambda: "starts 1 Jan 2099" in shown(app))
        await write_in(app, pilot, "subject", " again")
        await press(pilot, "@ctrl+s")  # the time is as it was: nothing to ask
        await until(pilot, lambda: stored(runtime, "news")[1].subject == "Hello again")
        assert due() == FAR
        await write_in(app, pilot, "subject", "{{")
        app.screen.form.go_to("start", None)
        await press(pilot, "@end", "@backspace", "1", "@escape", "@ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        wanted = "It can't be scheduled: subject: the template is broken"
        await until(pilot, lambda: wanted in shown(app))
        assert "Schedule it" not in shown(app)
        await answer(app, pilot, "Save as a draft")
        await until(pilot, lambda: due() is None)


@pytest.mark.long
@pytest.mark.ci
async def test_what_a_task_starts_gets_no_time_of_its_own(runtime, still):
    add_people(runtime)
    add_news(runtime, timezone="Europe/Paris")
    starts = TaskFields("weekly", "campaign", "0 9 * * 1", parameters={"campaign": "news"})
    runtime.tasks.add(starts)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        await write_in(app, pilot, "start", "2099-01-01T09:00")
        await press(pilot, "@ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        said = "It can't be scheduled: news is scheduled already, by the task"
        await until(pilot, lambda: said in shown(app))
        assert "Schedule it" not in shown(app)
        await answer(app, pilot, "Save as a draft")
        await until(pilot, lambda: stored(runtime, "news")[0].start_at == FAR)
    assert runtime.campaigns.get("news").next_due_at is None


@pytest.mark.long
async def test_another_name_is_a_rename_or_another_campaign(runtime, still):
    add_people(runtime)
    seen = add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        await write_in(app, pilot, "name", "-2")
        await press(pilot, "@ctrl+s")
        await answer(app, pilot, "Rename news to news-2")
        await until(pilot, lambda: runtime.campaigns.names() == ["news-2"])
        assert runtime.campaigns.get("news-2").id == seen.id
        await write_in(app, pilot, "name", "-b")
        await press(pilot, "@ctrl+s")
        await answer(app, pilot, "Save news-2-b as a new campaign")
        await until(pilot, lambda: runtime.campaigns.names() == ["news-2", "news-2-b"])
        await press(pilot, "N")
        await until(pilot, lambda: app.screen.opened_draft.seen is None)
        await write_in(app, pilot, "name", "news-2")
        await press(pilot, "@ctrl+s")
        await until(
            pilot, lambda: any("There is already a campaign news-2" in t for t in toasts(app))
        )
        assert app.screen.form.draft.from_address == "shop@example.com"  # as the last one's


@pytest.mark.long
@pytest.mark.parametrize(("choice", "subject"), [("Yours", "Hello mine"), ("Theirs", "Hello")])
async def test_a_change_by_somebody_else_is_asked_about(runtime, still, choice, subject):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        add_news(runtime, priority=9)
        app.screen.reload()
        await until(pilot, lambda: app.screen.form.draft.priority == "9")
        assert any("this is the current version" in text for text in toasts(app))
        await write_in(app, pilot, "subject", " mine")
        add_news(runtime, priority=1)
        app.screen.reload()
        await until(
            pilot, lambda: any("saving asks which version to keep" in text for text in toasts(app))
        )
        await press(pilot, "@ctrl+s")
        await answer(app, pilot, choice)
        await until(pilot, lambda: "not saved" not in shown(app))
        assert app.screen.form.draft.subject == subject
    fields, message = stored(runtime, "news")
    assert (message.subject, fields.priority) == (subject, 9 if choice == "Yours" else 1)


@pytest.mark.long
async def test_unsaved_changes_are_asked_about_before_anything_else_is_opened(runtime, still):
    add_people(runtime)
    for name in ("news", "december", "welcome"):
        add_news(runtime, name)
    async with running(runtime) as (app, pilot):
        await compose_campaign(app, "news")
        await until(pilot, lambda: app.screen.opened_draft.seen is not None)
        await write_in(app, pilot, "subject", " 1")
        await compose_campaign(app, "news")  # it is there already
        await press(pilot, "@escape", "O")
        await until(pilot, lambda: isinstance(app.screen, OpenCampaignScreen))
        await press(pilot, "DEC", "@enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        assert "news has changes that are not saved" in shown(app)
        await press(pilot, "@escape")
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        assert app.screen.form.draft.subject == "Hello 1"
        await press(pilot, "1")
        await compose_campaign(app, "december")
        await answer(app, pilot, "Save it")
        await until(pilot, lambda: app.screen.form.draft.name == "december")
        assert stored(runtime, "news")[1].subject == "Hello 1"
        await write_in(app, pilot, "subject", " 2")
        await compose_campaign(app, "")
        await answer(app, pilot, "Discard it")
        await until(pilot, lambda: app.screen.opened_draft.seen is None)
        assert stored(runtime, "december")[1].subject == "Hello"
        await until(pilot, lambda: not kept(runtime))


@pytest.mark.long
@pytest.mark.parametrize(
    ("choice", "left", "subject"),
    [("Save it", 0, "Hello 1"), ("Leave;", 1, "Hello"), ("Discard it", 0, "Hello")],
)
async def test_leaving_asks_about_unsaved_changes(runtime, still, choice, left, subject):
    add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        await write_in(app, pilot, "subject", " 1")
        await press(pilot, "1", "q")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        await press(pilot, "@escape")
        await until(pilot, lambda: not isinstance(app.screen, ChooseScreen))
        await press(pilot, "q")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        await answer(app, pilot, choice)
        await until(pilot, lambda: not app.is_running)
    assert len(kept(runtime)) == left
    assert stored(runtime, "news")[1].subject == subject


@pytest.mark.long
@pytest.mark.ci
async def test_what_a_crash_left_is_offered(runtime, still):
    seen = CampaignVersion.of(add_news(runtime))
    crashed = Autosave(runtime.settings.data_dir, SystemClock())
    crashed.keep(Draft("news", "Hello [bold]", body="typed", timezone="UTC"), seen)
    crashed.close()
    for choice in ("Go back", "Continue with it"):
        async with running(runtime, place="compose") as (app, pilot):
            await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
            assert "Unsaved text of news" in shown(app)
            assert "Subject: Hello [bold]" in shown(app)
            await answer(app, pilot, choice)
            await ready(app, pilot)
            assert len(kept(runtime)) == 1
            if choice == "Continue with it":
                assert "not saved" in shown(app)
                await press(pilot, "@ctrl+s")
                await until(pilot, lambda: stored(runtime, "news")[1].body == "typed")
                await until(pilot, lambda: not kept(runtime))
    assert runtime.campaigns.get("news").id == seen.id


@pytest.mark.long
@pytest.mark.ci
async def test_typing_is_kept_within_seconds_whatever_ends_the_app(runtime, still):
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        await write_in(app, pilot, "body", "half a sentence")
        began = time.monotonic()
        await until(pilot, lambda: kept(runtime))
        assert time.monotonic() - began < 5
        await write_in(app, pilot, "body", ", and more")
        await app.leave()  # as on SIGTERM and SIGHUP: nobody is asked
    (draft,) = Autosave(runtime.settings.data_dir, SystemClock()).left()
    assert draft.draft.body == "half a sentence, and more"


@pytest.mark.long
async def test_a_test_mail_shows_what_is_on_the_screen(runtime):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        await write_in(app, pilot, "subject", " {{ first_name }}")
        await ready(app, pilot)
        await press(pilot, "t")
        await until(pilot, lambda: "Test mail of news" in shown(app))
        assert "The draft is saved first." in shown(app)
        assert "ada@example.com; not counted as a run." in " ".join(shown(app).split())
        await press(pilot, "me@example.org", "@enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "finished" in shown(app))
        await press(pilot, "@escape")
        assert isinstance(app.screen, ComposeScreen)
        await press(pilot, "t")
        await until(pilot, lambda: "me@example.org" in shown(app))
    assert stored(runtime, "news")[1].subject == "Hello {{ first_name }}"
    (run,) = runtime.overview.runs("news")
    assert (run.kind, run.counts.accepted) == ("test", 1)


@pytest.mark.long
async def test_a_campaign_becomes_a_file_and_a_file_a_campaign(
    runtime, still, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    add_people(runtime)
    add_news(runtime, priority=7)
    path = tmp_path / "news.md"
    async with running(runtime, place="compose") as (app, pilot):
        await load(app, pilot, lambda: app.screen.opened_draft.seen is not None)
        await press(pilot, "@escape")
        for number in (1, 2):
            await press(pilot, "E")
            await until(pilot, lambda: isinstance(app.screen, AskPathScreen))
            await press(pilot, "@enter")
            if number == 2:
                await answer(app, pilot, "Overwrite it")
            else:
                await until(pilot, path.exists)
                path.write_text("mine")
            await until(pilot, lambda n=number: len(toasts(app)) == n)
        planned = plan(runtime.campaigns, load_campaign(path), time.time())
        assert planned.change is Change.UNCHANGED
        path.with_name("shop.html").write_text("<p>Shop</p>{{ content }}")
        more = "name: b\nlayout: shop\nto_name: Bo\nheaders: {X-A: b}"
        path.write_text(path.read_text().replace("Hello", "Bye").replace("name: news", more))
        await press(pilot, "O")
        await until(pilot, lambda: isinstance(app.screen, OpenCampaignScreen))
        await press(pilot, "./ne", "@tab", "@enter")
        await until(pilot, lambda: app.screen.form.draft.name == "b")
        await until(pilot, lambda: "not saved" in shown(app))
        await press(pilot, "@escape", "@ctrl+s")
        await until(pilot, lambda: "b" in runtime.campaigns.names())
        await press(pilot, "O")
        await until(pilot, lambda: isinstance(app.screen, OpenCampaignScreen))
        await press(pilot, "./none.md", "@enter")
        await until(pilot, lambda: any("There is no file" in text for text in toasts(app)))
    fields, message = stored(runtime, "b")
    assert (fields.priority, message.subject, message.body) == (7, "Bye", BODY)
    assert (message.layout, message.layout_name) == ("<p>Shop</p>{{ content }}", "shop.html")
    assert (message.to_name, message.headers) == ("Bo", (("X-A", "b"),))


@pytest.mark.long
@pytest.mark.ci
async def test_details_say_when_the_campaign_starts_by_itself(runtime, still):
    async with running(runtime, place="compose", size=(110, 45)) as (app, pilot):
        await ready(app, pilot)
        form = app.screen.form
        form.page = "details"
        await until(pilot, lambda: "Not scheduled; you start it yourself" in shown(app))
        form.query_one("#field-schedule").value = "30 2 28 3 * 2027"
        form.query_one("#field-timezone").value = "Europe/Paris"
        await until(pilot, lambda: "the clocks skip 02:30 that day" in shown(app))
        form.query_one("#field-schedule").value = "30 25 * * *"
        await until(pilot, lambda: "schedule: " in shown(app))
        form.query_one("#field-schedule").value = ""
        form.query_one("#field-start").value = "2031-12-01T09:00"
        await until(pilot, lambda: "next  Mon 1 Dec 2031 09:00 CET" in shown(app))
