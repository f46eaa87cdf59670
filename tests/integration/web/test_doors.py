"""Nobody who said no gets mail, by any door: what SES was handed is what counts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.core.campaign.follow_up import Only
from sestui.core.contact.address_check import Address, check_address
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.delivery.handover import Answer, AnswerKind, Reply
from sestui.core.delivery.unsubscribe_token import LinkSubject, opened
from sestui.runtime import Runtime
from sestui.ses_api.relay_admission import CallAnswer, Incoming, Terms
from sestui.ses_api.relayed import mail_of, packed
from sestui.store.contacts.contacts import NewContact
from sestui.store.ledger.in_doubt import Resolution
from sestui.store.ledger.ledger import Ledger
from sestui.store.relay.admission import AdmissionStore
from sestui.store.relay.keys import RelayKeys
from sestui.store.web.link_keys import LinkKeys
from sestui.store.web.preferences import Chosen, Preferences, ReceivedChoice
from sestui.store.web.subscriptions import AskedSubscription, SubscriptionRequests
from tests.support.relay import simple
from tests.support.reported import pull
from tests.support.seeding import make_campaign, rows_of, suppress
from tests.support.ses_events import ses_event
from tests.support.workspaces import World, sent

WEB_URL = "https://news.example.com"
NO, YES = "no@example.org", "yes@example.com"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(
        tmp_path / "workspace", simulator_latency=0, simulator_rate=100_000, web_url=WEB_URL
    )
    yield made
    made.close()


def choose(choice: ReaderChoice) -> Callable[[Runtime], None]:
    def chosen(runtime: Runtime) -> None:
        now = runtime.clock.now()
        until = now + 86_400 * choice.pause_days if choice.pause_days else None
        choice_of = ReceivedChoice(LinkSubject(1, NO), Chosen(choice, Source.PAGE, until), now)
        Preferences(runtime.database).choose([choice_of])

    return chosen


def reported(runtime: Runtime, kind: str, **details: str) -> None:
    """As SES says of the first run's mail."""
    first = next(row for row in rows_of(runtime.database, 1) if row.email == NO)
    event = ses_event(kind, NO, message_id=first.message_id, run=1, delivery=first.id, **details)
    pull(runtime.database, runtime.clock, [event])


def import_who_left_elsewhere(runtime: Runtime) -> None:
    """The export of the program that they said it to before."""
    file = runtime.settings.data_dir / "left.csv"
    file.write_text(f"Email,Status\n{NO},unsubscribed\n{YES},active\n")
    import_contacts(runtime.database, file, ImportOptions(("news",)), now=runtime.clock.now())


WORDS: dict[str, Callable[[Runtime], None]] = {
    "unsubscribed": choose(ReaderChoice.ALL),
    "left the lists": choose(ReaderChoice.LISTS),
    "paused": choose(ReaderChoice.PAUSE_90),
    "suppressed": lambda runtime: suppress(runtime.database, NO),
    "suppressed with their domain": lambda runtime: suppress(runtime.database, "@example.org"),
    "complained": lambda runtime: reported(runtime, "Complaint"),
    "bounced": lambda runtime: reported(runtime, "Bounce"),
    "told SES, which did not send": lambda runtime: reported(
        runtime, "Bounce", bounceType="Permanent", bounceSubType="UnsubscribedRecipient"
    ),
    "unsubscribed elsewhere": import_who_left_elsewhere,
}
"""How somebody says no."""


def send_again(runtime: Runtime) -> None:
    runtime.starter.start(runtime.campaigns.get("news"), runtime.clock.now(), again=True)
    sent(runtime)


def follow_up(runtime: Runtime) -> None:
    with runtime.database.write() as session:  # nobody has got it so far
        session.execute(text("UPDATE delivery SET state = 'rejected', message_id = ''"))
    runtime.starter.start(runtime.campaigns.get("news"), runtime.clock.now(), only=Only.UNRECEIVED)
    sent(runtime)


def resend(runtime: Runtime) -> None:
    with runtime.database.write() as session:  # no answer ever came
        session.execute(text("UPDATE delivery SET state = 'in_doubt', message_id = ''"))
        session.execute(text("UPDATE run SET accepted = 0, in_doubt = 2"))
    runtime.doubts.resolve(1, Resolution.RESEND)
    with runtime.database.write() as session:
        session.execute(text("UPDATE run SET state = 'sending', finished_at = NULL"))
    sent(runtime)


def import_again(runtime: Runtime) -> None:
    for policy in OnConflict:
        runtime.contacts.add(
            [NewContact(NO, NO), NewContact(YES, YES)],
            list_name="news",
            now=runtime.clock.now(),
            on_conflict=policy,
        )
    send_again(runtime)


def another_campaign(runtime: Runtime) -> None:
    made = make_campaign(runtime.database, "other", now=runtime.clock.now(), lists=("news",))
    runtime.starter.start(made, runtime.clock.now())
    sent(runtime)


def a_test(runtime: Runtime) -> None:
    runtime.starter.start_test(runtime.campaigns.get("news"), [NO, YES], runtime.clock.now())
    sent(runtime)


def relay_send(runtime: Runtime) -> None:
    """Another program's mail to both, behind one to somebody else, whose answer has come."""
    runtime.account.poll()
    now = runtime.clock.now()
    own: dict[str, Any] = {
        "account": runtime.ses.reader.key,
        "worker": "relay",
        "quota_rule": runtime.settings.quota_rule,
        "clock": runtime.clock,
    }
    store = AdmissionStore(runtime.database, Ledger(runtime.database, **own), **own)
    key = RelayKeys(runtime.database).add("SRLYTEST", "shop", proof="", now=now)
    mail = mail_of(simple("first@example.com", YES, NO), most=50)
    terms = Terms(key.id, key.campaign_id)
    incoming = Incoming(terms, mail.recipients, packed(mail), "a", "a")
    [admission] = store.exchange([], [incoming]).found
    [claim] = admission.claims
    answer = Answer.of(claim, Reply(AnswerKind.ACCEPTED, message_id="m"))
    store.exchange([CallAnswer(admission.mail_id, (answer,), terms, 3, now)], [])
    sent(runtime)


def subscribe_form(runtime: Runtime) -> None:
    """Somebody, perhaps they themselves, fills it in: each gets a mail that asks to confirm."""
    asked = []
    for email in (NO, YES):
        address = check_address(email)
        assert isinstance(address, Address)
        asked.append(AskedSubscription(address, "", ("news",), "en", runtime.clock.now()))
    requests = SubscriptionRequests(runtime.database)
    requests.take(asked, sender="news@example.com", hourly=100)
    sent(runtime)


DOORS = {
    "the relay": relay_send,
    "the campaign again": send_again,
    "another campaign": another_campaign,
    "a follow-up": follow_up,
    "a resend of what was in doubt": resend,
    "an import of them again": import_again,
    "a test": a_test,
    "the subscribe form": subscribe_form,
}

OPEN = {
    # Whoever left a list or wants a pause has said nothing of a test that the operator sends them.
    ("left the lists", "a test"),
    ("paused", "a test"),
    # Other programs' mail is transactional: a password reset reaches whoever wants no newsletter.
    ("unsubscribed", "the relay"),
    ("unsubscribed elsewhere", "the relay"),
    ("told SES, which did not send", "the relay"),
    ("left the lists", "the relay"),
    ("paused", "the relay"),
    # Whoever wants no more mail may want some again. One mail asks, and only they can say so.
    ("unsubscribed", "the subscribe form"),
    ("unsubscribed elsewhere", "the subscribe form"),
    ("told SES, which did not send", "the subscribe form"),
    ("left the lists", "the subscribe form"),
    ("paused", "the subscribe form"),
}


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("word", WORDS)
def test_nobody_who_said_no_gets_mail(world, word, door):
    runtime = world.runtime()
    world.started(runtime, [NO, YES])
    sent(runtime)
    before = world.outbox()
    assert before == {NO: 1, YES: 1}
    WORDS[word](runtime)
    DOORS[door](runtime)
    after = world.outbox()
    assert after[YES] > before[YES], "the door is open to others"
    assert (after[NO] > before[NO]) == ((word, door) in OPEN)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["single", "bulk"])
def test_each_mail_carries_its_own_link(tmp_path, mode):
    """As SES was handed it, by single calls and as the header of a bulk call's entry."""
    world = World(
        tmp_path / "w", simulator_latency=0, simulator_rate=2_000, web_url=WEB_URL, send_mode=mode
    )
    try:
        runtime = world.runtime()
        emails = [f"r{number}@example.com" for number in range(60)]
        run = world.started(runtime, emails)
        sent(runtime)
        keys = LinkKeys(runtime.database, runtime.settings.data_dir).held()
        rows = {row.message_id: row for row in rows_of(runtime.database, run.id)}
        assert len(rows) == len(emails)
        for message_id, row in rows.items():
            mail = world.account.mail(message_id)
            headers = {each["name"]: each["value"] for each in mail["headers"]}
            link = headers["List-Unsubscribe"].strip("<>")
            assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            assert opened(link.removeprefix(f"{WEB_URL}/u/"), keys) == LinkSubject(
                row.id, row.email
            )
            assert f'href="{link}"' in mail["html"]
            assert link in mail["text"]
    finally:
        world.close()
