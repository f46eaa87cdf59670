import re
from datetime import datetime
from pathlib import Path

import pytest

import sestui.tui
from sestui.core.schedule.cron_words import on_the_clock

AT = datetime.fromisoformat("2026-12-01T08:00Z").timestamp()
FILE_NAMES = {"deliveries/service.py", "contacts/marked_contacts.py"}
"""These have a day in the name of a file that they write."""


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Zurich", "Tue 1 Dec 2026 09:00 CET"),
        ("America/New_York", "Tue 1 Dec 2026 03:00 EST"),
        ("UTC", "Tue 1 Dec 2026 08:00 UTC"),
        ("Asia/Dubai", "Tue 1 Dec 2026 12:00 UTC+04"),
        ("America/Sao_Paulo", "Tue 1 Dec 2026 05:00 UTC-03"),
    ],
)
def test_a_date_in_a_schedule_reads_as_everywhere_and_names_its_zone(zone, text):
    assert on_the_clock(AT, zone) == text


def test_an_hour_that_comes_twice_is_told_apart():
    first = datetime.fromisoformat("2026-10-25T00:30Z").timestamp()
    assert [on_the_clock(first + later, "Europe/Zurich")[-10:] for later in (0, 3600)] == [
        "02:30 CEST",
        " 02:30 CET",
    ]


def test_the_screens_put_instants_into_words_in_one_place():
    folder = Path(sestui.tui.__file__).parent
    writing = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r":%[a-zA-Z]|\.isoformat\(|\.strftime\(|\biso\(", path.read_text("utf-8"))
    }
    assert writing - FILE_NAMES == {"widgets/format.py"}
