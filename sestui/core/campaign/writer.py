"""Write a campaign as a file that reads back as the same campaign."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sestui.core.campaign.fields import CAMPAIGN_FIELDS, CampaignFields, default_of
from sestui.core.campaign.file import parse_campaign
from sestui.core.campaign.front_matter import write_front_matter
from sestui.core.content.message import BodyFormat, MessageSource
from sestui.errors import BadFileError


def write_campaign(
    fields: CampaignFields,
    message: MessageSource,
    attachments: Iterable[str],
    *,
    by_name: BodyFormat,
    path: str,
) -> str:
    """The file's text, after checking that it reads back as the same campaign.

    Args:
        fields: the campaign's own values.
        message: its content; its attachments and layout are not written.
        attachments: paths relative to the file.
        by_name: the body's format by the file's name.
        path: the file's name as errors show it.

    Raises:
        BadFileError: no file can hold this campaign.
    """
    paths = tuple(attachments)
    message = replace(tidy_message(message), attachments=(), layout="")
    front = _front(fields, message, paths, by_name)
    content = f"---\n{front}---\n{message.body}"
    read = parse_campaign(content, path, by_name=by_name, default_zone=fields.timezone)
    if (read.fields, read.message, read.attachments) != (fields, message, paths):
        raise BadFileError(f"{path} would not read back as the same campaign; save it as a draft.")
    return content


def tidy_message(message: MessageSource) -> MessageSource:
    """The message as a file holds it."""
    return replace(
        message,
        subject=message.subject.strip(),
        preheader=message.preheader.strip(),
        text=message.text.strip(),
        body=tidy_body(message.body),
    )


def tidy_body(body: str) -> str:
    """The body as a file holds it: Unix line ends, no blank lines at its head."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    return "\n".join(lines)


def _front(
    fields: CampaignFields,
    message: MessageSource,
    attachments: tuple[str, ...],
    by_name: BodyFormat,
) -> str:
    own = {
        each.name: each.kind.to_file(value, fields.timezone)
        for attribute, each in CAMPAIGN_FIELDS.items()
        if (value := getattr(fields, attribute)) != default_of(attribute)
    }
    values: dict[str, Any] = {
        "name": own.pop("name", ""),
        "subject": message.subject,
        "preheader": message.preheader,
        **own,
        "attachments": list(attachments),
        "format": "" if message.body_format == by_name else message.body_format,
        "layout": message.layout_name,
        "to_name": message.to_name,
        "headers": dict(message.headers),
        "text": message.text,
    }
    return write_front_matter(
        {name: value for name, value in values.items() if value not in ("", [], {})}
    )
