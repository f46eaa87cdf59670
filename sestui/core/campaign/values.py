"""The rules of a campaign's fields, for files and forms alike.

A rule takes a given value and returns it as the campaign holds it, or raises :class:`BadValue`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unicodedata import combining, normalize

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Instant
from sestui.core.contact.address_check import Refusal, check_address
from sestui.core.content.addresses import mailbox as mailbox_of
from sestui.core.content.addresses import wire_mailbox
from sestui.core.content.mail_headers import HEADER_NAME, MAX_HEADERS, is_reserved
from sestui.core.content.message import BUILT_INS
from sestui.core.delivery.frequency import parse_frequency
from sestui.core.delivery.holdout import holdout_text
from sestui.core.delivery.send_window import parse_window
from sestui.core.delivery.variants import VARIANTS
from sestui.core.schedule.cron import check_cron
from sestui.core.schedule.cron_grammar import with_both
from sestui.core.schedule.local_time import check_local_time
from sestui.core.schedule.typed_time import Here, NotATimeError, read_time
from sestui.core.schedule.zones import zone_named
from sestui.core.segments.chosen import chosen, is_name
from sestui.errors import SestuiError

_LONGEST_NAME = 100
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{_LONGEST_NAME - 1}}}")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that no field may hold."""
HIGHEST_PRIORITY = 9
USUAL_PRIORITY = 5
USUAL_SPLIT_SHARE = 20.0
LONGEST_MISFIRE_HOURS = 8784.0
"""A year."""
LONGEST_SPLIT_HOURS = 168.0
"""A week."""
OUR_HEADERS = ("List-Unsubscribe", "List-Unsubscribe-Post")
"""Headers that sestui adds to every campaign's mail."""


class BadValue(Exception):  # noqa: N818 - turned into an error or a finding that names the field
    """What is wrong with a value: the end of a sentence, without its full stop."""

    def __init__(self, problem: str, *, by_option: str = "") -> None:
        """``by_option`` is as in :class:`SestuiError`."""
        super().__init__(problem)
        self.problem = problem
        self.by_option = by_option


@contextmanager
def _as_bad_value() -> Iterator[None]:
    try:
        yield
    except SestuiError as error:
        raise BadValue(str(error).rstrip(".")) from error


def campaign_name(text: str) -> str:
    """A campaign's name, made of characters that suit files, shells and screens."""
    if not NAME.fullmatch(text):
        raise BadValue(
            f"{text!r} can't be a campaign's name; use up to {_LONGEST_NAME} letters, digits, '.', "
            f"'_' and '-', as in {offered_name(text) or 'november-news'}"
        )
    return text


def possible_name(text: str) -> str:
    """:func:`offered_name`, or ``campaign`` where nothing of ``text`` is left."""
    return offered_name(text) or "campaign"


def offered_name(text: str) -> str:
    """The name that is most like ``text``, itself if it is one; '' if nothing of it is left.

    Letters lose their accents, an end is cut off, and a hyphen replaces all that no name can hold.
    """
    if NAME.fullmatch(text):
        return text
    plain = "".join(sign for sign in normalize("NFKD", text) if not combining(sign))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:_LONGEST_NAME]


@_as_bad_value()
def mailbox(text: str) -> str:
    """``Ada's Shop <news@example.com>``, or an address in its normal form."""
    found = mailbox_of(text)
    wire_mailbox(text)
    verdict = check_address(found.address)
    if isinstance(verdict, Refusal):
        raise BadValue(f"{found.address!r} is not an address ({verdict.reason.rstrip('.')})")
    return text.strip() if found.name else verdict.email


@_as_bad_value()
def segment(text: str) -> str:
    """The name of a segment, or an expression; what it names needn't exist."""
    return " ".join(text.split()) if is_name(text) else chosen(text).text


@_as_bad_value()
def schedule(text: str) -> str:
    """A cron expression with single spaces."""
    return check_cron(text)


@_as_bad_value()
def day_and_weekday(text: str) -> str:
    """The cron expression that requires both day *and* weekday."""
    return with_both(text, both=True)


@_as_bad_value()
def local_time(text: str) -> str:
    """A time of day of each recipient's own: ``09:00 local``."""
    return check_local_time(text)


@_as_bad_value()
def send_window(text: str) -> str:
    """A send window, unchanged."""
    parse_window(text)
    return text


@_as_bad_value()
def at_most(text: str) -> str:
    """A frequency limit in its usual form, ``2 per week``."""
    return parse_frequency(text).text


@_as_bad_value()
def holdout(text: str) -> str:
    """A share of the recipients in its usual form, ``5%``."""
    return holdout_text(text)


@_as_bad_value()
def timezone(text: str) -> str:
    """The name of an IANA zone."""
    zone_named(text)
    return text


def start(text: str, zone: str) -> Instant:
    """``2026-12-01T09:00`` in ``zone``, unless the text has an offset."""
    return typed_start(text, Here(zone))


def typed_start(text: str, here: Here) -> Instant:
    """The same, or with ``here.now`` whatever :func:`read_time` understands."""
    try:
        return read_time(text, here).at
    except NotATimeError as error:
        raise BadValue(str(error)) from error


def start_text(instant: Instant, zone: str) -> str:
    """The shortest text that :func:`start` reads as ``instant``.

    In ``zone``; with an offset if there is no zone, or if the hour occurs twice.
    """
    moment = datetime.fromtimestamp(instant, zone_named(zone))
    if zone:
        local = _without_seconds(moment.replace(tzinfo=None))
        if start(local, zone) == instant:
            return local
    return _without_seconds(moment)


def _without_seconds(moment: datetime) -> str:
    exact = moment.second or moment.microsecond
    return moment.isoformat() if exact else moment.isoformat(timespec="minutes")


def priority(value: Any) -> int:
    """A whole number from 0 to 9."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST_PRIORITY:
        raise BadValue(f"must be a whole number from 0 to {HIGHEST_PRIORITY}; 9 goes first")
    return value


def only(text: str) -> str:
    """``joined``, the only part of an audience that can be scheduled."""
    if text != Only.JOINED:
        raise BadValue(f"{text!r} can't be scheduled; write joined, or leave it out for everyone")
    return text


def misfire_hours(value: Any) -> float:
    """Hours that a scheduled run may be late and still start without approval."""
    hours = _number(value)
    if not 0 < hours <= LONGEST_MISFIRE_HOURS:
        raise BadValue(f"must be a number of hours above 0, up to {LONGEST_MISFIRE_HOURS:,.0f}")
    return hours


def split(given: list[Any]) -> tuple[str, ...]:
    """The subjects of a split, all different."""
    if not all(isinstance(each, str) and each.strip() for each in given):
        raise BadValue("must be a list of subjects, as in [Our news, A gift for you]")
    subjects = tuple(each.strip() for each in given)
    if not 2 <= len(subjects) <= len(VARIANTS):
        raise BadValue(f"must be 2 to {len(VARIANTS)} subjects, not {len(subjects)}")
    if len(set(subjects)) < len(subjects):
        raise BadValue("has a subject twice; nothing could be learnt from that")
    return subjects


def split_share(value: Any) -> float:
    """Per cent of the audience."""
    share = _number(str(value).removesuffix("%"))
    if not 0 < share <= 100:
        raise BadValue("must be a number above 0, up to 100 per cent")
    return share


def split_hours(value: Any) -> float:
    """Hours until a winner is chosen."""
    hours = _number(value)
    if not 0 < hours <= LONGEST_SPLIT_HOURS:
        raise BadValue(f"must be a number of hours above 0, up to {LONGEST_SPLIT_HOURS:,.0f}")
    return hours


def max_rate(value: Any) -> float:
    """Recipients a second."""
    rate = _number(value)
    if not 0 < rate < float("inf"):
        raise BadValue("must be a number above 0, in recipients a second")
    return rate


def _number(value: Any) -> float:
    """The value as a number; 0, which no field allows, if it isn't one."""
    try:
        return 0.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def keywords(value: Any) -> dict[str, Any]:
    """The message's own variables, by name."""
    if not isinstance(value, dict):
        raise BadValue("must be names with values, as in {season: autumn}")
    for name, given in value.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise BadValue(f"{name!r} can't be a variable; use letters and '_'")
        if name in BUILT_INS:
            raise BadValue(f"{name} is sestui's own variable; choose another")
        if given is None:
            raise BadValue(f"{name} has no value")
    return value


def headers(value: Any) -> tuple[tuple[str, str], ...]:
    """The author's own headers; their values may be templates."""
    if not isinstance(value, dict):
        raise BadValue("must be names with values, as in {X-Campaign: november}")
    ours = {name.lower() for name in OUR_HEADERS}
    found: dict[str, tuple[str, str]] = {}
    for name, given in value.items():
        if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
            raise BadValue(f"{name!r} can't be a header's name; use letters, digits and '-'")
        if is_reserved(name):
            raise BadValue(f"SES sets {name} itself; use another name, as X-{name}")
        if name.lower() in ours:
            raise BadValue(f"{name} is made from the setting unsubscribe_url; leave it out")
        if name.lower() in found:
            raise BadValue(f"{name} is given twice")
        if isinstance(given, bool | dict | list) or given is None or not str(given).strip():
            raise BadValue(f"{name} has no text for a value")
        found[name.lower()] = (name, str(given).strip())
    most = MAX_HEADERS - len(OUR_HEADERS)
    if len(found) > most:
        raise BadValue(f"are {len(found)}; SES takes {MAX_HEADERS} with ours: {most} of your own")
    return tuple(found.values())
