"""A whole run by its recipients' own clocks, on the simulator, and what is told of it before."""

from datetime import datetime

import pytest
from sqlmodel import col, update

from sestui.core.content.lint.findings import Severity
from sestui.core.delivery.states import UNMADE, PauseReason, RunState, WaitReason
from sestui.core.schedule.cron import occurrence_at
from sestui.core.schedule.recipient_zones import ZoneSource
from sestui.store.db.tables import Contact
from sestui.store.tasks.due_check import surely_nothing_due
from sestui.tasks.run_due import RunDue
from tests.support.clocks import ShiftedClock
from tests.support.seeding import add_contacts, make_campaign, rows_of
from tests.support.workspaces import counts, once, sent, until

HOUR = 3_600.0
PEOPLE = {
    "paris@example.com": {"timezone": "Europe/Paris"},
    "unknown@example.com": {"timezone": "Narnia"},
    "york@example.com": {"country": "US"},
    "auckland@example.com": {"timezone": "pacific/auckland", "country": "US"},
    "nepal@example.com": {"timezone": "+05:45"},
}
NINE_IN_PARIS = datetime.fromisoformat("2026-11-28T09:00+01:00").timestamp()


def people(runtime):
    for email, attributes in PEOPLE.items():
        add_contacts(runtime.database, [email], attributes=attributes)


@pytest.mark.long
@pytest.mark.ci
def test_everybody_gets_it_at_nine_once_whatever_is_off_meanwhile(world):
    w, clock = world(timezone="UTC", simulator_latency=0), ShiftedClock()
    clock.set(NINE_IN_PARIS - HOUR)
    runtime = w.runtime(clock)
    people(runtime)
    campaign = make_campaign(
        runtime.database, timezone="Europe/Paris", local_time="09:00 local", start_at=NINE_IN_PARIS
    )
    first = occurrence_at("", "Europe/Paris", NINE_IN_PARIS)
    runtime.campaigns.set_next(campaign.id, first)
    file = runtime.settings.sqlite_file

    # A little late for the start, as cron is: nine o'clock was the start itself.
    clock.set(NINE_IN_PARIS + 20)
    [run_id] = runtime.campaign_scheduler.start_campaigns().run_ids
    sent(runtime)
    assert w.outbox() == once(["paris@example.com", "unknown@example.com"])
    run = runtime.runs.get(run_id)
    assert (run.state, run.reason) == (RunState.WAITING, WaitReason.LOCAL_TIME)
    assert run.resume_at == NINE_IN_PARIS + 6 * HOUR
    assert run.detail == (
        "It is sent at 09:00 of each recipient's own time; that comes next at 14:00."
    )
    assert surely_nothing_due(file, clock.now())
    assert RunDue(runtime, seconds=5).run().runs[0].state == RunState.WAITING

    # Paused and resumed by another process, New York's nine o'clock has come.
    runtime.run_control.pause_run(run_id)
    other = w.runtime(clock)
    other.run_control.resume_run(run_id)
    clock.set(NINE_IN_PARIS + 6 * HOUR + 5)
    RunDue(other, seconds=20).run()
    assert "york@example.com" in w.outbox()
    assert len(w.outbox()) == 3

    # Off until both others have had their time: they get it at once.
    clock.set(NINE_IN_PARIS + 30 * HOUR)
    assert not surely_nothing_due(file, clock.now())
    sent(runtime)
    assert w.outbox() == once(list(PEOPLE))
    assert counts(runtime, run).accepted == len(PEOPLE)
    assert runtime.runs.get(run_id).state == RunState.FINISHED


@pytest.mark.long
@pytest.mark.ci
def test_a_mail_that_cannot_be_made_holds_nobody_whose_time_is_to_come(world):
    w, clock = world(timezone="UTC", simulator_latency=0), ShiftedClock()
    clock.set(NINE_IN_PARIS - 5)
    runtime = w.runtime(clock)
    for email, zone in (("now@example.com", "Europe/Paris"), ("later@example.com", "-05:00")):
        add_contacts(runtime.database, [email], attributes={"timezone": zone, "name": "Ada"})
    campaign = make_campaign(
        runtime.database,
        body="Hi {{ name }} [off]({{ unsubscribe_url }})",
        timezone="Europe/Paris",
        local_time="09:00 local",
    )
    run = runtime.starter.start(campaign, clock.now())
    with runtime.database.write() as session:
        nameless = update(Contact).where(col(Contact.email) == "now@example.com")
        session.exec(nameless.values(attributes={"timezone": "Europe/Paris"}))
    clock.set(NINE_IN_PARIS + 5)
    sender = runtime.sender()
    sender.start()
    until(lambda: any(row.code == UNMADE for row in rows_of(runtime.database, run.id)))
    sender.stop()
    assert sender.join(60)
    assert runtime.runs.get(run.id).state == RunState.SENDING
    clock.set(NINE_IN_PARIS + 6 * HOUR + 5)
    sent(runtime)
    assert w.outbox() == once(["later@example.com"])
    assert runtime.runs.get(run.id).reason == PauseReason.ERRORS


def test_a_check_says_whose_zone_is_not_known_and_what_the_window_holds_back(world):
    runtime = world(timezone="UTC").runtime()
    people(runtime)
    campaign = make_campaign(
        runtime.database,
        local_time="09:00 local",
        timezone="Europe/Paris",
        send_window="08:00-18:00",
    )
    findings = [each for each in runtime.starter.check(campaign).findings if each.where == "at"]
    assert {each.severity for each in findings} == {Severity.WARNING}
    assert [each.problem for each in findings] == [
        "1 recipient has a time zone or country that can't be read ('Narnia'); in all, 3 by their "
        "own time zone, 1 by their country, 1 by the campaign's time zone",
        # Auckland's nine is 21:00 in Paris, and Nepal's a quarter past four.
        "2 recipients have that time while the send window (08:00-18:00) is closed: they get the "
        "mail when it opens",
    ]


def test_the_forecast_has_the_hours_and_ends_with_the_last(world):
    clock = ShiftedClock()
    clock.set(NINE_IN_PARIS - HOUR)
    runtime = world(timezone="UTC").runtime(clock)
    people(runtime)
    make_campaign(runtime.database, local_time="09:00 local", timezone="Europe/Paris")
    runtime.account.poll()
    hours = runtime.forecasts.hours("news")
    assert [(f"{hour:%a %H:%M}", count) for hour, count in hours.by_hour()] == [
        ("Sat 09:00", 2),
        ("Sat 15:00", 1),
        ("Sat 21:00", 1),
        ("Sun 04:00", 1),
    ]
    assert hours.sources[ZoneSource.COUNTRY] == 1
    last = NINE_IN_PARIS + 19.25 * HOUR
    assert runtime.forecasts.of("news").ends_at == pytest.approx(last, abs=1)
    runtime.starter.start(runtime.campaigns.get("news"), clock.now())
    assert runtime.forecasts.hours("news").dues == hours.dues
    assert runtime.forecasts.of("news").ends_at == pytest.approx(last, abs=1)
