"""Recognise cron expressions of other programs, and suggest sestui's equivalent.

Quartz and Spring begin with seconds (``0 0 9 * * ?``); EventBridge ends with a year that may be
open (``0 9 ? * MON *``). sestui's optional sixth field is the year, as a number.
"""

import re

from sestui.core.schedule.cron_grammar import parse
from sestui.errors import UsageError

_FIELDS = 5
_YEAR = re.compile(r"\d{4}")
_WRAPPED = re.compile(r"cron\((.*)\)", re.IGNORECASE)
_WEEKDAY = 4


def refuse_dialects(text: str) -> None:
    """Refuse six or seven fields that seem to begin with seconds.

    Raises:
        UsageError: they do; suggests equivalents.
    """
    wrapped = _WRAPPED.fullmatch(text)
    fields = (wrapped[1] if wrapped else text).split()
    count = len(fields)
    if not wrapped and (text.startswith("@") or count not in {_FIELDS + 1, _FIELDS + 2}):
        return
    if not wrapped and count == _FIELDS + 1 and _YEAR.match(fields[-1]):
        return
    meant = [each for each in _meant(fields, year_last=wrapped is not None) if each]
    offers = [offer for each in meant if (offer := _offer(each))]
    if not offers:
        return  # the parser will explain the error
    said = (
        f"'{text}' is not five fields, with a year as the sixth if you like: did you mean "
        f"{' or '.join(offers)}? Quartz and Spring begin with seconds, which sestui doesn't have."
    )
    if any(re.search(r"[1-7]", each[_WEEKDAY]) for each in meant if len(each) > _WEEKDAY):
        said += " Quartz counts weekdays from 1 for Sunday, cron from 0: write names."
    raise UsageError(said)


def _meant(fields: list[str], *, year_last: bool) -> list[list[str]]:
    """Possible meanings of the fields in the other programs."""
    with_seconds = fields[1:]
    if len(fields) == _FIELDS + 2:
        return [with_seconds if _YEAR.match(fields[-1]) else with_seconds[:-1]]
    open_year = fields[:-1] if fields[-1] in {"*", "?"} else fields
    # A question mark stands for day or weekday, so its position shows which field is first.
    if year_last or "?" in fields[2:5:2]:
        return [open_year[: _FIELDS + 1]]
    return [with_seconds, *([fields[:-1]] if fields[-1] == "*" else [])]


def _offer(fields: list[str]) -> str:
    """The expression in quotes, with its words; '' if it is invalid."""
    from sestui.core.schedule.cron_words import in_words  # noqa: PLC0415 - cron-descriptor is slow to import

    text = " ".join("*" if field == "?" else field for field in fields)
    try:
        parse(text)
        said = in_words(text)
    except UsageError:
        return ""
    return f"'{text}'{f' ({said})' if said else ''}"
