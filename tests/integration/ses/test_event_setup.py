"""The way of SES's events: created, found again, put right and removed, in moto's AWS.

Event destinations and SES's own events are those of tests/support/aws.py, as moto has none.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sestui.errors import AccountError, StateError, UsageError
from sestui.ses.client import Clients, Endpoint
from sestui.ses.setup.denied import PermissionDeniedError
from sestui.ses.setup.event_setup import EventSetup
from sestui.ses.setup.removal import removal_of
from tests.support.aws import ACCOUNT, REGION, FakeAws

NOTHING: dict[str, list[str]] = {
    "queues": [],
    "topics": [],
    "subscriptions": [],
    "sets": [],
    "destinations": [],
}
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:events"


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    made = FakeAws()
    yield made
    made.close()


@pytest.fixture
def aws(started: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """An empty account, with credentials for it."""
    started.reset()
    for name, value in started.environment().items():
        monkeypatch.setenv(name, value)
    return started


def setup(configuration_set: str = "", name: str = "events") -> EventSetup:
    return EventSetup(Clients(Endpoint()), name, configuration_set)


def create(made: EventSetup) -> list[str]:
    done: list[str] = []
    made.create(made.plan(), lambda each: done.append(each.kind))
    return done


def remove(made: EventSetup) -> list[str]:
    done: list[str] = []
    made.remove(made.removable(made.plan()), lambda each: done.append(each.kind))
    return done


def actions(made: EventSetup) -> list[str]:
    return [each.action for each in made.plan()]


def test_a_look_changes_nothing(aws: FakeAws) -> None:
    assert actions(setup()) == ["create"] * 6
    assert aws.everything() == NOTHING


@pytest.mark.long
@pytest.mark.ci
def test_everything_is_created_once(aws: FakeAws) -> None:
    assert create(setup()) == [
        "dead-letter queue",
        "SQS queue",
        "SNS topic",
        "subscription",
        "configuration set",
        "event destination",
    ]
    assert aws.everything() == {
        "queues": ["events", "events-dead"],
        "topics": ["events"],
        "subscriptions": [QUEUE_ARN],
        "sets": ["events"],
        "destinations": ["events/events"],
    }
    assert actions(setup()) == ["exists"] * 6
    before = len(aws.calls)
    assert create(setup()) == []
    changing = ("Create", "Set", "Update", "Subscribe", "Delete")
    assert [call for call in aws.calls[before:] if call.startswith(changing)] == []


def test_only_the_one_before_is_let_in(aws: FakeAws) -> None:
    made = setup()
    create(made)
    with aws.client("sqs") as sqs, aws.client("sns") as sns:
        queue = sqs.get_queue_attributes(QueueUrl=made.queue_url, AttributeNames=["All"])
        topic = sns.get_topic_attributes(TopicArn=TOPIC_ARN)["Attributes"]
        dead = sqs.get_queue_attributes(QueueUrl=f"{made.queue_url}-dead", AttributeNames=["All"])
    (to_queue,) = json.loads(queue["Attributes"]["Policy"])["Statement"]
    assert to_queue["Principal"] == {"Service": "sns.amazonaws.com"}
    assert to_queue["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC_ARN}}
    (to_topic,) = json.loads(topic["Policy"])["Statement"]
    assert to_topic["Principal"] == {"Service": "ses.amazonaws.com"}
    assert to_topic["Condition"]["StringEquals"] == {
        "AWS:SourceAccount": ACCOUNT,
        "AWS:SourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/events",
    }
    redrive = json.loads(queue["Attributes"]["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"] == dead["Attributes"]["QueueArn"]


@pytest.mark.long
@pytest.mark.ci
def test_what_is_missing_or_wrong_is_put_right(aws: FakeAws) -> None:
    made = setup()
    create(made)
    with aws.client("sqs") as sqs, aws.client("sns") as sns:
        sqs.set_queue_attributes(QueueUrl=made.queue_url, Attributes={"Policy": ""})
        (one,) = sns.list_subscriptions()["Subscriptions"]
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
    aws.destinations["events/events"]["MatchingEventTypes"].remove("BOUNCE")
    assert actions(setup()) == [
        "exists",
        "change (Policy)",
        "exists",
        "create",
        "exists",
        "change (MatchingEventTypes)",
    ]
    create(setup())
    assert actions(setup()) == ["exists"] * 6


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("listed_as", ["Deleted", "PendingConfirmation"])
def test_a_subscription_that_is_only_listed_is_none(aws: FakeAws, listed_as: str) -> None:
    create(setup())
    aws.listed_as = listed_as
    assert actions(setup()) == ["exists"] * 3 + ["create"] + ["exists"] * 2
    assert create(setup()) == ["subscription"]
    assert len(remove(setup())) == 5
    assert aws.everything() == NOTHING


@pytest.mark.long
@pytest.mark.ci
def test_it_is_removed_without_a_trace(aws: FakeAws) -> None:
    create(setup())
    assert len(remove(setup())) == 6
    assert aws.everything() == NOTHING
    assert remove(setup()) == []


def test_what_others_have_created_stays(aws: FakeAws) -> None:
    with aws.client("sqs") as sqs:
        sqs.create_queue(QueueName="events")
    with pytest.raises(
        StateError, match="The SQS queue events exists, and sestui has not created it"
    ):
        create(setup())
    assert remove(setup()) == []
    assert aws.everything() == NOTHING | {"queues": ["events"]}


@pytest.mark.long
@pytest.mark.ci
def test_a_configuration_set_of_the_operators_own(aws: FakeAws) -> None:
    with aws.client("sesv2") as ses:
        ses.create_configuration_set(ConfigurationSetName="marketing")
    assert "configuration set" not in create(setup("marketing"))
    assert list(aws.destinations) == ["marketing/events"]
    assert actions(setup("marketing")) == ["exists"] * 4 + ["exists, yours", "exists"]
    remove(setup("marketing"))
    assert aws.everything() == NOTHING | {"sets": ["marketing"]}


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("then", ["", "other", "events"])
@pytest.mark.parametrize("first", ["", "marketing"])
def test_it_is_removed_where_it_was_created_whatever_the_settings_name_now(
    aws: FakeAws, first: str, then: str
) -> None:
    with aws.client("sesv2") as ses:
        for name in ("marketing", "other"):
            ses.create_configuration_set(ConfigurationSetName=name)
    create(setup(first))
    found = removal_of(Clients(Endpoint()), "events", then)
    assert (found.others, found.unknown) == ([], "")
    found.run(lambda each: None)
    assert aws.everything() == NOTHING | {"sets": ["marketing", "other"]}
    assert removal_of(Clients(Endpoint()), "events", then).parts == []


@pytest.mark.long
@pytest.mark.ci
def test_what_earlier_settings_had_created_is_removed_and_other_names_are_told(
    aws: FakeAws,
) -> None:
    create(setup())
    with aws.client("sesv2") as ses:
        ses.create_configuration_set(ConfigurationSetName="marketing")
    create(setup("marketing"))  # as the setting was changed
    create(setup(name="older"))
    found = removal_of(Clients(Endpoint()), "events", "marketing")
    assert [(each.kind, each.name, each.path) for each in found.others] == [
        ("SNS topic", "older", "older"),
        ("SQS queue", "older", "older"),
        ("configuration set", "older", "older"),
        ("dead-letter queue", "older-dead", "older"),
    ]
    found.run(lambda each: None)
    assert aws.everything() == {
        "queues": ["older", "older-dead"],
        "topics": ["older"],
        "subscriptions": [QUEUE_ARN.replace("events", "older")],
        "sets": ["marketing", "older"],
        "destinations": ["older/older"],
    }
    aws.denied = {"GetResources"}
    found = removal_of(Clients(Endpoint()), "events", "")
    assert (found.parts, found.others) == ([], [])
    assert found.unknown == "These credentials need the permission tag:GetResources."


@pytest.mark.long
@pytest.mark.ci
def test_somebody_elses_destination_of_that_name_stays(aws: FakeAws) -> None:
    elsewhere = {"TopicArn": TOPIC_ARN + "-other"}
    with aws.client("sesv2") as ses:
        ses.create_configuration_set(ConfigurationSetName="marketing")
    aws.destinations["marketing/events"] = {"Name": "events", "SnsDestination": elsewhere}
    with pytest.raises(StateError, match="The event destination events exists"):
        create(setup("marketing"))
    remove(setup("marketing"))
    assert list(aws.destinations) == ["marketing/events"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("call", "permission"),
    [
        ("GetQueueUrl", "sqs:GetQueueUrl"),
        ("GetTopicAttributes", "sns:GetTopicAttributes"),
        ("GetConfigurationSet", "ses:GetConfigurationSet"),
        ("CreateQueue", "sqs:CreateQueue"),
        ("CreateTopic", "sns:CreateTopic"),
        ("Subscribe", "sns:Subscribe"),
        ("CreateConfigurationSet", "ses:CreateConfigurationSet"),
        (
            "CreateConfigurationSetEventDestination",
            "ses:CreateConfigurationSetEventDestination",
        ),
    ],
)
def test_a_permission_that_is_missing_is_named(aws: FakeAws, call: str, permission: str) -> None:
    aws.denied = {call}
    with pytest.raises(PermissionDeniedError, match=f"need the permission {permission}.$"):
        create(setup())
    aws.denied = set()
    create(setup())
    assert actions(setup()) == ["exists"] * 6


def test_each_permission_has_a_sentence(aws: FakeAws) -> None:
    aws.denied = {"GetQueueUrl", "GetConfigurationSet"}
    with pytest.raises(PermissionDeniedError) as raised:
        setup().plan()
    said = str(raised.value)
    assert said.count("need the permission") == 2
    assert "sqs:GetQueueUrl" in said
    assert "ses:GetConfigurationSet" in said


def test_credentials_of_nobody(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AccountError, match="No AWS credentials were found"):
        setup()


@pytest.mark.parametrize("name", ["", "two words", "a" * 60, "[bold]"])
def test_names_that_aws_does_not_take(aws: FakeAws, name: str) -> None:
    with pytest.raises(UsageError, match="can't be the name"):
        setup(name=name)


@pytest.mark.long
@pytest.mark.ci
def test_other_answers_are_told(aws: FakeAws, monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:1")
    with pytest.raises(AccountError, match="Nothing answers at"):
        setup().plan()
