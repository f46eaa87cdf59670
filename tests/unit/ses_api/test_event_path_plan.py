"""The set-up as CloudFormation and as lines for AWS's command line."""

import json
import re
import shlex
import subprocess
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from sestui.ses_api.event_path import EVENT_TYPES, EventPath, is_name, same_attribute
from sestui.ses_api.event_path_plan import cli_lines, cloudformation

PATH = EventPath("events", "events", "eu-west-1", "123456789012")


MAILBOX = "unsubscribe@in.example.com"


def resources(mailbox: str = "") -> dict[str, Any]:
    found: dict[str, Any] = cloudformation("events", "events", mailbox)["Resources"]
    return found


def references(value: Any) -> set[str]:
    """Names of the resources that ``value`` refers to."""
    if isinstance(value, dict):
        own = {value["Ref"]} if "Ref" in value else set()
        own |= {value["Fn::GetAtt"][0]} if "Fn::GetAtt" in value else set()
        return own.union(*map(references, value.values()))
    if isinstance(value, list):
        return set().union(*map(references, value))
    return set()


def test_the_template_has_every_part_and_its_tags() -> None:
    assert {name: each["Type"] for name, each in resources().items()} == {
        "DeadLetterQueue": "AWS::SQS::Queue",
        "Queue": "AWS::SQS::Queue",
        "QueuePolicy": "AWS::SQS::QueuePolicy",
        "Topic": "AWS::SNS::Topic",
        "TopicPolicy": "AWS::SNS::TopicPolicy",
        "Subscription": "AWS::SNS::Subscription",
        "ConfigurationSet": "AWS::SES::ConfigurationSet",
        "EventDestination": "AWS::SES::ConfigurationSetEventDestination",
    }
    tagged = [name for name, each in resources().items() if "Tags" in each["Properties"]]
    assert tagged == ["DeadLetterQueue", "Queue", "Topic", "ConfigurationSet"]
    assert all(
        resources()[name]["Properties"]["Tags"] == [{"Key": "sestui", "Value": "events"}]
        for name in tagged
    )


@pytest.mark.parametrize("mailbox", ["", MAILBOX])
def test_the_template_refers_to_what_is_in_it_and_in_no_circle(mailbox: str) -> None:
    given = {"ReceiptRuleSet"} if mailbox else set()
    needs = {
        name: (references(each["Properties"]) | {each.get("DependsOn", name)}) - {name} - given
        for name, each in resources(mailbox).items()
    }
    created: set[str] = set()
    while len(created) < len(needs):
        ready = {name for name, of in needs.items() if of <= created} - created
        assert ready, f"nothing can be created after {created}"
        created |= ready
    outputs = cloudformation("events", "events", mailbox)["Outputs"]
    mail = {"MailQueue"} if mailbox else set()
    assert references(outputs) == {"ConfigurationSet", "Queue"} | mail


def test_mail_to_unsubscribe_has_a_way_of_its_own() -> None:
    found = resources(MAILBOX)
    assert len(found) == len(resources()) + 7
    rule = found["MailReceiptRule"]["Properties"]["Rule"]
    assert rule["Recipients"] == [MAILBOX]
    assert rule["Actions"][0]["SNSAction"]["TopicArn"] == {"Ref": "MailTopic"}
    policy = found["MailTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    source = policy["Condition"]["StringLike"]["AWS:SourceArn"]["Fn::Sub"]
    assert source.endswith(":receipt-rule-set/*:receipt-rule/events-mail")
    assert "Parameters" not in cloudformation("events", "events")


def test_every_placeholder_is_substituted() -> None:
    def loose(value: Any) -> list[str]:
        if isinstance(value, dict):
            if set(value) == {"Fn::Sub"}:
                names = set(re.findall(r"\$\{([^}]*)\}", value["Fn::Sub"]))
                return sorted(names - {"AWS::Region", "AWS::AccountId", "AWS::Partition"})
            return [each for one in value.values() for each in loose(one)]
        if isinstance(value, list):
            return [each for one in value for each in loose(one)]
        return [value] if isinstance(value, str) and "${" in value else []

    assert loose(cloudformation("events", "events", MAILBOX)) == []


def test_the_template_asks_for_every_kind_of_event() -> None:
    (destination,) = [
        each["Properties"]["EventDestination"]
        for each in resources().values()
        if each["Type"].endswith("EventDestination")
    ]
    assert {each.lower() for each in destination["MatchingEventTypes"]} == {
        each.replace("_", "").lower() for each in EVENT_TYPES
    }
    assert "renderingFailure" in destination["MatchingEventTypes"]


def test_a_configuration_set_of_the_operators_own_is_not_created() -> None:
    template = cloudformation("events", "marketing")
    assert "ConfigurationSet" not in template["Resources"]
    destination = template["Resources"]["EventDestination"]["Properties"]
    assert destination["ConfigurationSetName"] == "marketing"
    assert references(template) <= set(template["Resources"])
    lines = cli_lines(EventPath("events", "marketing", "eu-west-1", ""))
    assert not [line for line in lines if "create-configuration-set " in line]
    assert [line for line in lines if "--configuration-set-name marketing" in line]


def test_every_kind_that_ses_knows_is_asked_for() -> None:
    model = botocore.session.get_session().get_service_model("sesv2")
    assert set(EVENT_TYPES) == set(model.shape_for("EventType").enum)


@pytest.fixture(scope="module")
def ran() -> list[list[str]]:
    """What a shell makes of the lines: the words of each command."""
    stub = (
        'aws() { case "$2" in get-caller-identity) echo 210987654321;; '
        "describe-active-*) echo None;; *) printf '%s\\0' aws \"$@\"; printf '\\n\\0';; esac; }\n"
        "sestui() { printf '%s\\0' sestui \"$@\"; printf '\\n\\0'; }\n"
    )
    script = stub + "\n".join(cli_lines(PATH, MAILBOX))
    out = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    return [line.split("\0")[:-1] for line in out.split("\n\0") if line]


def test_the_lines_are_calls_that_aws_knows(ran: list[list[str]]) -> None:
    session = botocore.session.get_session()
    calls = [words for words in ran if words[0] == "aws"]
    assert len(calls) == 13
    for _, service, command, *options in calls:
        model = session.get_service_model(service)
        (operation,) = [name for name in model.operation_names if xform_name(name, "-") == command]
        shape = model.operation_model(operation).input_shape
        known = {f"--{xform_name(member, '-')}" for member in shape.members} | {"--region"}
        # AWS's command line has names of its own for what would be --endpoint.
        known |= {"--notification-endpoint"} if command == "subscribe" else set()
        assert set(options[::2]) <= known
        needed = {f"--{xform_name(member, '-')}" for member in shape.required_members}
        assert needed <= set(options[::2])


def test_the_lines_name_the_account_and_read_as_json(ran: list[list[str]]) -> None:
    events = [words for words in ran if not any("events-mail" in word for word in words)]
    by_command = {tuple(words[1:3]): words for words in events}
    destination = by_command["sesv2", "create-configuration-set-event-destination"][-1]
    topic = "arn:aws:sns:eu-west-1:210987654321:events"
    assert json.loads(destination)["SnsDestination"]["TopicArn"] == topic
    attributes = by_command["sqs", "create-queue"]
    policy = json.loads(json.loads(attributes[attributes.index("--attributes") + 1])["Policy"])
    assert policy["Statement"][0]["Condition"] == {"ArnEquals": {"aws:SourceArn": topic}}
    assert [words for words in ran if words[0] == "sestui"] == [
        ["sestui", "config", "set", "configuration_set", "events"],
        [
            *("sestui", "config", "set", "events_queue"),
            "https://sqs.eu-west-1.amazonaws.com/210987654321/events",
        ],
        [
            *("sestui", "config", "set", "unsubscribe_queue"),
            "https://sqs.eu-west-1.amazonaws.com/210987654321/events-mail",
        ],
    ]
    [rule] = [words for words in ran if words[2] == "create-receipt-rule"]
    assert rule[rule.index("--rule-set-name") + 1] == "events-mail"
    assert json.loads(rule[-1])["Actions"] == [
        {"SNSAction": {"TopicArn": f"{topic}-mail", "Encoding": "Base64"}}
    ]


def test_a_name_is_no_code_of_the_shell() -> None:
    words = shlex.split(cli_lines(EventPath("a", "b;$(reboot) 'x'", "eu-west-1", ""))[-2])
    assert words[-1] == "b;$(reboot) 'x'"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 10}', '{"a":"10"}', True),
        ('{"a": 10}', '{"a": 11}', False),
        ('{"a": [1, {"b": true}]}', '{"a":[1,{"b":"true"}]}', True),
        (True, "true", True),
        (True, False, False),
        ("{broken", "{broken", True),
        ("120", "30", False),
    ],
)
def test_attributes_compare_by_what_they_mean(one: object, other: object, same: bool) -> None:
    assert same_attribute(one, other) is same


def test_names() -> None:
    assert is_name("sestui-events_2")
    assert not any(map(is_name, ("", "a b", "a/b", "é", "a" * 60, "a\n")))
