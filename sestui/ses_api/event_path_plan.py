"""The event path as CloudFormation and AWS CLI commands, for someone else to create."""

import json
import shlex
from dataclasses import replace
from typing import Any

from sestui.ses_api.event_path import EVENT_TYPES, TAG, EventPath

_ACCOUNT = "@ACCOUNT@"
"""Stands for the account's number in a line until the shell's variable takes its place."""


def cloudformation(name: str, configuration_set: str, mailbox: str = "") -> dict[str, Any]:
    """A template with every part; it fits any account and region.

    A configuration set that is not named as the rest is the operator's own, and not among them.
    ``mailbox`` is the address that mail to unsubscribe goes to, whose way is added; '' for none.
    """
    path = EventPath(
        name, configuration_set, "${AWS::Region}", "${AWS::AccountId}", "${AWS::Partition}"
    )
    parts = _queues(path) | _topic(path, path.topic_policy()) | _destination(path)
    outputs = {"EventsQueue": _output("events_queue", "Queue")}
    if configuration_set == name:
        outputs["ConfigurationSet"] = _output("configuration_set", "ConfigurationSet")
    parameters = {}
    if mailbox:
        parts |= _mail_parts(replace(path, name=mail_name(name)), mailbox)
        outputs["UnsubscribeQueue"] = _output("unsubscribe_queue", "MailQueue")
        parameters["ReceiptRuleSet"] = {
            "Type": "String",
            "Description": "The active receipt rule set, which CloudFormation can't activate.",
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The way of SES's events to sestui: configuration set, topic and queue.",
        **({"Parameters": parameters} if parameters else {}),
        "Resources": _substituted(parts),
        "Outputs": outputs,
    }


def mail_name(name: str) -> str:
    """The name of the parts that mail to unsubscribe goes through."""
    return f"{name}-mail"


def cli_lines(path: EventPath, mailbox: str = "") -> list[str]:
    """The same as lines for a shell, in the order in which they have to be run.

    The account's number is asked for, whatever ``path`` says. As for :func:`cloudformation`, a
    configuration set of another name is taken as it is.
    """
    path = replace(path, account=_ACCOUNT)
    where = ("--region", path.region)
    tags = f"Key={TAG},Value={path.name}"
    named = ("--configuration-set-name", path.configuration_set)
    created = (
        [_line("sesv2 create-configuration-set", *where, *named, "--tags", tags)]
        if path.configuration_set == path.name
        else []
    )
    destination = _line(
        "sesv2 create-configuration-set-event-destination", *where, *named,
        "--event-destination-name", path.name,
        "--event-destination", json.dumps(path.destination()),
    )  # fmt: skip
    mail = _mail_lines(replace(path, name=mail_name(path.name)), mailbox) if mailbox else []
    return [
        "set -e",
        "ACCOUNT=$(aws sts get-caller-identity --query Account --output text)",
        *_queue_lines(path, path.topic_policy()),
        *created,
        destination,
        f"sestui config set configuration_set {_quoted(path.configuration_set)}",
        f"sestui config set events_queue {_quoted(_url(path))}",
        *mail,
    ]


def _queue_lines(path: EventPath, topic_policy: dict[str, Any]) -> list[str]:
    """Topic and queues, and the subscription between them."""
    where, name = ("--region", path.region), path.name
    attributes = json.dumps({"Policy": json.dumps(topic_policy)})
    tags = f"Key={TAG},Value={name}"
    return [
        _line("sqs create-queue", *where, "--queue-name", path.dead_name,
              "--attributes", json.dumps(path.dead_attributes()), "--tags", f"{TAG}={name}"),
        _line("sqs create-queue", *where, "--queue-name", name,
              "--attributes", json.dumps(path.queue_attributes()), "--tags", f"{TAG}={name}"),
        _line("sns create-topic", *where, "--name", name,
              "--attributes", attributes, "--tags", tags),
        _line("sns subscribe", *where, "--topic-arn", path.topic_arn, "--protocol", "sqs",
              "--notification-endpoint", path.queue_arn,
              "--attributes", "RawMessageDelivery=true"),
    ]  # fmt: skip


def _mail_lines(path: EventPath, mailbox: str) -> list[str]:
    """The way of mail to ``mailbox``; an active rule set stays, and gets the rule."""
    where = f"--region {_quoted(path.region)}"
    named = f"--rule-set-name {_quoted(path.name)}"
    rule = json.dumps(path.receipt_rule(mailbox))
    return [
        *_queue_lines(path, path.mail_topic_policy()),
        f"RULES=$(aws ses describe-active-receipt-rule-set {where} "
        "--query Metadata.Name --output text)",
        'if [ "$RULES" = None ]; then',
        f"  aws ses create-receipt-rule-set {where} {named}",
        f"  aws ses set-active-receipt-rule-set {where} {named}",
        f"  RULES={_quoted(path.name)}",
        "fi",
        f'aws ses create-receipt-rule {where} --rule-set-name "$RULES" --rule {_quoted(rule)}',
        f"sestui config set unsubscribe_queue {_quoted(_url(path))}",
    ]


def _url(path: EventPath) -> str:
    suffix = ".cn" if path.partition == "aws-cn" else ""
    return f"https://sqs.{path.region}.amazonaws.com{suffix}/{path.account}/{path.name}"


def _mail_parts(path: EventPath, mailbox: str) -> dict[str, Any]:
    """The way of mail to ``mailbox``, under names of its own."""
    parts = _queues(path) | _topic(path, path.mail_topic_policy())
    rule = path.receipt_rule(mailbox)
    rule["Actions"] = [{"SNSAction": {"TopicArn": {"Ref": "Topic"}, "Encoding": "Base64"}}]
    parts["ReceiptRule"] = _part(
        "SES::ReceiptRule",
        DependsOn="TopicPolicy",
        RuleSetName={"Ref": "ReceiptRuleSet"},
        Rule=rule,
    )
    renamed: dict[str, Any] = _renamed(parts, {name: f"Mail{name}" for name in parts})
    return {f"Mail{name}": part for name, part in renamed.items()}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """``value`` with every reference to a part by the part's other name."""
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _renamed(each, names) for key, each in value.items()}
    for key in ("Ref", "DependsOn"):
        if isinstance(found.get(key), str):
            found[key] = names.get(found[key], found[key])
    if "Fn::GetAtt" in found:
        part, attribute = found["Fn::GetAtt"]
        found["Fn::GetAtt"] = [names.get(part, part), attribute]
    return found


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


def _topic(path: EventPath, policy: dict[str, Any]) -> dict[str, Any]:
    """The topic that SES publishes to, and the queue's subscription."""
    return {
        "Topic": _part("SNS::Topic", TopicName=path.name, Tags=_tags(path)),
        "TopicPolicy": _part("SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=policy),
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
