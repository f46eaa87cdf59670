"""Mails as the arguments of SES's two calls."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sestui.core.mail import Mail, Pattern

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import SendBulkEmailRequestTypeDef, SendEmailRequestTypeDef
else:
    SendBulkEmailRequestTypeDef = SendEmailRequestTypeDef = dict

_json = json.JSONEncoder(ensure_ascii=False).encode

_ALONE, _ABSENT = ("", ""), ("",)
"""The texts of a part that is one piece, and of a part that there isn't."""

_READ_BY_SES = re.compile(r"[{}\\]{2,}|\A[{}\\]|[{}\\]\Z")
"""What SES would take for a substitution in a template's text, or for part of one beside it."""


def single_request(mail: Mail) -> SendEmailRequestTypeDef:
    """``mail`` as the arguments of SendEmail."""
    if mail.request is not None:
        return dict(mail.request)  # type: ignore[return-value] # as a client of the relay gave it
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
        simple["Attachments"] = [
            {
                "FileName": attachment.name,
                "ContentType": attachment.content_type,
                "RawContent": attachment.content,
                "ContentDisposition": "ATTACHMENT",
            }
            for attachment in mail.attachments
        ]
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
    return request  # type: ignore[return-value] # built key by key, checked against the simulator


def bulk_request(mails: Sequence[Mail]) -> SendBulkEmailRequestTypeDef:
    """``mails`` as the arguments of SendBulkEmail.

    The template holds the texts of the mails' pattern with a hole for each piece, and each entry
    brings its pieces as replacement data. Mails without a pattern in common are one piece a part.
    Triple braces pass the pieces unescaped (SES.md).
    """
    first = mails[0]
    pattern = first.pattern
    if pattern is not None and all(mail.pattern is pattern for mail in mails):
        pieces = [mail.pieces for mail in mails]
    else:
        pattern = Pattern(
            _ALONE, _ALONE if first.html else _ABSENT, _ALONE if first.text else _ABSENT
        )
        pieces = [_parts(mail, pattern) for mail in mails]
    template = _template(pattern)
    request: dict[str, Any] = {
        "FromEmailAddress": first.from_address,
        "DefaultContent": {"Template": {"TemplateContent": template.content, "TemplateData": "{}"}},
        "BulkEmailEntries": [
            _entry(mail, template.data(own)) for mail, own in zip(mails, pieces, strict=True)
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
    """A pattern as SES reads it."""

    content: dict[str, str]
    names: tuple[str, ...]
    """Of the holes for a mail's pieces, in their order."""
    literals: dict[str, str]
    """What SES would read in the pattern's own texts, by the names of the holes that bring it."""

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


def _entry(mail: Mail, data: str) -> dict[str, Any]:
    return {
        "Destination": {"ToAddresses": [mail.to]},
        "ReplacementTags": _pairs(mail.tags),
        "ReplacementHeaders": _pairs(mail.headers),
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
    }


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in pairs]
