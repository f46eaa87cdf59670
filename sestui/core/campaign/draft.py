"""A campaign as it is being typed: all fields are text and may be invalid for a while."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeVar

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.fields import CAMPAIGN_FIELDS, CampaignFields, default_of
from sestui.core.campaign.values import BadValue
from sestui.core.campaign.writer import tidy_message
from sestui.core.clock import Instant
from sestui.core.content.message import BodyFormat, MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.core.schedule.typed_time import Here


@dataclass(frozen=True, slots=True)
class DraftFault:
    """A field with an invalid value."""

    field: str
    """Its name in a campaign file."""
    problem: str
    """The end of a sentence, without its full stop."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The contents of an editor's fields."""

    name: str = ""
    subject: str = ""
    preheader: str = ""
    body: str = ""
    text: str = ""
    body_format: BodyFormat = "markdown"
    from_address: str = ""
    lists: str = ""
    """Names separated by commas; double quotes around one that holds a comma."""
    segment: str = ""
    """The name of a segment, or an expression."""
    reply_to: str = ""
    """Like ``lists``; so is ``notify``."""
    keywords: str = ""
    """``season: autumn, year: 2026``."""
    start_at: str = ""
    split: str = ""
    """Like ``lists``."""
    split_share: str = ""
    split_hours: str = ""
    schedule: str = ""
    timezone: str = ""
    local_time: str = ""
    send_window: str = ""
    at_most: str = ""
    holdout: str = ""
    max_rate: str = ""
    priority: str = ""
    """'' is the default."""
    notify: str = ""
    transactional: bool = False
    attachments: tuple[MailAttachment, ...] = ()
    layout: str = ""
    """This and the next three come from a file; no editor shows or changes them."""
    layout_name: str = ""
    to_name: str = ""
    headers: str = ""
    """A JSON object; '' for none."""

    @classmethod
    def of(cls, campaign: CampaignFields, message: MessageSource) -> Self:
        """The draft that shows a campaign."""
        shown: dict[str, Any] = {
            name: each.kind.to_form(value, campaign.timezone)
            for name, each in DRAFT_FIELDS.items()
            if (value := getattr(campaign, name)) != default_of(name)
        }
        content = {each.name: getattr(message, each.name) for each in fields(message)}
        headers = json.dumps(dict(message.headers)) if message.headers else ""
        return cls(**shown, **content | {"headers": headers})

    def as_json(self, stored: Callable[[MailAttachment], str]) -> str:
        """The draft as JSON; ``stored`` keeps an attachment and returns the name to find it by."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["attachments"] = [
            {"name": item.name, "content_type": item.content_type, "kept_as": stored(item)}
            for item in self.attachments
        ]
        return json.dumps(values)

    @classmethod
    def of_json(cls, text: str, content: Callable[[str], bytes]) -> Self:
        """Read what :meth:`as_json` wrote; ``content`` returns an attachment's bytes by that name.

        Raises:
            ValueError: it is no such JSON.
        """
        blank = cls()
        try:
            values: dict[str, Any] = json.loads(text)
            if "start" in values:  # its name in older drafts
                values["start_at"] = values.pop("start")
            files = tuple(
                MailAttachment(item["name"], item["content_type"], content(item["kept_as"]))
                for item in values.pop("attachments")
            )
            alien = [
                name
                for name, value in values.items()
                if type(value) is not type(getattr(blank, name))
            ]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError("it is not a draft") from error
        if alien:
            raise ValueError(f"it is not a draft: {alien[0]} is something else")
        return cls(**values, attachments=files)


DRAFT_FIELDS = {
    each.name: CAMPAIGN_FIELDS[each.name] for each in fields(Draft) if each.name in CAMPAIGN_FIELDS
}
"""The campaign's own fields that an editor shows, in its order."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The campaign that is being edited, as it was opened."""

    campaign: CampaignFields
    message: MessageSource
    shown: Draft
    """The draft that the editor showed first."""


@dataclass(frozen=True, slots=True)
class ReadDraft:
    """A draft parsed into values."""

    campaign: CampaignFields
    message: MessageSource
    faults: tuple[DraftFault, ...]
    """Fields with invalid values; ``campaign`` and ``message`` have defaults there. Addresses,
    lists and content are not judged here but by the checks."""


def read_draft(
    draft: Draft, origin: Origin | None = None, *, now: Instant | None = None
) -> ReadDraft:
    """Parse a draft; fields unchanged since ``origin`` was opened keep their exact values.

    Its start may be ``tomorrow 9:00`` and the like if ``now`` is given.
    """
    faults: list[DraftFault] = []
    campaign = _campaign(draft, faults, now)
    message = _with_subject(_message(draft, faults), campaign.split)
    if origin is not None:
        same = {
            each.name
            for each in fields(Draft)
            if getattr(draft, each.name) == getattr(origin.shown, each.name)
        }
        same |= CAMPAIGN_FIELDS.keys() - DRAFT_FIELDS.keys()
        if "timezone" not in same:
            same.discard("start_at")  # the same text is another instant in another zone
        campaign = _with(campaign, origin.campaign, same)
        message = _with(message, origin.message, same)
        known = {each.name: name for name, each in CAMPAIGN_FIELDS.items()}
        faults = [each for each in faults if known.get(each.field, each.field) not in same]
    return ReadDraft(campaign, message, tuple(faults))


V = TypeVar("V", CampaignFields, MessageSource)


def _with(read: V, original: V, untouched: set[str]) -> V:
    kept = {
        each.name: getattr(original, each.name) for each in fields(read) if each.name in untouched
    }
    return replace(read, **kept)


def _campaign(draft: Draft, faults: list[DraftFault], now: Instant | None) -> CampaignFields:
    if not draft.name.strip():
        faults.append(DraftFault("name", "a campaign needs a name, such as november-news"))
    if draft.schedule.strip() and draft.start_at.strip():
        faults.append(DraftFault("start", "give either schedule or start, not both"))

    def read(name: str, zone: str = "") -> Any:
        field = DRAFT_FIELDS[name]
        typed, rule = getattr(draft, name), field.kind.from_form
        here = Here(zone, now)
        return _read(field.name, typed, lambda text: rule(text, here), default_of(name), faults)

    zone = read("timezone")
    others = {name: read(name, zone) for name in DRAFT_FIELDS if name != "timezone"}
    return CampaignFields(**others, timezone=zone)


def _message(draft: Draft, faults: list[DraftFault]) -> MessageSource:
    content = {each.name: getattr(draft, each.name) for each in fields(MessageSource)}
    headers = _read("headers", draft.headers, _headers, (), faults)
    return tidy_message(MessageSource(**content | {"headers": headers}))


def _with_subject(message: MessageSource, split: tuple[str, ...]) -> MessageSource:
    """The message; of a split, without a subject of its own, it has the first one."""
    return message if message.subject or not split else replace(message, subject=split[0])


def _read(
    field: str, typed: Any, rule: Callable[[str], Any], default: Any, faults: list[DraftFault]
) -> Any:
    """The value of the typed text; the default if it is empty, or (with a fault) invalid."""
    if not isinstance(typed, str):
        return typed  # a flag
    tidy = typed.strip()
    if not tidy:
        return default
    try:
        return rule(tidy)
    except BadValue as bad:
        faults.append(DraftFault(field, bad.problem))
        return default


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return campaign_values.headers(json.loads(text))
    except ValueError as error:
        raise BadValue("can't be read") from error
