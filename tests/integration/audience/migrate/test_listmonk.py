"""A small listmonk database, taken over from its dump and from PostgreSQL."""

import re
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sestui.audience.migrate.listmonk import TOOL, WANTED, Listmonk
from sestui.audience.migrate.migrate import Reconciliation, migrate
from sestui.audience.migrate.postgres import read_database
from sestui.audience.migrate.records import MigratedKind
from sestui.audience.migrate.sql_dump import read_dump
from sestui.audience.migrate.tables import Tables
from sestui.core.contact.address_check import Address, check_address
from sestui.core.content.message import MessageSource
from sestui.errors import BadFileError, StorageError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.db.database import Database
from sestui.store.erasure.erasure import erase
from tests.support.migrations import FOLDER, everything, figures, standings

DUMP = FOLDER / "listmonk.sql"
FIGURES = {
    MigratedKind.SUPPRESSIONS: (5, 3, 0, 2),
    MigratedKind.LISTS: (3, 3, 0, 0),
    MigratedKind.CONTACTS: (10, 9, 0, 1),
    MigratedKind.SUBSCRIPTIONS: (12, 10, 0, 2),
    MigratedKind.TEMPLATES: (2, 2, 0, 0),
    MigratedKind.CAMPAIGNS: (4, 3, 0, 1),
}
STANDINGS = {
    "ada@example.org": ("active", "", "News, Offers", ""),
    "left.news@example.org": ("active", "", "Offers", "News"),
    "unconfirmed@example.org": ("unsubscribed", "", "", ""),
    "blocked@example.org": ("unsubscribed", "blocklisted", "News", ""),
    "bounced@example.org": ("unsubscribed", "bounced", "News", ""),
    "complained@example.org": ("unsubscribed", "complained", "News", ""),
    "disabled@example.org": ("unsubscribed", "", "News", ""),
    "left.all@example.org": ("unsubscribed", "", "", "News"),
    "zoe@example.org": ("active", "", "News (3)", ""),
}


def migrated(database: Database, path: Path = DUMP, *, dry_run: bool = False) -> Reconciliation:
    with Tables(TOOL, path.name, WANTED) as tables:
        read_dump(path, tables)
        return migrate(database, Listmonk(tables), now=1000, dry_run=dry_run)


def test_everything_is_accounted_for_and_the_second_time_changes_nothing(
    database: Database,
) -> None:
    blank = everything(database)
    assert figures(migrated(database, dry_run=True)) == FIGURES
    assert everything(database) == blank
    first = migrated(database)
    assert figures(first) == FIGURES
    assert standings(database) == STANDINGS
    before = everything(database)
    again = migrated(database)
    assert everything(database) == before
    assert figures(again) == {
        kind: (read, 0, taken, left_out) for kind, (read, taken, _, left_out) in FIGURES.items()
    }
    assert [(each.kind, each.line, each.value) for each in first.left_out] == [
        (MigratedKind.CONTACTS, 80, "no address")
    ]


def test_values_come_as_they_were(database: Database) -> None:
    migrated(database)
    contacts = Contacts(database)
    ada, zoe = contacts.get("ada@example.org"), contacts.get("zoe@example.org")
    assert ada
    assert zoe
    assert ada.attributes == {
        "name": "Ada Lovelace",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "city": "Paris",
        "age": 36,
        "company_name": "Engines\nLtd",
    }
    assert ada.created_at == 1_709_283_600.5
    assert (zoe.email, zoe.attributes["name"]) == ("Zoe@example.org", "Zoë\tTab")


def test_campaigns_are_drafts_in_their_templates(database: Database) -> None:
    notes = {(each.draft, each.said) for each in migrated(database).notes}
    campaigns = Campaigns(database)
    news = campaigns.get("March-news")
    assert (news.from_address, news.lists) == ("News <news@example.com>", ["News", "Offers"])
    assert (news.next_due_at, news.schedule) == (None, "")
    assert campaigns.message(news.message_id) == MessageSource(
        'Hello {{ first_name or "" }}',
        '<p>Hi {{ name or "" }}</p>\n'
        '<p>{% if city == "Paris" %}Bonjour{% else %}Hello{% endif %}</p>\n'
        '<p><a href="https://example.com/a?b=1">Read</a> '
        '<a href="{{ unsubscribe_url }}">Leave</a></p>',
        "html",
        layout="<html><body>{{ content }}</body></html>",
        layout_name="House.html",
        headers=(("X-Group", "march"),),
    )
    plain = campaigns.message(campaigns.get("Plain-one").message_id)
    assert plain.text == 'Dear {{ company_name or "" }},\nsee you < soon.\n\n{{ unsubscribe_url }}'
    assert "see you &lt; soon." in plain.body
    assert campaigns.get("Receipt-template").transactional
    assert campaigns.find("Confirm") is None
    loops = "{{ range .Subscriber.Attribs.items }} has no counterpart here; replace it."
    assert ("Not-yet", loops) in notes
    assert campaigns.get("Not-yet").from_address == ""


def test_what_is_here_already_is_kept(database: Database) -> None:
    migrated(database)
    saved = Campaigns(database).get("March-news")
    with database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE campaign SET from_address = 'own@example.com'")
        # Ada has left the news by her own word, and the suppression of another has been lifted.
        connection.exec_driver_sql(
            "INSERT INTO list_refusal SELECT list_id, contact_id, 5 FROM membership "
            "WHERE contact_id = (SELECT id FROM contact WHERE email_key = 'ada@example.org')"
        )
        connection.exec_driver_sql(
            "DELETE FROM membership WHERE contact_id = "
            "(SELECT id FROM contact WHERE email_key = 'ada@example.org')"
        )
    again = migrated(database)
    assert figures(again)[MigratedKind.SUBSCRIPTIONS] == (12, 0, 8, 4)
    assert (
        again.tallies[MigratedKind.SUBSCRIPTIONS].left_out["left this list here by their own word"]
        == 2
    )
    assert standings(database)["ada@example.org"] == ("active", "", "", "News, Offers")
    assert Campaigns(database).by_id(saved.id).from_address == "own@example.com"


def test_who_was_erased_here_stays_away(database: Database) -> None:
    for email in ("ada@example.org", "bounced@example.org"):
        address = check_address(email)
        assert isinstance(address, Address)
        migrated(database)
        erase(database, address, 5)
    again = migrated(database)
    assert again.tallies[MigratedKind.SUPPRESSIONS].left_out["erased here on request"] == 1
    assert again.tallies[MigratedKind.CONTACTS].left_out["erased here on request"] == 2
    assert again.tallies[MigratedKind.SUBSCRIPTIONS].left_out["erased here on request"] == 3
    assert figures(again)[MigratedKind.CONTACTS] == (10, 0, 7, 3)
    assert standings(database).keys() == STANDINGS.keys() - {
        "ada@example.org",
        "bounced@example.org",
    }


def test_who_left_there_leaves_the_list_of_that_name_here(database: Database) -> None:
    known = NewContact("left.news@example.org", "left.news@example.org")
    Contacts(database).add([known], list_name="News", now=5)
    assert standings(database)["left.news@example.org"] == ("active", "", "News", "")
    found = figures(migrated(database))
    assert standings(database) == STANDINGS
    assert found[MigratedKind.LISTS] == (3, 2, 1, 0)


def test_drafts_of_one_name_and_of_another_script_keep_their_names(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "dump.sql"
    dump = DUMP.read_text("utf-8").replace("\tPlain one\t", "\tНовости\t")
    path.write_text(dump.replace("\tNot yet\t", "\tMarch news\t"), "utf-8")
    migrated(database, path)
    drafts = {"House-template", "Receipt-template", "March-news", "March-news-3", "campaign-2"}
    assert set(Campaigns(database).names()) == drafts
    assert figures(migrated(database, path))[MigratedKind.CAMPAIGNS] == (4, 0, 3, 1)


def test_a_tool_without_anything_is_taken_over_too(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "dump.sql"
    path.write_text(
        re.sub(
            r"(FROM stdin;\n).*?(^\\\.$)",
            r"\1\2",
            DUMP.read_text("utf-8"),
            flags=re.DOTALL | re.MULTILINE,
        ),
        "utf-8",
    )
    assert set(figures(migrated(database, path)).values()) == {(0, 0, 0, 0)}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("\tenabled\t", "\tparked\t", "line 71: the subscriber status 'parked' is none"),
        ("\tunconfirmed\t", "\tmaybe\t", "the subscription status 'maybe' is none"),
        ("\tcomplaint\t", "\tgrumble\t", "line 21: the bounce type 'grumble' is none"),
    ],
)
def test_a_status_of_another_version_stops_it_before_anything_is_written(
    database: Database, tmp_path: Path, old: str, new: str, told: str
) -> None:
    blank = everything(database)
    path = tmp_path / "dump.sql"
    path.write_text(DUMP.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(BadFileError) as refused:
        migrated(database, path)
    assert told in str(refused.value)
    assert everything(database) == blank


def loaded(url: str, dump: str) -> None:
    """Tables with the dump's rows."""
    types = {"id": "integer", "attribs": "jsonb", "headers": "jsonb", "created_at": "timestamptz"}
    with psycopg.connect(url) as connection:
        for table, columns, rows in re.findall(
            r"^COPY public\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$",
            dump,
            re.MULTILINE | re.DOTALL,
        ):
            names = columns.split(", ")
            typed = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(types.get(name, "text")))
                for name in names
            )
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(table), typed))
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
            )
            with connection.cursor().copy(into) as copy:
                copy.write(rows)


def test_a_running_database_gives_the_same_as_its_dump(
    database: Database, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS listmonk_to_migrate")
        connection.execute("CREATE DATABASE listmonk_to_migrate")
    url = re.sub(r"/postgres(?=\?|$)", "/listmonk_to_migrate", postgres_url)
    loaded(url.replace("+psycopg", ""), DUMP.read_text("utf-8"))
    with Tables(TOOL, "the database", WANTED) as tables:
        read_database(url, tables)
        found = migrate(database, Listmonk(tables), now=1000)
    assert figures(found) == FIGURES
    assert standings(database) == STANDINGS
    assert figures(migrated(database))[MigratedKind.CONTACTS] == (10, 0, 9, 1)


def test_a_database_that_is_another_or_away_is_one_sentence(postgres_url: str) -> None:
    with Tables(TOOL, "the database", WANTED) as tables:
        with pytest.raises(BadFileError, match="the database has no table subscribers"):
            read_database(postgres_url, tables)
        with pytest.raises(StorageError) as refused:
            read_database("postgresql://ada:secret@127.0.0.1:1/none", tables)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
