"""Kinds of values in a campaign: how each is read from a file or a form, and written there.

A kind knows nothing of any field: ``core.campaign.fields`` says which field is of which kind.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import CONTROLS, BadValue

_KEYWORDS = "must be names with values, as in season: autumn, year: 2026"


@dataclass(frozen=True, slots=True)
class CampaignKind:
    """What a kind of value does; each is told the campaign's zone (IANA) too."""

    from_file: Callable[[Any, str], Any]
    """The value of what YAML has read, or ``BadValue``."""
    from_form: Callable[[str, str], Any]
    """The value of what was typed, without blanks around it, or ``BadValue``."""
    to_file: Callable[[Any, str], Any] = lambda value, _: value
    """What YAML is to say."""
    to_form: Callable[[Any, str], str | bool] = lambda value, _: str(value)
    """What an editor's field shows."""


def text(rule: Callable[[str], Any]) -> CampaignKind:
    """Text, by a rule of its own."""
    return CampaignKind(lambda given, _: rule(text_of(given)), lambda typed, _: rule(_plain(typed)))


def number(rule: Callable[[Any], Any]) -> CampaignKind:
    """A number; the rule says what is none."""
    return CampaignKind(
        lambda given, _: rule(given),
        lambda typed, _: rule(int(typed) if typed.isdecimal() and len(typed) < 20 else typed),
        to_form=lambda value, _: repr(value).removesuffix(".0"),
    )


def items(each: CampaignKind, lack: str = "") -> CampaignKind:
    """Several, each once; ``lack`` is what is wrong with a file that gives none."""

    def from_file(given: Any, zone: str) -> tuple[Any, ...]:
        found = texts_of(given)
        if lack and not found:
            raise BadValue(lack)
        return tuple(each.from_file(item, zone) for item in found)

    return CampaignKind(
        from_file,
        lambda typed, zone: tuple(each.from_form(item, zone) for item in split(_plain(typed))),
        to_file=lambda value, _: list(value),
        to_form=lambda value, _: joined(value),
    )


def _mailbox_or_text(typed: str, _: str) -> str:
    try:
        return campaign_values.mailbox(typed)
    except BadValue:
        return typed  # the checks tell of it


MAILBOX = CampaignKind(text(campaign_values.mailbox).from_file, _mailbox_or_text)
FLAG = CampaignKind(
    lambda given, _: flag_of(given), lambda typed, _: typed, to_form=lambda value, _: bool(value)
)
KEYWORDS = CampaignKind(
    lambda given, _: campaign_values.keywords(given),
    lambda typed, _: keywords_of(_plain(typed)),
    to_form=lambda value, _: keywords_text(value),
)
START = CampaignKind(
    lambda given, zone: campaign_values.start(text_of(given), zone),
    lambda typed, zone: campaign_values.start(_plain(typed), zone),
    campaign_values.start_text,
    campaign_values.start_text,
)


def text_of(given: Any) -> str:
    """The text that a file's front matter gives; a number is the text it was.

    Raises:
        BadValue: it is something else, or nothing.
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
    """The texts of a list in a file's front matter, each once; one text may stand alone.

    Raises:
        BadValue: it holds something else.
    """
    found = given if isinstance(given, list) else [given]
    if not all(isinstance(item, str) and item.strip() for item in found):
        raise BadValue("must be a list of strings, as in [one, two]")
    return tuple(dict.fromkeys(item.strip() for item in found))


def flag_of(given: Any) -> bool:
    """What a file's front matter says of a flag.

    Raises:
        BadValue: neither true nor false.
    """
    if not isinstance(given, bool):
        raise BadValue("must be true or false")
    return given


def split(text: str) -> tuple[str, ...]:
    """The items of a form's field that holds several, each once.

    Raises:
        BadValue: it can't be read.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    except csv.Error as error:
        raise BadValue(f"can't be read as items with commas between them ({error})") from error
    found = [item.strip() for row in rows for item in row]
    return tuple(dict.fromkeys(item for item in found if item))


def joined(found: tuple[str, ...]) -> str:
    """What :func:`split` reads: one that holds a comma stands in double quotes."""
    return ", ".join(
        '"{}"'.format(item.replace('"', '""')) if any(mark in item for mark in ',"\n\r') else item
        for item in found
    )


def keywords_of(text: str) -> dict[str, Any]:
    """``season: autumn, year: 2026`` as names with values, read as the front matter of a file is.

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
    """``season: autumn, year: 2026``: what :func:`keywords_of` reads."""
    from sestui.core.campaign.front_matter import on_one_line  # noqa: PLC0415 - as above

    return on_one_line(keywords)[1:-1] if keywords else ""


def _plain(text: str) -> str:
    if CONTROLS.search(text):
        raise BadValue("holds control characters")
    return text
