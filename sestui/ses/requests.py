"""Convert mails to the arguments of SendEmail and SendBulkEmail, with files in base64."""

import base64
import json
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sestui.core.delivery.mail import Mail, MailAttachment, Pattern

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import SendBulkEmailRequestTypeDef, SendEmailRequestTypeDef
else:
    SendBulkEmailRequestTypeDef = SendEmailRequestTypeDef = dict

_json = json.JSONEncoder(ensure_ascii=False).encode

_ALONE, _ABSENT = ("", ""), ("",)
"""The texts of a part that is a single piece, and of a missing part."""

_READ_BY_SES = re.compile(r"[{}\\]{2,}|\A[{}\\]|[{}\\]\Z")
"""Text that SES would read as a substitution, alone or next to one."""


def single_request(mail: Mail) -> SendEmailRequestTypeDef:
    """The arguments of SendEmail."""
    if mail.request is not None:
        return dict(mail.request)  # type: ignore[return-value] # from a client of the relay
    body: dict[str, Any] = {}
    if mail.text:
        body["Text"] = {"Data": mail.text, "Charset": "UTF-8"}
    if mail.html:
        body["Html"] = {"Data": mail.html, "Charset": "UTF-8"}
    simple: dict[str, Any] = {
        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
        "Body": body,
    }
    if mail.headers:
        simple["Headers"] = _pairs(mail.headers)
    if mail.attachments:
        simple["Attachments"] = _files(mail.attachments)
    request: dict[str, Any] = {
        "FromEmailAddress": mail.from_address,
        "Destination": {"ToAddresses": [mail.to]},
        "Content": {"Simple": simple},
    }
    if mail.reply_to:
        request["ReplyToAddresses"] = list(mail.reply_to)
    if mail.tags:
        request["EmailTags"] = _pairs(mail.tags)
    if mail.configuration_set:
        request["ConfigurationSetName"] = mail.configuration_set
    if mail.subscription is not None:
        name, topic = mail.subscription
        request["ListManagementOptions"] = {"ContactListName": name}
        if topic:
            request["ListManagementOptions"]["TopicName"] = topic
    return request  # type: ignore[return-value] # built key by key, checked against the simulator


def bulk_request(mails: Sequence[Mail]) -> SendBulkEmailRequestTypeDef:
    """The arguments of SendBulkEmail.

    The template holds the pattern's texts with a placeholder for each piece, and each entry brings
    its pieces as replacement data. Without a common pattern each part is a single piece. Triple
    braces pass the pieces unescaped (docs/ses.md). Attachments and common headers go into the
    template.

    Raises:
        ValueError: one call can't carry these mails (see :meth:`Mail.shares_call`).
    """
    first = mails[0]
    if not all(mail.shares_call(first) for mail in mails):
        raise ValueError("These mails don't share what a bulk call says once.")
    pattern = first.pattern
    if pattern is not None and all(mail.pattern is pattern for mail in mails):
        pieces = [mail.pieces for mail in mails]
    else:
        pattern = Pattern(
            _ALONE, _ALONE if first.html else _ABSENT, _ALONE if first.text else _ABSENT
        )
        pieces = [_parts(mail, pattern) for mail in mails]
    template = _template(pattern)
    content: dict[str, Any] = {"TemplateContent": template.content, "TemplateData": "{}"}
    common = _common_headers(mails)
    if common:
        content["Headers"] = _pairs([pair for pair in first.headers if pair[0].lower() in common])
    if first.attachments:
        content["Attachments"] = _files(first.attachments)
    request: dict[str, Any] = {
        "FromEmailAddress": first.from_address,
        "DefaultContent": {"Template": content},
        "BulkEmailEntries": [
            _entry(mail, template.data(own), common)
            for mail, own in zip(mails, pieces, strict=True)
        ],
    }
    if first.reply_to:
        request["ReplyToAddresses"] = list(first.reply_to)
    if first.configuration_set:
        request["ConfigurationSetName"] = first.configuration_set
    return request  # type: ignore[return-value] # built key by key, checked against the simulator


def _parts(mail: Mail, pattern: Pattern) -> tuple[str, ...]:
    parts = ((mail.subject, _ALONE), (mail.html, pattern.html), (mail.text, pattern.text))
    return tuple(part for part, texts in parts if texts is not _ABSENT)


@dataclass(frozen=True, slots=True)
class _Template:
    """A pattern as an SES template."""

    content: dict[str, str]
    names: tuple[str, ...]
    """Names of the placeholders for a mail's pieces, in order."""
    literals: dict[str, str]
    """Parts of the pattern's texts that SES would read as substitutions, by placeholder."""

    def data(self, pieces: Sequence[str]) -> str:
        """The replacement data of a mail."""
        filled = dict(zip(self.names, pieces, strict=True)) | self.literals
        return _json(filled)


@lru_cache(maxsize=16)
def _template(pattern: Pattern) -> _Template:
    literals: dict[str, str] = {}

    def held_back(match: re.Match[str]) -> str:
        name = literals.setdefault(match[0], f"b{len(literals)}")
        return _hole(name)

    parts = {"Subject": pattern.subject, "Html": pattern.html, "Text": pattern.text}
    content, holes = {}, 0
    for part, texts in parts.items():
        written = [_READ_BY_SES.sub(held_back, text) for text in texts]
        for number in range(1, len(written)):
            written[number] = _hole(f"p{holes}") + written[number]
            holes += 1
        if texts != _ABSENT:
            content[part] = "".join(written)
    names = tuple(f"p{number}" for number in range(holes))
    return _Template(content, names, {name: text for text, name in literals.items()})


def _hole(name: str) -> str:
    return "{{{" + name + "}}}"


def _common_headers(mails: Sequence[Mail]) -> Set[str]:
    """Names (lower case) of the headers that are the same in all mails.

    By name, as an entry's header replaces all of that name in the template.
    """
    common = _by_name(mails[0].headers)
    for mail in mails[1:]:
        if not common:
            break
        own = _by_name(mail.headers)
        common = {name: pairs for name, pairs in common.items() if own.get(name) == pairs}
    return common.keys()


def _by_name(headers: Sequence[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for pair in headers:
        found.setdefault(pair[0].lower(), []).append(pair)
    return found


def _entry(mail: Mail, data: str, common: Set[str]) -> dict[str, Any]:
    own = [pair for pair in mail.headers if pair[0].lower() not in common]
    return {
        "Destination": {"ToAddresses": [mail.to]},
        "ReplacementTags": _pairs(mail.tags),
        "ReplacementHeaders": _pairs(own),
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
    }


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in pairs]


def _files(attachments: Sequence[MailAttachment]) -> list[dict[str, str]]:
    return [
        {
            "FileName": file.name,
            "ContentType": file.content_type,
            "RawContent": _in_base64(file),
            **_disposition(file),
            # The default is 7bit by SES's guide, which would break bytes above 127.
            "ContentTransferEncoding": "BASE64",
        }
        for file in attachments
    ]


def _disposition(file: MailAttachment) -> dict[str, str]:
    if file.content_id:
        return {"ContentDisposition": "INLINE", "ContentId": file.content_id}
    return {"ContentDisposition": "ATTACHMENT"}


_encoded: WeakKeyDictionary[MailAttachment, str] = WeakKeyDictionary()
"""Cache of attachments in base64, as all mails of a message have the same."""


def _in_base64(file: MailAttachment) -> str:
    text = _encoded.get(file)
    if text is None:
        text = _encoded[file] = base64.b64encode(file.content).decode("ascii")
    return text
