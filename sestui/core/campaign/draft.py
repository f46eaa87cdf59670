"""A campaign as it is being typed: everything is text, and may be wrong for a while."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeVar

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.fields import CampaignFields
from sestui.core.campaign.front_matter import FrontMatterFault, read_front_matter
from sestui.core.campaign.values import CONTROLS, USUAL_PRIORITY, BadValue
from sestui.core.campaign.writer import keywords_text, tidy_body
from sestui.core.content.message import BodyFormat, MessageSource
from sestui.core.delivery.mail import MailAttachment

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class DraftFault:
    """A field that can't be what was typed into it."""

    field: str
    """By its name in a campaign file."""
    problem: str
    """As the rest of a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in an editor's fields."""

    name: str = ""
    subject: str = ""
    preheader: str = ""
    body: str = ""
    text: str = ""
    body_format: BodyFormat = "markdown"
    from_address: str = ""
    lists: str = ""
    """Names with commas between them; one that holds a comma stands in double quotes."""
    reply_to: str = ""
    """As lists, and so is ``notify``."""
    keywords: str = ""
    """``season: autumn, year: 2026``."""
    schedule: str = ""
    start: str = ""
    timezone: str = ""
    priority: str = ""
    """'' is the usual one."""
    max_rate: str = ""
    send_window: str = ""
    notify: str = ""
    transactional: bool = False
    attachments: tuple[MailAttachment, ...] = ()
    layout: str = ""
    """This and the next three come from a file, and go through an editor as they are."""
    layout_name: str = ""
    to_name: str = ""
    headers: str = ""
    """Names and values as JSON; '' for none."""

    @classmethod
    def of(cls, campaign: CampaignFields, message: MessageSource) -> Self:
        """The draft of a campaign as it is."""
        rate = campaign.max_rate
        start = campaign.start_at
        return cls(
            name=campaign.name,
            subject=message.subject,
            preheader=message.preheader,
            body=message.body,
            text=message.text,
            body_format=message.body_format,
            from_address=campaign.from_address,
            lists=_joined(campaign.lists),
            reply_to=_joined(campaign.reply_to),
            keywords=keywords_text(campaign.keywords),
            schedule=campaign.schedule,
            start="" if start is None else campaign_values.start_text(start, campaign.timezone),
            timezone=campaign.timezone,
            priority="" if campaign.priority == USUAL_PRIORITY else str(campaign.priority),
            max_rate="" if rate is None else repr(rate).removesuffix(".0"),
            send_window=campaign.send_window,
            notify=_joined(campaign.notify),
            transactional=campaign.transactional,
            attachments=message.attachments,
            layout=message.layout,
            layout_name=message.layout_name,
            to_name=message.to_name,
            headers=json.dumps(dict(message.headers)) if message.headers else "",
        )

    def as_json(self, stored: Callable[[MailAttachment], str]) -> str:
        """Everything as JSON; ``stored`` gives the name under which a file's content is kept."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["attachments"] = [
            {"name": item.name, "content_type": item.content_type, "kept_as": stored(item)}
            for item in self.attachments
        ]
        return json.dumps(values)

    @classmethod
    def of_json(cls, text: str, content: Callable[[str], bytes]) -> Self:
        """What :meth:`as_json` wrote; ``content`` gives back what a file held.

        Raises:
            ValueError: that is not what it wrote.
        """
        usual = cls()
        try:
            values: dict[str, Any] = json.loads(text)
            files = tuple(
                MailAttachment(item["name"], item["content_type"], content(item["kept_as"]))
                for item in values.pop("attachments")
            )
            alien = [
                name
                for name, value in values.items()
                if type(value) is not type(getattr(usual, name))
            ]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError("it is no draft") from error
        if alien:
            raise ValueError(f"it is no draft: {alien[0]} is something else")
        return cls(**values, attachments=files)


@dataclass(frozen=True, slots=True)
class Origin:
    """A campaign that was opened to be edited."""

    campaign: CampaignFields
    message: MessageSource
    shown: Draft
    """As the editor showed it at first."""


@dataclass(frozen=True, slots=True)
class ReadDraft:
    """A draft as values."""

    campaign: CampaignFields
    message: MessageSource
    faults: tuple[DraftFault, ...]
    """What no campaign can hold; those fields have their usual values instead. Addresses, lists
    and content may be wrong or missing in a draft: that is for the checks."""


def read_draft(draft: Draft, origin: Origin | None = None) -> ReadDraft:
    """The values; a field that is as it was when ``origin`` was opened keeps its value exactly."""
    reader = _Reader(draft)
    campaign, message = reader.campaign(), reader.message()
    faults = tuple(reader.faults)
    if origin is not None:
        same = {
            each.name
            for each in fields(Draft)
            if getattr(draft, each.name) == getattr(origin.shown, each.name)
        }
        same |= {"only", "misfire_hours", "skip_unrenderable"}  # an editor doesn't show them
        if same >= {"start", "timezone"}:
            same.add("start_at")
        campaign = _with(campaign, origin.campaign, same)
        message = _with(message, origin.message, same)
        faults = tuple(each for each in faults if _FIELD_OF.get(each.field, each.field) not in same)
    return ReadDraft(campaign, message, faults)


_FIELD_OF = {"start": "start_at", "from": "from_address"}
V = TypeVar("V", CampaignFields, MessageSource)


def _with(read: V, original: V, untouched: set[str]) -> V:
    kept = {
        each.name: getattr(original, each.name) for each in fields(read) if each.name in untouched
    }
    return replace(read, **kept)


class _Reader:
    """Reads one draft, and keeps what is wrong with it."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.faults: list[DraftFault] = []

    def message(self) -> MessageSource:
        draft = self._draft
        return MessageSource(
            subject=draft.subject.strip(),
            body=tidy_body(draft.body),
            body_format=draft.body_format,
            text=draft.text.strip(),
            preheader=draft.preheader.strip(),
            attachments=draft.attachments,
            layout=draft.layout,
            layout_name=draft.layout_name,
            to_name=draft.to_name,
            headers=self._ruled("headers", draft.headers, _headers, ()),
        )

    def campaign(self) -> CampaignFields:
        draft = self._draft
        zone = self._ruled("timezone", draft.timezone, campaign_values.timezone, "")
        if draft.schedule.strip() and draft.start.strip():
            self._fault("start", "give either schedule or start, not both")
        return CampaignFields(
            name=self._name(),
            from_address=self._mailbox(draft.from_address),
            reply_to=self._mailboxes("reply_to", draft.reply_to),
            lists=self._items("lists", draft.lists),
            keywords=self._ruled("keywords", draft.keywords, keywords_of, {}),
            transactional=draft.transactional,
            priority=self._ruled("priority", draft.priority, _priority, USUAL_PRIORITY),
            max_rate=self._ruled("max_rate", draft.max_rate, campaign_values.max_rate, None),
            send_window=self._ruled(
                "send_window", draft.send_window, campaign_values.send_window, ""
            ),
            notify=self._mailboxes("notify", draft.notify),
            schedule=self._ruled("schedule", draft.schedule, campaign_values.schedule, ""),
            start_at=self._ruled(
                "start", draft.start, lambda text: campaign_values.start(text, zone), None
            ),
            timezone=zone,
        )

    def _fault(self, field: str, problem: str) -> None:
        self.faults.append(DraftFault(field, problem))

    def _ruled(self, field: str, text: str, rule: Callable[[str], T], usual: D) -> T | D:
        tidy = text.strip()
        if not tidy:
            return usual
        if CONTROLS.search(tidy):
            self._fault(field, "holds control characters")
            return usual
        try:
            return rule(tidy)
        except BadValue as bad:
            self._fault(field, bad.problem)
            return usual

    def _name(self) -> str:
        if not self._draft.name.strip():
            self._fault("name", "a campaign needs a name, such as november-news")
        return self._ruled("name", self._draft.name, campaign_values.campaign_name, "")

    def _items(self, field: str, text: str) -> tuple[str, ...]:
        return self._ruled(field, text, split, ())

    def _mailboxes(self, field: str, text: str) -> tuple[str, ...]:
        return tuple(self._mailbox(each) for each in self._items(field, text))

    @staticmethod
    def _mailbox(text: str) -> str:
        """In its normal form, or as typed where it is none: that is for the checks."""
        try:
            return campaign_values.mailbox(text)
        except BadValue:
            return text.strip()


def split(text: str) -> tuple[str, ...]:
    """The items of a field that holds several, each once.

    Raises:
        BadValue: it can't be read.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    except csv.Error as error:
        raise BadValue(f"can't be read as items with commas between them ({error})") from error
    items = [item.strip() for row in rows for item in row]
    return tuple(dict.fromkeys(item for item in items if item))


def _joined(items: tuple[str, ...]) -> str:
    return ", ".join(
        '"{}"'.format(item.replace('"', '""')) if any(mark in item for mark in ',"\n\r') else item
        for item in items
    )


def keywords_of(text: str) -> dict[str, Any]:
    """``season: autumn, year: 2026`` as names with values, read as the front matter of a file is.

    Raises:
        BadValue: it can't be read, or a name can't be a variable.
    """
    try:
        matter = read_front_matter(f"---\nkeywords: {{{text}}}\n---\n")
    except FrontMatterFault as fault:
        raise BadValue("must be names with values, as in season: autumn, year: 2026") from fault
    if matter.values.keys() != {"keywords"}:
        raise BadValue("must be names with values, as in season: autumn, year: 2026")
    return campaign_values.keywords(matter.values["keywords"])


def _priority(text: str) -> int:
    return campaign_values.priority(int(text) if text.isdecimal() else text)


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return campaign_values.headers(json.loads(text))
    except ValueError as error:
        raise BadValue("can't be read") from error
