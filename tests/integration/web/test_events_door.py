"""SNS's messages over real HTTP: what is signed by it is applied, and nothing else."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from sestui.feedback.puller import EventApplier
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules
from sestui.web.events_app import EventsApp
from tests.support.clocks import FakeClock
from tests.support.page import Asker, serving
from tests.support.ses_events import TOPIC, ses_event, unsubscribe_mails
from tests.support.sns import SUBSCRIBE_URL, SigningService, body

NOW = 1_790_000_000.0
BOUNCE = json.dumps(ses_event("Bounce"))


class Door:
    """The door, SNS in front of it, and what it has led to."""

    def __init__(self, asker: Asker, sns: SigningService, database: Database) -> None:
        self.asker = asker
        self.sns = sns
        self.database = database

    def post(self, message: dict[str, Any] | bytes) -> int:
        given = message if isinstance(message, bytes) else body(message)
        return self.asker.ask("POST", "/events/sns", given, "text/plain; charset=UTF-8").status

    @property
    def heard(self) -> bool:
        """Whether the bounce was applied."""
        return Suppressions(self.database).get("ada@example.com") is not None


@contextmanager
def opened(database: Database, days: int = 1) -> Iterator[Door]:
    clock, sns = FakeClock(NOW), SigningService(NOW, days)
    applier = EventApplier(database, clock, EventRules(), unsubscribe_mails(database))
    app = EventsApp(applier, [TOPIC], clock, sns.fetch)
    with serving(app) as port, closing(Asker(port)) as asker:
        yield Door(asker, sns, database)


@pytest.fixture
def door(database: Database) -> Iterator[Door]:
    with opened(database) as made:
        yield made


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_sns_has_signed_is_applied_once(door: Door, version: str) -> None:
    message = door.sns.message(BOUNCE, NOW, version)
    assert door.post(message) == 200
    assert door.heard
    assert door.post(message) == 409, "a replay"
    assert door.post(door.sns.message(BOUNCE, NOW, version, MessageId="m-2")) == 200
    assert len(door.sns.fetched) == 1, "the certificate is kept"


OTHER_TOPIC = "arn:aws:sns:eu-west-1:123456789012:other"


STRANGE = [
    {"TopicArn": OTHER_TOPIC},
    {"TopicArn": "news"},
    {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/a.pem"},
    {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.example.com/a.pem"},
    {"SigningCertURL": "https://evil@sns.eu-west-1.amazonaws.com/a.pem"},
    {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:444/a.pem"},
    {"SigningCertURL": "https://sns.us-east-1.amazonaws.com/a.pem"},
    {"SigningCertURL": "https://s3.eu-west-1.amazonaws.com/a.pem"},
    {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.html"},
    {"SigningCertURL": ""},
    {"SignatureVersion": "3"},
    {"Type": "Other"},
    {"Timestamp": "yesterday"},
    {"Timestamp": "2026-09-21T14:13:20"},
]


def test_other_topics_hosts_and_forms_are_refused(door: Door) -> None:
    taken = [each for each in STRANGE if door.post(door.sns.message(BOUNCE, NOW, **each)) != 403]
    assert taken == []
    assert not door.heard


def test_what_was_altered_or_signed_by_others_is_refused(door: Door) -> None:
    message = door.sns.message(json.dumps(ses_event("Bounce", "eve@example.com")), NOW)
    stranger = SigningService(NOW).message(BOUNCE, NOW)
    refused = [
        message | {"Message": BOUNCE},
        message | {"MessageId": "m-2"},
        message | {"SignatureVersion": "2"},
        message | {"Signature": "?"},
        stranger,
    ]
    assert [door.post(each) for each in refused] == [403] * 5
    assert [door.post(each) for each in (b"", b"[]", b"\xff", b'{"Type": 1}')] == [403] * 4
    assert door.post(b" " * (1024 * 1024 + 1)) == 413
    assert not door.heard


def test_what_is_too_old_or_from_the_future_is_refused(door: Door) -> None:
    assert door.post(door.sns.message(BOUNCE, NOW - 3601)) == 409
    assert door.post(door.sns.message(BOUNCE, NOW + 301)) == 409
    assert not door.heard


def test_an_expired_certificate_is_refused(database: Database) -> None:
    with opened(database, days=-1) as door:
        assert door.post(door.sns.message(BOUNCE, NOW)) == 403
        assert not door.heard


def test_a_subscription_is_confirmed_for_allowed_topics_alone(door: Door) -> None:
    kind = {"Type": "SubscriptionConfirmation"}
    assert door.post(door.sns.message("hello", NOW, TopicArn=OTHER_TOPIC, **kind)) == 403
    foreign = {**kind, "SubscribeURL": "https://example.com/"}
    assert door.post(door.sns.message("hello", NOW, **foreign)) == 403
    assert door.sns.fetched == []
    assert door.post(door.sns.message("hello", NOW, "2", **kind)) == 200
    assert door.sns.fetched[1:] == [SUBSCRIBE_URL]


def test_other_paths_and_methods_do_nothing(door: Door) -> None:
    assert door.asker.ask("GET", "/events/sns").status == 405
    assert door.asker.ask("POST", "/", b"x").status == 404


def test_what_is_nested_too_deeply_is_refused_as_anything_else(door: Door) -> None:
    for deep in (b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe[", b"1" * 10_000):
        assert door.post(deep) == 403
    assert not door.heard
