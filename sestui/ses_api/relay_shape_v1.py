"""Check that an API v1 send has only parameters that the relay can pass on.

The conversion to version 2 ignores unknown parameters, so new or misspelt ones would be lost.
"""

from typing import Any

from sestui.ses_api.wire import bad_request
from sestui.ses_api.wire_v1 import Parameters

_Shape = dict[str, Any]
"""A nested shape, a list with one shape, or None for a plain value."""

_CONTENT: _Shape = {"Data": None, "Charset": None}
_TAGS = [{"Name": None, "Value": None}]
_DESTINATION: _Shape = {"ToAddresses": [None], "CcAddresses": [None], "BccAddresses": [None]}

_COMMON: _Shape = {
    "Source": None,
    "SourceArn": None,
    "ReturnPathArn": None,
    "ConfigurationSetName": None,
}
_WRITTEN: _Shape = {**_COMMON, "ReplyToAddresses": [None], "ReturnPath": None}
"""Parameters of all sends but SendRawEmail, whose headers hold them."""

_TEMPLATE: _Shape = {"Template": None, "TemplateArn": None}

SHAPES: dict[str, _Shape] = {
    "SendEmail": {
        **_WRITTEN,
        "Destination": _DESTINATION,
        "Message": {"Subject": _CONTENT, "Body": {"Text": _CONTENT, "Html": _CONTENT}},
        "Tags": _TAGS,
    },
    "SendRawEmail": {
        **_COMMON,
        "FromArn": None,
        "Destinations": [None],
        "RawMessage": {"Data": None},
        "Tags": _TAGS,
    },
    "SendTemplatedEmail": {
        **_WRITTEN,
        **_TEMPLATE,
        "Destination": _DESTINATION,
        "TemplateData": None,
        "Tags": _TAGS,
    },
    "SendBulkTemplatedEmail": {
        **_WRITTEN,
        **_TEMPLATE,
        "DefaultTags": _TAGS,
        "DefaultTemplateData": None,
        "Destinations": [
            {"Destination": _DESTINATION, "ReplacementTags": _TAGS, "ReplacementTemplateData": None}
        ],
    },
}
"""Parameters by action."""

_OF_EVERY_CALL = frozenset({"action", "version"})
_OF_SIGNATURES = frozenset(
    {
        "awsaccesskeyid",
        "expires",
        "securitytoken",
        "signature",
        "signaturemethod",
        "signatureversion",
        "timestamp",
    }
)
"""Parameters that older clients send in addition to a version 4 signature."""


def check_parameters(action: str, given: Parameters) -> None:
    """Check the parameters of the send ``action``.

    Raises:
        ServiceError: names a parameter that can't be passed on.
    """
    known = SHAPES[action]
    for name, value in given.items():
        lowered = name.lower()
        common = lowered in _OF_EVERY_CALL or lowered in _OF_SIGNATURES
        if name not in known and (common or lowered.startswith("x-amz-")):
            continue
        _check(value, known, name, name)


def _check(value: str | Parameters, around: _Shape, name: str, path: str) -> None:
    if name not in around:
        raise bad_request(f"{path[:100]} is not a parameter that the relay could pass on.")
    shape = around[name]
    if isinstance(value, str):
        return  # a value in place of a structure is refused when it is parsed
    if isinstance(shape, list):
        _check_list(value, shape[0], path)
    else:
        for part, below in value.items():
            _check(below, shape or {}, part, f"{path}.{part}")


def _check_list(value: Parameters, shape: Any, path: str) -> None:
    for name, members in value.items():
        if name != "member":
            raise bad_request(f"{path[:100]}.{name[:100]} is not a parameter: lists have members.")
        if isinstance(members, str):
            continue
        for number, member in members.items():
            _check(member, {number: shape}, number, f"{path}.member.{number}")
