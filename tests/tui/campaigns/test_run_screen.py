import json
import time
from dataclasses import replace

import pytest

from sestui.core.delivery.forecast import Forecast
from sestui.core.delivery.handover import AnswerKind
from sestui.core.delivery.pacing import Quota
from sestui.core.delivery.states import WaitReason
from sestui.sending.engine.report import AnswerLine
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.follow_up import FollowUpScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.campaigns.troubles import TroubleTable
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.pick import PickScreen
from tests.support.finished_runs import sent
from tests.support.screens import add_campaign, running, shown, toasts, until


def started(runtime, **fields):
    campaign = add_campaign(runtime, **fields)
    return runtime.starter.start(campaign, time.time()).id


@pytest.mark.long
@pytest.mark.ci
async def test_pause_resume_and_cancel(runtime):
    run_id = started(runtime, contacts=60, max_rate=6)
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "ends " in shown(app))
        assert " of 6.0" in shown(app)
        assert "your limit: 80 % of SES's 50,000 a day" in shown(app)
        await pilot.press("p")
        await until(pilot, lambda: "You paused this run." in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: runtime.overview.run(run_id).state == "sending")
        await until(pilot, lambda: "Paused" not in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: runtime.overview.run(run_id).state == "cancelled")
        await until(pilot, lambda: "cancelled" in shown(app) and " after " in shown(app))
        await pilot.press("escape")
        assert isinstance(app.screen, CampaignsScreen)
    counts = runtime.overview.run(run_id).counts
    assert (counts.audience, counts.pending) == (60, 0)


@pytest.mark.long
@pytest.mark.ci
async def test_a_run_that_another_process_sends(open_runtime, still):
    other, ours = open_runtime(), open_runtime()
    run_id = started(other, contacts=40, max_rate=40)
    async with running(ours, follow=run_id, size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "0 of 40" in shown(app))
        sender = other.sender()
        sender.start()
        await until(pilot, lambda: "finished" in shown(app) and "100 %" in shown(app))
        assert sender.join(10)
        await until(pilot, lambda: "40 accepted · last all39@example.com" in shown(app))


async def test_our_own_sender_is_heard_before_the_ledger_is_read(runtime, still):
    run_id = started(runtime, contacts=60)
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "0 of 60" in shown(app))
        refused = AnswerLine(0.0, run_id, "late@example.com", AnswerKind.REFUSED, "No: never")
        others = AnswerLine(0.0, run_id + 1, "other@example.com", AnswerKind.ACCEPTED, "id")
        app.screen.reported([refused, others])
        await until(pilot, lambda: "last rejected late@example.com  No: never" in shown(app))
        assert "other@" not in shown(app)


async def test_what_is_in_doubt_is_settled_here(runtime, still):
    run_id = started(runtime, contacts=3)
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET pending = 2, in_doubt = 1")
        connection.exec_driver_sql("UPDATE delivery SET state = 'in_doubt' WHERE id = 2")
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "1 recipient: press r to decide what happens." in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        assert "no record of" not in shown(app)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Send run 1 of news again to 1 recipient?" in shown(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: runtime.overview.run(run_id).counts.pending == 3)
        await until(pilot, lambda: "press r" not in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_ses_is_asked_here_and_what_it_has_no_record_of_is_offered(runtime, still):
    run_id = started(runtime, contacts=3)
    sent_at = time.time() - 2 * 86_400
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET pending = 0, in_doubt = 3, state = 'finished'")
        connection.exec_driver_sql(
            f"UPDATE delivery SET state = 'in_doubt', claimed_at = {sent_at}"
        )
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "r decides on 3 in doubt" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        assert "Ask SES" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "SES was asked about 3 recipients" in " ".join(toasts(app)), 60)
        await until(pilot, lambda: "3 unclear: SES's records show no mail" in shown(app))
        with runtime.database.write_connection() as connection:
            answers = {each: {"at": time.time(), "unclear": None} for each in (1, 2)}
            connection.exec_driver_sql(
                f"UPDATE shared_setting SET value = '{json.dumps(answers)}' "
                f"WHERE name = 'insights_asked:{run_id}'"
            )
        await until(pilot, lambda: "2 recipients without a record at SES, safe" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "Send run 1 of news to 2 recipients" in shown(app))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: runtime.overview.run(run_id).counts.pending == 2)
    assert runtime.overview.run(run_id).counts.in_doubt == 1


@pytest.mark.long
@pytest.mark.ci
async def test_a_run_of_another_account_is_resumed_only_after_a_question(runtime, still):
    run_id = started(runtime, contacts=3)
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET account = 'ses:eu-west-1', state = 'paused'")
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "0 of 3" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        why = "It was started for SES in eu-west-1, but mail goes to"
        await until(pilot, lambda: why in shown(app))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: runtime.overview.run(run_id).state == "sending")
    assert runtime.runs.get(run_id).account == "simulator"


@pytest.mark.long
@pytest.mark.ci
async def test_every_delivery_of_the_run_is_a_key_away(runtime):
    run_id = started(runtime, contacts=30)
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "finished" in shown(app))
        assert "/ Find" not in shown(app)
        await pilot.press("v")
        panel = app.screen.panel
        await until(pilot, lambda: panel.table.count == 30 and "accepted 30" in shown(app))
        await pilot.press("slash", *"all17", "enter")
        await until(pilot, lambda: panel.table.count == 1)
        await pilot.press("y")
        assert app.clipboard == "all17@example.com"
        await pilot.press("escape")
        await until(pilot, lambda: panel.table.count == 30)
        await pilot.press("escape")
        assert app.screen.query_one(TroubleTable).has_focus
        await pilot.press("y")
        assert app.clipboard.startswith("news · run 1: finished\n30 of 30 accepted (100 %)\n")
        await pilot.press("escape")
        assert isinstance(app.screen, CampaignsScreen)


@pytest.mark.long
async def test_those_whom_the_run_did_not_reach_are_followed_up(runtime):
    run_id = started(runtime, contacts=5)
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "finished" in shown(app))
        add_campaign(runtime, contacts=8)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, FollowUpScreen))
        await until(pilot, lambda: len(app.screen.sizes) == 3)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Send news to 3 recipients?" in shown(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "3 of 3" in shown(app) and "finished" in shown(app))
    assert runtime.overview.campaign("news").run.counts.accepted == 3


async def test_a_waiting_run_says_when_it_goes_on(runtime, still):
    run_id = started(runtime, contacts=3)
    runtime.runs.wait(run_id, WaitReason.QUOTA, "The quota is used up.", time.time() + 600)
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "The quota is used up." in shown(app))
        assert "continues " in shown(app)
        assert "in 9 min" in shown(app) or "in 10 min" in shown(app)


async def test_a_run_that_crosses_the_quota_says_so(runtime, still, monkeypatch):
    run_id = started(runtime, contacts=30)
    async with running(runtime, follow=run_id) as (app, pilot):
        snapshot = app.screen.campaigns.run(run_id)
        now = app.services.clock.now()
        told = Forecast(
            at=now, recipients=30, rate=14.0, ends_at=now + 86_400, today=20, crosses_quota=True
        )
        monkeypatch.setattr(
            app.screen.campaigns,
            "run",
            lambda _id, _before: replace(
                snapshot, allowed=14.0, quota=Quota(50, limit=40, used=20), forecast=told
            ),
        )
        await until(pilot, lambda: "20 more today, 10 later · ends " in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_every_size_holds_the_run(runtime, still):
    run_id = started(runtime, contacts=60, name="n" * 500)
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: "of 60" in shown(app))
        for size in ((80, 24), (120, 40), (200, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert isinstance(app.screen, RunScreen)
            assert app.screen.max_scroll_x == app.screen.max_scroll_y == 0
            assert app.screen.query_one(TroubleTable).max_scroll_x == 0
            assert all(len(line) <= size[0] for line in shown(app).splitlines())
            assert "0 of 60" in shown(app)


async def test_a_reason_shows_whom_it_happened_to_and_v_everybody(runtime, still):
    run_id = sent(runtime, contacts=4, states=("rejected", "accepted"))
    async with running(runtime, follow=run_id, size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "No such thing." in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "only MessageRejected: 2 found · esc shows all" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "What did not go well" in shown(app))
        await pilot.press("v")
        await until(pilot, lambda: "all3@example.com" in shown(app) and "only " not in shown(app))
