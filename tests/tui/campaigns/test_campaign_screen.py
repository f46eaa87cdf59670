import asyncio
import json
import time
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from sestui.core.delivery.states import DeliveryState
from sestui.errors import StorageBusyError
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.follow_up import FollowUpScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.compose.compose_screen import ComposeScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.pick import PickScreen
from tests.support.finished_runs import HOSTILE, STATES, sent, settle
from tests.support.screens import add_campaign, running, shown, toasts, until


async def opened(app, pilot, name="news"):
    """The campaign's screen, gone to from the list."""
    await until(pilot, lambda: name in shown(app))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, CampaignScreen) and app.screen.begun)
    return app.screen


async def confirm(app, pilot):
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
    await pilot.press("tab", "enter")


def rows(screen):
    return screen.panel.table.count


async def test_a_campaign_that_was_never_sent_says_what_to_do(runtime, still):
    add_campaign(runtime, schedule="0 9 1 * *", timezone="Europe/Paris", max_rate=5)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        text = shown(app)
        for said in ("Hello", "shop@example.com", "all (20 contacts)", "0 9 1 * *", "5/s", "draft"):
            assert said in text
        assert "Never sent" in text
        assert "forecast not known yet" in text
        assert "→" not in text.splitlines()[-1]
        await pilot.press("escape")
        assert isinstance(app.screen, CampaignsScreen)


@pytest.mark.long
async def test_what_would_happen_now_is_told_before_the_start(runtime):
    add_campaign(runtime, max_rate=10)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await until(
            pilot, lambda: "if started now up to 20 recipients at 10.0/s, ends " in shown(app)
        )
        await pilot.press("s")
        await confirm(app, pilot)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignScreen) and rows(app.screen))
        await until(pilot, lambda: "finished" in shown(app) and "20 of 20" in shown(app))
        assert rows(app.screen) == 20


@pytest.mark.long
@pytest.mark.ci
async def test_a_campaign_by_local_time_shows_its_hours_before_and_while_it_waits(runtime):
    hour = datetime.fromtimestamp(runtime.clock.now() + 7_200, UTC)
    add_campaign(runtime, local_time=f"{hour:%H}:30 local", timezone="UTC")
    hours = f"{hour:%H}:30 local  {hour:%a %H}:00 █ {hour:%a %H}:00, most {hour:%a %H}:00 (20)"
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await until(pilot, lambda: "if started now" in shown(app) and hours in shown(app))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert hours in shown(app)
        await confirm(app, pilot)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "waiting" in shown(app) and hours in shown(app))
        assert "of each recipient's own time; that comes next" in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_run_that_goes_on_is_followed_paused_and_cancelled(runtime):
    add_campaign(runtime, contacts=600, max_rate=6)
    runtime.starter.start(runtime.campaigns.get("news"), time.time())
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: " of 600   ends " in shown(app))
        await until(pilot, lambda: rows(screen) and screen.panel.selected is not None)
        newest = screen.panel.selected.delivery.id
        await until(pilot, lambda: screen.panel.selected.delivery.id > newest)
        await pilot.press("p")
        await until(pilot, lambda: "You paused this run." in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: runtime.overview.campaign("news").run.state == "sending")
        await until(pilot, lambda: "Paused" not in shown(app))
        await pilot.press("x")
        await confirm(app, pilot)
        await until(pilot, lambda: runtime.overview.campaign("news").run.state == "cancelled")
        await until(pilot, lambda: "cancelled" in shown(app))


@pytest.mark.long
async def test_deliveries_are_narrowed_by_state_and_address(runtime, still):
    sent(runtime)
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: "accepted 8" in shown(app) and rows(screen) == 20)
        expected = {"all": 20, "accepted": 8, "rejected": 4, "in doubt": 4, "skipped": 4}
        for label, count in {**expected, "pending": 0, "done": 20}.items():
            await pilot.press("right")
            await until(pilot, lambda count=count: rows(screen) == count)
            assert screen.panel.bar.choice.label == label
            if label == "pending":
                assert "No deliveries here are pending; → shows the next state." in shown(app)
        await pilot.press("h")
        await until(pilot, lambda: rows(screen) == 0)
        await pilot.press("l", "slash", *"ALL1")
        await until(pilot, lambda: "11 found" in shown(app) and rows(screen) == 11)
        await pilot.press(*"9@")
        await until(pilot, lambda: "1 found" in shown(app) and rows(screen) == 1)
        await pilot.press("enter")
        assert screen.panel.table.has_focus
        assert screen.panel.selected.delivery.email == "all19@example.com"
        await pilot.press("slash", *"zz")
        await until(pilot, lambda: "with zz in the address." in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: rows(screen) == 20)
        await pilot.press("escape")
        assert isinstance(app.screen, CampaignsScreen)


@pytest.mark.long
@pytest.mark.ci
async def test_what_is_in_doubt_is_taken_for_sent(runtime, still):
    run_id = sent(runtime)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        assert "4 recipients in doubt" in shown(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Treat 4 recipients of run 1 of news as sent?" in shown(app)
        await pilot.press("enter")  # the way out has the focus
        await until(pilot, lambda: isinstance(app.screen, CampaignScreen))
        assert runtime.overview.run(run_id).counts.in_doubt == 4
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await pilot.press("down", "enter")
        await confirm(app, pilot)
        await until(pilot, lambda: "4 recipients treated as sent." in toasts(app))
        await until(pilot, lambda: "in doubt 0" in shown(app))
    counts = runtime.overview.run(run_id).counts
    assert (counts.accepted, counts.in_doubt) == (12, 0)


@pytest.mark.long
@pytest.mark.ci
async def test_one_recipient_in_doubt_is_sent_to_again(runtime, still):
    run_id = sent(runtime)
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("tab", *["right"] * 4)
        await until(pilot, lambda: rows(screen) == 4)
        await pilot.press("down")
        await until(pilot, lambda: screen.panel.selected is not None)
        chosen = screen.panel.selected.delivery.email
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await pilot.press("down", "j", "down", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        text = " ".join(shown(app).split())
        assert f"Send run 1 of news again to {chosen}?" in text
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "1 recipient to be sent again." in toasts(app))
        await until(pilot, lambda: rows(screen) == 3)
    view = runtime.overview.run(run_id)
    assert (view.state, view.counts.pending, view.counts.in_doubt) == ("sending", 1, 3)
    (pending,) = runtime.deliveries.of_run(run_id, state=DeliveryState.PENDING)
    assert pending.email == chosen


@pytest.mark.long
@pytest.mark.ci
async def test_a_follow_up_names_its_number_and_is_sent(runtime):
    sent(runtime, states=("accepted", "rejected", "skipped", "accepted"))
    add_campaign(runtime, contacts=23)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, FollowUpScreen))
        await until(pilot, lambda: len(app.screen.sizes) == 3)
        await until(pilot, lambda: "5 recipients" in shown(app) and "13 recipients" in shown(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Send news to 13 recipients?" in shown(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "finished" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignScreen))
        await until(pilot, lambda: app.screen.chosen.number == 2)
    first, second = runtime.overview.runs("news")[::-1]
    assert (second.counts.audience, second.counts.accepted) == (13, 13)
    assert first.counts.accepted == 10


@pytest.mark.long
@pytest.mark.ci
async def test_a_follow_up_for_nobody_cannot_be_chosen(runtime, still):
    sent(runtime, states=("accepted",))
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, FollowUpScreen))
        await until(pilot, lambda: len(app.screen.sizes) == 3)
        await pilot.press("enter", "j", "enter")
        assert isinstance(app.screen, FollowUpScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignScreen))


@pytest.mark.long
@pytest.mark.ci
async def test_past_runs_are_looked_through_and_opened(runtime, still):
    sent(runtime)
    campaign = runtime.campaigns.get("news")
    test = runtime.starter.start_test(campaign, ["me@example.org"], time.time())
    settle(runtime, test.id, ("accepted",))
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: rows(screen) == 1 and "me@example.org" in shown(app))
        assert "test" in shown(app)
        await pilot.press("j")
        await until(pilot, lambda: rows(screen) == 20)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.run_id == screen.chosen.id
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert screen.chosen.number == 1


@pytest.mark.long
async def test_a_test_mail_is_sent_from_here(runtime):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("t")
        await pilot.press(*"me@example.org", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "finished" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "me@example.org" in shown(app))
    (run,) = runtime.overview.runs("news")
    assert (run.kind, run.counts.accepted) == ("test", 1)


@pytest.mark.long
@pytest.mark.ci
async def test_a_campaign_is_written_on_and_another_is_begun(runtime, still):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        await until(pilot, lambda: app.screen.form.draft.name == "news")
        await pilot.press("escape", "2")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        await until(pilot, lambda: app.screen.form.draft.name == "")


@pytest.mark.long
@pytest.mark.ci
async def test_addresses_and_names_are_copied(runtime, still):
    sent(runtime)
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("y")
        assert app.clipboard == "news"
        await pilot.press("tab")
        await until(pilot, lambda: screen.panel.selected is not None)
        await pilot.press("y")
        assert app.clipboard == "all19@example.com"
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await until(pilot, lambda: "all19@example.com" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_what_is_shown_is_exported(runtime, still, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent(runtime)
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("tab", "right", "right", "right")
        await until(pilot, lambda: rows(screen) == 4)
        await pilot.press("E")
        await until(pilot, lambda: "Export 4 deliveries" in shown(app))
        assert "Rejected, run 1 of news." in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: any("4 deliveries written to" in text for text in toasts(app)))
    (file,) = tmp_path.glob("deliveries-news-rejected-*.csv")
    lines = file.read_text().splitlines()
    assert len(lines) == 5
    assert all(",rejected," in line for line in lines[1:])


@pytest.mark.long
async def test_hostile_text_shows_as_typed_and_breaks_nothing(runtime, still):
    for number, name in enumerate(HOSTILE):
        run_id = sent(runtime, name, contacts=3, audience=f"list{number}", states=("rejected",))
        with runtime.database.write_connection() as connection:
            connection.exec_driver_sql(
                "UPDATE campaign SET from_address = ?, lists = ? WHERE name = ?",
                (name, json.dumps([name]), name),
            )
            connection.exec_driver_sql(
                "UPDATE delivery SET email = ?, reason = ? WHERE run_id = ?",
                (f"{name}@example.com", name, run_id),
            )
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: "zzz" in shown(app))
        for _ in HOSTILE:
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, CampaignScreen))
            await until(pilot, lambda: "rejected" in shown(app) and app.screen.panel.selected)
            for size in ((120, 40), (200, 50), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert app.screen.max_scroll_x == app.screen.max_scroll_y == 0
                assert all(cell_len(line) <= size[0] for line in shown(app).splitlines())
                assert "\x1b" not in shown(app)
                assert "\u202e" not in shown(app)
            if app.screen.campaign_name.startswith("["):
                assert "[bold red]x[/] [/]@example.com" in shown(app)
            await pilot.press("escape", "j")


@pytest.mark.long
@pytest.mark.parametrize("live", [True, False])
async def test_every_size_holds_the_campaign(runtime, still, live):
    run_id = sent(runtime, contacts=60)
    for number in range(6):
        test = runtime.starter.start_test(
            runtime.campaigns.get("news"), [f"{number}@example.org"], time.time()
        )
        settle(runtime, test.id, ("accepted",))
    if live:
        settle(runtime, run_id, (*STATES, "pending"), ended="sending")
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        for size in ((80, 24), (120, 40), (200, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: "6@" in shown(app) or "5@example.org" in shown(app))
            assert screen.max_scroll_x == screen.max_scroll_y == 0
            assert screen.panel.table.size.height >= 5
            assert "shop@example.com" in shown(app)
            assert ("of 60" in shown(app)) == live
            assert "done" in shown(app)


@pytest.mark.long
async def test_a_busy_database_is_told_of_until_it_answers(runtime, still, monkeypatch):
    sent(runtime)
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: rows(screen) == 20)

        def locked(*_args):
            raise StorageBusyError("The database is locked by another program.")

        with monkeypatch.context() as broken:
            broken.setattr(screen.campaigns, "snapshot", locked)
            screen.reload()
            await until(pilot, lambda: "locked by another program. Trying again." in shown(app))
        await until(pilot, lambda: "Trying again" not in shown(app))
        with monkeypatch.context() as broken:
            broken.setattr(runtime.delivery_pages, "page", locked)
            await pilot.press("right")
            await until(pilot, lambda: "locked by another program. Trying again." in shown(app))
        await until(pilot, lambda: "Trying again" not in shown(app) and rows(screen) == 20)


@pytest.mark.long
@pytest.mark.ci
async def test_a_newer_search_leaves_the_older_one_behind(runtime, still, monkeypatch):
    sent(runtime, contacts=40)
    monkeypatch.setattr("sestui.store.ledger.pages._STEP", 1)
    async with running(runtime) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: rows(screen) == 40)
        searches = []
        begin = runtime.delivery_pages.search
        monkeypatch.setattr(
            runtime.delivery_pages,
            "search",
            lambda wanted: searches.append(begin(wanted)) or searches[-1],
        )
        await pilot.press("slash", *"all3")
        await until(pilot, lambda: "11 found" in shown(app) and rows(screen) == 11)
        assert len(searches) == 4
        assert searches[-1].done
        given_up = [search.share for search in searches[:-1] if not search.done]
        await asyncio.sleep(0.1)
        assert [search.share for search in searches[:-1] if not search.done] == given_up
