"""Mails as the arguments of SES's two calls."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sestui.core.mail import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import SendBulkEmailRequestTypeDef, SendEmailRequestTypeDef
else:
    SendBulkEmailRequestTypeDef = SendEmailRequestTypeDef = dict

_SUBJECT, _HTML, _TEXT = "s", "h", "t"


def single_request(mail: Mail) -> SendEmailRequestTypeDef:
    """``mail`` as the arguments of SendEmail."""
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

    The template is nothing but three holes; each entry brings its finished subject and bodies as
    replacement data. Triple braces pass them unescaped (SES.md).
    """
    first = mails[0]
    content = {"Subject": _hole(_SUBJECT)}
    if first.html:
        content["Html"] = _hole(_HTML)
    if first.text:
        content["Text"] = _hole(_TEXT)
    request: dict[str, Any] = {
        "FromEmailAddress": first.from_address,
        "DefaultContent": {"Template": {"TemplateContent": content, "TemplateData": "{}"}},
        "BulkEmailEntries": [_entry(mail) for mail in mails],
    }
    if first.reply_to:
        request["ReplyToAddresses"] = list(first.reply_to)
    if first.configuration_set:
        request["ConfigurationSetName"] = first.configuration_set
    return request  # type: ignore[return-value] # built key by key, checked against the simulator


def _hole(name: str) -> str:
    return "{{{" + name + "}}}"


def _entry(mail: Mail) -> dict[str, Any]:
    data = {_SUBJECT: mail.subject, _HTML: mail.html, _TEXT: mail.text}
    return {
        "Destination": {"ToAddresses": [mail.to]},
        "ReplacementTags": _pairs(mail.tags),
        "ReplacementHeaders": _pairs(mail.headers),
        "ReplacementEmailContent": {
            "ReplacementTemplate": {"ReplacementTemplateData": json.dumps(data, ensure_ascii=False)}
        },
    }


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in pairs]
