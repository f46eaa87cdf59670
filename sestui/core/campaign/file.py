"""Read a campaign from a file: YAML front matter over a body (docs/guide/campaigns.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.fields import CAMPAIGN_FIELDS, CampaignFields, default_of
from sestui.core.campaign.front_matter import FrontMatter, FrontMatterFault, read_front_matter
from sestui.core.campaign.kinds import flag_of, text_of, texts_of
from sestui.core.campaign.values import BadValue
from sestui.core.content.lint.language import is_language
from sestui.core.content.message import BODY_FORMATS, BodyFormat, MessageSource
from sestui.core.suggestions import similar_or_known
from sestui.core.text import printable
from sestui.errors import BadFileError

T = TypeVar("T")

_MESSAGE_NAMES = (
    *("subject", "preheader", "text", "format", "attachments"),
    *("layout", "to_name", "headers"),
)
_NAMES = (
    *(each.name for each in CAMPAIGN_FIELDS.values()),
    *_MESSAGE_NAMES,
    *("day_and_weekday", "lang"),  # these go into other fields
)
_REQUIRED = ("name", "subject", "from", "lists")
_INSTEAD = {"subject": "split", "lists": "segment"}
"""Fields that may stand in place of required ones."""


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """A parsed file; attachments and layout are still names, as core opens no files."""

    path: str
    """As errors show it."""
    fields: CampaignFields
    message: MessageSource
    """Without the contents of its attachments and layout."""
    attachments: tuple[str, ...]
    """Paths relative to the file."""
    lines: dict[str, int]
    """The line (from 1) of each field in the file, and of ``body``."""

    def fault(self, field_name: str, problem: str, offset: int = 0) -> BadFileError:
        """An error that names file, field and line (``offset`` lines into the field)."""
        line = self.lines.get(field_name)
        place = f"{self.path}, line {line + offset}" if line else self.path
        end = "" if problem.endswith("?") else "."
        return BadFileError(f"{place}: {field_name}: {problem}{end}")


def parse_campaign(
    content: str, path: str, *, by_name: BodyFormat = "markdown", default_zone: str = ""
) -> CampaignFile:
    """The campaign that a file's text describes.

    ``by_name`` is the body's format by the file's name; ``default_zone`` (IANA) applies where the
    file names none.

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
    """Reads the fields of one front matter."""

    def __init__(self, matter: FrontMatter, path: str, default_zone: str) -> None:
        self._matter = matter
        self._values = matter.values
        self._path = path
        self._default_zone = default_zone

    def campaign(self, by_name: BodyFormat) -> CampaignFile:
        self._check_names()
        zone = self._field("timezone", "") or self._default_zone
        if "schedule" in self._values and "start" in self._values:
            raise self._fault("start", "give either schedule or start, not both")
        read = {attribute: self._field(attribute, zone) for attribute in CAMPAIGN_FIELDS}
        read["timezone"] = zone
        read["schedule"] = self._schedule(read["schedule"])
        read["keywords"] = self._keywords(read["keywords"])
        message = self._message(by_name, read["split"])
        if not self._matter.body.strip():
            raise FrontMatterFault(self._matter.body_line, "the message is empty: write its body")
        return CampaignFile(
            path=self._path,
            fields=CampaignFields(**read),
            message=message,
            attachments=self._read("attachments", texts_of, ()),
            lines=self._matter.lines | {"body": self._matter.body_line},
        )

    def _message(self, by_name: BodyFormat, split: tuple[str, ...]) -> MessageSource:
        return MessageSource(
            subject=self._text("subject") or (split[0] if split else ""),
            preheader=self._text("preheader"),
            body=self._matter.body,
            body_format=self._read("format", _body_format, by_name),
            text=self._text("text"),
            layout_name=self._text("layout"),
            to_name=self._text("to_name"),
            headers=self._read("headers", campaign_values.headers, ()),
        )

    def _field(self, attribute: str, zone: str) -> Any:
        """One of the campaign's own fields, by attribute."""
        field = CAMPAIGN_FIELDS[attribute]
        return self._read(
            field.name, lambda given: field.kind.from_file(given, zone), default_of(attribute)
        )

    def _text(self, name: str) -> str:
        return self._read(name, text_of, "")

    def _read(self, name: str, rule: Callable[[Any], T], default: T) -> T:
        """The field's value, read by ``rule``; ``default`` where the file doesn't give it."""
        if name not in self._values:
            return default
        try:
            return rule(self._values[name])
        except BadValue as bad:
            raise self._fault(name, bad.problem) from bad

    def _schedule(self, given: str) -> str:
        """The schedule with ``day_and_weekday`` applied."""
        if not self._read("day_and_weekday", flag_of, False):
            return given
        wanted = self._read("day_and_weekday", lambda _: campaign_values.day_and_weekday(given), "")
        return self._read("schedule", lambda _: campaign_values.schedule(wanted), wanted)

    def _keywords(self, given: dict[str, Any]) -> dict[str, Any]:
        """The keywords with ``lang`` added, so that templates can print it."""
        lang = self._text("lang")
        if lang and not is_language(lang):
            raise self._fault("lang", "is not a language; write it as en, he or pt-BR")
        return given | {"lang": lang} if lang else given

    def _fault(self, name: str, problem: str) -> FrontMatterFault:
        return FrontMatterFault(self._matter.lines.get(name), f"{name}: {problem}")

    def _check_names(self) -> None:
        for name in self._values:
            if name not in _NAMES:
                hint = similar_or_known(name, _NAMES)
                raise FrontMatterFault(
                    self._matter.lines.get(name), f"there is no field {name!r} ({hint})"
                )
        for name in _REQUIRED:
            if name not in self._values and _INSTEAD.get(name) not in self._values:
                raise FrontMatterFault(1, f"the field {name!r} is missing; add '{name}: ...'")


def _body_format(given: Any) -> BodyFormat:
    text = text_of(given)
    for each in BODY_FORMATS:
        if each == text:
            return each
    raise BadValue(f"{text!r} is not one of {', '.join(BODY_FORMATS)}")
