"""What one look of each screen costs: one transaction, and a handful of statements however much
there is; and that all of it is of one moment."""

import time

import pytest

from sestui.core.delivery.states import RunKind, RunState
from sestui.core.relay.key import KeyFields
from sestui.core.task.fields import TaskFields
from sestui.runtime import Runtime
from sestui.store.contacts.imports import Imports
from sestui.store.db.tables import Delivery, Run
from sestui.store.relay.key_maker import KeyMaker
from sestui.tasks.agenda import read_agenda_now
from sestui.tui.account.relay_keys import RelayKeysScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.campaigns.service import CampaignService
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.home.service import HomeService
from sestui.tui.log.service import SINCES
from sestui.tui.schedule.task_log import TaskLogScreen
from tests.support.finished_runs import settle
from tests.support.screens import add_campaign, running, until
from tests.support.statements import counted

HOUR = 3_600.0
MOST_STATEMENTS = 8


@pytest.fixture
def live(open_runtime):
    """A workspace with some of everything in it; its runtime, and the id of a run that goes on."""
    runtime = open_runtime(simulator_quota=500)  # so that it crosses the quota
    runtime.account.poll()
    now = time.time()
    news = add_campaign(runtime, "news", contacts=300)
    other = add_campaign(runtime, "other", contacts=450, audience="others")
    add_campaign(runtime, "never", audience="others", schedule="0 9 1 * *")
    # Two runs that began before the last day and went on in it.
    for campaign in (news, other):
        run = runtime.runs.start(campaign, now - 30 * HOUR)
        settle(runtime, run.id, ["accepted", "accepted", "rejected", "skipped"])
        spread(runtime, run.id, now - 30 * HOUR, now - 20 * HOUR)
    runtime.runs.start_test(news, [("all1@example.com", None)], now)
    going = runtime.runs.start(news, now - HOUR, again=True)
    settle(runtime, going.id, ["accepted", "pending", "in_doubt"], ended="sending")
    spread(runtime, going.id, now - HOUR, now)
    note_course(runtime, going.id)
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE governor SET taken = taken + 390")
    for name in ("shop", "till", "desk"):
        KeyMaker(runtime.database, runtime.settings.data_dir, runtime.clock).add(KeyFields(name))
        relay(runtime, f"relay:{name}", [now - each * HOUR for each in (30, 20, 3, 2, 1)])
    runtime.suppressions.add("all1@example.com", "manual", "", now)
    Imports(runtime.database).add(
        file_name="a.csv", list_name="all", contacts=5, rejects=2, now=now
    )
    for name in ("clear", "again"):
        runtime.tasks.add(TaskFields(name, "purge", "0 3 * * *"))
    return runtime, going.id


def note_course(runtime, run_id):
    """Let something be known of how the run went."""
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql(
            "INSERT INTO answered_slice (run_id, at, accepted, rejected, in_doubt, throttled) "
            f"VALUES ({run_id}, {int(time.time()) - 60}, 5, 1, 1, 1)"
        )


def spread(runtime, run_id, first, last):
    """Let the run's mails be accepted evenly between two instants; it is at it until the last."""
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql(
            "UPDATE delivery SET sent_at = ? + (? - ?) * (id - (SELECT min(id) FROM delivery WHERE"
            " run_id = ?)) / 300.0 WHERE run_id = ? AND state = 'accepted'",
            (first, last, first, run_id, run_id),
        )
        connection.exec_driver_sql(
            "UPDATE run SET finished_at = CASE WHEN state = 'finished' THEN ? END WHERE id = ?",
            (last, run_id),
        )


def relay(runtime, campaign, queued_at):
    """Mails that wait in the run of a relay's key."""
    found = runtime.campaigns.find(campaign)
    with runtime.database.write() as session:
        run = Run(
            campaign_id=found.id,
            number=1,
            kind=RunKind.RELAY.value,
            message_id=found.message_id,
            from_address="shop@example.com",
            state=RunState.SENDING.value,
            created_at=queued_at[0],
            started_at=queued_at[0],
            pending=len(queued_at),
        )
        session.add(run)
        session.flush()
        session.add_all(
            Delivery(run_id=run.id, email=f"{number}@example.com", queued_at=at)
            for number, at in enumerate(queued_at)
        )


def dear(costs):
    return {
        name: effort
        for name, effort in costs.items()
        if effort.transactions > 1 or len(effort.statements) > MOST_STATEMENTS
    }


async def test_a_look_is_one_transaction_and_few_statements(live, still):
    runtime, run_id = live
    costs = {}
    async with running(runtime, place="home", size=(120, 50)) as (app, pilot):
        services = app.services
        services.account_open = True

        async def look(name, screen):
            await until(pilot, lambda: app.screen is screen and screen.is_mounted)
            await screen.read()
            with counted(runtime.database) as costs[name]:
                await screen.read()

        for key in "1235678":
            await pilot.press(key)
            await look(app.current_mode, app.screen)
            for since in SINCES if app.current_mode == "log" else ():
                await look(f"log, {since.label}", app.screen)
                await pilot.press("d")
        ended = [run.id for run in runtime.overview.runs("news") if run.state == "finished"]
        screens = {
            "campaign, going on": CampaignScreen(services, "news"),
            "campaign, ended": CampaignScreen(services, "other"),
            "campaign, never sent": CampaignScreen(services, "never"),
            "run, going on": RunScreen(services, run_id),
            "run, ended": RunScreen(services, ended[0]),
            "contact": ContactScreen(services, "all1@example.com"),
            "task log": TaskLogScreen(services, "clear"),
            "relay keys": RelayKeysScreen(services),
        }
        for name, screen in screens.items():
            app.push_screen(screen)
            await look(name, screen)
            if isinstance(screen, RunScreen):
                screen.action_deliveries()
                await look(f"{name}, deliveries", screen)
            app.pop_screen()
    assert len(costs) == 7 + len(SINCES) + len(screens) + 2
    assert dear(costs) == {}


def test_what_is_told_without_a_screen_is_one_transaction_too(live):
    runtime, run_id = live
    services = ScreenServices(runtime)
    services.account_open = True
    looks = {
        "a run's screen, first look": lambda: CampaignService(services).run(run_id),
        "campaign list": runtime.overview.campaigns,
        "campaign show": lambda: runtime.overview.campaign("news"),
        "its runs": lambda: runtime.overview.runs("news"),
        "a run": lambda: runtime.overview.run(run_id),
        "campaign forecast": lambda: runtime.forecasts.of("news"),
        "contact show": lambda: runtime.contact_records.of("all1@example.com"),
        "account": runtime.account_report,
        "task list": lambda: read_agenda_now(runtime.database, runtime.clock),
        "task show": lambda: runtime.tasks.get("clear"),
        "task log": lambda: runtime.tasks.log("clear"),
        "home, its mails counted anew": lambda: HomeService(runtime).snapshot(account_open=True),
        "palette": services.place_counts,
    }
    costs = {}
    for name, look in looks.items():
        with counted(runtime.database) as costs[name]:
            assert look() is not None
    assert dear(costs) == {}


def test_a_look_is_of_one_moment_whatever_happens_meanwhile(live):
    """Another process counts an answer before each statement of the look."""
    runtime, run_id = live
    services = ScreenServices(runtime)
    services.account_open = True
    campaigns = CampaignService(services)
    with Runtime.open(runtime.settings) as other:

        def answer():
            with other.database.write_connection() as connection:
                connection.exec_driver_sql(
                    f"UPDATE run SET accepted = accepted + 1, pending = pending - 1 "
                    f"WHERE id = {run_id}"
                )
                connection.exec_driver_sql("UPDATE governor SET taken = taken + 1")

        with counted(runtime.database, answer) as effort:
            snapshot = campaigns.snapshot("news")
        assert len(effort.statements) > 4
    (of_table,) = [run for run in snapshot.runs if run.id == run_id]
    assert snapshot.view.run.counts == snapshot.live.run.counts == of_table.counts
    assert snapshot.live.forecast.recipients == of_table.counts.pending
    assert runtime.overview.run(run_id).counts.accepted >= of_table.counts.accepted + 4
