"""A small Mailchimp account, taken over from its folder and its zip."""

import shutil
from pathlib import Path

import pytest

from sestui.audience.migrate.export_files import ExportFiles
from sestui.audience.migrate.mailchimp import Mailchimp
from sestui.audience.migrate.merge_tags import MergeTags
from sestui.audience.migrate.migrate import Reconciliation, migrate
from sestui.audience.migrate.records import MigratedKind
from sestui.core.content.composer import Composer
from sestui.core.content.message import Envelope, MessageSource, TemplateError
from sestui.core.delivery.mail import Mail
from sestui.errors import BadFileError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database
from tests.support.migrations import FOLDER, everything, figures, standings

EXPORT = FOLDER / "mailchimp"
FIGURES = {
    MigratedKind.SUPPRESSIONS: (1, 1, 0, 0),
    MigratedKind.LISTS: (2, 2, 0, 0),
    MigratedKind.CONTACTS: (8, 6, 0, 2),
    MigratedKind.SUBSCRIPTIONS: (8, 6, 0, 2),
    MigratedKind.TEMPLATES: (1, 1, 0, 0),
    MigratedKind.CAMPAIGNS: (1, 1, 0, 0),
}
STANDINGS = {
    "ada@example.org": ("active", "", "Readers", ""),
    "zoe@example.org": ("active", "", "Readers", ""),
    "left.news@example.org": ("active", "", "Other News", "Readers"),
    "left.all@example.org": ("unsubscribed", "", "", "Readers"),
    "bounced@example.org": ("unsubscribed", "bounced", "Readers", ""),
    "buyer@example.org": ("unsubscribed", "", "", ""),
}


def migrated(database: Database, path: Path = EXPORT) -> Reconciliation:
    with ExportFiles(path) as files:
        return migrate(database, Mailchimp(files, "Readers"), now=1000)


def mail_of(source: MessageSource, contact: dict[str, str]) -> Mail:
    envelope = Envelope("news@example.com", view_url="https://example.com/mails/march")
    return Composer(source, envelope).mail("ada@example.org", contact)


def test_everything_is_accounted_for_and_the_second_time_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    first = migrated(database)
    assert figures(first) == FIGURES
    assert standings(database) == STANDINGS
    (left_out,) = first.left_out
    assert (left_out.line, left_out.value) == (5, "no address")
    assert left_out.file == "subscribed_email_audience_export_8a7b1.csv"
    before = everything(database)
    # As it is downloaded, with what macOS adds; the names of a later export differ.
    copy = shutil.copytree(EXPORT, tmp_path / "copy")
    for path in copy.glob("*8a7b1.csv"):
        path.rename(path.with_name(path.name.replace("8a7b1", "99cc2")))
    (copy / "__MACOSX").mkdir()
    (copy / "__MACOSX" / "._members_Gone.csv").write_bytes(b"\0\5\26\7")
    archive = Path(shutil.make_archive(str(tmp_path / "export"), "zip", copy))
    again = migrated(database, archive)
    assert everything(database) == before
    assert figures(again) == {
        kind: (read, 0, taken, left_out) for kind, (read, taken, _, left_out) in FIGURES.items()
    }


def test_fields_tags_and_mails_come_along(database: Database) -> None:
    found = migrated(database)
    ada = Contacts(database).get("ada@example.org")
    assert ada
    assert ada.tags == ["vip", "paris"]
    named = {name: ada.attributes[name] for name in ("first_name", "status_text", "notes")}
    assert named == {"first_name": "Ada", "status_text": "gold", "notes": 'a, "note"\nin two lines'}
    campaigns = Campaigns(database)
    message = campaigns.message(campaigns.get("12_March_news").message_id)
    assert message.subject == 'Hello {{ first_name or "" }}'
    assert message.text == 'Hi {{ first_name or "" }}, {{ unsubscribe_url }}\n'
    mail = mail_of(message, {"first_name": "Ada", "status_text": "gold"})
    assert "Golden Ada , { { braces }}" in " ".join(mail.html.split())
    assert {(each.draft, each.said.partition(" has")[0]) for each in found.notes} == {
        ("House-template", "*|LIST:COMPANY|*"),
        ("House-template", "*|IF:GROUP=x|*"),
    }


@pytest.mark.parametrize(
    "written",
    [
        "*|LIST:COMPANY|*",
        "*|IF:GROUP=x|*a*|END:IF|*",
        "*|IF:FNAME|*open",
        "*|END:IF|*",
        "*|INTERESTED:Group:x|*",
        "*|DATE:d/m/y|*",
    ],
)
def test_a_tag_without_counterpart_is_never_mailed(written: str) -> None:
    tags = MergeTags({"first_name"})
    left = tags.jinja(written)
    assert "*|" not in left
    source = MessageSource("Subject", left, "html")
    with pytest.raises(TemplateError):
        mail_of(source, {})


@pytest.mark.parametrize("braces", ["{{", "{{{", "{{{{", "{%", "{{%", "{#", "{{#"])
def test_what_jinja_would_take_for_its_own_is_text(braces: str) -> None:
    written = f"a {braces} name b"
    mail = mail_of(MessageSource("Subject", MergeTags(set()).jinja(written), "html"), {})
    assert "name b" in mail.html


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("readers.csv", b"Email\na@example.org\n", "neither a folder nor a zip archive"),
        ("half.zip", b"PK\x03\x04 and no more", "neither a folder nor a zip archive"),
        ("members_A.csv", b"%PDF-1.7 \0\0\0\0", "is not text but a PDF"),
        ("members_A.csv", b"Name,Age\nAda,36\n", "has no column of email addresses"),
        ("campaigns.csv", b"Title\nMarch\n", "has no CSV file of subscribed"),
    ],
)
def test_what_is_no_export_is_one_sentence_and_changes_nothing(
    database: Database, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    blank = everything(database)
    path = tmp_path / "export" / name
    path.parent.mkdir()
    path.write_bytes(content)
    whole = name in {"readers.csv", "half.zip"}
    with pytest.raises(BadFileError) as refused:
        migrated(database, path if whole else path.parent)
    assert told in str(refused.value)
    assert everything(database) == blank
