"""What carries the tag of `sestui setup`, under whatever name, in one account and region."""

from dataclasses import dataclass

from sestui.core.text import printable
from sestui.ses.client import Clients, plain_errors
from sestui.ses.setup.denied import plain_errors_of
from sestui.ses.setup.parts import DEAD_LETTER_QUEUE, QUEUE, ConfigurationSetPart, TopicPart
from sestui.ses_api.event_path import DEAD, TAG


@dataclass(frozen=True, slots=True)
class TaggedResource:
    """Something that a set-up has created."""

    kind: str
    name: str
    path: str
    """The name that the set-up was given, which the tag has."""


def tagged_resources(clients: Clients) -> list[TaggedResource]:
    """All of it, by name.

    Raises:
        PermissionDeniedError: the credentials may not search for tags.
        AccountError: AWS does not answer, or not as it should.
    """
    with plain_errors():
        tagging = clients.service("resourcegroupstaggingapi")
    found = []
    with plain_errors_of("tag"):
        pages = tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": TAG}])
        for page in pages:
            for each in page.get("ResourceTagMappingList", []):
                tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
                kind, name = _kind_and_name(each.get("ResourceARN", ""))
                path = printable(tags.get(TAG, ""))
                if kind == QUEUE and name == f"{path}{DEAD}":
                    kind = DEAD_LETTER_QUEUE
                if kind:
                    found.append(TaggedResource(kind, name, path))
    return sorted(found, key=lambda each: (each.path, each.kind, each.name))


def _kind_and_name(arn: str) -> tuple[str, str]:
    """As a part has them; '' for what no set-up creates."""
    _, _, service, _, _, resource = [*arn.split(":", 5), *[""] * 6][:6]
    if service == "ses":
        sort, _, name = resource.partition("/")
        return (ConfigurationSetPart.kind, name) if sort == "configuration-set" else ("", "")
    kind = {"sqs": QUEUE, "sns": TopicPart.kind}.get(service, "")
    return (kind, resource) if kind and ":" not in resource else ("", "")
