"""Mail to the address in List-Unsubscribe, from a queue to the contact, on both engines."""

import json
import re

import pytest
from sqlalchemy import text

from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.feedback.puller import EventPuller
from sestui.feedback.retry import retry_quarantined
from sestui.ses_api.events import QueueMessage
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.events.apply import EventRules
from sestui.store.events.quarantine import Quarantine
from sestui.store.web.preferences import Chosen, Preferences, ReceivedChoice
from sestui.web.app import LinkSubject
from tests.support.seeding import rows_of
from tests.support.ses_events import received, through_sns, unsubscribe_mails

MAILBOX = "unsubscribe@in.example.com"
ADA = "ada@example.com"


class Queue:
    def __init__(self, bodies):
        self.waiting = [QueueMessage(json.dumps(body), str(n)) for n, body in enumerate(bodies)]

    def receive(self, wait_seconds):
        found, self.waiting = self.waiting, []
        return found

    def delete(self, messages):
        pass


@pytest.fixture
def mails(scene):
    return unsubscribe_mails(scene.database, scene.runtime.settings.data_dir)


@pytest.fixture
def pull(scene, mails):
    def pulled(*bodies):
        puller = EventPuller(scene.database, Queue(bodies), scene.clock, EventRules(), mails)
        return puller.pull()

    return pulled


@pytest.fixture
def header(scene):
    """The mailto: of a delivery's List-Unsubscribe: its address and its subject."""

    def made(run, email):
        [row] = [each for each in rows_of(scene.database, run.id) if each.email == email]
        settings = scene.runtime.settings.model_copy(update={"unsubscribe_mailbox": MAILBOX})
        composers = type(scene.runtime.composers)(
            scene.database, Campaigns(scene.database), settings, scene.clock
        )
        mail = composers.of_run(run).mail(email, {}, (), row.id)
        written = dict(mail.headers)["List-Unsubscribe"]
        found = re.fullmatch(
            r"<https://news\.example\.com/u/(\S+)>, <mailto:(\S+)\?subject=unsubscribe%20(\S+)>",
            written,
        )
        assert found[1] == found[3]  # the link's token is the subject's
        return found[2], f"unsubscribe {found[3]}"

    return made


def status(scene, email=ADA):
    return scene.contact(email).status


def test_a_mail_without_content_unsubscribes_once(scene, pull, header):
    run = scene.mailed(ADA, "bob@example.com")
    to, _ = header(run, ADA)
    assert re.fullmatch(r"unsubscribe\+[a-z2-7]{32}@in\.example\.com", to)
    result = pull(received(to, content=""), through_sns(received(to, content="")))
    assert (result.applied, result.known, result.refused) == (1, 1, 1)
    assert result.kinds == {"Unsubscribe": 1}
    assert (status(scene), status(scene, "bob@example.com")) == ("unsubscribed", "active")
    [change] = Preferences(scene.database).trail(scene.contact(ADA).id)
    assert (change.choice, change.source) == (ReaderChoice.ALL, Source.MAIL)
    # Another one changes nothing, and the same one doesn't undo an undo.
    assert pull(received(to, message_id="r2")).refused == 0
    [row] = [each for each in rows_of(scene.database, run.id) if each.email == ADA]
    undo = Chosen(ReaderChoice.UNDO, Source.PAGE)
    subject = LinkSubject(row.id, ADA)
    Preferences(scene.database).choose([ReceivedChoice(subject, undo, scene.clock.now())])
    assert status(scene) == "active"
    assert pull(received(to), received(to, message_id="r2")).known == 2
    assert status(scene) == "active"


def test_from_elsewhere_in_capitals_by_subject_and_by_s3_rule(scene, pull, header):
    people = [f"p{number}@example.com" for number in range(4)]
    run = scene.mailed(*people)
    found = [header(run, each) for each in people]
    result = pull(
        received(found[0][0].upper(), "other@example.net", message_id="a"),
        received(MAILBOX, "other@example.net", message_id="b", subject=f"Re: {found[1][1]}"),
        received(found[2][0], people[2], message_id="c", content=None),
        received(found[3][0], people[3], message_id="d", auto_submitted="auto-generated"),
    )
    assert (result.refused, result.quarantined) == (4, 0)
    assert {status(scene, each) for each in people} == {"unsubscribed"}


def test_what_programs_answer_and_what_is_forged_changes_nothing(scene, pull, header):
    run = scene.mailed(ADA)
    to, _ = header(run, ADA)
    token = to.partition("+")[2].partition("@")[0]
    altered = to.replace(token, token[:-1] + ("a" if token[-1] != "a" else "b"))
    before = scene.state()
    bodies = [
        received(to, return_path=""),
        received(to, return_path="<>"),
        received(to, auto_submitted="auto-replied"),
        received(to, auto_submitted="Auto-Generated; x=1", in_reply_to="<1@x>"),
        received(to, x_loop=MAILBOX),
        received(to, content_type="multipart/report; report-type=delivery-status"),
        received(altered),
        received(f"unsubscribe+{'a' * 32}@in.example.com"),
        received(MAILBOX, spam="FAIL", subject="Buy \x1b[31m[b]now[/b]"),
    ]
    result = pull(*(body for body in bodies))
    assert (result.ignored, result.applied, result.quarantined) == (len(bodies), 0, 0)
    assert scene.state() == before


def test_a_mail_without_a_valid_token_is_shown_to_the_operator(scene, pull, header):
    run = scene.mailed(ADA)
    subject = header(run, ADA)[1]
    before = scene.state()
    result = pull(
        received(MAILBOX, subject="Please take me off"),
        {"notificationType": "Received"},
        received(MAILBOX, subject=f"{subject[:-9]}{'A' * 9}"),
    )
    assert result.quarantined == 3
    assert scene.state() == before
    whys = [each.reason for each in Quarantine(scene.database).list()]
    assert sum("no valid token" in each for each in whys) == 2
    assert sum("has no mail" in each for each in whys) == 1


def test_it_survives_erasure(scene, pull, header):
    run = scene.mailed(ADA, "bob@example.com", "cy@example.com")
    whole, short, elsewhere = (
        header(run, each) for each in (ADA, "bob@example.com", "cy@example.com")
    )
    with scene.database.write() as session:
        for table in ("membership", "delivery", "preference_change", "contact"):
            session.execute(text(f"DELETE FROM {table}"))
    result = pull(
        received(MAILBOX, "x@example.net", message_id="a", subject=whole[1]),
        received(short[0], "Bob@example.com", message_id="b"),
        received(elsewhere[0], "x@example.net", message_id="c"),
    )
    assert (result.refused, result.ignored) == (2, 1)
    assert scene.runtime.suppressions.get("bob@example.com").reason == "unsubscribed"
    assert scene.runtime.suppressions.get(ADA).reason == "unsubscribed"


def test_a_key_on_another_host_is_awaited(scene, pull, header, mails):
    run = scene.mailed(ADA)
    to, _ = header(run, ADA)
    file = scene.runtime.settings.data_dir / "unsubscribe-keys"
    elsewhere = file.rename(file.with_suffix(".away"))
    assert pull(received(to)).quarantined == 1
    [kept] = Quarantine(scene.database).list()
    assert "copy the file" in kept.reason
    elsewhere.rename(file)
    done = retry_quarantined(scene.database, scene.clock, EventRules(), mails)
    assert (done.applied, done.left, status(scene)) == (1, 0, "unsubscribed")
