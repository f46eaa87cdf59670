"""What the fields of a campaign may be: one rule each, for files and for what is typed on screens.

A rule takes what was given and answers the value as the campaign holds it.
"""

import re
from datetime import datetime
from typing import Any

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Instant
from sestui.core.contact.address_check import Refusal, check_address
from sestui.core.content.addresses import mailbox as mailbox_of
from sestui.core.content.addresses import wire_mailbox
from sestui.core.content.mail_headers import HEADER_NAME, MAX_HEADERS, is_reserved
from sestui.core.content.message import BUILT_INS
from sestui.core.delivery.send_window import parse_window
from sestui.core.schedule.cron import check_cron
from sestui.core.schedule.cron_grammar import with_both
from sestui.core.schedule.zones import zone_named
from sestui.errors import SestuiError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that no field may hold."""
HIGHEST_PRIORITY = 9
USUAL_PRIORITY = 5
LONGEST_MISFIRE_HOURS = 8784.0
"""A year."""
OUR_HEADERS = ("List-Unsubscribe", "List-Unsubscribe-Post")
"""What every campaign's mail carries by itself."""


class BadValue(Exception):  # noqa: N818 - becomes an error or a finding that knows its place
    """What is wrong with a value, as the rest of a sentence without its full stop."""

    def __init__(self, problem: str, *, by_option: str = "") -> None:
        """``by_option`` is as in :class:`SestuiError`."""
        super().__init__(problem)
        self.problem = problem
        self.by_option = by_option


def _of(error: SestuiError) -> BadValue:
    return BadValue(str(error).rstrip("."))


def campaign_name(text: str) -> str:
    """A name that a file, a command line and a screen can hold alike.

    Raises:
        BadValue: it isn't one.
    """
    if not NAME.fullmatch(text):
        raise BadValue(
            f"{text!r} can't be a campaign's name; use up to 100 letters, digits, '.', '_' "
            "and '-', as in november-news"
        )
    return text


def mailbox(text: str) -> str:
    """``Ada's Shop <news@example.com>``, or an address in its normal form.

    Raises:
        BadValue: nobody can be written to there.
    """
    try:
        found = mailbox_of(text)
        wire_mailbox(text)
    except SestuiError as error:
        raise _of(error) from error
    verdict = check_address(found.address)
    if isinstance(verdict, Refusal):
        raise BadValue(f"{found.address!r} is not an address ({verdict.reason.rstrip('.')})")
    return text.strip() if found.name else verdict.email


def schedule(text: str) -> str:
    """A cron expression with single spaces.

    Raises:
        BadValue: it isn't one.
    """
    try:
        return check_cron(text)
    except SestuiError as error:
        raise _of(error) from error


def day_and_weekday(text: str) -> str:
    """The cron expression that wants day *and* weekday.

    Raises:
        BadValue: it has no weekday to want.
    """
    try:
        return with_both(text, both=True)
    except SestuiError as error:
        raise _of(error) from error


def send_window(text: str) -> str:
    """Hours of the week, as given.

    Raises:
        BadValue: they aren't.
    """
    try:
        parse_window(text)
    except SestuiError as error:
        raise _of(error) from error
    return text


def timezone(text: str) -> str:
    """The name of an IANA zone.

    Raises:
        BadValue: there is none of that name.
    """
    try:
        zone_named(text)
    except SestuiError as error:
        raise _of(error) from error
    return text


def start(text: str, zone: str) -> Instant:
    """``2026-12-01T09:00`` on the clocks of ``zone``, unless it says its own offset.

    Raises:
        BadValue: it is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_named(zone))
        return moment.timestamp()
    except (ValueError, OverflowError) as error:
        raise BadValue(f"{text!r} is not a time; write it as 2026-12-01T09:00") from error


def start_text(instant: Instant, zone: str) -> str:
    """The shortest text that :func:`start` reads as ``instant``.

    On the clocks of ``zone`` where those are plain (no zone, or an hour that comes twice, takes an
    offset).
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
    """A whole number from 0 to 9.

    Raises:
        BadValue: it isn't.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST_PRIORITY:
        raise BadValue(f"must be a whole number from 0 to {HIGHEST_PRIORITY}; 9 goes first")
    return value


def only(text: str) -> str:
    """``joined``, the one part of an audience that a schedule can mean.

    Raises:
        BadValue: it is another word.
    """
    if text != Only.JOINED:
        raise BadValue(f"{text!r} can't be scheduled; write joined, or leave it out for everyone")
    return text


def misfire_hours(value: Any) -> float:
    """Hours that a scheduled run may be late and still go out by itself, above 0.

    Raises:
        BadValue: it isn't such a number.
    """
    hours = _number(value)
    if not 0 < hours <= LONGEST_MISFIRE_HOURS:
        raise BadValue(f"must be a number of hours above 0, up to {LONGEST_MISFIRE_HOURS:,.0f}")
    return hours


def max_rate(value: Any) -> float:
    """Recipients a second, above 0.

    Raises:
        BadValue: it isn't such a number.
    """
    rate = _number(value)
    if not 0 < rate < float("inf"):
        raise BadValue("must be a number above 0, in recipients a second")
    return rate


def _number(value: Any) -> float:
    """What was given, as a number; 0, which is none that may be given, if it isn't one."""
    try:
        return 0.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def keywords(value: Any) -> dict[str, Any]:
    """Names with values, for the message's variables.

    Raises:
        BadValue: a name can't be a variable, or has no value.
    """
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
    """Headers of the author's own; values may be templates.

    Raises:
        BadValue: one can't be sent, or they are too many.
    """
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
