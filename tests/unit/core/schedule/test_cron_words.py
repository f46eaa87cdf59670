"""A schedule's words against its fires: whoever reads them must expect what happens.

The reader below knows nothing of cron, only the sentences.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sestui.core.schedule.cron import occurrences
from sestui.core.schedule.cron_words import in_words
from sestui.errors import UsageError

Holds = Callable[[datetime], bool]

DAYS = list(calendar.day_name)
MONTHS = list(calendar.month_name)
NTH = ("first", "second", "third", "fourth", "fifth")
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
LONGEST = 500
"""Fires that are compared at most; and so many days' worth."""


def numbers(text: str) -> set[int]:
    """``1, 3, and 5``, ``1 through 7 and 15``."""
    found: set[int] = set()
    for first, last in re.findall(r"(\d+)(?: through (\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def names(text: str, known: list[str]) -> set[int]:
    """Places of the names in a sentence; ``Monday through Friday`` means those between, too."""
    found = [known.index(name) for name in re.findall(r"[A-Z]\w+", text)]
    if "through" in text:
        first, last = found
        size = len(known)
        return {(first + step) % size for step in range((last - first) % size + 1)}
    return set(found)


def last_day(day: datetime) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def read_day(text: str) -> Holds:
    """What one rule for days says."""
    if match := re.fullmatch(r"on day ([\d, and]+) of the month", text):
        listed = numbers(match[1])
        return lambda day: day.day in listed
    if match := re.fullmatch(r"between day (\d+) and (\d+) of the month", text):
        return lambda day: int(match[1]) <= day.day <= int(match[2])
    if text == "on the last day of the month":
        return lambda day: day.day == last_day(day)
    if match := re.fullmatch(r"(\d+) days? before the last day of the month", text):
        return lambda day: day.day == last_day(day) - int(match[1])
    if text == "on the last weekday of the month":
        return lambda day: (
            day.day
            == max(
                number
                for number in range(1, last_day(day) + 1)
                if day.replace(day=number).weekday() < 5
            )
        )
    if match := re.fullmatch(r"on the (\w+) (\w+) of the month", text):
        name = DAYS.index(match[2])
        if match[1] == "last":
            return lambda day: day.weekday() == name and day.day > last_day(day) - 7
        place = NTH.index(match[1])
        return lambda day: day.weekday() == name and (day.day - 1) // 7 == place
    if re.fullmatch(r"(only )?(on )?([A-Z]\w+day(, and |, | and | through )?)+", text):
        wanted = names(text, DAYS)
        return lambda day: day.weekday() in wanted
    raise AssertionError(f"nobody knows what this means: {text!r}")


def read_time(text: str) -> Holds:
    """What the beginning of a sentence says of the time of the day."""
    if re.fullmatch(r"at (\d\d:\d\d(, | and )?)+", text):
        times = set(re.findall(r"\d\d:\d\d", text))
        return lambda at: f"{at:%H:%M}" in times
    if match := re.fullmatch(r"every minute between (\d\d:\d\d) and (\d\d:\d\d)", text):
        return lambda at: match[1] <= f"{at:%H:%M}" <= match[2]
    first, *rest = text.split(", ") if "," in text else [text]
    minutes: Holds
    if first == "every minute":
        minutes = lambda at: True  # noqa: E731
    elif match := re.fullmatch(r"every (\d+) minutes", first):
        every = int(match[1])
        minutes = lambda at: at.minute % every == 0  # noqa: E731
    elif match := re.fullmatch(r"every hour|every (\d+) hours", text):
        hours = int(match[1] or 1)
        return lambda at: at.minute == 0 and at.hour % hours == 0
    else:
        said = re.match(r"(?:at |minutes )([\d, andthrough]+?) (?:minutes? )?past the hour", text)
        assert said, f"nobody knows what this means: {text!r}"
        rest = [text[said.end() :].removeprefix(", ")] if text[said.end() :] else []
        listed = numbers(said[1])
        minutes = lambda at: at.minute in listed  # noqa: E731
    hours_of = read_hours(", ".join(rest))
    return lambda at: minutes(at) and hours_of(at)


def read_hours(text: str) -> Holds:
    if not text:
        return lambda at: True
    if match := re.fullmatch(r"between (\d\d:00) and (\d\d:59)", text):
        return lambda at: match[1] <= f"{at:%H:%M}" <= match[2]
    if match := re.fullmatch(r"every (\d+) hours", text):
        return lambda at: at.hour % int(match[1]) == 0
    raise AssertionError(f"nobody knows what this means: {text!r}")


_DAYS_BEGIN = re.compile(
    r", (?=on day|between day|on the |\d+ days? before|only on|(?:" + "|".join(DAYS) + r") through)"
)
_END = re.compile(r", (?:only in ((?:20\d\d.*))|(20\d\d through 20\d\d))$")
_MONTHS = re.compile(
    r", (?:only in ((?:[A-Z]\w+(?:, and |, | and )?)+)|((?:"
    + "|".join(MONTHS[1:])
    + r") through \w+))$"
)


def read(text: str) -> tuple[Holds, Holds]:
    """The days that a sentence promises, and the times of each."""
    rules: list[Holds] = []
    if years := _END.search(text):
        promised = numbers(years[1] or years[2])
        rules.append(lambda at: at.year in promised)
        text = text[: years.start()]
    if months := _MONTHS.search(text):
        wanted = names(months[1] or months[2], MONTHS[1:])
        rules.append(lambda at: at.month - 1 in wanted)
        text = text[: months.start()]
    text = text.removesuffix(", every day")
    if days := _DAYS_BEGIN.search(text):
        said, text = text[days.end() :], text[: days.start()]
        if " or " in said:
            one, other = map(read_day, said.split(" or "))
            rules.append(lambda at: one(at) or other(at))
        elif ", but only " in said:
            first, second = map(read_day, said.split(", but only "))
            rules.append(lambda at: first(at) and second(at))
        else:
            rules.append(read_day(said))
    return lambda day: all(rule(day) for rule in rules), read_time(text)


def promised(text: str, end: datetime) -> Iterator[float]:
    on_day, at_time = read(text)
    minutes = [timedelta(minutes=number) for number in range(24 * 60)]
    times = [minute for minute in minutes if at_time(BEGIN + minute)]
    day = BEGIN
    while day < end:
        if on_day(day):
            yield from ((day + time).timestamp() for time in times if day + time < end)
        day += timedelta(days=1)


def check(expression: str) -> bool:
    """Hold the words against the fires; False: there are no words, the dates are shown."""
    try:
        told = in_words(expression)
    except UsageError:
        return False
    if not told:
        return False
    end = BEGIN + timedelta(days=LONGEST)
    instants = (each.at for each in occurrences(expression, "UTC", BEGIN.timestamp() - 1))
    fired = takewhile(lambda at: at < end.timestamp(), instants)
    kept = list(islice(fired, LONGEST))
    if len(kept) == LONGEST:
        end = datetime.fromtimestamp(kept[-1], UTC) + timedelta(seconds=1)
    assert list(promised(told, end)) == kept, (expression, told)
    return True


def _field(low: int, high: int, *more: str) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    pair = st.tuples(number, number).map(sorted)
    step = st.integers(1, high + 2)
    part = st.one_of(
        number.map(str),
        pair.map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.builds(lambda ends, by: f"{ends[0]}-{ends[1]}/{by}", pair, step),
        step.map(lambda by: f"*/{by}"),
    )
    listed = st.lists(part, min_size=1, max_size=2).map(",".join)
    return st.one_of(st.just("*"), listed, *([st.sampled_from(more)] if more else []))


expressions = st.builds(
    lambda *fields: " ".join(field for field in fields if field),
    _field(0, 59),
    _field(0, 23),
    _field(1, 31, "L", "LW", "L-3", "1,L"),
    _field(1, 12),
    st.builds("{}{}".format, st.sampled_from(("", "+")), _field(0, 7, "5L", "fri#2", "mon-fri")),
    st.sampled_from(("", "", "2026", "2026-2027", "2026-2030/2")),
)

TRAPS = [
    "0 0 9 * *",
    "*/61 * * * *",
    "*/45 * * * *",
    "0 9 1-31 * mon",
    "0 9 1 * * 2027-2035/2",
    "0 9 13 * fri",
    "0 9 13 * +fri",
    "0 9 */2 * fri",
    "*/7 * * * *",
    "0 */5 * * *",
    "5,10 3,4 * * *",
    "3-7 3 * * *",
    "0 9 L * +mon-fri",
    "0 9 * * 5-7",
    "0 9 29 2 *",
    "@every 5m",
    "@weekly",
    "0 22-3 * * *",
    "*/8 0 * * *",
    "* 9 * * *",
]


@pytest.mark.long
@pytest.mark.ci
@settings(max_examples=150, deadline=None)
@given(expressions)
def test_words_promise_what_happens(expression: str) -> None:
    check(expression)


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(max_examples=2_000, deadline=None)
@given(expressions)
@example("0 9 1-7 * +mon")
def test_words_promise_what_happens_at_length(expression: str) -> None:
    check(expression)


@pytest.mark.parametrize("expression", TRAPS)
def test_what_other_tools_tell_wrong(expression: str) -> None:
    check(expression)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("0 9 1 * *", "at 09:00, on day 1 of the month"),
        ("0 9 13 * fri", "at 09:00, on day 13 of the month or on Friday"),
        ("0 9 13 * +fri", "at 09:00, on day 13 of the month, but only on Friday"),
        ("30 8 * * mon-fri", "at 08:30, Monday through Friday"),
        ("*/10 9-17 * * *", "every 10 minutes, between 09:00 and 17:59"),
        ("*/45 * * * *", "at 0 and 45 minutes past the hour"),
        ("0 18 LW * *", "at 18:00, on the last weekday of the month"),
        ("0 18 * * friL", "at 18:00, on the last Friday of the month"),
        ("0 9 1-31 * mon", "at 09:00, every day"),
        ("0 9 */2 * *", ""),
        ("*/7 */5 * * *", ""),
    ],
)
def test_the_words(expression: str, told: str) -> None:
    assert in_words(expression) == told
    assert check(expression) == bool(told)
