"""SES's events through moto's SNS and SQS, with an identity's feedback of its old API."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from sestui.errors import AccountError, SettingsError
from sestui.feedback.puller import EventPuller
from sestui.ses.client import Clients, Endpoint
from sestui.ses.event_queue import SqsQueue
from sestui.store.events.apply import EventRules
from tests.support.clocks import FakeClock
from tests.support.ses_events import feedback, ses_event, unsubscribe_mails

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def aws(moto, monkeypatch):
    """Clients of AWS as moto plays it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    session = boto3.Session(
        region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    clients = {name: session.client(name, endpoint_url=moto) for name in ("ses", "sns", "sqs")}
    yield clients
    for each in clients.values():
        each.close()


@pytest.fixture
def queue_url(aws):
    """A queue that a topic's messages come through."""
    url = aws["sqs"].create_queue(QueueName="sestui-events")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:123456789012:sestui-events"
    topic = aws["sns"].create_topic(Name="sestui-events")["TopicArn"]
    aws["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    yield url, topic
    aws["sqs"].delete_queue(QueueUrl=url)


def puller(database, url):
    return EventPuller(
        database,
        SqsQueue(Clients(Endpoint()), url),
        FakeClock(),
        EventRules(),
        unsubscribe_mails(database),
    )


def test_what_sns_brings_is_read(sqlite_database, aws, queue_url):
    url, topic = queue_url
    for event in (ses_event("Delivery"), feedback(ses_event("Bounce")), {"hello": 1}):
        aws["sns"].publish(TopicArn=topic, Message=json.dumps(event))
    result = puller(sqlite_database, url).pull(wait_seconds=1)
    assert (result.received, result.applied, result.quarantined) == (3, 2, 1)
    assert puller(sqlite_database, url).pull().received == 0


def test_the_feedback_of_moto_itself(sqlite_database, aws, queue_url):
    url, topic = queue_url
    aws["ses"].verify_email_identity(EmailAddress="shop@example.com")
    for kind in ("Bounce", "Complaint", "Delivery"):
        aws["ses"].set_identity_notification_topic(
            Identity="example.com", NotificationType=kind, SnsTopic=topic
        )
    for name in ("success", "bounce", "complaint"):
        aws["ses"].send_email(
            Source="shop@example.com",
            Destination={"ToAddresses": [f"{name}@simulator.amazonses.com"]},
            Message={"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hi"}}},
        )
    result = puller(sqlite_database, url).pull(wait_seconds=1)
    assert result.quarantined == 0
    assert result.kinds == {"Delivery": 1, "Bounce": 1, "Complaint": 1}
    assert result.refused == 1  # moto's examples are all about one recipient


def test_a_queue_that_is_not_there(sqlite_database, aws, moto):
    with pytest.raises(AccountError, match="There is no queue"):
        puller(sqlite_database, f"{moto}/123456789012/nothing").pull()


@pytest.mark.parametrize(
    "url",
    ["sestui-events", "arn:aws:sqs:eu-west-1:1:x", "https://", "https://x/", "https://[x/events",
     "https://x:port/events"],
)  # fmt: skip
def test_what_is_no_url_of_a_queue(aws, url):
    with pytest.raises(SettingsError, match="events_queue"):
        SqsQueue(Clients(Endpoint()), url)
