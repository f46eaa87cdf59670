"""The parts of the event path: each can be inspected, created, corrected and removed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from sestui.ses.setup.denied import is_missing, plain_errors_of
from sestui.ses_api.event_path import TAG, EventPath, same_attribute, set_in_policy

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import TagTypeDef
    from mypy_boto3_sqs import SQSClient


QUEUE = "SQS queue"
DEAD_LETTER_QUEUE = "dead-letter queue"


class PartState(StrEnum):
    """What there is of a part."""

    MISSING = "missing"
    DIFFERENT = "different"
    """It is sestui's, and not as it should be."""
    RIGHT = "right"
    FOREIGN = "foreign"
    """It is there, and was not created by sestui."""


@dataclass(frozen=True, slots=True)
class FoundPart:
    """A part as it was found."""

    state: PartState
    differs: tuple[str, ...] = ()
    """What of it is not as it should be, by AWS's names."""
    holds: int = 0
    """Messages in a queue, about."""


class PathPart(Protocol):
    """One thing in AWS. Each method raises AccountError."""

    kind: str
    """``SQS queue`` and so on."""
    name: str

    def inspect(self) -> FoundPart:
        """What there is."""

    def create(self) -> None:
        """Make it; what it needs is there already."""

    def correct(self, differs: tuple[str, ...]) -> None:
        """Put right what ``inspect`` has found to differ."""

    def remove(self) -> None:
        """Delete it."""


MISSING = FoundPart(PartState.MISSING)
_FOREIGN = FoundPart(PartState.FOREIGN)


def _compared(
    wanted: Mapping[str, object], there: Mapping[str, object], holds: int = 0
) -> FoundPart:
    differs = tuple(
        name for name, value in wanted.items() if not same_attribute(value, there.get(name, ""))
    )
    return FoundPart(PartState.DIFFERENT if differs else PartState.RIGHT, differs, holds)


class QueuePart:
    """The queue of events, or its dead-letter queue."""

    def __init__(
        self, sqs: "SQSClient", kind: str, name: str, attributes: dict[str, str], owner: str
    ) -> None:
        """``owner`` is the path's name, which its tag has."""
        self.kind, self.name = kind, name
        self._owner = owner
        self._sqs = sqs
        self._attributes = attributes

    @property
    def url(self) -> str:
        """Its URL; it has to be there."""
        with plain_errors_of("sqs"):
            return self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]

    def inspect(self) -> FoundPart:
        """See :meth:`PathPart.inspect`."""
        with plain_errors_of("sqs"):
            try:
                url = self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
                tags = self._sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
                there = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            except ClientError as error:
                if is_missing(error):
                    return MISSING
                raise
        if tags.get(TAG) != self._owner:
            return _FOREIGN
        attributes = {str(name): value for name, value in there.get("Attributes", {}).items()}
        holds = attributes.get("ApproximateNumberOfMessages", "0")
        return _compared(self._attributes, attributes, int(holds))

    def create(self) -> None:
        """See :meth:`PathPart.create`."""
        with plain_errors_of("sqs"):
            self._sqs.create_queue(
                QueueName=self.name,
                Attributes=self._attributes,  # type: ignore[arg-type] # names of attributes, as text
                tags={TAG: self._owner},
            )

    def correct(self, differs: tuple[str, ...]) -> None:
        """See :meth:`PathPart.correct`."""
        url = self.url
        with plain_errors_of("sqs"):
            self._sqs.set_queue_attributes(
                QueueUrl=url,
                Attributes=self._attributes,  # type: ignore[arg-type] # as in create
            )

    def remove(self) -> None:
        """See :meth:`PathPart.remove`."""
        url = self.url
        with plain_errors_of("sqs"):
            self._sqs.delete_queue(QueueUrl=url)


class TopicPart:
    """The SNS topic."""

    kind = "SNS topic"

    def __init__(self, sns: Any, path: EventPath) -> None:
        self.name = path.name
        self._sns = sns
        self._arn = path.topic_arn
        self._policy = json.dumps(path.topic_policy())
        self._tag = _tag(path)

    def inspect(self) -> FoundPart:
        """See :meth:`PathPart.inspect`."""
        with plain_errors_of("sns"):
            try:
                there = self._sns.get_topic_attributes(TopicArn=self._arn).get("Attributes", {})
                tags = self._sns.list_tags_for_resource(ResourceArn=self._arn).get("Tags", [])
            except ClientError as error:
                if is_missing(error):
                    return MISSING
                raise
        if self._tag not in tags:
            return _FOREIGN
        return _compared({"Policy": self._policy}, there)

    def configuration_set(self) -> str:
        """The configuration set whose events it takes; '' if it isn't sestui's, or doesn't say."""
        with plain_errors_of("sns"):
            try:
                there = self._sns.get_topic_attributes(TopicArn=self._arn).get("Attributes", {})
                tags = self._sns.list_tags_for_resource(ResourceArn=self._arn).get("Tags", [])
            except ClientError as error:
                if is_missing(error):
                    return ""
                raise
        return set_in_policy(there.get("Policy", "")) if self._tag in tags else ""

    def create(self) -> None:
        """See :meth:`PathPart.create`."""
        with plain_errors_of("sns"):
            self._sns.create_topic(
                Name=self.name, Attributes={"Policy": self._policy}, Tags=[self._tag]
            )

    def correct(self, differs: tuple[str, ...]) -> None:
        """See :meth:`PathPart.correct`."""
        with plain_errors_of("sns"):
            for name in differs:  # the policy is all that is compared
                self._sns.set_topic_attributes(
                    TopicArn=self._arn, AttributeName=name, AttributeValue=self._policy
                )

    def remove(self) -> None:
        """See :meth:`PathPart.remove`; its subscriptions go with it."""
        with plain_errors_of("sns"):
            self._sns.delete_topic(TopicArn=self._arn)


class SubscriptionPart:
    """The queue's subscription to the topic: it has no tags, and belongs to the topic."""

    kind = "subscription"
    _RAW = "RawMessageDelivery"

    def __init__(self, sns: Any, path: EventPath) -> None:
        self.name = f"{path.name} → {path.name}"
        self._sns = sns
        self._topic, self._queue = path.topic_arn, path.queue_arn

    def inspect(self) -> FoundPart:
        """See :meth:`PathPart.inspect`."""
        with plain_errors_of("sns"):
            try:
                arn = self._arn()
                if not arn:
                    return MISSING
                there = self._sns.get_subscription_attributes(SubscriptionArn=arn)
            except ClientError as error:
                if is_missing(error):
                    return MISSING
                raise
        return _compared({self._RAW: "true"}, there.get("Attributes", {}))

    def _arn(self) -> str:
        pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(
            TopicArn=self._topic
        )
        for page in pages:
            for each in page.get("Subscriptions", []):
                # Deleted ones are listed for days, unconfirmed ones, too; they have no ARN.
                is_there = each.get("SubscriptionArn", "").startswith("arn:")
                to = (each.get("Protocol"), each.get("Endpoint"))
                if is_there and to == ("sqs", self._queue):
                    return str(each["SubscriptionArn"])
        return ""

    def create(self) -> None:
        """See :meth:`PathPart.create`."""
        with plain_errors_of("sns"):
            self._sns.subscribe(
                TopicArn=self._topic,
                Protocol="sqs",
                Endpoint=self._queue,
                Attributes={self._RAW: "true"},
                ReturnSubscriptionArn=True,
            )

    def correct(self, differs: tuple[str, ...]) -> None:
        """See :meth:`PathPart.correct`."""
        with plain_errors_of("sns"):
            arn = self._arn()
            for name in differs:  # raw delivery is all that is compared
                self._sns.set_subscription_attributes(
                    SubscriptionArn=arn, AttributeName=name, AttributeValue="true"
                )

    def remove(self) -> None:
        """See :meth:`PathPart.remove`."""
        with plain_errors_of("sns"):
            if arn := self._arn():
                self._sns.unsubscribe(SubscriptionArn=arn)


class ConfigurationSetPart:
    """The configuration set that mail names."""

    kind = "configuration set"

    def __init__(self, ses: "SESV2Client", path: EventPath) -> None:
        self.name = path.configuration_set
        self._ses = ses
        self._tag = _tag(path)

    def inspect(self) -> FoundPart:
        """See :meth:`PathPart.inspect`."""
        with plain_errors_of("ses"):
            try:
                there = self._ses.get_configuration_set(ConfigurationSetName=self.name)
            except ClientError as error:
                if is_missing(error):
                    return MISSING
                raise
        return FoundPart(PartState.RIGHT) if self._tag in (there.get("Tags") or []) else _FOREIGN

    def create(self) -> None:
        """See :meth:`PathPart.create`."""
        with plain_errors_of("ses"):
            self._ses.create_configuration_set(
                ConfigurationSetName=self.name,
                Tags=[self._tag],
            )

    def correct(self, differs: tuple[str, ...]) -> None:
        """See :meth:`PathPart.correct`: nothing of it is compared."""

    def remove(self) -> None:
        """See :meth:`PathPart.remove`; its event destinations go with it."""
        with plain_errors_of("ses"):
            self._ses.delete_configuration_set(ConfigurationSetName=self.name)


class EventDestinationPart:
    """What sends the configuration set's events to the topic; it has no tags."""

    kind = "event destination"

    def __init__(self, ses: "SESV2Client", path: EventPath) -> None:
        self.name = path.name
        self._ses = ses
        self._set = path.configuration_set
        self._wanted: Any = path.destination()

    def inspect(self) -> FoundPart:
        """See :meth:`PathPart.inspect`; one of this name that leads elsewhere is not sestui's."""
        with plain_errors_of("ses"):
            try:
                answer = self._ses.get_configuration_set_event_destinations(
                    ConfigurationSetName=self._set
                )
            except ClientError as error:
                if is_missing(error):
                    return MISSING
                raise
        for each in answer.get("EventDestinations", []):
            if each.get("Name") == self.name:
                return self._compared(dict(each))
        return MISSING

    def _compared(self, there: dict[str, Any]) -> FoundPart:
        if there.get("SnsDestination") != self._wanted["SnsDestination"]:
            return _FOREIGN
        kinds = "MatchingEventTypes"
        wanted = self._wanted | {kinds: sorted(self._wanted[kinds])}
        return _compared(wanted, there | {kinds: sorted(there.get(kinds, []))})

    def create(self) -> None:
        """See :meth:`PathPart.create`."""
        with plain_errors_of("ses"):
            self._ses.create_configuration_set_event_destination(
                ConfigurationSetName=self._set,
                EventDestinationName=self.name,
                EventDestination=self._wanted,
            )

    def correct(self, differs: tuple[str, ...]) -> None:
        """See :meth:`PathPart.correct`."""
        with plain_errors_of("ses"):
            self._ses.update_configuration_set_event_destination(
                ConfigurationSetName=self._set,
                EventDestinationName=self.name,
                EventDestination=self._wanted,
            )

    def remove(self) -> None:
        """See :meth:`PathPart.remove`."""
        with plain_errors_of("ses"):
            self._ses.delete_configuration_set_event_destination(
                ConfigurationSetName=self._set, EventDestinationName=self.name
            )


def _tag(path: EventPath) -> "TagTypeDef":
    return {"Key": TAG, "Value": path.name}
