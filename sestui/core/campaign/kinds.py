"""Kinds of values in a campaign: how each is read from and written to files and forms.

``core.campaign.fields`` says which field is of which kind.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import CONTROLS, BadValue
from sestui.core.schedule.typed_time import Here
from sestui.core.segments.chosen import on_one_line as on_one_line_of_segment

_KEYWORDS = "must be names with values, as in season: autumn, year: 2026"


@dataclass(frozen=True, slots=True)
class CampaignKind:
    """Converters of a kind of value; each also takes the campaign's zone (IANA), or its clock."""

    from_file: Callable[[Any, str], Any]
    """From a YAML value; raises ``BadValue``."""
    from_form: Callable[[str, Here], Any]
    """From stripped text that was typed; raises ``BadValue``."""
    to_file: Callable[[Any, str], Any] = lambda value, _: value
    """To a value for YAML."""
    to_form: Callable[[Any, str], str | bool] = lambda value, _: str(value)
    """To the contents of an editor's field."""


def text(rule: Callable[[str], Any]) -> CampaignKind:
    """Text that ``rule`` checks and normalises."""
    return CampaignKind(lambda given, _: rule(text_of(given)), lambda typed, _: rule(_plain(typed)))


def number(rule: Callable[[Any], Any]) -> CampaignKind:
    """A number that ``rule`` checks."""
    return CampaignKind(
        lambda given, _: rule(given),
        lambda typed, _: rule(int(typed) if typed.isdecimal() and len(typed) < 20 else typed),
        to_form=lambda value, _: repr(value).removesuffix(".0"),
    )


def items(each: CampaignKind, lack: str = "") -> CampaignKind:
    """Several values, duplicates dropped; ``lack`` is the problem of a file that gives none."""

    def from_file(given: Any, zone: str) -> tuple[Any, ...]:
        found = texts_of(given)
        if lack and not found:
            raise BadValue(lack)
        return tuple(each.from_file(item, zone) for item in found)

    return CampaignKind(
        from_file,
        lambda typed, here: tuple(each.from_form(item, here) for item in split(_plain(typed))),
        to_file=lambda value, _: list(value),
        to_form=lambda value, _: joined(value),
    )


def _mailbox_or_text(typed: str, _: Here) -> str:
    try:
        return campaign_values.mailbox(typed)
    except BadValue:
        return typed  # the checks report it


MAILBOX = CampaignKind(text(campaign_values.mailbox).from_file, _mailbox_or_text)
FLAG = CampaignKind(
    lambda given, _: flag_of(given), lambda typed, _: typed, to_form=lambda value, _: bool(value)
)
KEYWORDS = CampaignKind(
    lambda given, _: campaign_values.keywords(given),
    lambda typed, _: keywords_of(_plain(typed)),
    to_form=lambda value, _: keywords_text(value),
)
_SEGMENT = text(campaign_values.segment)
SEGMENT = CampaignKind(
    _SEGMENT.from_file, _SEGMENT.from_form, to_form=lambda value, _: on_one_line_of_segment(value)
)
SPLIT = CampaignKind(
    lambda given, _: campaign_values.split(given if isinstance(given, list) else [text_of(given)]),
    lambda typed, _: campaign_values.split(_parted(_plain(typed))),
    to_file=lambda value, _: list(value),
    to_form=lambda value, _: joined(value),
)
START = CampaignKind(
    lambda given, zone: campaign_values.start(text_of(given), zone),
    lambda typed, here: campaign_values.typed_start(_plain(typed), here),
    campaign_values.start_text,
    campaign_values.start_text,
)


def text_of(given: Any) -> str:
    """A string from front matter; numbers become strings.

    Raises:
        BadValue: it is something else, or empty.
    """
    if isinstance(given, int | float) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str):
        kinds = {dict: "a mapping", list: "a list", bool: "true or false", type(None): "empty"}
        kind = kinds.get(type(given), "not text")
        raise BadValue(f"is {kind}; write text, in quotes if need be")
    if not _plain(given).strip():
        raise BadValue("is empty")
    return given.strip()


def texts_of(given: Any) -> tuple[str, ...]:
    """A list of strings, or a single one, from front matter; duplicates are dropped.

    Raises:
        BadValue: it is something else.
    """
    found = given if isinstance(given, list) else [given]
    if not all(isinstance(item, str) and item.strip() for item in found):
        raise BadValue("must be a list of strings, as in [one, two]")
    return tuple(dict.fromkeys(item.strip() for item in found))


def flag_of(given: Any) -> bool:
    """A boolean from front matter.

    Raises:
        BadValue: it is neither true nor false.
    """
    if not isinstance(given, bool):
        raise BadValue("must be true or false")
    return given


def split(text: str) -> tuple[str, ...]:
    """Split a form's field at its commas; duplicates are dropped.

    Raises:
        BadValue: it can't be read.
    """
    return tuple(dict.fromkeys(_parted(text)))


def _parted(text: str) -> list[str]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    except csv.Error as error:
        raise BadValue(f"can't be read as items with commas between them ({error})") from error
    found = [item.strip() for row in rows for item in row]
    return [item for item in found if item]


def joined(found: tuple[str, ...]) -> str:
    """The inverse of :func:`split`; double quotes stand around an item that holds a comma."""
    return ", ".join(
        '"{}"'.format(item.replace('"', '""')) if any(mark in item for mark in ',"\n\r') else item
        for item in found
    )


def keywords_of(text: str) -> dict[str, Any]:
    """Parse ``season: autumn, year: 2026`` as front matter would be.

    Raises:
        BadValue: it can't be read, or a name can't be a variable.
    """
    from sestui.core.campaign.front_matter import FrontMatterFault, read_front_matter  # noqa: PLC0415 - YAML is slow to import, and the store needs none

    try:
        matter = read_front_matter(f"---\nkeywords: {{{text}}}\n---\n")
    except FrontMatterFault as fault:
        raise BadValue(_KEYWORDS) from fault
    if matter.values.keys() != {"keywords"}:
        raise BadValue(_KEYWORDS)
    return campaign_values.keywords(matter.values["keywords"])


def keywords_text(keywords: dict[str, Any]) -> str:
    """The inverse of :func:`keywords_of`."""
    from sestui.core.campaign.front_matter import on_one_line  # noqa: PLC0415 - as above

    return on_one_line(keywords)[1:-1] if keywords else ""


def _plain(text: str) -> str:
    if CONTROLS.search(text):
        raise BadValue("holds control characters")
    return text
