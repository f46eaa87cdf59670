import re
import time

import pytest

from sestui.audience.imports.importer import import_contacts
from sestui.core.delivery.handover import Answer, AnswerKind, Reply
from sestui.core.delivery.states import PauseReason
from sestui.core.schedule.cron import Occurrence
from sestui.errors import StorageBusyError
from sestui.reports.dashboard import dashboard
from sestui.reports.overview import RunView
from sestui.ses_api.relay_admission import CallAnswer, Incoming, Terms
from sestui.ses_api.relayed import mail_of, packed
from sestui.store.contacts.imports import Imports
from sestui.store.ledger.ledger import Ledger
from sestui.store.relay.admission import AdmissionStore
from sestui.store.relay.keys import RelayKeys
from sestui.store.relay.mails import RelayedMails
from sestui.store.runs.run_lists import RecentRuns
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.home.agenda import agenda, cells
from sestui.tui.home.home_screen import HomeScreen
from sestui.tui.widgets.lazy_table import LazyTable
from tests.support.screens import add_campaign, running, shown, until


def started(runtime, campaign):
    return runtime.starter.start(campaign, time.time())


async def test_an_empty_home_says_what_to_do_first(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        assert isinstance(app.screen, HomeScreen)
        await until(pilot, lambda: "Three steps" in shown(app))
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_what_needs_the_operator_comes_first(runtime, still):
    paused = started(runtime, add_campaign(runtime, "paused", contacts=3))
    runtime.runs.pause(paused.id, PauseReason.ERRORS, "SES refused the sender [/b].")
    started(runtime, add_campaign(runtime, "going"))
    fields = add_campaign(runtime, "coming")
    runtime.campaigns.set_next(fields.id, Occurrence(time.time() + 3_600, ""))
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "going" in shown(app))
        lines = [line for line in shown(app).splitlines() if "run 1" in line or "coming" in line]
        assert [line.split()[0] for line in lines] == ["needs", "sending", "next"]
        assert "SES refused the sender [/b]." in lines[0]
        assert "0 %, 0 of 20" in lines[1]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.run_id == paused.id
        await pilot.press("escape", "end", "enter")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))


async def test_the_account_and_what_has_been(runtime):
    started(runtime, add_campaign(runtime))
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "20 accepted" in shown(app))
        # What was in flight at a look at the account may count twice for a minute.
        await until(pilot, lambda: re.search(r"\b2\d of 40,000", shown(app)))
        assert "of 500.0" in shown(app)


async def test_what_others_sent_is_told_apart(runtime, still):
    runtime.account.look()
    runtime.clients.sesv2.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": ["b@example.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    )
    runtime.account.look()
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        app.services.account_open = True
        await until(pilot, lambda: "1 by others" in shown(app))


@pytest.mark.long
async def test_a_busy_database_is_a_quiet_line(runtime, still, monkeypatch):
    def busy(self):
        raise StorageBusyError("The database is locked by another program.")

    async with running(runtime, place="home") as (app, pilot):
        with monkeypatch.context() as patch:
            patch.setattr(RecentRuns, "going", busy)
            await until(pilot, lambda: "locked by another program" in shown(app))
        await until(pilot, lambda: "locked by another program" not in shown(app))


async def test_hostile_names_stay_text(runtime, still):
    name = "x[red]\x1b[31m\u202ey" + "w" * 3_000
    started(runtime, add_campaign(runtime, name, contacts=1))
    for size in ((80, 24), (40, 10), (200, 50)):
        async with running(runtime, place="home", size=size) as (app, pilot):
            await until(pilot, lambda: "x[red]" in shown(app))
            assert "\x1b" not in shown(app)
            assert app.screen.query_one(LazyTable).selected is not None


def test_an_ended_run_says_what_it_came_to(runtime):
    campaign = add_campaign(runtime, contacts=2)
    run = started(runtime, campaign)
    runtime.runs.cancel(run.id, time.time())
    found = dashboard(
        RecentRuns(runtime.database),
        Imports(runtime.database),
        RelayedMails(runtime.database, runtime.clock),
        runtime.agenda(),
    )
    assert (found.needs, found.going, found.agenda.items) == ((), (), ())
    (row,) = agenda(found, lambda at: "then")
    assert isinstance(row.run, RunView)
    assert cells(row)["what"] == ("cancelled", "bad")
    assert cells(row)["text"][0] == "then, 0 accepted, 2 skipped"


async def test_rejects_of_an_import_stay_until_somebody_knows(runtime, still, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email\nada@example.com\nnobody\nx@\n")
    import_contacts(runtime.database, file, list_name="all", now=time.time())
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: "2 rows were rejected" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert len(Imports(runtime.database).unseen()) == 1
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "rejected" not in shown(app))
    assert not Imports(runtime.database).unseen()


def relayed(runtime, *to):
    """A mail that a program handed to a relay, whose first call SES has taken."""
    runtime.account.look()
    now, rule = time.time(), runtime.settings.quota_rule
    own = {"account": runtime.ses_account.key, "worker": "relay", "quota_rule": rule}
    ledger = Ledger(runtime.database, clock=runtime.clock, **own)
    intake = AdmissionStore(runtime.database, ledger, clock=runtime.clock, **own)
    key = RelayKeys(runtime.database).add("SRLYTEST", "shop", proof="", now=now)
    given = {
        "FromEmailAddress": "shop@example.com",
        "Destination": {"ToAddresses": list(to)},
        "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    }
    mail = mail_of(given, most=50)
    terms = Terms(key.id, key.campaign_id)
    incoming = Incoming(terms, mail.recipients, packed(mail), "retry", "replay")
    [admission] = intake.exchange([], [incoming]).found
    [claim] = admission.claims
    answer = Answer.of(claim, Reply(AnswerKind.ACCEPTED, message_id="m1"))
    intake.exchange([CallAnswer(admission.mail_id, (answer,), terms, len(to), now)], [])


@pytest.mark.parametrize("size", [(80, 24), pytest.param((140, 40), marks=pytest.mark.long)])
async def test_the_relay_stands_beside_the_campaigns_with_its_queue(runtime, still, size):
    started(runtime, add_campaign(runtime, "news"))
    relayed(runtime, "a@x.org", "b@x.org", "c@x.org")
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE delivery SET queued_at = queued_at - 600")
    async with running(runtime, place="home", size=size) as (app, pilot):
        await until(pilot, lambda: "relay:shop" in shown(app))
        lines = [line for line in shown(app).splitlines() if "run 1" in line]
        assert [line.split()[:2] for line in lines] == [
            ["sending", "relay:shop"],
            ["sending", "news"],
        ]
        assert re.search(r"2 queued for 10 min \d\d s, 1 accepted ", lines[0])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        runtime.runs.cancel(app.screen.run_id, time.time())
        await pilot.press("escape")
        await until(pilot, lambda: "1 accepted, 2 skipped" in shown(app))
