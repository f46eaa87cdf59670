"""What other tools' columns and words say of who has left."""

from collections.abc import Sequence

import pytest

from sestui.audience.imports.columns import Columns, recognise
from sestui.audience.imports.file_name_status import meaning_of_file_name
from sestui.audience.imports.status_words import Meaning
from sestui.audience.imports.statuses import StatusReader, find_status_columns

ACTIVE, GONE = "active", "unsubscribed"


def columns_of(
    header: Sequence[str], *rows: Sequence[str], mapping: dict[str, str] | None = None
) -> Columns:
    return recognise(
        [["Email", *header], *(["a@x.co", *row] for row in rows)], mapping or {}, "list.csv"
    )


def read(header: Sequence[str], *rows: Sequence[str], file_name: str = "list.csv") -> list[str]:
    """What each row comes to; ``?`` where a value is not understood."""
    columns = columns_of(header, *rows)
    reader = StatusReader(columns.statuses, file_name=file_name, words={})
    found = []
    for row in rows:
        before = len(reader.unknown())
        said = reader.read(["a@x.co", *row])
        unknown = sum(len(each.values) + each.more for each in reader.unknown()) > 0
        found.append("?" if unknown and not before else said.meaning.value if said else "")
    return found


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        # Mailchimp: one export with a status, and one for each segment, in seven languages.
        (["Status"], [["Subscribed"], ["Unsubscribed"], ["Non-Subscribed"], ["Cleaned"]],
         [ACTIVE, GONE, GONE, "bounced"]),
        (["Email Marketing Status"], [["SUBSCRIBED"], ["cleaned"], ["Archived"], ["Pending"]],
         [ACTIVE, "bounced", GONE, GONE]),
        (["UNSUB_TIME"], [["2026-01-01 10:00:00"], [""]], [GONE, ""]),
        (["CLEAN_TIME"], [["2026-01-01 10:00:00"], [""]], ["bounced", ""]),
        (["Statut"], [["Abonné"], ["Désabonné"], ["Nettoyé"]], [ACTIVE, GONE, "bounced"]),
        (["Estado"], [["Suscrito"], ["Dado de baja"], ["Limpiado"]], [ACTIVE, GONE, "bounced"]),
        (["Stato"], [["Iscritto"], ["Disiscritto"], ["Pulito"]], [ACTIVE, GONE, "bounced"]),
        (["Abonnementstatus"], [["Geabonneerd"], ["Uitgeschreven"], ["Opgeschoond"]],
         [ACTIVE, GONE, "bounced"]),
        (["Situação"], [["Inscrito"], ["Descadastrado"], ["Limpo"]], [ACTIVE, GONE, "bounced"]),
        (["Статус"], [["Подписан"], ["Отписан"], ["Очищен"]], [ACTIVE, GONE, "bounced"]),
        (["ステータス"], [["購読中"], ["購読解除"], ["クリーニング済み"]],
         [ACTIVE, GONE, "bounced"]),
        (["状态"], [["已订阅"], ["已退订"], ["已清理"]], [ACTIVE, GONE, "bounced"]),
        (["Status"], [["Angemeldet"], ["Abgemeldet"], ["Bereinigt"], ["Gesperrt"]],
         [ACTIVE, GONE, "bounced", "blocklisted"]),
        # Ghost
        (["subscribed_to_emails"], [["true"], ["false"]], [ACTIVE, GONE]),
        (["subscribed_to_emails", "email_disabled"], [["TRUE", "1"], ["TRUE", "0"]],
         ["bounced", ACTIVE]),
        (["subscribed_to_emails", "deleted_at"], [["true", "2025-04-01T09:00:00.000Z"]], [GONE]),
        # listmonk
        (["status"], [["enabled"], ["disabled"], ["blocklisted"]], [ACTIVE, GONE, "blocklisted"]),
        (["status", "subscription_status"], [["enabled", "confirmed"], ["enabled", "unsubscribed"],
         ["enabled", "unconfirmed"], ["blocklisted", "confirmed"]],
         [ACTIVE, GONE, GONE, "blocklisted"]),
        # Sendy: words, and its table's flags
        (["Status"], [["Active"], ["Unconfirmed"], ["Bounced"], ["Soft bounced"],
         ["Marked as spam"]], [ACTIVE, GONE, "bounced", "bounced", "complained"]),
        (["unsubscribed", "bounced", "complaint", "confirmed"], [["0", "0", "0", "1"],
         ["1", "0", "0", "1"], ["0", "1", "0", "1"], ["1", "0", "1", "1"], ["0", "0", "0", "0"]],
         [ACTIVE, GONE, "bounced", "complained", GONE]),
        # Brevo
        (["BLOCKLISTED"], [["TRUE"], ["FALSE"]], ["blocklisted", ""]),
        (["Blocklisté"], [["oui"], ["non"]], ["blocklisted", ""]),
        (["emailBlacklisted"], [["true"], ["false"]], ["blocklisted", ""]),
        (["DOUBLE_OPT-IN"], [["1"], ["2"], [""]], [ACTIVE, GONE, ""]),
        # HubSpot
        (["Unsubscribed from all email"], [["Yes"], ["No"], [""]], [GONE, "", ""]),
        (["Opted out of email: Marketing Information"], [["true"], [""]], [GONE, ""]),
        (["Email hard bounce reason"], [["Unknown user"], [""]], ["bounced", ""]),
        (["Invalid email address", "Marketing contact status"],
         [["Yes", "Marketing contact"], ["", "Non-marketing contact"]], ["bounced", GONE]),
        # Keila
        (["Status"], [["active"], ["unsubscribed"], ["unreachable"]], [ACTIVE, GONE, "bounced"]),
        # ActiveCampaign
        (["Status"], [["Active"], ["Unsubscribed"], ["Bounced"], ["Unconfirmed"]],
         [ACTIVE, GONE, "bounced", GONE]),
        # MailerLite
        (["Status"], [["active"], ["unsubscribed"], ["unconfirmed"], ["bounced"], ["junk"]],
         [ACTIVE, GONE, GONE, "bounced", "complained"]),
        (["Subscribed", "Unsubscribed"], [["2024-01-02 08:00:00", ""],
         ["2024-01-02 08:00:00", "2025-03-04 10:00:00"]], ["", GONE]),
        # Kit (ConvertKit)
        (["state"], [["active"], ["inactive"], ["cancelled"], ["bounced"], ["complained"]],
         [ACTIVE, GONE, GONE, "bounced", "complained"]),
        # Mautic
        (["dnc"], [["0"], ["1"], ["2"], ["3"]], ["", GONE, "bounced", "blocklisted"]),
        # phpList, by its columns' names and by their labels
        (["confirmed", "blacklisted", "optedin", "bouncecount"],
         [["1", "0", "0", "5"], ["0", "0", "0", "0"], ["1", "1", "0", "0"]],
         [ACTIVE, GONE, "blocklisted"]),
        (["Is the email of this user confirmed", "Is this user blacklisted"],
         [["1", "0"], ["0", "0"], ["1", "1"]], [ACTIVE, GONE, "blocklisted"]),
        # MailUp, Salesforce, Constant Contact, Shopify, MySQL's dumps
        (["OptOut_Date"], [["20110122T111244"], ["NULL"]], [GONE, ""]),
        (["HasOptedOutOfEmail", "EmailBouncedReason"], [["1", ""], ["0", "550 no such user"]],
         [GONE, "bounced"]),
        (["Email permissions status"], [["Express"], ["Implied"], ["Unsubscribed"]],
         [ACTIVE, ACTIVE, GONE]),
        (["Accepts Email Marketing"], [["yes"], ["no"]], [ACTIVE, GONE]),
        (["unsubscribed_at"], [["\\N"], ["0000-00-00 00:00:00"], ["1700000000"], ["3/14/2025"],
         ["14.03.25 10:00"], ["Mar 14, 2025"], ["14 mars 2025"], ["45678"]],
         ["", "", GONE, GONE, GONE, GONE, GONE, GONE]),
        # sestui's own, of which columns were taken out
        (["status", "suppressed"], [["active", "manual: asked by phone"], ["active", ""],
         ["unsubscribed", "bounced"]], ["blocklisted", ACTIVE, "bounced"]),
        # A mark for those who agreed, and nothing for all others
        (["Opt-in"], [["x"], [""], ["x"]], [ACTIVE, GONE, ACTIVE]),
        (["Newsletter"], [["✓"], [""]], [ACTIVE, GONE]),
        (["Newsletter"], [["ja"], ["nein"], [""]], [ACTIVE, GONE, ""]),
    ],
)  # fmt: skip
def test_what_other_tools_say_is_understood(
    header: list[str], rows: list[list[str]], said: list[str]
) -> None:
    assert read(header, *rows) == said


@pytest.mark.parametrize(
    ("header", "values"),
    [("Newsletter", ["weekly", "monthly"]), ("State", ["CA", "NY", "TX"]), ("Type", ["b2b", "b2c"]),
     ("Subscribed", ["2024-01-02", "2024-02-03"]), ("Lead Status", ["New", "Open"]),
     ("Confirmed", ["by Ada", "by Bob"]), ("OPTIN_TIME", ["2024-01-02 10:00:00", ""]),
     ("bouncecount", ["0", "3"]), ("Estado", ["Jalisco", "Puebla"]), ("Active since", ["2019"])],
)  # fmt: skip
def test_what_only_looks_like_it_stays_an_attribute(header: str, values: list[str]) -> None:
    columns = columns_of([header], *([value] for value in values))
    assert columns.statuses == ()
    assert columns.fields[1] != ""


@pytest.mark.parametrize(
    ("header", "values"),
    [("Status", ["gold", "silver"]), ("Status", ["active", "gold"]), ("unsubscribed", ["maybe"]),
     ("Opt-in", ["web form", "fair"]), ("State", ["active", "cancelled", "frozen"]),
     ("dnc", ["7"]), ("Complained", ["twice"])],
)  # fmt: skip
def test_what_is_not_understood_is_asked_about(header: str, values: list[str]) -> None:
    assert "?" in read([header], *([value] for value in values))


def test_somebody_can_say_what_a_column_is() -> None:
    rows = [["gold"], ["unsubscribed"]]
    assert columns_of(["Status"], *rows, mapping={"Status": "-"}).uses == ("email", "-")
    assert columns_of(["Status"], *rows, mapping={"Status": "plan"}).uses == ("email", "plan")
    other = columns_of(["Foo"], ["yes"], ["no"], mapping={"Foo": "status"})
    assert other.uses == ("email", "status")
    reader = StatusReader(other.statuses, file_name="x", words={"no": Meaning.COMPLAINED})
    said = [reader.read(["", value]) for value in ("yes", "no")]
    assert [each and each.meaning for each in said] == [Meaning.ACTIVE, Meaning.COMPLAINED]


def test_a_header_is_needed_to_know_a_column_of_statuses() -> None:
    assert recognise([["a@x.co", "unsubscribed"]], {}, "x").statuses == ()


@pytest.mark.parametrize(
    ("name", "meaning"),
    [("unsubscribed_segment_export_8893817261.csv", Meaning.UNSUBSCRIBED),
     ("cleaned_members_export_a1b2c3.csv", Meaning.BOUNCED),
     ("nonsubscribed_email_audience_export_1.csv", Meaning.UNSUBSCRIBED),
     ("subscribed_segment_export_1.csv", None), ("unsubscribed.csv", Meaning.UNSUBSCRIBED),
     ("bounces-2026-01.csv", Meaning.BOUNCED), ("Suppression list.csv", Meaning.BLOCKLISTED),
     ("blacklist_final.tsv", Meaning.BLOCKLISTED), ("cleaned-list.csv", None),
     ("unsubscribed-and-cleaned-people.csv", None), ("not-unsubscribed.csv", None),
     ("list.csv", None), ("2026.csv", None)],
)  # fmt: skip
def test_a_files_name_says_so_too(name: str, meaning: Meaning | None) -> None:
    assert meaning_of_file_name(name) == meaning


def test_who_says_nothing_where_others_do_is_counted() -> None:
    rows = [["yes"], [""], ["no"], ["-"], [""]]
    columns = find_status_columns(["Newsletter"], rows, (0,), ())
    reader = StatusReader(columns, file_name="list.csv", words={})
    assert [reader.read(list(row)) is None for row in rows] == [False, True, False, True, True]
    assert [each.sentence for each in reader.counts()] == [
        "Newsletter: yes → active: 1 row",
        "Newsletter: no → unsubscribed: 1 row",
        "Newsletter: (empty) → active: 3 rows",
    ]


def test_a_column_counts_more_than_the_files_name() -> None:
    assert read(["Status"], ["active"], file_name="unsubscribed.csv") == [ACTIVE]
    assert read(["Name"], ["Ada"], file_name="unsubscribed.csv") == [GONE]


def test_so_does_its_name_within_an_archive() -> None:
    reader = StatusReader(
        [], file_name="export.zip", members=["cleaned_members_export.csv"], words={}
    )
    said = reader.read(["a@x.co"])
    assert said is not None
    assert (said.meaning, said.value) == (Meaning.BOUNCED, "cleaned_members_export.csv")


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("Reason", ["BOUNCE", "COMPLAINT"], ["bounced", "complained"]),  # SES's suppression list
        ("Abmeldestatus", ["abgemeldet", "angemeldet"], [GONE, ACTIVE]),
        ("Zustand", ["aktiv", "abgemeldet"], [ACTIVE, GONE]),
        ("Situation", ["", "Désabonné", "abonné"], ["", GONE, ACTIVE]),
        ("Stan konta", ["wypisany", "aktywny"], [GONE, ACTIVE]),
        ("会員区分", ["配信停止", "有効"], [GONE, ACTIVE]),
        ("lists.subscription_status", ["unsubscribed", "confirmed"], [GONE, ACTIVE]),
    ],
)
def test_words_that_are_only_about_mail_are_heard_whatever_the_column_is_called(
    header: str, rows: list[str], said: list[str]
) -> None:
    assert read([header], *([row] for row in rows)) == said


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("Last event", ["delivered", "bounce", "open"]),
        ("Order", ["pending", "cancelled", "active"]),  # words of other things, too
        ("Note", ["unsubscribed", "asked us about the price"]),
        ("Plan", ["active", "inactive"]),
    ],
)
def test_other_words_stay_attributes(header: str, rows: list[str]) -> None:
    assert not columns_of([header], *([row] for row in rows)).statuses
