"""A campaign as a file: YAML front matter over a body (docs/guide/campaigns.md)."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.fields import USUAL_MISFIRE_HOURS, CampaignFields
from sestui.core.campaign.front_matter import FrontMatter, FrontMatterFault, read_front_matter
from sestui.core.campaign.values import CONTROLS, USUAL_PRIORITY, BadValue
from sestui.core.clock import Instant
from sestui.core.content.lint.language import is_language
from sestui.core.content.message import BODY_FORMATS, BodyFormat, MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.core.text import printable
from sestui.errors import BadFileError

T = TypeVar("T")

_FIELDS = (
    *("name", "subject", "preheader", "from", "reply_to", "lists", "segment"),
    *("schedule", "day_and_weekday", "start", "timezone", "only", "misfire_hours"),
    *("priority", "max_rate", "send_window", "transactional", "skip_unrenderable"),
    *("notify", "keywords", "attachments", "text", "format", "lang"),
    *("layout", "headers", "to_name"),
)
_REQUIRED = ("name", "subject", "from", "lists")


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
    layout: str = ""
    """The name of a file; '' if none is given."""
    to_name: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def message(self, attachments: tuple[MailAttachment, ...] = ()) -> MessageSource:
        """The content, with the attachments somebody has read; a layout is still to be."""
        return MessageSource(
            subject=self.subject,
            body=self.body,
            body_format=self.body_format,
            text=self.text,
            preheader=self.preheader,
            attachments=attachments,
            to_name=self.to_name,
            headers=self.headers,
        )

    def fault(self, field_name: str, problem: str, offset: int = 0) -> BadFileError:
        """The error for a field: names file, line (``offset`` lines into the field) and field."""
        line = self.lines.get(field_name)
        place = f"{self.path}, line {line + offset}" if line else self.path
        end = "" if problem.endswith("?") else "."
        return BadFileError(f"{place}: {field_name}: {problem}{end}")


def parse_campaign(
    content: str, path: str, *, by_name: BodyFormat = "markdown", default_zone: str = ""
) -> CampaignFile:
    """The campaign that a file's text describes.

    ``by_name`` is what the file's name says of the body's format; ``default_zone`` (IANA) is for
    a file that names none.

    Raises:
        BadFileError: one sentence with file, line and field.
    """
    shown = printable(path)
    try:
        matter = read_front_matter(content)
        return _Parser(matter, shown, default_zone).campaign(by_name)
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

    def campaign(self, by_name: BodyFormat) -> CampaignFile:
        self._check_names()
        zone = self._checked("timezone", campaign_values.timezone) or self._default_zone
        if "schedule" in self._values and "start" in self._values:
            raise self._fault("start", "give either schedule or start, not both")
        fields = CampaignFields(
            name=self._ruled("name", lambda: campaign_values.campaign_name(self._text("name"))),
            from_address=self._ruled("from", lambda: campaign_values.mailbox(self._text("from"))),
            reply_to=self._mailboxes("reply_to"),
            lists=self._lists(),
            keywords=self._keywords(),
            transactional=self._flag("transactional"),
            skip_unrenderable=self._flag("skip_unrenderable"),
            priority=self._ruled(
                "priority",
                lambda: campaign_values.priority(self._values.get("priority", USUAL_PRIORITY)),
            ),
            max_rate=self._max_rate(),
            send_window=self._checked("send_window", campaign_values.send_window),
            notify=self._mailboxes("notify"),
            schedule=self._schedule(),
            start_at=self._start(zone),
            timezone=zone,
            only=self._checked("only", campaign_values.only),
            misfire_hours=self._ruled(
                "misfire_hours",
                lambda: campaign_values.misfire_hours(
                    self._values.get("misfire_hours", USUAL_MISFIRE_HOURS)
                ),
            ),
        )
        body_format = self._format(by_name)
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
            layout=self._text("layout"),
            to_name=self._text("to_name"),
            headers=self._ruled(
                "headers", lambda: campaign_values.headers(self._values.get("headers", {}))
            ),
        )

    def _keywords(self) -> dict[str, Any]:
        """With ``lang``, which templates may print, too."""
        given = self._values.get("keywords", {})
        keywords = self._ruled("keywords", lambda: campaign_values.keywords(given))
        lang = self._text("lang")
        if lang and not is_language(lang):
            raise self._fault("lang", "is no language; write it as en, he or pt-BR")
        return keywords | {"lang": lang} if lang else keywords

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
        if CONTROLS.search(value):
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

    def _ruled(self, name: str, rule: Callable[[], T]) -> T:
        try:
            return rule()
        except BadValue as bad:
            raise self._fault(name, bad.problem) from bad

    def _schedule(self) -> str:
        given = self._checked("schedule", campaign_values.schedule)
        both = self._flag("day_and_weekday")
        if not both:
            return given
        wanted = self._ruled("day_and_weekday", lambda: campaign_values.day_and_weekday(given))
        return self._ruled("schedule", lambda: campaign_values.schedule(wanted))

    def _checked(self, name: str, rule: Callable[[str], str]) -> str:
        given = self._text(name)
        return self._ruled(name, lambda: rule(given)) if given else ""

    def _mailboxes(self, name: str) -> tuple[str, ...]:
        return tuple(
            self._ruled(name, lambda each=each: campaign_values.mailbox(each))  # type: ignore[misc]
            for each in self._texts(name)
        )

    def _lists(self) -> tuple[str, ...]:
        lists = self._texts("lists")
        if not lists:
            raise self._fault("lists", "names no list; the campaign would reach nobody")
        return lists

    def _flag(self, name: str) -> bool:
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._fault(name, "must be true or false")
        return value

    def _max_rate(self) -> float | None:
        if "max_rate" not in self._values:
            return None
        return self._ruled("max_rate", lambda: campaign_values.max_rate(self._values["max_rate"]))

    def _start(self, zone: str) -> Instant | None:
        given = self._text("start")
        return self._ruled("start", lambda: campaign_values.start(given, zone)) if given else None

    def _format(self, by_name: BodyFormat) -> BodyFormat:
        given = self._text("format")
        if not given:
            return by_name
        for each in BODY_FORMATS:
            if each == given:
                return each
        raise self._fault("format", f"{given!r} is none of {', '.join(BODY_FORMATS)}")


def _kind(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", bool: "true or false", type(None): "empty"}
    return kinds.get(type(value), "not text")
