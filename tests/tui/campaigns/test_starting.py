"""From "start" to a run: everybody's mail is checked first, and what can't be started is a page."""

import csv
import threading
import time

import pytest
from sqlmodel import update
from textual.widgets import Input, Static

from sestui.core.campaign.follow_up import Only
from sestui.core.schedule.cron import Occurrence
from sestui.runtime import Runtime
from sestui.store.contacts.contacts import NewContact
from sestui.store.db.tables import Delivery, Run
from sestui.tui.campaigns.campaign_table import CampaignTable
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.cannot_start import CannotStartScreen
from sestui.tui.campaigns.check_dialog import CheckScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.compose.compose_screen import ComposeScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.dialogs.ask_path import AskPathScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.compose import add_news, add_people
from tests.support.screens import add_campaign, fits, running, shown, toasts, until

OFF = "[off]({{ unsubscribe_url }})"
NAMED = f"Hi {{{{ first_name }}}} {OFF}"
"""A body that needs a name."""


def listed(app):
    return app.screen.query_one(CampaignTable).row_count


def people(app):
    """The addresses on the page."""
    table = app.screen.people
    return [] if not table.count else [each.email for each in table._source.page(0, table.count)]


async def begin(app, pilot, screen):
    """Say "start" of the only campaign, and wait for the screen."""
    await until(pilot, lambda: listed(app) == 1)
    await pilot.press("s")
    await until(pilot, lambda: isinstance(app.screen, screen))
    await pilot.pause()


def finished(runtime):
    view = runtime.overview.campaign("news")
    return view.run is not None and view.run.state == "finished"


async def test_a_start_can_be_put_off_to_a_set_time(runtime, still):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, ConfirmScreen)
        await pilot.press("left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        await until(pilot, lambda: app.focused is not None and app.focused.id == "field-start")
    assert runtime.overview.campaign("news").run is None


@pytest.mark.long
@pytest.mark.ci
async def test_the_question_says_how_many_have_had_enough(runtime, still):
    add_people(runtime)
    earlier = add_news(runtime, name="earlier")
    run = runtime.starter.start(earlier, runtime.clock.now())
    sent = update(Delivery).where(Delivery.run_id == run.id)
    with runtime.database.write() as session:
        session.exec(sent.values(state="accepted", claimed_at=runtime.clock.now()))
        ended = {"state": "finished", "pending": 0, "accepted": 3}
        session.exec(update(Run).where(Run.id == run.id).values(**ended))
    runtime.campaign_upkeep.archive("earlier", runtime.clock.now())
    add_news(runtime, at_most="1 per day", holdout="5%")
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, ConfirmScreen)
        assert "3 recipients have already been sent" in shown(app)
        assert "5% of the recipients, chosen at random" in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_who_cannot_be_mailed_is_a_page_before_any_number_is_asked_for(runtime, still):
    add_people(runtime)
    add_news(runtime, body=NAMED)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        await until(pilot, lambda: people(app) == ["bob@example.com"])
        text = shown(app)
        assert "news can't be started: the mail of 1 of 3 recipients can't be rendered" in text
        assert "first_name has no value" in text
        assert "send to the other 2" in text
        assert "news › can't start" in text.splitlines()[0]
        fits(app.screen, (80, 24))
        assert not toasts(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
    assert runtime.overview.campaign("news").run is None


@pytest.mark.long
@pytest.mark.ci
async def test_the_others_get_it_and_who_is_skipped_keeps_the_reason(runtime):
    add_people(runtime)
    add_news(runtime, body=NAMED)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Send news to 2 recipients?" in shown(app)
        assert "1 recipient will be skipped with the reason" in shown(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: finished(runtime))
        await pilot.press("escape")
        assert isinstance(app.screen, CampaignsScreen), "the page is gone with what it was for"
    run = runtime.overview.campaign("news").run
    assert (run.counts.accepted, run.counts.skipped, run.counts.audience) == (2, 1, 3)
    (row,) = [row for row in runtime.deliveries.of_run(run.id) if row.state == "skipped"]
    assert (row.email, row.code) == ("bob@example.com", "unrenderable")
    assert "first_name has no value" in row.reason


@pytest.mark.long
@pytest.mark.ci
async def test_reasons_are_grouped_with_counts_and_each_lists_its_own(runtime, still):
    rows = [(f"a{n}", "") for n in range(150)] + [(f"b{n}", "Bea") for n in range(3)]
    add_people(runtime, people=rows)
    body = f"{{{{ first_name }}}} {{% if first_name == 'Bea' %}}{{{{ age }}}}{{% endif %}} {OFF}"
    runtime.contacts.add(
        [NewContact("ok@example.com", "ok@example.com", {"first_name": "Al", "age": "5"})],
        list_name="newsletter",
        now=time.time(),
    )
    add_news(runtime, body=body)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        page = app.screen
        await until(pilot, lambda: page.people.count == 150)
        counts = [each.count for each in page.reasons._source.rows]
        assert counts == [150, 3]
        page.reasons.focus()
        await pilot.press("j")
        await until(pilot, lambda: page.people.count == 3)
        assert people(app) == ["b0@example.com", "b1@example.com", "b2@example.com"]
        assert "age has no value" in str(page.query_one("#refusal-reason", Static).render())
        await pilot.press("k", "enter", "G")
        await until(pilot, lambda: page.people.selected is not None)
        assert page.people.cursor == 149


@pytest.mark.long
@pytest.mark.ci
async def test_a_contact_that_is_mended_from_the_page_is_mailed_too(runtime):
    add_people(runtime)
    add_news(runtime, body=NAMED)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        await until(pilot, lambda: people(app) == ["bob@example.com"])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await until(pilot, lambda: "bob@example.com" in shown(app))
        add_people(runtime, people=[("bob", "Bob")])
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CannotStartScreen))
        await pilot.press("s")  # of what the page says, part is not so any more
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Send news to 3 recipients?" in shown(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: finished(runtime))
    assert runtime.overview.campaign("news").run.counts.accepted == 3


@pytest.mark.long
@pytest.mark.ci
async def test_checking_again_finds_what_was_changed(runtime, still):
    add_people(runtime)
    add_news(runtime, body=NAMED)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        add_people(runtime, people=[("ada", "")])
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, CannotStartScreen))
        await until(pilot, lambda: people(app) == ["ada@example.com", "bob@example.com"])
        add_news(runtime, body=f"Hi {OFF}")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Send news to 3 recipients?" in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_the_list_is_saved_as_csv_without_formulas(runtime, still, tmp_path):
    add_people(runtime, people=[("bob", ""), ("cleo", "Cleo")])
    runtime.contacts.add(
        [NewContact("=cmd@example.com", "=cmd@example.com", {"first_name": ""})],
        list_name="newsletter",
        now=time.time(),
    )
    add_news(runtime, body=NAMED)
    out = tmp_path / "list.csv"
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        for again in (False, True):
            await pilot.press("E")
            await until(pilot, lambda: isinstance(app.screen, AskPathScreen))
            app.screen.query_one(Input).value = str(out)
            await pilot.press("enter")
            if again:
                await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
                assert "Overwrite" in shown(app)
                await pilot.press("tab", "enter")
            wanted = 2 if again else 1
            await until(
                pilot,
                lambda wanted=wanted: (
                    sum("2 recipients written" in each for each in toasts(app)) == wanted
                ),
            )
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["email"] for row in rows] == ["bob@example.com", "'=cmd@example.com"]
    assert all("first_name has no value" in row["reason"] for row in rows)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("fields", "body", "said", "field"),
    [
        ({"lists": ("nobody",)}, f"Hi {OFF}", "Nobody is on nobody", "lists"),
        ({"lists": ("gone",)}, f"Hi {OFF}", "There is no list 'gone'", "lists"),
        ({"segment": "adlts"}, f"Hi {OFF}", "There is no segment 'adlts'.", "segment"),
        ({"segment": "not valid()"}, f"Hi {OFF}", "is in the segment of news now", "segment"),
        ({}, f"Hi {{{{ first_name {OFF}", "body, line 1", "body"),
    ],
)
async def test_what_concerns_everybody_is_a_page_too(runtime, still, fields, body, said, field):
    add_people(runtime)
    runtime.contacts.add([], list_name="nobody", now=time.time())
    add_news(runtime, body=body, **fields)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        await until(pilot, lambda: said in shown(app))
        assert "Nothing has been sent." in shown(app)
        assert "s Send to others" not in shown(app)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        await until(pilot, lambda: app.screen.focused is not None)
        await until(pilot, lambda: app.screen.focused.id == f"field-{field}")  # mended there
    assert runtime.overview.campaign("news").run is None


@pytest.mark.long
@pytest.mark.ci
async def test_nobody_left_offers_no_others(runtime, still):
    add_people(runtime, people=[("bob", "")])
    add_news(runtime, body=NAMED)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        assert "Send to others" not in shown(app)
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, CannotStartScreen)


@pytest.mark.parametrize("suppressed", [False, True])
async def test_the_question_says_who_is_left_out_anyway(runtime, still, suppressed):
    add_people(runtime)
    add_news(runtime)
    if suppressed:
        runtime.suppressions.add("bob@example.com", "bounced", "", 0.0)
    else:
        with runtime.database.write_connection() as connection:
            connection.exec_driver_sql(
                "UPDATE contact SET status = 'unsubscribed' WHERE email = 'bob@example.com'"
            )
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, ConfirmScreen)
        assert "Send news to 2 recipients?" in shown(app)
        assert "1 of its contacts is unsubscribed, suppressed or invalid" in shown(app)


async def test_a_campaign_that_is_changed_behind_the_question_is_not_sent_unchecked(runtime, still):
    add_people(runtime)
    add_news(runtime)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, ConfirmScreen)
        add_news(runtime, body=NAMED)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, CannotStartScreen))
        await until(pilot, lambda: "has been changed since it was checked" in shown(app))
    assert runtime.overview.campaign("news").run is None


@pytest.mark.long
@pytest.mark.ci
async def test_a_long_check_shows_how_far_it_is_and_can_be_cancelled(runtime, still):
    add_campaign(runtime, contacts=3_000)
    half, go_on = threading.Event(), threading.Event()

    class Slow(type(runtime.audiences)):
        def batches(self, audience, batch=1000):
            for number, each in enumerate(super().batches(audience, batch)):
                if number == 2:
                    half.set()
                    go_on.wait(20)
                yield each

    runtime.checker._audiences = Slow(runtime.database, runtime.clock)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen) and half.is_set())
        await until(pilot, lambda: "67 %" in shown(app) and "2,000" in shown(app))
        assert "the mail of 3,000 recipients" in shown(app)
        job = app.screen.job
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        go_on.set()
        await until(pilot, lambda: job.last_words)
        assert "nothing has been sent" in job.last_words
        assert not app.services.jobs._under_way
    assert runtime.overview.campaign("news").run is None


@pytest.mark.long
@pytest.mark.ci
async def test_a_paused_run_that_cannot_go_on_is_the_same_page(runtime):
    add_people(runtime)
    add_news(runtime, body=NAMED, max_rate=1)
    campaign = runtime.campaigns.get("news")
    runtime.campaigns.set_next(campaign.id, Occurrence(time.time() - 1, ""))
    (run_id,) = runtime.campaign_scheduler.start_campaigns().run_ids
    assert runtime.runs.get(run_id).state == "paused"
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, CannotStartScreen))
        await until(pilot, lambda: "news can't be resumed" in shown(app))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        await until(pilot, lambda: finished(runtime))
    counts = runtime.runs.get(run_id)
    assert (counts.accepted, counts.skipped) == (2, 1)


@pytest.mark.long
@pytest.mark.ci
async def test_a_follow_up_is_checked_before_its_question(runtime, still):
    add_people(runtime, people=[("ada", "Ada")])
    add_news(runtime, body=NAMED)
    runtime.starter.start(runtime.campaigns.get("news"), time.time())
    runtime.run_control.cancel("news")
    add_people(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("f")
        await until(pilot, lambda: "3 recipients" in shown(app))
        at = list(Only).index(Only.UNRECEIVED)
        await pilot.press(*["down"] * at, "enter")
        await until(pilot, lambda: isinstance(app.screen, CannotStartScreen))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
    run = runtime.overview.campaign("news").run
    assert (run.number, run.counts.audience, run.counts.skipped) == (2, 3, 1)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_hostile_names_and_values_are_shown_as_typed(runtime: Runtime, still, size):
    name = "[bold red]\x1bx[/]"
    add_people(runtime, people=[("[b]bob\u202e", ""), ("cleo", "Cleo")])
    add_news(runtime, name, body=NAMED)
    async with running(runtime, size=size) as (app, pilot):
        await begin(app, pilot, CannotStartScreen)
        await until(pilot, lambda: app.screen.people.count == 1)
        await until(pilot, lambda: "[b]bob\\u202e@example.com" in shown(app))
        assert "[bold red]\\x1bx[/] can't be started" in shown(app)
        assert "\x1b" not in shown(app)
        fits(app.screen, size)


@pytest.mark.long
@pytest.mark.ci
async def test_of_a_large_audience_the_first_are_checked_before_the_number_is_asked_for(
    runtime, still, monkeypatch
):
    monkeypatch.setattr("sestui.compose.checks.LARGE", 3)
    monkeypatch.setattr("sestui.compose.checks.FIRST", 1)
    add_people(runtime)
    add_news(runtime, body=NAMED)
    async with running(runtime) as (app, pilot):
        await begin(app, pilot, ConfirmScreen)
        text = " ".join(shown(app).replace("│", " ").split())
        assert "Send news to 3 recipients?" in text
        assert "The mail of the first 1 has been checked, that of the others is while it" in text
        assert "the run pauses" in text
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "3 of the pending are yet to be checked" in shown(app))
