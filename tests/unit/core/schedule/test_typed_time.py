"""Times as they are typed: understood in one way, or refused with the way out."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sestui.core.campaign.draft import Draft, read_draft
from sestui.core.schedule.typed_time import Here, NotATimeError, pinned, read_time
from sestui.core.task.values import once
from sestui.errors import UsageError

PARIS = "Europe/Paris"


def instant(text: str, zone: str = PARIS) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


FRIDAY = instant("2026-11-27 11:40:20")
"""A Friday in November, some seconds past 11:40."""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-12-01T09:00", "2026-12-01 09:00"),
        ("2026-12-01 09:00", "2026-12-01 09:00"),
        ("2026-12-01T09:00+00:00", "2026-12-01 10:00"),
        ("11:41", "2026-11-27 11:41"),
        ("11:36", "2026-11-28 11:36"),
        ("0:00", "2026-11-28 00:00"),
        ("9 pm", "2026-11-27 21:00"),
        ("9:30 p.m.", "2026-11-27 21:30"),
        ("today 18:00", "2026-11-27 18:00"),
        ("Tomorrow at 9:00", "2026-11-28 09:00"),
        ("9:00 tomorrow", "2026-11-28 09:00"),
        ("mon 9:00", "2026-11-30 09:00"),
        ("on Thursday, 9am", "2026-12-03 09:00"),
        ("Tue 2026-12-01 09:00", "2026-12-01 09:00"),
        ("1 Dec 09:00", "2026-12-01 09:00"),
        ("Dec 1st 2027 9:00", "2027-12-01 09:00"),
        ("1 Mar 9:00", "2027-03-01 09:00"),
        ("in 5 min", "2026-11-27 11:45"),
        ("in an hour", "2026-11-27 12:40"),
        ("in 1h30m", "2026-11-27 13:10"),
        ("in 2 hours and 5 minutes", "2026-11-27 13:45"),
        ("in 3 days", "2026-11-30 11:40"),
        ("in 1 week", "2026-12-04 11:40"),
    ],
)
def test_what_is_typed_is_understood(typed, meant):
    assert read_time(typed, Here(PARIS, FRIDAY)).at == instant(meant)


def test_a_duration_leads_to_the_nearest_full_minute():
    late = instant("2026-11-27 11:40:46")
    assert read_time("in 2 min", Here(PARIS, late)).at == instant("2026-11-27 11:43")


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("11:36", "11:36 has passed today, so tomorrow"),
        ("11:41", ""),
        ("1 Mar 9:00", "that has passed this year, so next year"),
        ("2027-03-28 02:30", "the clocks skip 02:30 that day"),
        ("2027-10-31 02:30", "02:30 comes twice that day: the first counts"),
    ],
)
def test_what_the_date_does_not_say_is_said(typed, note):
    assert read_time(typed, Here(PARIS, FRIDAY)).note == note


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12/01 9:00", "can be read in two ways"),
        ("1.12. 9:00", "can be read in two ways"),
        ("11.36", "can be read in two ways"),
        ("midnight", "can be read in two ways"),
        ("next friday 9:00", "can be read in two ways"),
        ("12 pm", "can be noon or midnight; write 12:00 or 0:00"),
        ("in 5 m", "m can be minutes or months; write 5 min"),
        ("friday 18:00", "today is Friday: write today 18:00, or 2026-12-04 18:00"),
        ("today 9:00", "09:00 has passed today; write tomorrow 09:00"),
        ("tomorrow", "has no time of day; write it as tomorrow 9:00"),
        ("Mon 2026-12-01 09:00", "2026-12-01 is a Tuesday, not that weekday"),
        ("9", "is not a time; write it as"),
        ("24:00", "is not a time; write it as"),
        ("11:60", "is not a time"),
        ("13pm", "is not a time"),
        ("in 5", "is not a time"),
        ("in 0 min", "is not a time"),
        ("in 5 s", "is not a time"),
        ("in 999999 weeks", "is not a time"),
        ("today tomorrow 9:00", "is not a time"),
        ("9:00 10:00", "is not a time"),
        ("31 Feb 9:00", "is not a time"),
        ("1 Dec 2026 9999 9:00", "is not a time"),
        ("soon", "is not a time"),
        ("", "is not a time"),
    ],
)
def test_what_is_no_time_or_two_is_refused(typed, said):
    with pytest.raises(NotATimeError) as fault:
        read_time(typed, Here(PARIS, FRIDAY))
    assert said in str(fault.value)


@pytest.mark.parametrize(
    ("typed", "now", "meant"),
    [
        # Clocks go from 02:00 to 03:00: the first instant after the gap, as schedules have it.
        ("tomorrow 2:30", "2027-03-27T12:00+01:00", "2027-03-28T03:00+02:00"),
        ("in 1 day", "2027-03-27T02:30+01:00", "2027-03-28T03:00+02:00"),
        ("in 24 hours", "2027-03-27T12:00+01:00", "2027-03-28T13:00+02:00"),
        ("in 1 day", "2027-03-27T12:00+01:00", "2027-03-28T12:00+02:00"),
        # Clocks go from 03:00 to 02:00: the first of two.
        ("tomorrow 2:30", "2027-10-30T12:00+02:00", "2027-10-31T02:30+02:00"),
        ("2:30", "2027-10-31T02:40+02:00", "2027-11-01T02:30+01:00"),
        ("in 1 hour", "2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00"),
    ],
)
def test_clocks_that_change_are_followed_as_schedules_do(typed, now, meant):
    here = Here(PARIS, datetime.fromisoformat(now).timestamp())
    assert read_time(typed, here).at == datetime.fromisoformat(meant).timestamp()


@pytest.mark.parametrize(
    ("typed", "now", "written"),
    [
        ("11:36", "2026-11-27T11:40:20+01:00", "2026-11-28T11:36"),
        (" 2026-12-01 9:00", "2026-11-27T11:40:20+01:00", "2026-12-01T09:00"),
        ("2026-12-01T09:00:30", "2026-11-27T11:40:20+01:00", "2026-12-01T09:00:30"),
        ("in 1 hour", "2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00"),
        ("in 10 min", "2027-10-31T02:30+02:00", "2027-10-31T02:40"),
        ("tomorrow 2:30", "2027-03-27T12:00+01:00", "2027-03-28T03:00"),
    ],
)
def test_what_was_understood_can_be_written_for_good(typed, now, written):
    here = Here(PARIS, datetime.fromisoformat(now).timestamp())
    assert pinned(typed, here) == written
    assert read_time(written, Here(PARIS)).at == read_time(typed, here).at
    assert pinned(written, here) == written


def test_a_file_means_the_same_whenever_it_is_read():
    with pytest.raises(NotATimeError, match="'tomorrow 9:00' is not a time; write it as 2026-12"):
        read_time("tomorrow 9:00", Here(PARIS))
    (fault,) = read_draft(Draft("n", start_at="tomorrow 9:00", timezone=PARIS)).faults
    assert fault.field == "start"


def test_forms_and_the_command_line_read_alike():
    draft = Draft("n", start_at="11:36", timezone=PARIS)
    read = read_draft(draft, now=FRIDAY)
    assert (read.faults, read.campaign.start_at) == ((), instant("2026-11-28 11:36"))
    assert once("11:36", Here(PARIS, FRIDAY)) == "36 11 28 11 * 2026"
    repeated = datetime.fromisoformat("2027-10-31T02:10+02:00").timestamp()
    with pytest.raises(UsageError, match="twice that day"):
        once("in 1 hour", Here(PARIS, repeated))
