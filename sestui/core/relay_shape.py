"""The members of SendEmail's request that sestui knows, so that no others reach botocore.

SES ignores what it doesn't know; botocore stumbles over it.
"""

from typing import Any

from sestui.core.wire import Json, ServiceError

_Shape = dict[str, Any]
"""A member's own shape, a list of one shape, or None for a value that is taken as it is."""

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

_SEND_EMAIL: _Shape = {
    "FromEmailAddress": None,
    "FromEmailAddressIdentityArn": None,
    "ReplyToAddresses": [None],
    "FeedbackForwardingEmailAddress": None,
    "FeedbackForwardingEmailAddressIdentityArn": None,
    "Content": {
        "Simple": {
            "Subject": _CONTENT,
            "Body": {"Text": _CONTENT, "Html": _CONTENT},
            "Headers": _PAIRS,
            "Attachments": _FILES,
        },
        "Raw": {"Data": None},
        "Template": {
            "TemplateName": None,
            "TemplateArn": None,
            "TemplateContent": {"Subject": None, "Text": None, "Html": None},
            "TemplateData": None,
            "Headers": _PAIRS,
            "Attachments": _FILES,
        },
    },
    "EmailTags": _PAIRS,
    "ConfigurationSetName": None,
    "EndpointId": None,
    "TenantName": None,
    "ListManagementOptions": {"ContactListName": None, "TopicName": None},
}


def only_known(given: Json) -> Json:
    """SendEmail's request with the members of its model only.

    Raises:
        ServiceError: a member is a value where it should be a structure, or the other way round.
    """
    known: Json = _known(given, _SEND_EMAIL, "The request")
    return known


def _known(given: Any, shape: Any, name: str) -> Any:
    if isinstance(shape, dict):
        if not isinstance(given, dict):
            raise _wrong_type(name, "an object")
        return {
            key: _known(value, shape[key], key)
            for key, value in given.items()
            if key in shape and value is not None
        }
    if isinstance(shape, list):
        if not isinstance(given, list):
            raise _wrong_type(name, "a list")
        return [_known(each, shape[0], name) for each in given]
    if not isinstance(given, str):
        raise _wrong_type(name, "a string")
    return given


def _wrong_type(name: str, wanted: str) -> ServiceError:
    return ServiceError(400, "SerializationException", f"{name} is not {wanted}.")
