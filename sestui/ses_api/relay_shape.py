"""Check that a send's request holds only members that the relay can pass on.

Unknown members are refused rather than dropped silently, as SES may know more of them than sestui.
"""

from typing import Any

from sestui.ses_api.wire import Json, ServiceError, bad_request

_Shape = dict[str, Any]
"""A nested shape, a list with one shape, or None for a plain value."""

_CONTENT: _Shape = {"Data": None, "Charset": None}
_PAIRS = [{"Name": None, "Value": None}]
_FILES = [
    {
        "RawContent": None,
        "ContentDisposition": None,
        "FileName": None,
        "ContentDescription": None,
        "ContentId": None,
        "ContentTransferEncoding": None,
        "ContentType": None,
    }
]

_ADDRESSES: _Shape = {"ToAddresses": [None], "CcAddresses": [None], "BccAddresses": [None]}
_TEMPLATE: _Shape = {
    "TemplateName": None,
    "TemplateArn": None,
    "TemplateContent": {"Subject": None, "Text": None, "Html": None},
    "TemplateData": None,
    "Headers": _PAIRS,
    "Attachments": _FILES,
}
_COMMON: _Shape = {
    "FromEmailAddress": None,
    "FromEmailAddressIdentityArn": None,
    "ReplyToAddresses": [None],
    "FeedbackForwardingEmailAddress": None,
    "FeedbackForwardingEmailAddressIdentityArn": None,
    "ConfigurationSetName": None,
    "TenantName": None,
    "ConfigurationOverrides": {
        "Tracking": {"OpenTrackingEnabled": None, "ClickTrackingEnabled": None}
    },
}
"""Members of both SendEmail and SendBulkEmail."""

_SEND_EMAIL: _Shape = {
    **_COMMON,
    "Destination": _ADDRESSES,
    "Content": {
        "Simple": {
            "Subject": _CONTENT,
            "Body": {"Text": _CONTENT, "Html": _CONTENT},
            "Headers": _PAIRS,
            "Attachments": _FILES,
        },
        "Raw": {"Data": None},
        "Template": _TEMPLATE,
    },
    "EmailTags": _PAIRS,
    "ListManagementOptions": {"ContactListName": None, "TopicName": None},
}

_SEND_BULK_EMAIL: _Shape = {
    **_COMMON,
    "DefaultEmailTags": _PAIRS,
    "DefaultContent": {"Template": _TEMPLATE},
    "BulkEmailEntries": [
        {
            "Destination": _ADDRESSES,
            "ReplacementTags": _PAIRS,
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": None}},
            "ReplacementHeaders": _PAIRS,
        }
    ],
}

_ELSEWHERE = "EndpointId"
"""Calls through a multi-region endpoint need another host and signature, and use several regions
whose rate and quota no governor here knows."""


def checked_send(given: Json) -> Json:
    """SendEmail's request, validated, without null members.

    Raises:
        ServiceError: a member has the wrong type or can't be passed on.
    """
    return _checked(given, _SEND_EMAIL)


def checked_bulk(given: Json) -> Json:
    """The same for SendBulkEmail."""
    return _checked(given, _SEND_BULK_EMAIL)


def _checked(given: Json, shape: _Shape) -> Json:
    if given.get(_ELSEWHERE) is not None:
        raise bad_request(
            "EndpointId: the relay doesn't send through multi-region endpoints; point this program "
            "at SES itself."
        )
    known: Json = _known(given, shape, "The request")
    return known


def _known(given: Any, shape: Any, name: str) -> Any:
    if isinstance(shape, dict):
        if not isinstance(given, dict):
            raise _wrong_type(name, "an object")
        members = {}
        for key, value in given.items():
            if value is not None:
                of_member = _shape_of(shape, key)
                text = of_member is None and isinstance(value, str)
                members[key] = value if text else _known(value, of_member, key)
        return members
    if isinstance(shape, list):
        if not isinstance(given, list):
            raise _wrong_type(name, "a list")
        return [_known(each, shape[0], name) for each in given]
    if not isinstance(given, str):
        raise _wrong_type(name, "a string")
    return given


def _shape_of(shape: _Shape, key: str) -> Any:
    if key not in shape:
        raise bad_request(f"{key[:100]} is not a member that the relay could pass on.")
    return shape[key]


def _wrong_type(name: str, wanted: str) -> ServiceError:
    return ServiceError(400, "SerializationException", f"{name} is not {wanted}.")
