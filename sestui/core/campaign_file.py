"""A campaign as a file: YAML front matter over a Markdown or HTML body (DESIGN §7)."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sestui.core.addresses import Refusal, check_address
from sestui.core.campaign import CampaignFields
from sestui.core.clock import Instant
from sestui.core.content.addresses import split_mailbox, wire_mailbox
from sestui.core.content.message import BUILT_INS, BodyFormat, MessageSource
from sestui.core.cron import check_cron, zone_named
from sestui.core.front_matter import FrontMatter, FrontMatterFault, read_front_matter
from sestui.core.mail import MailAttachment
from sestui.core.text import printable
from sestui.core.window import parse_window
from sestui.errors import BadFileError, SestuiError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FIELDS = (
    *("name", "subject", "preheader", "from", "reply_to", "lists", "segment"),
    *("schedule", "start", "timezone", "priority", "max_rate", "send_window", "transactional"),
    *("notify", "keywords", "attachments", "text", "format"),
)
_REQUIRED = ("name", "subject", "from", "lists")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """One parsed file; attachments are still names, as core opens no files."""

    path: str
    """As shown in errors."""
    fields: CampaignFields
    subject: str
    preheader: str
    body: str
    body_format: BodyFormat
    text: str
    attachments: tuple[str, ...]
    """Paths relative to the file."""
    lines: dict[str, int]
    """Line in the file of each field given, and of ``body``."""

    def message(self, attachments: tuple[MailAttachment, ...] = ()) -> MessageSource:
        """The content, with the attachments somebody has read."""
        return MessageSource(
            subject=self.subject,
            body=self.body,
            body_format=self.body_format,
            text=self.text,
            preheader=self.preheader,
            attachments=attachments,
        )

    def fault(self, field_name: str, problem: str, offset: int = 0) -> BadFileError:
        """The error for a field: names file, line (``offset`` lines into the field) and field."""
        line = self.lines.get(field_name)
        place = f"{self.path}, line {line + offset}" if line else self.path
        return BadFileError(f"{place}: {field_name}: {problem}.")


def parse_campaign(
    content: str, path: str, *, html: bool = False, default_zone: str = ""
) -> CampaignFile:
    """The campaign that a file's text describes.

    ``html`` is what the file's name says of the body's format; ``default_zone`` (IANA) is for a
    file that names none.

    Raises:
        BadFileError: one sentence with file, line and field.
    """
    shown = printable(path)
    try:
        matter = read_front_matter(content)
        return _Parser(matter, shown, default_zone).campaign(html=html)
    except FrontMatterFault as fault:
        place = f"{shown}, line {fault.line}" if fault.line else shown
        raise BadFileError(f"{place}: {printable(fault.problem)}.") from fault


class _Parser:
    """Checks the fields of one front matter, one after the other."""

    def __init__(self, matter: FrontMatter, path: str, default_zone: str) -> None:
        self._matter = matter
        self._values = matter.values
        self._path = path
        self._default_zone = default_zone

    def campaign(self, *, html: bool) -> CampaignFile:
        self._check_names()
        zone = self._checked("timezone", zone_named) or self._default_zone
        if "schedule" in self._values and "start" in self._values:
            raise self._fault("start", "give either schedule or start, not both")
        fields = CampaignFields(
            name=self._name(),
            from_address=self._mailbox("from", self._text("from")),
            reply_to=tuple(self._mailbox("reply_to", each) for each in self._texts("reply_to")),
            lists=self._lists(),
            keywords=self._keywords(),
            transactional=self._flag("transactional"),
            priority=self._priority(),
            max_rate=self._max_rate(),
            send_window=self._checked("send_window", parse_window),
            notify=tuple(self._mailbox("notify", each) for each in self._texts("notify")),
            schedule=self._checked("schedule", check_cron),
            start_at=self._start(zone),
            timezone=zone,
        )
        body_format = self._format(html=html)
        if not self._matter.body.strip():
            raise FrontMatterFault(self._matter.body_line, "the message is empty: write its body")
        return CampaignFile(
            path=self._path,
            fields=fields,
            subject=self._text("subject"),
            preheader=self._text("preheader"),
            body=self._matter.body,
            body_format=body_format,
            text=self._text("text"),
            attachments=self._texts("attachments"),
            lines=self._matter.lines | {"body": self._matter.body_line},
        )

    def _fault(self, name: str, problem: str) -> FrontMatterFault:
        return FrontMatterFault(self._matter.lines.get(name), f"{name}: {problem}")

    def _check_names(self) -> None:
        for name in self._values:
            if name not in _FIELDS:
                close = difflib.get_close_matches(name, _FIELDS, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(_FIELDS)}"
                raise FrontMatterFault(
                    self._matter.lines.get(name), f"there is no field {name!r} ({hint})"
                )
        if "segment" in self._values:
            raise self._fault(
                "segment", "segments can't be used yet; name the lists to send to (lists: [...])"
            )
        for name in _REQUIRED:
            if name not in self._values:
                raise FrontMatterFault(1, f"the field {name!r} is missing; add '{name}: ...'")

    def _text(self, name: str) -> str:
        value = self._values.get(name, "")
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise self._fault(name, f"is {_kind(value)}; write text, in quotes if need be")
        if _CONTROLS.search(value):
            raise self._fault(name, "holds control characters")
        if name in self._values and not value.strip():
            raise self._fault(name, "is empty")
        return value.strip()

    def _texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name, [])
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) and item.strip() for item in items):
            raise self._fault(name, "must be a list of texts, as in [one, two]")
        return tuple(dict.fromkeys(item.strip() for item in items))

    def _checked(self, name: str, check: Callable[[str], object]) -> str:
        """The text of a field in the form its check gives it, or as written."""
        given = self._text(name)
        if not given:
            return ""
        try:
            result = check(given)
        except SestuiError as error:
            raise self._fault(name, str(error).rstrip(".")) from error
        return result if isinstance(result, str) else given

    def _name(self) -> str:
        name = self._text("name")
        if not NAME.fullmatch(name):
            raise self._fault(
                "name",
                f"{name!r} can't be a campaign's name; use up to 100 letters, digits, '.', '_' "
                "and '-', as in november-news",
            )
        return name

    def _mailbox(self, name: str, mailbox: str) -> str:
        try:
            label, address = split_mailbox(mailbox)
            wire_mailbox(mailbox)
        except SestuiError as error:
            raise self._fault(name, str(error).rstrip(".")) from error
        verdict = check_address(address)
        if isinstance(verdict, Refusal):
            raise self._fault(name, f"{address!r} is not an address ({verdict.reason.rstrip('.')})")
        return mailbox.strip() if label else verdict.email

    def _lists(self) -> tuple[str, ...]:
        lists = self._texts("lists")
        if not lists:
            raise self._fault("lists", "names no list; the campaign would reach nobody")
        return lists

    def _keywords(self) -> dict[str, Any]:
        keywords = self._values.get("keywords", {})
        if not isinstance(keywords, dict):
            raise self._fault("keywords", "must be names with values, as in {season: autumn}")
        for name, value in keywords.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise self._fault("keywords", f"{name!r} can't be a variable; use letters and '_'")
            if name in BUILT_INS:
                raise self._fault("keywords", f"{name} is sestui's own variable; choose another")
            if value is None:
                raise self._fault("keywords", f"{name} has no value")
        return keywords

    def _flag(self, name: str) -> bool:
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._fault(name, "must be true or false")
        return value

    def _priority(self) -> int:
        value = self._values.get("priority", 5)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 9:
            raise self._fault("priority", "must be a whole number from 0 to 9; 9 goes first")
        return value

    def _max_rate(self) -> float | None:
        if "max_rate" not in self._values:
            return None
        value = self._values["max_rate"]
        try:
            rate = 0.0 if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            rate = 0.0
        if not 0 < rate < float("inf"):
            raise self._fault("max_rate", "must be a number above 0, in recipients a second")
        return rate

    def _start(self, zone: str) -> Instant | None:
        given = self._text("start")
        if not given:
            return None
        try:
            moment = datetime.fromisoformat(given)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=zone_named(zone))
            return moment.timestamp()
        except (ValueError, OverflowError) as error:
            raise self._fault(
                "start", f"{given!r} is not a time; write it as 2026-12-01T09:00"
            ) from error

    def _format(self, *, html: bool) -> BodyFormat:
        given = self._text("format")
        if given not in {"", "markdown", "html"}:
            raise self._fault("format", f"{given!r} is neither markdown nor html")
        return "html" if given == "html" or (html and not given) else "markdown"


def _kind(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", bool: "true or false", type(None): "empty"}
    return kinds.get(type(value), "not text")
