"""The way of SES's events to a queue, by names and policies: configuration set → topic → queue.

SES publishes to no queue directly, so a topic is between them. Each part lets in only the one
before it: the topic takes events of this configuration set, the queue messages of this topic, the
dead-letter queue those of this queue. Sources: "Set up an Amazon SNS event destination" in the SES
developer guide, "Subscribing an Amazon SQS queue to an Amazon SNS topic" in SNS's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TAG = "sestui"
"""What is tagged with it, and the path's name, has been created by `sestui setup`, which may remove
it."""

USUAL_NAME = "sestui-events"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,59}")
"""A configuration set's, and with the suffix a queue's, too."""
DEAD = "-dead"
"""After the name of a queue: its dead-letter queue."""
_KEPT_SECONDS = 14 * 86_400
"""The longest that SQS keeps a message."""
_HIDDEN_SECONDS = 120
"""A batch of 500 is received, applied and deleted in it, also on a slow line."""
_MOST_RECEIVES = 10
"""After so many receives without a delete, a message goes to the dead-letter queue."""

EVENT_TYPES = (
    "SEND",
    "REJECT",
    "BOUNCE",
    "COMPLAINT",
    "DELIVERY",
    "OPEN",
    "CLICK",
    "RENDERING_FAILURE",
    "DELIVERY_DELAY",
    "SUBSCRIPTION",
)
"""All kinds of events, in the spelling of SES's API v2."""

Policy = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventPath:
    """The parts by their names; region, account and partition may be placeholders."""

    name: str
    """Of queue, topic and event destination."""
    configuration_set: str
    region: str
    account: str
    partition: str = "aws"

    @property
    def dead_name(self) -> str:
        """Name of the dead-letter queue."""
        return self.name + DEAD

    @property
    def topic_arn(self) -> str:
        """ARN of the topic."""
        return self._arn("sns", self.name)

    @property
    def queue_arn(self) -> str:
        """ARN of the queue."""
        return self._arn("sqs", self.name)

    @property
    def dead_arn(self) -> str:
        """ARN of the dead-letter queue."""
        return self._arn("sqs", self.dead_name)

    @property
    def set_arn(self) -> str:
        """ARN of the configuration set."""
        return self._arn("ses", f"configuration-set/{self.configuration_set}")

    def topic_policy(self) -> Policy:
        """Only SES may publish, for this configuration set of this account."""
        return _policy(
            "ses.amazonaws.com",
            "sns:Publish",
            self.topic_arn,
            {"StringEquals": {"AWS:SourceAccount": self.account, "AWS:SourceArn": self.set_arn}},
        )

    def mail_topic_policy(self) -> Policy:
        """For received mail: only SES may publish, for the receipt rule of this name."""
        rule = self._arn("ses", f"receipt-rule-set/*:receipt-rule/{self.name}")
        return _policy(
            "ses.amazonaws.com",
            "sns:Publish",
            self.topic_arn,
            {
                "StringEquals": {"AWS:SourceAccount": self.account},
                "StringLike": {"AWS:SourceArn": rule},
            },
        )

    def receipt_rule(self, mailbox: str) -> dict[str, Any]:
        """The rule that publishes mail to ``mailbox``, with any label; as SES's API v1 takes it."""
        return {
            "Name": self.name,
            "Enabled": True,
            "ScanEnabled": True,
            "Recipients": [mailbox],
            "Actions": [{"SNSAction": {"TopicArn": self.topic_arn, "Encoding": "Base64"}}],
        }

    def queue_policy(self) -> Policy:
        """Only the topic may send."""
        return _policy(
            "sns.amazonaws.com",
            "sqs:SendMessage",
            self.queue_arn,
            {"ArnEquals": {"aws:SourceArn": self.topic_arn}},
        )

    def queue_attributes(self) -> dict[str, str]:
        """The queue's, as SQS's API takes them."""
        redrive = {"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": _MOST_RECEIVES}
        return {
            "MessageRetentionPeriod": str(_KEPT_SECONDS),
            "VisibilityTimeout": str(_HIDDEN_SECONDS),
            "RedrivePolicy": json.dumps(redrive),
            "Policy": json.dumps(self.queue_policy()),
        }

    def dead_attributes(self) -> dict[str, str]:
        """The dead-letter queue's."""
        allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [self.queue_arn]}
        return {
            "MessageRetentionPeriod": str(_KEPT_SECONDS),
            "RedriveAllowPolicy": json.dumps(allowed),
        }

    def destination(self) -> dict[str, Any]:
        """The event destination, as SES's API v2 takes it."""
        return {
            "Enabled": True,
            "MatchingEventTypes": list(EVENT_TYPES),
            "SnsDestination": {"TopicArn": self.topic_arn},
        }

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def set_in_policy(policy: str) -> str:
    """The configuration set that a topic's policy lets in; '' if it is no policy of ours."""
    try:
        (statement,) = json.loads(policy)["Statement"]
        source = statement["Condition"]["StringEquals"]["AWS:SourceArn"]
        _, _, resource = str(source).rpartition(":")
        kind, _, name = resource.partition("/")
    except (ValueError, KeyError, TypeError):
        return ""
    return name if kind == "configuration-set" else ""


def is_name(text: str) -> bool:
    """Whether SES, SNS and SQS all take it as a name."""
    return _NAME.fullmatch(text) is not None


def same_attribute(one: object, other: object) -> bool:
    """Whether two attributes mean the same: AWS gives JSON back in spaces and types of its own."""
    return _plain(one) == _plain(other)


def _plain(value: object) -> object:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return _plain(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _policy(service: str, action: str, resource: str, condition: Policy) -> Policy:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "sestui",
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": action,
                "Resource": resource,
                "Condition": condition,
            }
        ],
    }
