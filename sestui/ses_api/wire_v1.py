"""SES's API version 1: form parameters in, XML out.

Its sends are converted to equivalent requests of version 2.
"""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from sestui.ses_api.wire import (
    BulkStatus,
    EntryResult,
    Json,
    ServiceError,
    bad_request,
    names_configuration_set,
)

NAMESPACE = "http://ses.amazonaws.com/doc/2010-12-01/"

_MOST_PARAMETERS = 20_000
_DEEPEST = 12
"""Parts of a parameter's name; SES's longest have eight."""

Parameters = dict[str, "str | Parameters"]
"""A call's parameters, nested at the dots in their names."""


def parse_form(query: str, body: bytes) -> tuple[str, Parameters]:
    """Parse the action and the parameters from query and body.

    Raises:
        ServiceError: it isn't a valid call, or a parameter is repeated, which would be ambiguous.
    """
    given = _pairs(query.encode("latin-1")) + _pairs(body)
    tree: Parameters = {}
    for name, value in given:
        _put(tree, name, value)
    action = tree.get("Action", "")
    if not isinstance(action, str) or not action:
        raise ServiceError(400, "MissingAction", "The request must contain the parameter Action.")
    return action, tree


def _pairs(form: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            form.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise _malformed("The query string contains a syntax error.") from error


def _put(tree: Parameters, name: str, value: str) -> None:
    *path, last = name.split(".")
    if len(path) >= _DEEPEST:
        raise _malformed(f"{name[:100]} is not a parameter.")
    node = tree
    for part in path:
        below = node.setdefault(part, {})
        if isinstance(below, str):
            raise _malformed(f"{name[:100]} is given as a value and as a structure.")
        node = below
    if last in node:
        raise _malformed(f"{name[:100]} is given more than once.")
    node[last] = value


def send_email(given: Parameters) -> Json:
    """Convert SendEmail."""
    message = _below(given, "Message")
    body = _below(message, "Body")
    simple: Json = {"Subject": _content(message, "Subject"), "Body": {}}
    for kind in ("Text", "Html"):
        if kind in body:
            simple["Body"][kind] = _content(body, kind)
    return _request(given, _destination(_below(given, "Destination")), {"Simple": simple})


def send_raw_email(given: Parameters) -> Json:
    """Convert SendRawEmail."""
    content = {"Raw": {"Data": _text(_below(given, "RawMessage"), "Data")}}
    to = _strings(given, "Destinations")
    request = _request(given, {"ToAddresses": to} if to else {}, content)
    arns = {arn for name in ("FromArn", "SourceArn") if (arn := _text(given, name))}
    if len(arns) > 1:
        raise bad_request("FromArn and SourceArn name two identities: version 2 takes one only.")
    for arn in arns:
        request["FromEmailAddressIdentityArn"] = arn
    return request


def send_templated_email(given: Parameters) -> Json:
    """Convert SendTemplatedEmail."""
    template = _template(given, "TemplateData")
    return _request(given, _destination(_below(given, "Destination")), {"Template": template})


def send_bulk_templated_email(given: Parameters) -> Json:
    """Convert SendBulkTemplatedEmail to SendBulkEmail."""
    request = _request(given, None, None)
    request.pop("EmailTags", None)  # this call has no Tags of its own
    request["DefaultContent"] = {"Template": _template(given, "DefaultTemplateData")}
    tags = _tags(given, "DefaultTags")
    if tags:
        request["DefaultEmailTags"] = tags
    request["BulkEmailEntries"] = [_entry(entry) for entry in _members(given, "Destinations")]
    return request


SENDS: dict[str, Callable[[Parameters], Json]] = {
    "SendEmail": send_email,
    "SendRawEmail": send_raw_email,
    "SendTemplatedEmail": send_templated_email,
    "SendBulkTemplatedEmail": send_bulk_templated_email,
}
"""Converters of version 1's sends."""

BULK = "SendBulkTemplatedEmail"


def _request(given: Parameters, destination: Json | None, content: Json | None) -> Json:
    texts = {
        "FromEmailAddress": _text(given, "Source"),
        "FromEmailAddressIdentityArn": _text(given, "SourceArn"),
        "FeedbackForwardingEmailAddress": _text(given, "ReturnPath"),
        "FeedbackForwardingEmailAddressIdentityArn": _text(given, "ReturnPathArn"),
        "ConfigurationSetName": _text(given, "ConfigurationSetName"),
    }
    request: Json = {name: value for name, value in texts.items() if value}
    reply_to, tags = _strings(given, "ReplyToAddresses"), _tags(given, "Tags")
    if reply_to:
        request["ReplyToAddresses"] = reply_to
    if tags:
        request["EmailTags"] = tags
    if destination is not None:
        request["Destination"] = destination
    if content is not None:
        request["Content"] = content
    return request


def _entry(given: Parameters) -> Json:
    entry: Json = {"Destination": _destination(_below(given, "Destination"))}
    tags, data = _tags(given, "ReplacementTags"), _text(given, "ReplacementTemplateData")
    if tags:
        entry["ReplacementTags"] = tags
    if data:
        entry["ReplacementEmailContent"] = {
            "ReplacementTemplate": {"ReplacementTemplateData": data}
        }
    return entry


def _template(given: Parameters, data_key: str) -> Json:
    template: Json = {"TemplateName": _text(given, "Template")}
    arn, data = _text(given, "TemplateArn"), _text(given, data_key)
    if arn:
        template["TemplateArn"] = arn
    if data:
        template["TemplateData"] = data
    return template


def _destination(given: Parameters) -> Json:
    found = {name: _strings(given, name) for name in ("ToAddresses", "CcAddresses", "BccAddresses")}
    return {name: addresses for name, addresses in found.items() if addresses}


def _content(given: Parameters, name: str) -> Json:
    part = _below(given, name)
    content: Json = {"Data": _text(part, "Data")} if "Data" in part else {}
    charset = _text(part, "Charset")
    return content | {"Charset": charset} if charset else content


def _tags(given: Parameters, name: str) -> list[Json]:
    return [
        {"Name": _text(tag, "Name"), "Value": _text(tag, "Value")} for tag in _members(given, name)
    ]


def _below(given: Parameters, name: str) -> Parameters:
    found = given.get(name, {})
    if isinstance(found, str):
        if found:
            raise _malformed(f"{name} is not a structure.")
        return {}  # some clients write an empty structure like that
    return found


def _text(given: Parameters, name: str) -> str:
    found = given.get(name, "")
    if not isinstance(found, str):
        raise _malformed(f"{name} is not a value.")
    return found


def _numbered(given: Parameters, name: str) -> list[str | Parameters]:
    members = _below(_below(given, name), "member")
    if not all(number.isascii() and number.isdigit() and len(number) < 7 for number in members):
        raise _malformed(f"{name} is not a list.")
    return [members[number] for number in sorted(members, key=int)]


def _strings(given: Parameters, name: str) -> list[str]:
    found = _numbered(given, name)
    texts = [member for member in found if isinstance(member, str)]
    if len(texts) != len(found):
        raise _malformed(f"{name} is not a list of values.")
    return texts


def _members(given: Parameters, name: str) -> list[Parameters]:
    found = _numbered(given, name)
    trees = [member for member in found if not isinstance(member, str)]
    if len(trees) != len(found):
        raise _malformed(f"{name} is not a list of structures.")
    return trees


def _malformed(text: str) -> ServiceError:
    return ServiceError(400, "MalformedQueryString", text)


# answers

_CODES = {
    "TooManyRequestsException": (400, "Throttling"),
    "LimitExceededException": (400, "Throttling"),
    "SendingPausedException": (400, "AccountSendingPausedException"),
    "AccountSuspendedException": (400, "AccountSendingPausedException"),
    "BadRequestException": (400, "InvalidParameterValue"),
    "SerializationException": (400, "MalformedQueryString"),
    "InternalServiceErrorException": (500, "InternalFailure"),
    "AccessDeniedException": (403, "AccessDenied"),
    "UnrecognizedClientException": (403, "InvalidClientTokenId"),
    "InvalidSignatureException": (403, "SignatureDoesNotMatch"),
    "IncompleteSignatureException": (400, "IncompleteSignature"),
    "MissingAuthenticationTokenException": (403, "MissingAuthenticationToken"),
}
"""Version 2's codes in version 1; codes not listed are the same."""

_STATUSES = {
    BulkStatus.SUCCESS: "Success",
    BulkStatus.MESSAGE_REJECTED: "MessageRejected",
    BulkStatus.MAIL_FROM_DOMAIN_NOT_VERIFIED: "MailFromDomainNotVerified",
    BulkStatus.CONFIGURATION_SET_NOT_FOUND: "ConfigurationSetDoesNotExist",
    BulkStatus.TEMPLATE_NOT_FOUND: "TemplateDoesNotExist",
    BulkStatus.ACCOUNT_SUSPENDED: "AccountSuspended",
    BulkStatus.ACCOUNT_THROTTLED: "AccountThrottled",
    BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED: "AccountDailyQuotaExceeded",
    BulkStatus.INVALID_SENDING_POOL_NAME: "InvalidSendingPoolName",
    BulkStatus.ACCOUNT_SENDING_PAUSED: "AccountSendingPaused",
    BulkStatus.CONFIGURATION_SET_SENDING_PAUSED: "ConfigurationSetSendingPaused",
    BulkStatus.INVALID_PARAMETER: "InvalidParameterValue",
    BulkStatus.TRANSIENT_FAILURE: "TransientFailure",
    BulkStatus.FAILED: "Failed",
}


def as_v1(error: ServiceError) -> ServiceError:
    """Version 1's equivalent of an error of version 2."""
    of_set = names_configuration_set(error)
    if error.code == "NotFoundException":
        kind = "ConfigurationSet" if of_set else "Template"
        return ServiceError(400, f"{kind}DoesNotExist", error.text)
    if error.code == "SendingPausedException" and of_set:
        return ServiceError(400, "ConfigurationSetSendingPausedException", error.text)
    status, code = _CODES.get(error.code, (error.status, error.code))
    return ServiceError(status, code, error.text)


def error_xml(error: ServiceError, request_id: str) -> bytes:
    """The XML body of an error, converted to version 1."""
    said = as_v1(error)
    fault = "Sender" if said.status < 500 else "Receiver"
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{fault}</Type><Code>{_xml(said.code)}'
        f"</Code><Message>{_xml(said.text)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def sent_xml(action: str, message_id: str, request_id: str) -> bytes:
    """The answer to a send of one mail."""
    return _response(action, f"<MessageId>{_xml(message_id)}</MessageId>", request_id)


def bulk_sent_xml(results: Sequence[EntryResult], request_id: str) -> bytes:
    """SendBulkTemplatedEmail's answer, with entries in the order of the request."""
    members = "".join(_member(result) for result in results)
    return _response(BULK, f"<Status>{members}</Status>", request_id)


def _member(result: EntryResult) -> str:
    parts = [f"<Status>{_STATUSES[result.status]}</Status>"]
    if result.error:
        parts.append(f"<Error>{_xml(result.error)}</Error>")
    if result.message_id:
        parts.append(f"<MessageId>{_xml(result.message_id)}</MessageId>")
    return f"<member>{''.join(parts)}</member>"


def _response(action: str, result: str, request_id: str) -> bytes:
    return (
        f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    ).encode()


def _xml(text: str) -> str:
    """``text`` escaped for XML, without control characters."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else " " for c in text))
