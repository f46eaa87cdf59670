"""The way of SES's events for those who let somebody else create it: CloudFormation, AWS CLI."""

import json
import shlex
from dataclasses import replace
from typing import Any

from sestui.ses_api.event_path import EVENT_TYPES, TAG, EventPath

_ACCOUNT = "@ACCOUNT@"
"""Stands for the account's number in a line until the shell's variable takes its place."""


def cloudformation(name: str, configuration_set: str) -> dict[str, Any]:
    """A template with every part; it fits any account and region.

    A configuration set that is not named as the rest is the operator's own, and not among them.
    """
    path = EventPath(
        name, configuration_set, "${AWS::Region}", "${AWS::AccountId}", "${AWS::Partition}"
    )
    parts = _queues(path) | _topic(path) | _destination(path)
    outputs = {"EventsQueue": _output("events_queue", "Queue")}
    if configuration_set == name:
        outputs["ConfigurationSet"] = _output("configuration_set", "ConfigurationSet")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The way of SES's events to sestui: configuration set, topic and queue.",
        "Resources": _substituted(parts),
        "Outputs": outputs,
    }


def cli_lines(path: EventPath) -> list[str]:
    """The same as lines for a shell, in the order in which they have to be run.

    The account's number is asked for, whatever ``path`` says. As for :func:`cloudformation`, a
    configuration set of another name is taken as it is.
    """
    path = replace(path, account=_ACCOUNT)
    suffix = ".cn" if path.partition == "aws-cn" else ""
    url = f"https://sqs.{path.region}.amazonaws.com{suffix}/{_ACCOUNT}/{path.name}"
    where = ("--region", path.region)
    tags = f"Key={TAG},Value={path.name}"
    topic_attributes = json.dumps({"Policy": json.dumps(path.topic_policy())})
    named = ("--configuration-set-name", path.configuration_set)
    created = (
        [_line("sesv2 create-configuration-set", *where, *named, "--tags", tags)]
        if path.configuration_set == path.name
        else []
    )
    lines = [
        _line("sqs create-queue", *where, "--queue-name", path.dead_name,
              "--attributes", json.dumps(path.dead_attributes()), "--tags", f"{TAG}={path.name}"),
        _line("sqs create-queue", *where, "--queue-name", path.name,
              "--attributes", json.dumps(path.queue_attributes()), "--tags", f"{TAG}={path.name}"),
        _line("sns create-topic", *where, "--name", path.name,
              "--attributes", topic_attributes, "--tags", tags),
        _line("sns subscribe", *where, "--topic-arn", path.topic_arn, "--protocol", "sqs",
              "--notification-endpoint", path.queue_arn,
              "--attributes", "RawMessageDelivery=true"),
        *created,
        _line("sesv2 create-configuration-set-event-destination", *where, *named,
              "--event-destination-name", path.name,
              "--event-destination", json.dumps(path.destination())),
    ]  # fmt: skip
    return [
        "set -e",
        "ACCOUNT=$(aws sts get-caller-identity --query Account --output text)",
        *lines,
        f"sestui config set configuration_set {_quoted(path.configuration_set)}",
        f"sestui config set events_queue {_quoted(url)}",
    ]


def _queues(path: EventPath) -> dict[str, Any]:
    """The queue of events, and the one of those that couldn't be read."""
    queue, dead = path.queue_attributes(), path.dead_attributes()
    return {
        "DeadLetterQueue": _part(
            "SQS::Queue", QueueName=path.dead_name, **_cast(dead), Tags=_tags(path)
        ),
        "Queue": _part(
            "SQS::Queue",
            DependsOn="DeadLetterQueue",
            QueueName=path.name,
            **_cast({key: value for key, value in queue.items() if key != "Policy"}),
            Tags=_tags(path),
        ),
        "QueuePolicy": _part(
            "SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=path.queue_policy()
        ),
    }


def _topic(path: EventPath) -> dict[str, Any]:
    """The topic that SES publishes to, and the queue's subscription."""
    return {
        "Topic": _part("SNS::Topic", TopicName=path.name, Tags=_tags(path)),
        "TopicPolicy": _part(
            "SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=path.topic_policy()
        ),
        "Subscription": _part(
            "SNS::Subscription",
            DependsOn="QueuePolicy",
            TopicArn={"Ref": "Topic"},
            Protocol="sqs",
            Endpoint={"Fn::GetAtt": ["Queue", "Arn"]},
            RawMessageDelivery=True,
        ),
    }


def _destination(path: EventPath) -> dict[str, Any]:
    """The configuration set unless it is the operator's, and its publishing to the topic."""
    is_ours = path.configuration_set == path.name
    ours = _part("SES::ConfigurationSet", Name=path.configuration_set, Tags=_tags(path))
    return ({"ConfigurationSet": ours} if is_ours else {}) | {
        "EventDestination": _part(
            "SES::ConfigurationSetEventDestination",
            DependsOn="TopicPolicy",
            ConfigurationSetName={"Ref": "ConfigurationSet"} if is_ours else path.configuration_set,
            EventDestination={
                "Name": path.name,
                "Enabled": True,
                "MatchingEventTypes": [_camel(each) for each in EVENT_TYPES],
                "SnsDestination": {"TopicARN": {"Ref": "Topic"}},
            },
        ),
    }


def _tags(path: EventPath) -> list[dict[str, str]]:
    return [{"Key": TAG, "Value": path.name}]


def _output(setting: str, part: str) -> dict[str, Any]:
    return {"Description": f"sestui config set {setting} ...", "Value": {"Ref": part}}


def _line(command: str, *words: str) -> str:
    return " ".join(["aws", command, *map(_quoted, words)])


def _quoted(word: str) -> str:
    # shlex puts a word with @ into quotes only where something else of it needs them.
    pieces = [shlex.quote(piece) if piece else "" for piece in word.split(_ACCOUNT)]
    return '"$ACCOUNT"'.join(pieces)


def _part(kind: str, *, DependsOn: str = "", **properties: Any) -> dict[str, Any]:  # noqa: N803 - CloudFormation's name
    part: dict[str, Any] = {"Type": f"AWS::{kind}"}
    if DependsOn:
        part["DependsOn"] = DependsOn
    return part | {"Properties": properties}


def _cast(attributes: dict[str, str]) -> dict[str, Any]:
    """Attributes of a queue as CloudFormation has them: numbers and objects instead of text."""
    return {name: json.loads(value) for name, value in attributes.items()}


def _substituted(value: Any) -> Any:
    """``value`` with every text that holds a placeholder in Fn::Sub."""
    if isinstance(value, dict):
        return {key: _substituted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_substituted(each) for each in value]
    if isinstance(value, str) and "${" in value:
        return {"Fn::Sub": value}
    return value


def _camel(name: str) -> str:
    """``renderingFailure`` for ``RENDERING_FAILURE``."""
    first, *rest = name.lower().split("_")
    return first + "".join(each.capitalize() for each in rest)
