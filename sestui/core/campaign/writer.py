"""A campaign's text as a file that reads back as the same campaign."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import yaml

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.fields import USUAL_MISFIRE_HOURS, CampaignFields
from sestui.core.campaign.file import parse_campaign
from sestui.core.campaign.values import USUAL_PRIORITY
from sestui.core.content.message import BodyFormat, MessageSource
from sestui.errors import BadFileError

_BREAKS = frozenset("\n\r\x85\u2028\u2029\ufeff")
"""What YAML would take for the end of a line, or drop."""
_ENDLESS = 2**31


def write_campaign(
    fields: CampaignFields,
    message: MessageSource,
    attachments: Iterable[str],
    *,
    by_name: BodyFormat,
    path: str,
) -> str:
    """The file's text; it was read back and compared before it is returned.

    Args:
        fields: the campaign's own values.
        message: its content; of its attachments only ``attachments`` is written.
        attachments: their paths, relative to the file.
        by_name: what the file's name says of the body's format.
        path: the file's name as errors show it.

    Raises:
        BadFileError: no file can hold the campaign as it is; the sentence says why.
    """
    paths = tuple(attachments)
    front = _front(fields, message, paths, by_name)
    content = f"---\n{front}---\n{tidy_body(message.body)}"
    read = parse_campaign(content, path, by_name=by_name, default_zone=fields.timezone)
    same = (
        read.fields == fields
        and read.attachments == paths
        and (read.subject, read.preheader, read.text, read.body, read.body_format)
        == (*_texts(message), tidy_body(message.body), message.body_format)
        and (read.layout, read.to_name, read.headers)
        == (message.layout_name, message.to_name, message.headers)
    )
    if not same:
        raise BadFileError(f"{path} would not read back as the same campaign; save it as a draft.")
    return content


def tidy_body(body: str) -> str:
    """The body as a file holds it: Unix line ends, no blank lines at its head."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    return "\n".join(lines)


def keywords_text(keywords: dict[str, Any]) -> str:
    """``season: autumn, year: 2026``: what :func:`keywords_of` reads."""
    return _flow(keywords)[1:-1] if keywords else ""


def _texts(message: MessageSource) -> tuple[str, str, str]:
    return message.subject.strip(), message.preheader.strip(), message.text.strip()


def _front(
    fields: CampaignFields,
    message: MessageSource,
    attachments: tuple[str, ...],
    by_name: BodyFormat,
) -> str:
    subject, preheader, text = _texts(message)
    start = fields.start_at
    values: dict[str, Any] = {
        "name": fields.name,
        "subject": subject,
        "preheader": preheader,
        "from": fields.from_address,
        "reply_to": list(fields.reply_to),
        "lists": list(fields.lists),
        "schedule": fields.schedule,
        "start": "" if start is None else campaign_values.start_text(start, fields.timezone),
        "timezone": fields.timezone,
        "only": fields.only,
        "misfire_hours": (
            "" if fields.misfire_hours == USUAL_MISFIRE_HOURS else fields.misfire_hours
        ),
        "priority": "" if fields.priority == USUAL_PRIORITY else fields.priority,
        "max_rate": "" if fields.max_rate is None else fields.max_rate,
        "send_window": fields.send_window,
        "transactional": fields.transactional or "",
        "skip_unrenderable": fields.skip_unrenderable or "",
        "notify": list(fields.notify),
        "keywords": fields.keywords,
        "attachments": list(attachments),
        "format": "" if message.body_format == by_name else message.body_format,
        "layout": message.layout_name,
        "to_name": message.to_name,
        "headers": dict(message.headers),
        "text": text,
    }
    return "".join(
        f"{name}: {_value(value)}\n" for name, value in values.items() if value not in ("", [], {})
    )


def _value(value: Any) -> str:
    if isinstance(value, str) and _BREAKS & set(value) == {"\n"}:
        block = _dumped(_Block(value), flow=False)
        if block.startswith("|"):
            return block
    return _flow(value)


def _flow(value: Any) -> str:
    """The value on one line."""
    return _dumped(value, flow=True)


def _dumped(value: Any, *, flow: bool) -> str:
    # As a value of a mapping: alone, some texts would be written as documents are.
    dumped: str = yaml.dump(
        {"k": value},
        Dumper=_Dumper,
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=True,
        width=_ENDLESS,
    )
    if flow:
        return dumped.rstrip("\n").removeprefix("{k: ").removesuffix("}")
    return dumped.rstrip("\n").removeprefix("k: ")


class _Block(str):
    """Text to be written over several lines."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes what ``core.campaign.front_matter`` reads."""

    def ignore_aliases(self, data: Any) -> bool:
        return True  # they are refused there


_TEXT = "tag:yaml.org,2002:str"


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # A template has to be quoted, and often quotes with ' itself.
    quoted = value.startswith("{") and "'" in value and '"' not in value
    return dumper.represent_scalar(
        _TEXT, value, style='"' if quoted or _BREAKS & set(value) else None
    )


def _block(dumper: yaml.SafeDumper, value: _Block) -> yaml.Node:
    return dumper.represent_scalar(_TEXT, value, style="|")


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    # Without an exponent: with one it would be read as text.
    text = format(Decimal(repr(value)), "f") if math.isfinite(value) else repr(value)
    text = text if "." in text else f"{text}.0"
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Block, _block)
_Dumper.add_representer(float, _float)
