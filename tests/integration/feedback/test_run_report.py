"""Reports of runs, on both engines, in every format; hostile text in links and domains."""

import csv
import io
import json
from html.parser import HTMLParser

import pytest

from sestui.errors import NotFoundError, StateError
from sestui.reports.contact_record import ContactRecords
from sestui.reports.event_log import write_events
from sestui.reports.report_tables import as_html, as_text, write_csv
from sestui.reports.run_report import run_report
from sestui.reports.sent_log import Format, write_log
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.history import ContactHistory
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.events.event_log import logged_events
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.log_rows import LogFilter
from sestui.store.web.preferences import Preferences
from tests.support.clocks import FakeClock
from tests.support.reported import about, mail, pull
from tests.support.seeding import (
    add_contacts,
    addresses,
    make_campaign,
    open_ledger,
    start_run,
    tell_governor,
)
from tests.support.ses_events import ses_event

HOSTILE = "https://example.com/\x1b[31m<script>alert(1)</script>[red]\u202e\n=cmd|' /C calc'!A0"
BOT = "Barracuda Sentinel (EE)"
HOUR = 3_600.0


def local(at):
    return f"at {at:.0f}"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def reported(database, clock):
    """A run of 20: 15 delivered, 3 bounced, 1 complained; opens and clicks by people and bots."""
    tell_governor(database, now=clock.now())
    emails = [*addresses(17), "a@gone.example", "b@GONE.example", "c@full.example"]
    add_contacts(database, emails)
    run = start_run(database, make_campaign(database), clock.now())
    claims = mail(open_ledger(database, clock), run, 20)
    at = claims[0].delivery_id and clock.now()
    given = {"run": run.id, "mailed_at": at}
    soft = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
    events = [about(each, "Delivery", **given) for each in claims[:16]]
    events += [about(each, "Bounce", **given) for each in claims[17:19]]
    events += [about(claims[19], "Bounce", **given, **soft)]
    events += [about(claims[15], "Complaint", **given, after=50)]
    events += [about(each, "Open", **given, after=HOUR) for each in claims[:6]]
    events += [about(claims[6], "Open", **given, after=HOUR, userAgent=BOT)]
    shop = {"link": "https://example.com/shop"}
    for number, each in enumerate(claims[:4]):
        events.append(about(each, "Click", **given, after=2 * HOUR + number, **shop))
    events.append(about(claims[0], "Click", **given, after=2 * HOUR + 9, **shop))
    events.append(about(claims[0], "Click", **given, after=2 * HOUR + 10, link=HOSTILE))
    events.append(about(claims[1], "Click", **given, after=3, **shop))  # sooner than one reads
    events.append(about(claims[2], "Click", **given, after=HOUR, userAgent=BOT, **shop))
    pull(database, clock, events)
    return run


def test_figures_of_a_run(database, reported):
    report = run_report(database, "news")
    totals, found = report.totals, report.outcomes
    assert (totals.accepted, totals.delivered, totals.bounced, totals.complained) == (20, 16, 3, 1)
    assert (totals.opened, totals.clicked) == (6, 4)
    assert [(each.domain, each.code, each.count) for each in found.bounces] == [
        ("gone.example", "Permanent/NoEmail", 2),
        ("full.example", "Transient/MailboxFull", 1),
    ]
    assert found.complaints == [("example.com", 1)]
    assert [(each.people, each.clicks) for each in found.links] == [(4, 5), (1, 1)]
    assert (found.machine_opens, found.machine_clicks) == (1, 2)
    sums = {
        name: sum(getattr(each, name) for each in found.hours)
        for name in ("accepted", "delivered", "bounced", "complained", "opened", "clicked")
    }
    assert sums == {
        "accepted": 20, "delivered": 15, "bounced": 3, "complained": 1, "opened": 6, "clicked": 4,
    }  # fmt: skip
    assert len(found.hours) >= 3


def test_hours_follow_what_later_events_make_of_a_delivery(database, clock, reported):
    """A click that a late delivery shows to be a scanner's is taken back from its hour."""
    run = start_run(database, make_campaign(database, "second"), clock.now())
    claim = mail(open_ledger(database, clock), run, 1)[0]
    given = {"run": run.id, "mailed_at": clock.now()}
    pull(database, clock, [about(claim, "Click", **given, after=5 * HOUR)])
    assert run_report(database, "second").outcomes.hours[-1].clicked == 1
    pull(database, clock, [about(claim, "Delivery", **given, after=5 * HOUR - 3)])
    report = run_report(database, "second")
    assert sum(each.clicked for each in report.outcomes.hours) == 0
    assert sum(each.delivered for each in report.outcomes.hours) == 1
    assert (report.outcomes.links, report.outcomes.machine_clicks) == ([], 1)


def test_where_everybody_has_links_of_their_own_the_rest_is_summed(database, clock):
    tell_governor(database, now=clock.now())
    add_contacts(database, addresses(30))
    run = start_run(database, make_campaign(database), clock.now())
    given = {"run": run.id, "mailed_at": clock.now(), "after": HOUR}
    events = []
    for number, each in enumerate(mail(open_ledger(database, clock), run, 30)):
        own = {"link": f"https://example.com/me/{number:02}"}
        events.append(about(each, "Click", **given, **own))
        if number in {4, 29}:
            events.append(about(each, "Click", **{**given, "after": 2 * HOUR}, **own))
        events.append(about(each, "Click", **{**given, "after": 3}, **own))  # by a scanner
    pull(database, clock, events)
    report = run_report(database, "news")
    found = report.outcomes
    shown = [f"https://example.com/me/{number:02}" for number in (4, 29, *range(4), *range(5, 19))]
    assert [each.link for each in found.links] == shown
    assert (found.other_links.links, found.other_links.clicks) == (10, 10)
    assert sum(each.clicks for each in found.links) + found.other_links.clicks == 32
    assert found.machine_clicks == 30
    assert report.as_dict()["other_links"] == {"links": 10, "clicks": 10}
    assert any(line.split() == ["10", "other", "links", "10"] for line in as_text(report, local))


def test_the_last_runs_are_beside_it_and_any_can_be_reported(database, clock, reported):
    from sestui.store.campaigns.campaigns import Campaigns  # noqa: PLC0415
    from sestui.store.runs.runs import Runs  # noqa: PLC0415

    Runs(database).start(Campaigns(database).get("news"), clock.now(), again=True)
    report = run_report(database, "news")
    assert (report.totals.run, [each.run for each in report.earlier]) == (2, [1])
    assert "Compared with earlier runs" in as_text(report, local)
    assert run_report(database, "news", 1).totals.accepted == 20
    with pytest.raises(NotFoundError, match="news has no run 7"):
        run_report(database, "news", 7)
    make_campaign(database, "fresh")
    with pytest.raises(StateError, match="fresh has no run yet"):
        run_report(database, "fresh")


def test_as_text_it_is_aligned_and_safe_to_print(database, reported):
    lines = as_text(run_report(database, "news"), local)
    assert lines[0].startswith("news run 1: ")
    assert not [line for line in lines if line.strip().startswith("at ")]
    assert all(line.isprintable() for line in lines)
    assert any(line.split() == ["bounced", "3", "15", "%"] for line in lines)
    assert any("gone.example" in line and line.endswith("  2") for line in lines)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)


def test_as_html_nothing_of_a_link_is_markup(database, reported):
    page = as_html(run_report(database, "news"), local)
    parser = Tags()
    parser.feed(page)
    assert "script" not in parser.found
    assert "a" not in parser.found
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_as_csv_formulas_are_neutralised_and_each_row_names_its_table(database, reported):
    out = io.StringIO(newline="")
    write_csv(run_report(database, "news"), local, out, raw=False)
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert ["Recipients", "bounced", "3", "15 %"] in rows
    assert ["Links", "https://example.com/shop", "4", "5"] in rows
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_as_json_it_has_everything(database, reported):
    report = json.loads(json.dumps(run_report(database, "news").as_dict()))
    assert report["bounces"][0] == {
        "domain": "gone.example",
        "code": "Permanent/NoEmail",
        "count": 2,
    }
    assert report["links"][0] == {"link": "https://example.com/shop", "people": 4, "clicks": 5}
    assert report["hours"][0]["at"].endswith("Z")


def test_events_are_exported_with_their_deliveries(database, clock, reported):
    stranger = ses_event("Bounce", "else@example.com", message_id="another program's")
    pull(database, clock, [stranger])
    out = io.StringIO(newline="")
    count = write_events(logged_events(database), out, form=Format.JSONL, raw=False)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(found) == count
    assert [each["campaign"] for each in found].count("") == 1
    clicks = [each for each in found if each["event"] == "Click"]
    assert len(clicks) == 8
    assert {each["campaign"] for each in clicks} == {"news"}
    assert sum(each["by_machine"] for each in clicks) == 1
    out = io.StringIO(newline="")
    of_news = logged_events(database, campaign="news", since=clock.now())
    assert write_events(of_news, out, form=Format.CSV, raw=False) == count - 1
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert {row["email"] for row in rows if row["event"] == "Bounce"} == {
        "a@gone.example", "b@GONE.example", "c@full.example",
    }  # fmt: skip


def test_the_sent_log_has_outcomes_and_what_people_did(database, reported):
    out = io.StringIO(newline="")
    write_log(Deliveries(database), LogFilter(), out, form=Format.CSV, raw=False)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    by_code = [row for row in rows if row["outcome_code"] == "Permanent/NoEmail"]
    assert {row["email"] for row in by_code} == {"a@gone.example", "b@GONE.example"}
    assert all(row["outcome_at"] for row in by_code)
    assert sum(bool(row["opened_at"]) for row in rows) == 6
    assert sum(bool(row["clicked_at"]) for row in rows) == 4


def test_a_contact_s_record_says_why_and_what_the_server_said(database, clock, reported):
    records = ContactRecords(
        database,
        Contacts(database),
        Suppressions(database),
        ContactHistory(database),
        local,
        preferences=Preferences(database),
        clock=clock,
    )
    [entry] = records.of("a@gone.example").history
    assert "the address doesn't exist (Permanent/NoEmail)" in entry.why
    assert "The answer was: “smtp; 550 5.1.1 user unknown”." in entry.why
    [entry] = records.of("c@full.example").history
    assert "the mailbox was full (Transient/MailboxFull)" in entry.why
