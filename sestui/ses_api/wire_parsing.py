"""Parse JSON requests of SES's API v2 into the values of ``wire``.

All functions raise :class:`~sestui.ses_api.wire.ServiceError` for requests that SES would refuse by
their form.
"""

import base64
import binascii
import json
import re
from dataclasses import replace

from sestui.core.contact.encoded_words import decoded_words
from sestui.core.contact.mailboxes import Mailbox
from sestui.core.content.mail_headers import (
    HEADER_NAME,
    HEADER_VALUE,
    MAX_HEADER,
    MAX_HEADERS,
    is_reserved,
)
from sestui.core.text import encodable
from sestui.ses_api.addresses import mailbox_of
from sestui.ses_api.raw_mail import RawMail
from sestui.ses_api.wire import (
    BulkEntry,
    Content,
    Destination,
    Json,
    Pairs,
    RawContent,
    SendBulkEmailRequest,
    SendEmailRequest,
    ServiceError,
    SimpleContent,
    TemplateContent,
    WireAttachment,
    bad_request,
)

MAX_RECIPIENTS = 50
"""Recipients (To, Cc and Bcc) of one mail, and entries of one bulk call."""
MAX_TEMPLATE_DATA = 262_144


def parse_object(body: bytes) -> Json:
    """Parse a JSON object; an empty body is an empty object."""
    try:
        parsed = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise ServiceError(400, "SerializationException", "The request is not a JSON object.")
    return parsed


def parse_send_email(body: bytes) -> SendEmailRequest:
    """Parse SendEmail's request."""
    return send_email_of(parse_object(body))


def send_email_of(given: Json, *, most: int = MAX_RECIPIENTS) -> SendEmailRequest:
    """Parse SendEmail's request from its JSON, with up to ``most`` recipients."""
    content = _content(_object(given, "Content"))
    if isinstance(content, RawContent):
        sender, destination = _raw_envelope(given, content.data, most)
    else:
        sender, destination = _sender(given), _destination(_object(given, "Destination"), most)
    return SendEmailRequest(
        sender=sender,
        destination=destination,
        content=content,
        reply_to=_mailboxes(given, "ReplyToAddresses"),
        tags=_tags(given, "EmailTags"),
        configuration_set=_text(given, "ConfigurationSetName"),
        subscription=_subscription(_object(given, "ListManagementOptions")),
    )


def _subscription(given: Json) -> tuple[str, str] | None:
    if not given:
        return None
    name = _text(given, "ContactListName")
    if not name:
        raise bad_request("ListManagementOptions.ContactListName is required.")
    return name, _text(given, "TopicName")


def parse_send_bulk_email(body: bytes) -> SendBulkEmailRequest:
    """Parse SendBulkEmail's request."""
    return send_bulk_email_of(parse_object(body))


def send_bulk_email_of(given: Json) -> SendBulkEmailRequest:
    """Parse SendBulkEmail's request from its JSON."""
    defaults = bulk_defaults_of(given)
    entries = tuple(bulk_entry_of(entry) for entry in _objects(given, "BulkEmailEntries"))
    return replace(defaults, entries=entries)


def bulk_defaults_of(given: Json) -> SendBulkEmailRequest:
    """Parse SendBulkEmail's request without its entries, which are only counted."""
    template = _object(_object(given, "DefaultContent"), "Template")
    if not template:
        raise bad_request("DefaultContent.Template is required.")
    sender = _sender(given)
    count = len(_objects(given, "BulkEmailEntries"))
    if not count:
        raise bad_request("BulkEmailEntries must have at least 1 entry.")
    if count > MAX_RECIPIENTS:
        raise bad_request(f"BulkEmailEntries must have at most {MAX_RECIPIENTS} entries.")
    return SendBulkEmailRequest(
        sender=sender,
        content=_template(template),
        entries=(),
        reply_to=_mailboxes(given, "ReplyToAddresses"),
        tags=_tags(given, "DefaultEmailTags"),
        configuration_set=_text(given, "ConfigurationSetName"),
    )


def bulk_entry_of(given: Json) -> BulkEntry:
    """Parse one entry of SendBulkEmail's request."""
    destination = _destination(_object(given, "Destination"), MAX_RECIPIENTS)
    replacement = _object(_object(given, "ReplacementEmailContent"), "ReplacementTemplate")
    return BulkEntry(
        destination=destination,
        data=_template_data(replacement, "ReplacementTemplateData"),
        headers=_headers(given, "ReplacementHeaders"),
        tags=_tags(given, "ReplacementTags"),
    )


def _content(given: Json) -> Content:
    kinds = [kind for kind in ("Simple", "Raw", "Template") if given.get(kind) is not None]
    if len(kinds) != 1:
        raise bad_request("Content must have exactly one of Simple, Raw and Template.")
    part = _object(given, kinds[0])
    if kinds[0] == "Simple":
        return _simple(part)
    if kinds[0] == "Template":
        return _template(part)
    data = _blob(part, "Data")
    subjects = RawMail(data).values("Subject")
    return RawContent(data, decoded_words(subjects[0]) if subjects else "")


def _simple(given: Json) -> SimpleContent:
    body = _object(given, "Body")
    html, text = (_content_text(_object(body, kind), "Data") for kind in ("Html", "Text"))
    if "Html" not in body and "Text" not in body:
        raise bad_request("Body must have Html or Text.")
    if "Data" not in _object(given, "Subject"):
        raise bad_request("Subject is required.")
    return SimpleContent(
        subject=_content_text(_object(given, "Subject"), "Data"),
        html=html,
        text=text,
        headers=_headers(given, "Headers"),
        attachments=_attachments(given),
    )


def _template(given: Json) -> TemplateContent:
    inline = _object(given, "TemplateContent")
    name = _text(given, "TemplateName") or _text(given, "TemplateArn")
    if not inline and not name:
        raise bad_request("Template must have a TemplateName, TemplateArn or TemplateContent.")
    return TemplateContent(
        name=name,
        subject=_content_text(inline, "Subject"),
        html=_content_text(inline, "Html"),
        text=_content_text(inline, "Text"),
        data=_template_data(given, "TemplateData"),
        headers=_headers(given, "Headers"),
        attachments=_attachments(given),
    )


def _template_data(given: Json, key: str) -> Json:
    text = _text(given, key)
    if len(text) > MAX_TEMPLATE_DATA:
        raise bad_request(f"{key} is longer than {MAX_TEMPLATE_DATA} characters.")
    try:
        data = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise bad_request(f"{key} is not a JSON object.")
    return data


def _attachments(given: Json) -> tuple[WireAttachment, ...]:
    return tuple(
        WireAttachment(
            name=_content_text(entry, "FileName"),
            content_type=_text(entry, "ContentType"),
            content=_blob(entry, "RawContent"),
            content_id=_text(entry, "ContentId"),
            inline=_text(entry, "ContentDisposition") == "INLINE",
        )
        for entry in _objects(given, "Attachments")
    )


_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SES_TAG = re.compile(r"ses:feedback-id-[a-d]")
"""SES's own tags that a mail may set, for its Feedback-ID header."""
_TAG_RULE = (
    "only alphanumeric ASCII characters, '_' and '-' are allowed, at least 1 and at most 256."
)


def _headers(given: Json, key: str) -> Pairs:
    headers = _pairs(given, key)
    if len(headers) > MAX_HEADERS:
        raise bad_request(f"{key} must have at most {MAX_HEADERS} entries.")
    for name, value in headers:
        if not HEADER_NAME.fullmatch(name):
            raise bad_request(f"Invalid header name: {name!r}.")
        if is_reserved(name):
            raise bad_request(f"Header name is reserved: {name!r}.")
        if not HEADER_VALUE.fullmatch(value) or len(name) + len(value) > MAX_HEADER:
            raise bad_request(f"Invalid value of header {name}.")
    return headers


def _tags(given: Json, key: str) -> Pairs:
    tags = _pairs(given, key)
    for name, value in tags:
        if not _TAG.fullmatch(name) and not _SES_TAG.fullmatch(name):
            raise bad_request(f"Invalid tag name <{name[:256]}>: {_TAG_RULE}")
        if not _TAG.fullmatch(value):
            raise bad_request(f"Invalid value of the tag {name}: {_TAG_RULE}")
    return tags


def _pairs(given: Json, key: str) -> Pairs:
    return tuple((_text(entry, "Name"), _text(entry, "Value")) for entry in _objects(given, key))


def _destination(given: Json, most: int) -> Destination:
    names = ("ToAddresses", "CcAddresses", "BccAddresses")
    return _bounded(Destination(*(_mailboxes(given, name) for name in names)), most)


def _bounded(destination: Destination, most: int) -> Destination:
    count = len(destination.to) + len(destination.cc) + len(destination.bcc)
    if count > most:
        raise bad_request(f"Recipient count exceeds {most}.")
    if not count:
        raise bad_request("Recipient count must be at least 1.")
    return destination


def _mailboxes(given: Json, key: str) -> tuple[Mailbox, ...]:
    return tuple(mailbox_of(text) for text in _strings(given, key))


def _sender(given: Json) -> Mailbox:
    text = _text(given, "FromEmailAddress")
    if not text:
        raise bad_request("FromEmailAddress is required.")
    return mailbox_of(text)


def _raw_envelope(given: Json, data: bytes, most: int) -> tuple[Mailbox, Destination]:
    """Sender and recipients of a raw mail: as given, or else from its headers.

    The headers are parsed in any case, as SES refuses invalid ones.
    """
    raw = RawMail(data)
    raw.check_single()
    senders = raw.mailboxes("From")
    in_headers = Destination(*(raw.mailboxes(name) for name in ("To", "Cc", "Bcc")))
    sender = senders[0] if senders and not given.get("FromEmailAddress") else _sender(given)
    named = _object(given, "Destination")
    if any(_list(named, key) for key in ("ToAddresses", "CcAddresses", "BccAddresses")):
        return sender, _destination(named, most)
    return sender, _bounded(in_headers, most)


def _object(given: Json, key: str) -> Json:
    value = given.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong_type(key, "an object")
    return value


def _text(given: Json, key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong_type(key, "a string")
    return value


def _content_text(given: Json, key: str) -> str:
    """Text of a mail's content, without lone surrogates."""
    return encodable(_text(given, key))


def _list(given: Json, key: str) -> list[object]:
    value = given.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong_type(key, "a list")
    return value


def _objects(given: Json, key: str) -> list[Json]:
    entries = []
    for entry in _list(given, key):
        if not isinstance(entry, dict):
            raise _wrong_type(key, "a list of objects")
        entries.append(entry)
    return entries


def _strings(given: Json, key: str) -> tuple[str, ...]:
    texts = []
    for entry in _list(given, key):
        if not isinstance(entry, str):
            raise _wrong_type(key, "a list of strings")
        texts.append(entry)
    return tuple(texts)


def _blob(given: Json, key: str) -> bytes:
    text = _text(given, key).replace("\r", "").replace("\n", "")  # Ruby's encode64 breaks lines
    try:
        # A blank is refused too: it may be a plus that wasn't escaped in a form.
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong_type(key, "base64") from error


def _wrong_type(key: str, wanted: str) -> ServiceError:
    return ServiceError(400, "SerializationException", f"{key} is not {wanted}.")
