"""A small Keila database, taken over from its dump."""

import json
from pathlib import Path

import pytest

from sestui.audience.migrate.keila import TOOL, WANTED, Keila
from sestui.audience.migrate.keila_blocks import html_of_blocks
from sestui.audience.migrate.liquid_tags import LiquidTags
from sestui.audience.migrate.migrate import Reconciliation, migrate
from sestui.audience.migrate.records import MigratedKind
from sestui.audience.migrate.sql_dump import read_dump
from sestui.audience.migrate.tables import Tables
from sestui.audience.sources.json_rows import loads
from sestui.core.content.composer import Composer
from sestui.core.content.message import Envelope, MessageSource, TemplateError
from sestui.core.delivery.mail import Mail
from sestui.errors import BadFileError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.database import Database
from tests.support.migrations import FOLDER, everything, figures, standings

DUMP = FOLDER / "keila.sql"
FIGURES = {
    MigratedKind.SUPPRESSIONS: (5, 4, 0, 1),
    MigratedKind.LISTS: (2, 2, 0, 0),
    MigratedKind.CONTACTS: (9, 6, 0, 3),
    MigratedKind.SUBSCRIPTIONS: (9, 8, 0, 1),
    MigratedKind.TEMPLATES: (2, 1, 0, 1),
    MigratedKind.CAMPAIGNS: (5, 4, 0, 1),
}
STANDINGS = {
    "ada@example.org": ("active", "", "News, Offers", ""),
    "left.news@example.org": ("active", "", "Offers", "News"),
    "left.all@example.org": ("unsubscribed", "", "", "News"),
    "unreachable@example.org": ("unsubscribed", "bounced", "News", ""),
    "bounced@example.org": ("unsubscribed", "bounced", "News", ""),
    "complained@example.org": ("unsubscribed", "complained", "", "News"),
}


def migrated(database: Database, path: Path = DUMP) -> Reconciliation:
    with Tables(TOOL, path.name, WANTED) as tables:
        read_dump(path, tables)
        return migrate(database, Keila(tables), now=1000)


def mail_of(source: MessageSource, contact: dict[str, str]) -> Mail:
    return Composer(source, Envelope("news@example.com")).mail("ada@example.org", contact)


def test_everything_is_accounted_for_and_the_second_time_changes_nothing(
    database: Database,
) -> None:
    first = migrated(database)
    assert figures(first) == FIGURES
    assert standings(database) == STANDINGS
    assert Suppressions(database).get("gone@example.org")
    before = everything(database)
    again = migrated(database)
    assert everything(database) == before
    assert figures(again) == {
        kind: (read, 0, taken, left_out) for kind, (read, taken, _, left_out) in FIGURES.items()
    }
    ((line, value),) = [(each.line, each.value) for each in first.left_out]
    assert (line, value) == (19, "no address")


def test_campaigns_of_each_kind_are_drafts(database: Database) -> None:
    notes = {(each.draft, each.said.partition(" has no ")[0]) for each in migrated(database).notes}
    ada = Contacts(database).get("ada@example.org")
    assert ada
    assert ada.attributes == {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "external_id": "crm-1",
        "double_opt_in_at": "2024-03-01 09:00:00",
        "city": "Paris",
        "company_name": "Engines",
    }
    assert ada.tags == ["a", "b"]
    campaigns = Campaigns(database)
    news, blocks = campaigns.get("March-news"), campaigns.get("Blocks")
    assert news.from_address == '"Ada\'s Shop, Paris" <news@example.com>'
    assert (news.reply_to, news.lists) == (["Ada <reply@example.com>"], ["News"])
    message = campaigns.message(news.message_id)
    assert (message.body_format, message.preheader) == ("markdown", 'For {{ email or "" }}')
    known = {"first_name": "Ada", "company_name": "Engines", "city": "Paris"}
    assert "Hi Ada of ENGINES!\n\nBonjour. It is spring." in mail_of(message, known).text
    unknown = dict.fromkeys(known, "")
    assert "Hi there!\n\nCome to Paris. It is spring." in mail_of(message, unknown).text
    assert "Unsubscribe" in mail_of(message, known).text
    # One who mails a segment must not mail the whole list by mistake.
    assert blocks.lists == []
    html = campaigns.message(blocks.message_id).body
    assert '<h1>Hello {{ first_name or "you" }}</h1>\n<p>Left</p>\n<ul><li>One</li>' in html
    assert 'alt="A &amp; B"></a></p>' in html
    assert '<a href="{{ unsubscribe_url }}">Unsubscribe</a>' in html
    offer = campaigns.message(campaigns.get("Offer-for-contact.display_name").message_id)
    assert offer.body_format == "mjml"
    assert '<a href="{{ unsubscribe_url }}">Leave</a>' in offer.body
    assert notes >= {
        ("Blocks", "segment Parisians"),
        ("Blocks", "block of kind socialIcons"),
        ("Offer-for-contact.display_name", "{% for x in contact.data.tags %}"),
    }
    plain = campaigns.message(campaigns.get("Plain").message_id)
    assert plain.text.startswith('Dear {{ last_name or "" }},\nsee you < soon.')
    assert "see you &lt; soon." in plain.body


@pytest.mark.parametrize(
    "written",
    [
        "{{ contact.data.items | size }}",
        '{{ contact.first_name | date: "%Y" }}',
        "{% if contact.data.a and contact.data.b or contact.email %}a{% endif %}",
        "{% if campaign.data.vip %}a{% endif %}",
        "{% if vip %}a{% else %}b{% endif %}",
        "{% for x in contact.data.items %}{{ x }}{% endfor %}",
        '{% assign x = "y" %}',
        "{% case contact.email %}{% when 'a' %}a{% endcase %}",
        "{{ elsewhere }}",
        "{{ campaign.data.vip }}",
    ],
)
def test_a_tag_without_counterpart_is_never_mailed(written: str) -> None:
    liquid = LiquidTags({"data": {}})
    source = MessageSource("Subject", liquid.jinja(f"<p>{written}</p>"), "html")
    assert liquid.untranslated
    with pytest.raises(TemplateError):
        mail_of(source, {"first_name": "Ada"})


@pytest.mark.parametrize(
    ("written", "mailed"),
    [
        ("{{ contact.first_name | downcase | escape }}", "ada"),
        (
            "{%- if contact.first_name == 'Ada' -%}yes{%- elsif contact.email -%}no{%- endif -%}",
            "yes",
        ),
        ("{% if contact.last_name == blank %}none{% endif %}", "none"),
        ("{% if contact.first_name and contact.email %}both{% endif %}", "both"),
        ("{% comment %}{{ nothing }}{% endcomment %}shown", "shown"),
        ("{{ contact.display_name }}", "Ada"),
        ("{{ contact.data.quote | default: 'it | is' }}", "it | is"),
        (".a{%b", ".a{ %b"),
        ("{# text", "{ # text"),
    ],
)
def test_tags_are_as_in_keila(written: str, mailed: str) -> None:
    source = MessageSource("Subject", f"<p>{LiquidTags({}).jinja(written)}</p>", "html")
    names = {"first_name": "Ada", "last_name": "", "quote": ""}
    assert mailed in mail_of(source, names).html


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        '{"blocks": {"type": "list"}}',
        '{"blocks": [1, null, {"type": ["list"]}, {"type": "header", "data": {"level": [1]}}]}',
        '{"blocks": [{"type": "list", "data": {"items": [null, 5, {"content": 6, "items": 7}]}}]}',
        json.dumps({"blocks": [{"type": "image", "data": {"image": "x", "url": None}}]}),
        '{"blocks":[{"type":"layout","data":{"blocks":[' * 160 + "]}}]}" * 160,
    ],
)
def test_any_document_of_blocks_is_read(document: str) -> None:
    left: list[str] = []
    assert isinstance(html_of_blocks(loads(document), left.append), str)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "left.all@example.org\t2024-03-01 09:00:00\t2024-03-01 09:00:00\t1\t",
            "left.all@example.org\t2024-03-01 09:00:00\t2024-03-01 09:00:00\t7\t",
            "line 15: the contact status '7' is none",
        ),
        ("COPY public.projects ", "COPY public.project ", "has no table projects"),
        ("updated_at, status, data", "updated_at, state, data", "has no column status"),
        ("-- PostgreSQL database dump complete", "--", "breaks off after line"),
    ],
)
def test_another_database_stops_it_before_anything_is_written(
    database: Database, tmp_path: Path, old: str, new: str, told: str
) -> None:
    blank = everything(database)
    path = tmp_path / "dump.sql"
    dump = DUMP.read_text("utf-8")
    assert old in dump
    path.write_text(dump.replace(old, new, 1), "utf-8")
    with pytest.raises(BadFileError) as refused:
        migrated(database, path)
    assert told in str(refused.value)
    assert everything(database) == blank


def test_the_older_name_of_its_mails_is_read_too(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "dump.sql"
    dump = DUMP.read_text("utf-8").replace("public.messages", "public.mailings_recipients")
    path.write_text(dump.replace("recipient_email", "receipt"), "utf-8")
    found = figures(migrated(database, path))
    assert found[MigratedKind.SUPPRESSIONS] == (5, 3, 0, 2)
    assert standings(database) == STANDINGS
