"""A small Sendy database, taken over from its dump."""

from pathlib import Path

import pytest

from sestui.audience.migrate.migrate import Reconciliation, migrate
from sestui.audience.migrate.records import MigratedKind
from sestui.audience.migrate.sendy import TOOL, WANTED, Sendy
from sestui.audience.migrate.sql_dump import read_dump
from sestui.audience.migrate.tables import Tables
from sestui.core.content.message import MessageSource
from sestui.errors import BadFileError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database
from tests.support.migrations import FOLDER, everything, figures, standings

DUMP = FOLDER / "sendy.sql"
FIGURES = {
    MigratedKind.SUPPRESSIONS: (4, 4, 0, 0),
    MigratedKind.LISTS: (2, 2, 0, 0),
    MigratedKind.CONTACTS: (11, 7, 0, 4),
    MigratedKind.SUBSCRIPTIONS: (11, 8, 0, 3),
    MigratedKind.TEMPLATES: (1, 1, 0, 0),
    MigratedKind.CAMPAIGNS: (2, 2, 0, 0),
}
STANDINGS = {
    "ada@example.org": ("active", "", "News, Offers", ""),
    "left.news@example.org": ("active", "", "Offers", "News"),
    "unconfirmed@example.org": ("unsubscribed", "", "", ""),
    "bounced@example.org": ("unsubscribed", "bounced", "News", ""),
    "complained@example.org": ("unsubscribed", "complained", "News", ""),
    "left.all@example.org": ("unsubscribed", "", "", "News"),
    "blocked@example.org": ("unsubscribed", "blocklisted", "News", ""),
}


def migrated(database: Database, path: Path = DUMP) -> Reconciliation:
    with Tables(TOOL, path.name, WANTED) as tables:
        read_dump(path, tables)
        return migrate(database, Sendy(tables), now=1000)


def test_everything_is_accounted_for_and_the_second_time_changes_nothing(
    database: Database,
) -> None:
    assert figures(migrated(database)) == FIGURES
    assert standings(database) == STANDINGS
    before = everything(database)
    again = migrated(database)
    assert everything(database) == before
    assert figures(again) == {
        kind: (read, 0, taken, left_out) for kind, (read, taken, _, left_out) in FIGURES.items()
    }


def test_fields_and_tags_of_its_lists_become_attributes(database: Database) -> None:
    found = migrated(database)
    ada = Contacts(database).get("ada@example.org")
    assert ada
    assert ada.attributes == {
        "name": "Ada Lovelace",
        "first_name": "Ada",
        "birthday": "1984-02-05",
    }
    assert (ada.email, ada.created_at) == ("ada@example.org", 1_709_283_600)
    campaigns = Campaigns(database)
    news, text = campaigns.get("March-news"), campaigns.get("Text-only")
    assert news.from_address == '"Ada\'s Shop, Paris" <news@example.com>'
    assert (news.reply_to, news.lists) == (["reply@example.com"], ["News", "Offers"])
    assert campaigns.message(news.message_id) == MessageSource(
        'Hello {{ name or "there" }}',
        '<html>\r\n<body><p>Dear {{ first_name or "reader" }} ([1], [City])</p>'
        "<p>{ { not ours }} {{ now.year }}</p>"
        '<p><a href="{{ unsubscribe_url }}">Leave</a> <a href="{{ view_url }}">Online</a></p>'
        "</body></html>",
        "html",
        text='Hi {{ name or "" }}\r\n{{ unsubscribe_url }}',
    )
    assert (text.from_address, text.lists) == ("Zoë <news@example.com>", ["Offers"])
    assert campaigns.message(text.message_id).body == "<p>On {{ currentday }} for {{ points }}</p>"
    assert {(each.draft, each.said.partition(" has")[0]) for each in found.notes} == {
        ("Text-only", "[currentday]"),
        ("Text-only", "[Points,fallback=0]"),
    }


def test_a_dump_that_breaks_off_between_two_statements_is_refused(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "half.sql"
    path.write_text(DUMP.read_text("utf-8").partition("INSERT INTO `template`")[0], "utf-8")
    with pytest.raises(BadFileError, match=r"half\.sql breaks off after line"):
        migrated(database, path)
    assert standings(database) == {}
