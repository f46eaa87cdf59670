"""Contacts exported from both engines."""

import csv
import io
import json

import pytest

from sestui.audience.export import COLUMNS, write_contacts
from sestui.core.delivery.states import Standing
from sestui.errors import NotFoundError
from sestui.reports.sent_log import Format
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.key_queries import Which
from tests.support.seeding import suppress

PEOPLE = [
    NewContact("A@x.co", "a@x.co", {"name": "=cmd()", "status": "gold"}, ("vip", "a, b")),
    NewContact("b@x.co", "b@x.co", {"city": "Zürich"}),
    NewContact("+c@x.co", "+c@x.co", {"note": "two\nlines"}),
]


@pytest.fixture
def people(database, monkeypatch):
    monkeypatch.setattr("sestui.store.contacts.export._BATCH", 2)
    contacts = Contacts(database)
    contacts.add(PEOPLE, list_name="all", now=1)
    contacts.add(PEOPLE[:1], list_name="few", now=2)
    suppress(database, "b@x.co")
    suppress(database, "stranger@x.co")
    return database


def written(database, which=None, *, form=Format.CSV, raw=False):
    out = io.StringIO(newline="")
    count = write_contacts(database, which or Which(), out, form=form, raw=raw)
    if form is Format.JSONL:
        rows = [json.loads(line) for line in out.getvalue().splitlines()]
    else:
        rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert len(rows) == count
    return rows


def test_a_column_for_each_attribute_after_the_fixed_ones(people):
    rows = written(people)
    assert tuple(rows[0]) == (*COLUMNS, "city", "name", "note", "attribute_status")
    assert [row["email"] for row in rows] == ["A@x.co", "b@x.co", "'+c@x.co", "stranger@x.co"]
    assert (rows[0]["name"], rows[0]["attribute_status"]) == ("'=cmd()", "gold")
    assert (rows[0]["tags"], rows[0]["lists"]) == ('vip, "a, b"', "all, few")
    assert (rows[1]["city"], rows[1]["suppressed"]) == ("Zürich", "manual")
    assert rows[1]["suppressed_at"] == "1970-01-01T00:00:00.000Z"
    assert rows[2]["note"] == "two\nlines"
    assert written(people, raw=True)[2]["email"] == "+c@x.co"


def test_json_lines_keep_what_is_what(people):
    rows = written(people, form=Format.JSONL)
    assert rows[0]["attributes"] == {"name": "=cmd()", "status": "gold"}
    assert (rows[0]["tags"], rows[0]["lists"]) == (["vip", "a, b"], ["all", "few"])
    assert rows[2]["attributes"] == {"note": "two\nlines"}


def test_a_part_of_them(people):
    assert [row["email"] for row in written(people, Which("few"))] == ["A@x.co"]
    assert tuple(written(people, Which("few"))[0]) == (*COLUMNS, "name", "attribute_status")
    suppressed = written(people, Which(None, Standing.SUPPRESSED))
    assert [(row["email"], row["status"]) for row in suppressed] == [
        ("b@x.co", "active"),
        ("stranger@x.co", ""),
    ]
    assert len(written(people, Which("all", Standing.ACTIVE))) == 2
    assert written(people, Which("few", Standing.INVALID)) == []
    with pytest.raises(NotFoundError):
        written(people, Which("none"))
