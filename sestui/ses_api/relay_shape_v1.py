"""The parameters of the old API's sends that the relay passes on; what else is asked is refused.

The sends' conversion to version 2 takes what it knows and leaves the rest: a parameter that is new,
or misspelt, would be lost in silence.
"""

from typing import Any

from sestui.ses_api.wire import bad_request
from sestui.ses_api.wire_v1 import Parameters

_Shape = dict[str, Any]
"""A parameter's own shape, a list of one shape, or None for a value."""

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
"""What every send but that of a raw mail has, whose headers say it."""

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
"""What each send may be given."""

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
"""What older clients still put beside a signature of version 4 in the header."""


def check_parameters(action: str, given: Parameters) -> None:
    """See that the send ``action`` is given nothing that would be left out.

    Raises:
        ServiceError: there is a parameter that the relay could not pass on; it is named.
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
        return  # one that should be a structure is refused where it is read
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
