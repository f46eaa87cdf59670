"""The queue of the simulated account's events, as boto3's SQS client uses it."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sestui.core.clock import SystemClock
from sestui.ses_api.events import parse_event
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.launch import QUEUE_PATH


@pytest.fixture(autouse=True)
def account(simulator: Any, workspace: Path) -> Any:
    state = SimulatorState(workspace / FILE_NAME, SystemClock())
    state.reset()
    state.configure(rate=100_000)
    yield state
    state.close()


@pytest.fixture
def sqs(simulator: Any, connect: Any) -> Any:
    client = connect(simulator, "sqs")
    yield client
    client.close()


@pytest.fixture
def url(simulator: Any) -> str:
    return f"{simulator.endpoint_url}{QUEUE_PATH}"


def send(ses: Any, to: str = "ada@example.com", html: str = "<p>Hi</p>") -> str:
    body = {"Html": {"Data": html}}
    message_id: str = ses.send_email(
        FromEmailAddress="shop@example.com",
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": body}},
        EmailTags=[{"Name": "sestui-run", "Value": "3"}],
    )["MessageId"]
    return message_id


def received(sqs: Any, url: str, **more: Any) -> list[Any]:
    found: list[Any] = sqs.receive_message(QueueUrl=url, **{"MaxNumberOfMessages": 10, **more}).get(
        "Messages", []
    )
    return found


def test_what_is_sent_comes_as_events_until_it_is_deleted(sqs, url, ses, account):
    message_id = send(ses)
    first = received(sqs, url)
    assert [parse_event(each["Body"]).kind for each in first] == ["Send", "Delivery"]
    assert {parse_event(each["Body"]).message_id for each in first} == {message_id}
    assert parse_event(first[0]["Body"]).tags["sestui-run"] == "3"
    assert received(sqs, url) == []  # in flight
    account.advance(31)
    again = received(sqs, url)
    assert [each["Body"] for each in again] == [each["Body"] for each in first]
    entries = [
        {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]}
        for number, each in enumerate(again)
    ]
    done = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert len(done["Successful"]) == 2
    account.advance(3_600)
    assert received(sqs, url) == []


def test_its_attributes_count_what_waits(sqs, url, ses):
    send(ses)
    received(sqs, url, MaxNumberOfMessages=1)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_a_long_poll_ends_when_something_comes(sqs, url, ses):
    assert received(sqs, url) == []
    send(ses)
    assert len(received(sqs, url, WaitTimeSeconds=1)) == 2


@pytest.mark.parametrize(
    ("call", "given", "code"),
    [
        ("receive_message", {"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
        ("receive_message", {"WaitTimeSeconds": 21}, "InvalidParameterValue"),
        ("delete_message", {"ReceiptHandle": "nonsense"}, "ReceiptHandleIsInvalid"),
        ("purge_queue", {}, "InvalidAction"),
    ],
)
def test_what_it_refuses(sqs, url, call, given, code):
    with pytest.raises(ClientError) as raised:
        getattr(sqs, call)(QueueUrl=url, **given)
    assert code in raised.value.response["Error"]["Code"]


def test_another_queue_is_not_there(sqs, url):
    with pytest.raises(ClientError) as raised:
        sqs.receive_message(QueueUrl=url + "-other")
    assert "QueueDoesNotExist" in raised.value.response["Error"]["Code"]


def test_nobody_without_the_key_reads_it(simulator, connect, url):
    client = connect(simulator, "sqs", "SOMEBODY")
    with pytest.raises(ClientError) as raised:
        client.receive_message(QueueUrl=url)
    client.close()
    assert raised.value.response["Error"]["Code"] == "InvalidClientTokenId"


def kinds(account: SimulatorState) -> list[str]:
    return [event["eventType"] for _, event in account.events(limit=10_000)]


def test_recipients_behave_by_their_shares(account, ses):
    account.configure(behaviour="bounce=0.3 soft_bounce=0.2 open=0.5 click=0.25 seed=11")
    for number in range(200):
        send(ses, f"r{number}@example.com", '<a href="https://shop.example.com/?a=1&amp;b=2">x</a>')
    events = [event for _, event in account.events(limit=10_000)]
    found = [event["eventType"] for event in events]
    assert found.count("Send") == 200
    assert found.count("Delivery") + found.count("Bounce") == 200
    assert 70 < found.count("Bounce") < 130
    assert 30 < found.count("Open") < 75
    assert 10 < found.count("Click") < 45
    types = {event["bounce"]["bounceType"] for event in events if "bounce" in event}
    assert types == {"Permanent", "Transient"}
    links = {event["click"]["link"] for event in events if "click" in event}
    assert links == {"https://shop.example.com/?a=1&b=2"}
    for event in events:
        parse_event(json.dumps(event))


def test_the_same_seed_is_the_same_behaviour(account, ses):
    runs = []
    for _ in range(2):
        account.reset()
        account.configure(rate=100_000, behaviour="")
        send(ses)
        account.configure(behaviour="bounce=0.5 open=0.5 seed=3")
        for number in range(30):
            send(ses, f"r{number}@example.com")
        runs.append(kinds(account))
    assert runs[0] == runs[1]


def test_what_happens_later_is_not_in_the_queue_yet(sqs, url, ses, account):
    account.configure(behaviour="open=1 seed=1")
    send(ses)
    [first] = received(sqs, url)
    assert parse_event(first["Body"]).kind == "Send"
    account.advance(4)
    assert [parse_event(each["Body"]).kind for each in received(sqs, url)] == ["Delivery"]
    account.advance(3_600)
    late = {parse_event(each["Body"]).kind for each in received(sqs, url)}
    assert "Open" in late


def test_test_mailboxes_do_as_always(account, ses):
    account.configure(behaviour="bounce=1 seed=1")
    send(ses, "success@simulator.amazonses.com")
    send(ses, "complaint@simulator.amazonses.com")
    assert kinds(account) == ["Send", "Delivery", "Send", "Delivery", "Complaint"]
