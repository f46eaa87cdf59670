"""A workspace in which everything has happened, the same to the byte each time, for pictures."""

import json
from dataclasses import replace

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.task.fields import TaskFields
from sestui.feedback.puller import new_event
from sestui.store.contacts.contacts import NewContact
from sestui.store.events.apply import apply_events
from tests.support.seeding import accepted, open_ledger, refused, suppress, tell_governor, unknown
from tests.support.ses_events import ses_event

DOMAINS = ("example.com", "example.com", "example.org", "example.net")
SENT = "november-news"
STATUS = AccountStatus(50_000, 28, 12_000, production_access=True, enforcement_status="HEALTHY")
_ACCOUNT = "simulator"
_BODY = "# Hello {{ name }}\n\nThe new catalogue is here.\n\n[Leave]({{ unsubscribe_url }})\n"
_A_SECOND = 8
_SLOTS = "abcdefghijklmnopqrstuvwxyz"


def fill(runtime, clock, contacts=400):
    """Contacts on three lists; campaigns sent, paused, scheduled and in draft; tasks.

    The run of ``SENT`` has recipients of each state and outcome; its id is returned.
    """
    people = [
        NewContact(
            f"reader{i:03d}@{DOMAINS[i % 4]}",
            f"reader{i:03d}@{DOMAINS[i % 4]}",
            {"name": f"Ada {_SLOTS[i % 26].upper()}."},
        )
        for i in range(contacts)
    ]
    runtime.contacts.add(people, list_name="newsletter", now=clock.now())
    runtime.contacts.add(people[:60], list_name="beta", now=clock.now())
    for i in range(9):
        suppress(runtime.database, f"reader{i * 17:03d}@{DOMAINS[i * 17 % 4]}")
    for name, audience, more in (
        (SENT, "newsletter", {}),
        ("beta-invitation", "beta", {}),
        ("january-sale", "newsletter", {"schedule": "0 8 16 1 *"}),
        ("welcome", "beta", {}),
    ):
        _campaign(runtime, clock, name, audience, more)
    runtime.tasks.add(
        TaskFields("nightly-backup", "backup", "0 3 * * *", description="Copy the database")
    )
    tell_governor(runtime.database, STATUS, now=clock.now(), account=_ACCOUNT)
    run = runtime.runs.start(runtime.campaigns.get(SENT), clock.now())
    mailed = _hand_over(runtime, clock, run.id)
    clock.advance(600)
    _come_back(runtime, clock, mailed)
    _paused(runtime, clock)
    tell_governor(runtime.database, STATUS, now=clock.now(), account=_ACCOUNT)
    runtime.note_run_due()
    return run.id


def _campaign(runtime, clock, name, audience, more):
    runtime.campaigns.save(
        CampaignFields(name=name, from_address="shop@example.com", lists=(audience,), **more),
        MessageSource(f"About {name}", _BODY),
        now=clock.now(),
        next_due_at=clock.now() + 86_400 if more else None,
    )


def _hand_over(runtime, clock, run_id):
    """Hand the run over, a few each second, with a rest in the middle; the accepted, and when."""
    ledger = open_ledger(runtime.database, clock, account=_ACCOUNT)
    done, number, answers = [], 0, []
    while True:
        claims = ledger.exchange(answers, ClaimRequest(run_id, _A_SECOND)).claims
        answers = []
        clock.advance(12 if number == 20 else 1)
        for claim in claims:
            kind = _answer(claim.delivery_id)
            seconds = None if kind is unknown else 0.05 + claim.delivery_id % 7 * 0.015
            answers.append(replace(kind(claim), seconds=seconds))
            if kind is accepted:
                done.append((claim, clock.now()))
        number += 1
        if not claims:
            return done


def _answer(number):
    if number % 29 == 3:
        return refused
    return unknown if number % 97 == 50 else accepted


def _come_back(runtime, clock, mailed):
    """What SES reports of the accepted mails."""
    events = []
    for claim, at in mailed:
        kinds = ["Bounce"] if claim.delivery_id % 37 == 5 else ["Delivery"]
        if kinds == ["Delivery"]:
            kinds += ["Complaint"] * (claim.delivery_id % 180 == 7)
            kinds += ["Open"] * (claim.delivery_id % 3 == 0)
            kinds += ["Click"] * (claim.delivery_id % 9 == 0)
        events += [
            new_event(
                json.dumps(
                    ses_event(
                        kind,
                        claim.email,
                        message_id=f"m{claim.delivery_id}",
                        mailed_at=at,
                        after=2.0 + 9 * after,
                        run=claim.run_id,
                        delivery=claim.delivery_id,
                    )
                )
            )
            for after, kind in enumerate(kinds)
        ]
    apply_events(runtime.database, events, clock.now(), runtime.feedback.rules)


def _paused(runtime, clock):
    """A run that has been begun and waits for somebody."""
    run = runtime.runs.start(runtime.campaigns.get("beta-invitation"), clock.now())
    ledger = open_ledger(runtime.database, clock, account=_ACCOUNT)
    claims = ledger.exchange([], ClaimRequest(run.id, 20)).claims
    clock.advance(2)
    ledger.exchange([accepted(each) for each in claims], None)
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql(
            "UPDATE run SET state = 'paused', reason = 'errors', detail = 'Too many were refused.'"
            f" WHERE id = {run.id}"
        )
