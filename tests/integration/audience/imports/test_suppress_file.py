"""`import --as suppressed`: whole files of addresses and domains that must not be mailed."""

import json
from pathlib import Path

import pytest

from sestui.audience.imports.suppress_file import SuppressResult, suppress_file
from sestui.errors import BadFileError
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.database import Database
from tests.support.cli import Sestui
from tests.support.seeding import suppress


def suppressed(database: Database, folder: Path, text: str, **options: bool) -> SuppressResult:
    path = folder / "gone.csv"
    path.write_text(text, encoding="utf-8")
    return suppress_file(database, path, now=5.0, **options)  # type: ignore[arg-type]


def why(database: Database, key: str) -> str:
    found = Suppressions(database).get(key)
    return found.why if found else ""


def test_addresses_and_domains_are_suppressed_and_make_no_contacts(
    database: Database, tmp_path: Path
) -> None:
    suppress(database, "old@x.co")
    text = (
        "Email\nAnn@X.co\nann@x.co\nold@x.co\nexample.org\n@gone.de\n*@Bücher.de\n"
        "no address\n*.sub.example.org\n"
    )
    result = suppressed(database, tmp_path, text)
    assert result.figures == {
        "rows": 8,
        "suppressed": 4,
        "known": 2,
        "domains": 3,
        "rejects": 2,
    }
    assert [reject.line for reject in result.first_rejects] == [8, 9]
    assert why(database, "ann@x.co") == "manual: gone.csv"
    assert why(database, "old@x.co") == "manual"
    assert why(database, "anybody@xn--bcher-kva.de") == "all of xn--bcher-kva.de: manual: gone.csv"
    assert why(database, "a@gone.de").startswith("all of gone.de")
    assert why(database, "a@sub.example.org") == ""
    assert Contacts(database).count() == 0


@pytest.mark.parametrize(
    "text",
    ["example.org\nexample.com\n", "Domain\nexample.org\nexample.com\n",
     "@example.org\n@example.com\n",
     "*@example.org\r\n*@example.com\r\n", "name,domain\nAcme,example.org\nOther,example.com\n"],
)  # fmt: skip
def test_a_file_of_domains_alone(sqlite_database: Database, tmp_path: Path, text: str) -> None:
    result = suppressed(sqlite_database, tmp_path, text)
    assert (result.suppressed, result.domains, result.rejects) == (2, 2, 0)


def test_the_reasons_of_other_tools_are_kept(sqlite_database: Database, tmp_path: Path) -> None:
    text = (
        "EmailAddress,Reason,LastUpdateTime\nb@x.co,BOUNCE,2026-01-01\nc@x.co,COMPLAINT,2026-01-01\n"
        "d@x.co,asked by phone,\n"
    )
    suppressed(sqlite_database, tmp_path, text)
    assert why(sqlite_database, "b@x.co") == "bounced: BOUNCE (gone.csv)"
    assert why(sqlite_database, "c@x.co") == "complained: COMPLAINT (gone.csv)"
    assert why(sqlite_database, "d@x.co") == "manual: asked by phone (gone.csv)"


def test_a_dry_run_changes_nothing(database: Database, tmp_path: Path) -> None:
    assert suppressed(database, tmp_path, "a@x.co\n", dry_run=True).suppressed == 1
    assert why(database, "a@x.co") == ""


def test_a_complaint_stands_above_an_unsubscription(database: Database, tmp_path: Path) -> None:
    Suppressions(database).add("c@x.co", "unsubscribed", "on the page", 1.0)
    text = "EmailAddress,Reason\nc@x.co,COMPLAINT\n"
    for _ in range(2):  # twice changes nothing
        suppressed(database, tmp_path, text)
        assert why(database, "c@x.co") == "complained: COMPLAINT (gone.csv)"


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        ("ann@x.co # asked by phone", ["ann@x.co"]),
        ("gone.de  # a spam trap", ["@gone.de"]),
        (" *@gone.de", ["@gone.de"]),
        ("Ann Lee <ann@x.co>", ["ann@x.co"]),
        ("mailto:ann@x.co", ["ann@x.co"]),
        ("ann@x.co; bob@x.co", ["ann@x.co", "bob@x.co"]),
        ("ann@BÜCHER.de", ["ann@xn--bcher-kva.de"]),
        ("#ann@x.co", ["#ann@x.co"]),  # an address may begin like that
        ("a@b.co", ["a@b.co"]),
    ],
)
def test_what_a_row_may_look_like(
    sqlite_database: Database, tmp_path: Path, row: str, keys: list[str]
) -> None:
    result = suppressed(sqlite_database, tmp_path, f"Email\nzoe@x.co\n{row}\n")
    assert (result.suppressed, result.rejects) == (len(keys) + 1, 0)
    assert all(why(sqlite_database, key) for key in keys)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("*.example.org", "Subdomains are suppressed one by one"),
        ("@.example.org", "Subdomains are suppressed one by one"),
        ("@localhost", "There is no such domain."),
        ("https://example.org/x", "must have an @-sign"),
        ("a@b@x.co", ""),
        (f"{'a' * 300}@x.co", "too long"),
        ("*@" + "x." * 200 + "co", "There is no such domain."),
    ],
)
def test_hostile_rows_are_rejected_with_a_reason(
    sqlite_database: Database, tmp_path: Path, row: str, reason: str
) -> None:
    result = suppressed(sqlite_database, tmp_path, f"Email\nzoe@x.co\n{row}\n")
    assert (result.suppressed, result.rejects) == (1, 1)
    [reject] = result.first_rejects
    assert reject.line == 3
    assert reason in reject.reason
    assert reject.reason.endswith(".")


@pytest.mark.parametrize("header", ["", "Address\n", "Address,Reason\n"])
def test_comments_and_empty_rows_are_no_rows(
    sqlite_database: Database, tmp_path: Path, header: str
) -> None:
    text = f"# Blocklist of Acme, 2026\n# do not edit\n{header}\nann@x.co\n # more\n\ngone.de\n"
    result = suppressed(sqlite_database, tmp_path, text)
    assert result.figures == {
        "rows": 2,
        "suppressed": 2,
        "known": 0,
        "domains": 1,
        "rejects": 0,
    }


def test_rows_of_one_address_count_as_files_of_their_own(
    database: Database, tmp_path: Path
) -> None:
    text = (
        "EmailAddress,Reason\nc@x.co,by phone\nc@x.co,BOUNCE\nc@x.co,by fax\n"
        "d@x.co,BOUNCE\nc@x.co,by phone\n"
    )
    result = suppressed(database, tmp_path, text)
    assert (result.suppressed, result.known) == (2, 3)
    found = Suppressions(database).get("c@x.co")
    assert found is not None
    assert (found.why, found.kept) == ("bounced: BOUNCE (gone.csv)", True)


def test_a_large_file_in_any_order_and_again(database: Database, tmp_path: Path) -> None:
    keys = [f"p{number * 7919 % 12_007}@x{number % 9}.co" for number in range(12_007)]
    suppress(database, keys[7])
    first = suppressed(database, tmp_path, "\n".join(keys))
    assert (first.suppressed, first.known) == (len(keys) - 1, 1)
    again = suppressed(database, tmp_path, "\n".join(keys))
    assert (again.suppressed, again.known) == (0, len(keys))


def test_a_file_of_neither_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="no column of email addresses or domains"):
        suppressed(sqlite_database, tmp_path, "name\nAda\nBob\n")


@pytest.mark.long
@pytest.mark.ci
def test_the_command(tmp_path: Path) -> None:
    sestui = Sestui(tmp_path)
    people = sestui.write("people.csv", "Email\nann@example.org\nbob@kept.org\n")
    gone = sestui.write("gone.txt", "*@example.org\nbroken@\n")
    told = sestui.run("import", gone, "--as", "suppressed", "--rejects", tmp_path / "r.csv")
    assert (told.returncode, "1  suppressed: they will get no more mail" in told.stdout) == (
        0,
        True,
    )
    assert "line 2" in told.stderr
    row = (tmp_path / "r.csv").read_text().splitlines()[1]
    assert row.startswith("2,column 1: ")
    assert row.endswith(",broken@")
    again = json.loads(sestui.ok("import", gone, "--as", "suppressed", "--json"))
    assert (again["suppressed"], again["known"], again["rejects"]) == (0, 1, 1)
    sestui.ok("import", people, "--list", "all")
    assert [
        each["email"] for each in sestui.json("contact", "find", "@", "--status", "active")
    ] == ["bob@kept.org"]
    assert "leave out --list" in sestui.refused(
        2, "import", gone, "--as", "suppressed", "--list", "all"
    )
    assert "--as gone" in sestui.refused(2, "import", gone, "--as", "gone")
