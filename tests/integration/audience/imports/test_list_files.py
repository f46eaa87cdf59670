"""Files as people have them: what each says arrives, or is rejected with a reason."""

import gzip
import io
import json
import sys
import zipfile
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sestui.audience.imports.importer import ImportOptions, ImportResult, import_contacts
from sestui.audience.imports.rows import Reject
from sestui.audience.sources.file_cells import Reading
from sestui.errors import BadFileError
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database
from tests.support.workbooks import workbook

LISTS = Path(__file__).parents[3] / "data" / "lists"
ANN, BOB, CAT = (f"{name}@example.org" for name in ("ann", "bob", "cat"))


class Imported:
    """An import with everything that became of its rows."""

    def __init__(self, database: Database, path: Path, **options: Any) -> None:
        self.rejects: list[Reject] = []
        self.result: ImportResult = import_contacts(
            database, path, ImportOptions(["news"], **options), now=0, rejected=self.rejects.append
        )
        self._contacts = Contacts(database)

    def attributes(self, email: str) -> dict[str, Any]:
        contact = self._contacts.get(email)
        assert contact is not None, email
        return dict(contact.attributes)

    def tags(self, email: str) -> list[str]:
        contact = self._contacts.get(email)
        assert contact is not None, email
        return list(contact.tags)


@pytest.fixture
def imported(sqlite_database: Database, tmp_path: Path) -> Any:
    """Import a file by its content or its path."""

    def run(content: bytes | str | Path, *, name: str = "list.csv", **options: Any) -> Imported:
        path = content if isinstance(content, Path) else tmp_path / name
        if isinstance(content, str):
            content = content.encode()
        if isinstance(content, bytes):
            path.write_bytes(content)
        return Imported(sqlite_database, path, **options)

    return run


CASES: dict[str, tuple[dict[str, dict[str, str]], dict[str, int]]] = {
    "backslash-escaped-quotes-mangled.csv": (
        {ANN: {"name": 'Ann "the boss" Lee', "city": "Rye"}, BOB: {"name": "Bob", "city": "Bath"}},
        {"rows": 2},
    ),
    "dos-eof-mark-counted-as-reject.csv": (
        {ANN: {"name": "Ann"}, BOB: {"name": "Bob"}},
        {"rows": 2},
    ),
    "encoding-cp1251-silently-mojibake.csv": (
        {ANN: {"имя": "Иван", "город": "Москва"}, BOB: {"имя": "Пётр", "город": "Омск"}},
        {"rows": 2},
    ),
    "encoding-gbk-silently-mojibake.csv": (
        {ANN: {"姓名": "王小明"}, BOB: {"姓名": "李华"}},
        {"rows": 2},
    ),
    "excel-empty-rows-counted-as-rejects.csv": (
        {ANN: {"name": "Ann", "city": "York"}},
        {"rows": 1},
    ),
    "first-email-column-empty-second-filled-rejected.csv": (
        {
            "ann@work.example.org": {"name": "Ann"},
            BOB: {"name": "Bob", "work_email": "bob@work.example.org"},
        },
        {"rows": 2},
    ),
    "mailto-prefix-rejected.csv": (
        {ANN: {"name": "Ann"}, BOB: {"name": "Bob"}},
        {"rows": 3, "duplicates": 1, "tidied": 3},
    ),
    "outlook-to-line-only-last-imported.txt": (
        {ANN: {"name": "Ann Lee"}, BOB: {"name": "Bob"}, CAT: {}},
        {"rows": 3, "tidied": 2},
    ),
    "space-before-quoted-cell-rejected.csv": (
        {ANN: {"name": "Lee, Ann", "city": "York"}, BOB: {"name": "Bob", "city": "Bath"}},
        {"rows": 2},
    ),
    "title-row-above-header-all-rejected-exit-0.csv": (
        {ANN: {"name": "Ann"}, BOB: {"name": "Bob"}},
        {"rows": 2},
    ),
    "trailing-punctuation-rejected.csv": (
        {
            f"{who}@example.org": {"name": name}
            for who, name in (
                ("ann", "semi"),
                ("bob", "dot"),
                ("bob2", "comma"),
                ("cat", "apos"),
                ("dan", "quotes"),
                ("eve", "eq"),
            )
        },
        {"rows": 6, "tidied": 6},
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_reported_files_come_out_right(imported: Any, name: str) -> None:
    contacts, figures = CASES[name]
    done = imported(LISTS / name)
    assert {email: done.attributes(email) for email in contacts} == contacts
    expected = {"duplicates": 0, "tidied": 0, "rejects": 0, "split": 0, **figures}
    assert {each: done.result.figures[each] for each in expected} == expected
    assert done.result.imported == len(contacts)


def test_every_reported_file_of_these_kinds_is_tried() -> None:
    assert set(CASES) <= {each.name for each in LISTS.iterdir()}


# addresses


@pytest.mark.parametrize(
    ("cell", "emails"),
    [
        ('"Ann <ann@example.org>, Bob <bob@example.org>"', [ANN, BOB]),
        ('"ann@example.org;bob@example.org"', [ANN, BOB]),
        ("ann@example.org ::: bob@example.org", [ANN, BOB]),
        ("ann@example.org / bob@example.org", [ANN, BOB]),
        ('"ann@example.org\nbob@example.org"', [ANN, BOB]),
    ],
)
def test_several_addresses_in_a_cell_are_as_many_contacts(
    imported: Any, cell: str, emails: list[str]
) -> None:
    done = imported(f"email,city\n{cell},York\n{CAT},Rye\n")
    assert all(done.attributes(each)["city"] == "York" for each in emails)
    figures = done.result.figures
    assert (figures["rows"], figures["imported"], figures["split"]) == (2, 3, 1)


def test_a_bad_one_of_several_addresses_is_rejected_by_itself(imported: Any) -> None:
    done = imported('email,city\n"ann@example.org; bob@",York\n"x@; y@",Bath\n')
    assert done.result.figures["imported"] == 1
    assert [(each.line, each.value) for each in done.rejects] == [(2, "bob@"), (3, "x@; y@")]
    assert done.result.figures["rows"] == 2
    assert all(each.reason.endswith(".") for each in done.rejects)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Lee, Ann <ann@example.org>; Bob <bob@example.org>\n", {ANN: "Lee, Ann", BOB: "Bob"}),
        ("ann@example.org, bob@example.org\ncat@example.org\n", {ANN: "", BOB: "", CAT: ""}),
        ("To: 'Ann' <ann@example.org>;\r\n <bob@example.org>;\r\n", {ANN: "Ann", BOB: ""}),
        ('"Lee, Ann" <ann@example.org>,\nBob <bob@example.org>\n', {ANN: "Lee, Ann", BOB: "Bob"}),
        ("Subscribers\n\nAnn <ann@example.org>\nBob <bob@example.org>\n", {ANN: "Ann", BOB: "Bob"}),
    ],
)
def test_lists_of_mailboxes(imported: Any, text: str, names: dict[str, str]) -> None:
    done = imported(text, name="to.txt")
    assert {each: done.attributes(each).get("name", "") for each in names} == names
    assert (done.result.kind, done.result.rejects) == ("addresses", 0)
    assert done.result.rows == len(names)


def test_a_bad_mailbox_of_a_list_is_rejected_with_its_line(imported: Any) -> None:
    lines = "Ann <ann@example.org>\nBob <bob@example..org>\nCat <cat@example.org>\n"
    done = imported(lines, name="to.txt")
    assert done.result.imported == 2
    assert [(each.line, each.value) for each in done.rejects] == [(2, "Bob <bob@example..org>")]


def test_a_mailboxs_name_fills_a_name_only_where_the_row_has_none(imported: Any) -> None:
    mailbox = "Ann Lee <ann@example.org>"
    assert imported(f"email,name\n{mailbox},\n").attributes(ANN) == {"name": "Ann Lee"}
    done = imported(f"email,first_name\nBob X <{BOB}>,Bobby\n{CAT},Cat\n")
    assert done.attributes(BOB) == {"first_name": "Bobby"}
    done = imported("mailbox,city\nDan <dan@example.org>,York\nEve <eve@example.org>,Rye\n")
    assert done.attributes("dan@example.org") == {"city": "York", "name": "Dan"}


def test_a_second_address_column_stands_in_only_if_it_is_the_same_persons(imported: Any) -> None:
    done = imported(
        "Name,Email,Contact owner,Email 2\n"
        f"Ann,,owner@example.com,{ANN}\nBob,\u00a0,owner@example.com,{BOB}\n"
        f"Cat,,owner@example.com,\nDan,dan@,owner@example.com,{CAT}\n"
    )
    assert done.attributes(ANN) == {"name": "Ann", "contact_owner": "owner@example.com"}
    assert done.attributes(BOB) == {"name": "Bob", "contact_owner": "owner@example.com"}
    # What is wrong in the first one is seen, and not passed over.
    assert [(each.line, each.value) for each in done.rejects] == [(4, ""), (5, "dan@")]
    assert done.result.tidied == 0
    headless = imported(f"Ann,,{ANN}\nBob,{BOB},bob@work.example.org\nCat,,{CAT}\n")
    assert headless.result.contacts == 3


def test_spaces_that_nobody_sees_are_tidied_and_told(imported: Any) -> None:
    done = imported(f"email,n\n\u00a0{ANN},1\n\u200b{BOB}\ufeff,2\ncat\u200d@example.org,3\n")
    assert done.result.figures["imported"] == done.result.tidied == 3


# rows that are none


@pytest.mark.parametrize(
    "text",
    [
        ";;\n;;\nEmail;Name\nann@example.org;Ann\n;;\n",
        "Email,Name\r\nann@example.org,Ann\r\n\x1a",
        "Email,Name\n\u00a0,\u200b\nann@example.org,Ann\n  ,\t\n",
        "Members 2026,\nas of,2026-01-05\n,\nName,E-Mail\nAnn,ann@example.org\n",
        "Mailing list\nEmail\nann@example.org\n",
        "Exported by the shop\n\nKontakt,Name\nann@example.org,Ann\nbob@,Bob\nann@example.org,\n",
    ],
)
def test_rows_of_nothing_and_titles_are_no_rejects(imported: Any, text: str) -> None:
    done = imported(text)
    assert ANN in done.result.shown or done.result.imported == 1
    assert [each.value for each in done.rejects] == (["bob@"] if "bob@" in text else [])
    assert "Email" not in done.attributes(ANN)


def test_titles_are_told(imported: Any) -> None:
    done = imported(LISTS / "title-row-above-header-all-rejected-exit-0.csv")
    assert done.result.found == ("1 row above the header left out",)


def test_a_file_of_rejects_changes_nothing(imported: Any, sqlite_database: Database) -> None:
    done = imported("email,name\nbroken,Ann\nworse,Bob\n")
    assert (done.result.contacts, done.result.rejects, done.result.dry_run) == (0, 2, True)
    assert Contacts(sqlite_database).lists() == []


# CSV as written


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f'"sep=;"\r\nEmail;Name\r\n{ANN};x,y\r\n', "x,y"),
        (f'sep=;;\nEmail;Name\n{ANN};"x,y"\n', "x,y"),
        (f'\ufeffsep=|\nEmail|Name\n{ANN}|"x|y"\n', "x|y"),
        (f'Email,  "Name"\n{ANN},   "x, ""y"""\n', 'x, "y"'),
        (f'Email,Name,X\n{ANN},"one, ""two""","and, "\n', 'one, "two"'),
        (f'Email,Name\n{ANN},"C:\\"\n', "C:\\"),
        (f'Email,Name\n{ANN},"a\\"b\\\\ C:\\new"\n', 'a"b\\ C:\\new'),
        (f'Email,Name,X\n{ANN},"""x""",\\N\n{BOB},\\N,y\n', '"x"'),
    ],
)
def test_dialects(imported: Any, text: str, name: str) -> None:
    done = imported(text)
    assert done.attributes(ANN)["name"] == name
    assert done.attributes(ANN).keys() <= {"name", "x"}
    assert done.result.rejects == 0


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ('"[""vip"", ""old one""]"', ["vip", "old one"]),
        ("vip|old one", ["vip", "old one"]),
        ('"{vip,""old one""}"', ["vip", "old one"]),
        ("vip;old one", ["vip", "old one"]),
        ('"[1, null, true]"', ["1", "true"]),
        ("[vip", ["[vip"]),
    ],
)
def test_tags_in_a_cell(imported: Any, cell: str, tags: list[str]) -> None:
    done = imported(f"email,name,tags\n{ANN},Ann,{cell}\n{BOB},Bob,\n")
    assert done.tags(ANN) == tags


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("name", ["subscribed", "opted_in"])
def test_twenty_thousand_columns_of_a_status(imported: Any, name: str) -> None:
    width = 20_000
    done = imported("email" + f",{name}" * width + f"\n{ANN}" + ",no" * width + "\n")
    assert done.result.says.unsubscribed == 1


def test_forty_thousand_columns_of_one_name(imported: Any) -> None:
    width = 40_000
    done = imported("email" + ",x" * width + f"\n{ANN}" + ",1" * width + "\n")
    attributes = done.attributes(ANN)
    assert len(attributes) == width
    assert attributes[f"x_{width}"] == "1"


def test_listmonks_attributes_are_attributes(imported: Any) -> None:
    attributes = json.dumps({"city": "York", "plan": {"id": "pro"}, "name": "X", "age": 36})
    quoted = attributes.replace('"', '""')
    done = imported(f'uuid,email,name,attributes\n1,{ANN},Ann,"{quoted}"\n2,{BOB},Bob,{{}}\n')
    found = done.attributes(ANN)
    assert (found["uuid"], found["name"], found["name_2"]) == ("1", "Ann", "X")
    assert (found["city"], found["plan_id"], str(found["age"])) == ("York", "pro", "36")
    assert done.attributes(BOB) == {"uuid": "2", "name": "Bob"}


# encodings


def test_the_encoding_and_names_are_told(imported: Any) -> None:
    done = imported(LISTS / "encoding-cp1251-silently-mojibake.csv")
    assert (done.result.encoding, done.result.shown) == ("cp1251", ("Имя", "Город", "Иван"))


def test_what_cant_be_told_is_refused_with_the_way_out(imported: Any) -> None:
    content = f"email,name\n{ANN},".encode() + b"a\x85b\x95c\x9dd\xa7e\xb6" + b"\n"
    with pytest.raises(BadFileError, match="say which") as met:
        imported(content)
    assert "--encoding" in met.value.on_command_line()
    reading = Reading("mac-roman")
    assert imported(content, reading=reading).attributes(ANN)["name"].startswith("aÖbï")


def test_the_users_word_on_encoding_and_delimiter_goes_before(imported: Any) -> None:
    content = f"email;name:x\n{ANN};Ж:y\n".encode("koi8-r")
    done = imported(content, reading=Reading("cp1251", ":"), mapping={1: "email"})
    assert done.result.rejects == 1  # email;name is one cell then
    done = imported(content, reading=Reading("koi8-r", "semicolon"))
    assert done.attributes(ANN) == {"name_x": "Ж:y"}
    with pytest.raises(BadFileError, match="is not in shift_jis"):
        imported(f"email\n{ANN}\n".encode() + b"\x85\xff\xfd\xa0" * 9, reading=Reading("shift_jis"))


# formats

ROWS = [["Email", "Name"], [ANN, "Ann"], [BOB, "Bob"]]
CSV = f"Email,Name\n{ANN},Ann\n{BOB},Bob\n".encode()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(CSV),
        zipped(**{"people.csv": CSV, "__MACOSX/._people.csv": b"x", "folder/": b""}),
        zipped(**{"people.csv.gz": gzip.compress(CSV)}),
        gzip.compress(zipped(**{"people.csv": CSV})),
        zipped(**{"people.xlsx": workbook({"People": ROWS})}),
        workbook({"Notes": [["nothing", "here"]], "People": ROWS}),
        "".join(json.dumps({"Email": e, "Name": n}) + "\n" for e, n in ROWS[1:]).encode(),
        json.dumps([{"Email": e, "Name": n} for e, n in ROWS[1:]], indent=2).encode(),
        json.dumps({"data": {"results": [{"Email": e, "Name": n} for e, n in ROWS[1:]]}}).encode(),
        json.dumps({"contacts": {e: {"Email": e, "Name": n} for e, n in ROWS[1:]}}).encode(),
        "".join(
            f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{n}\r\nEMAIL:{e}\r\nEND:VCARD\r\n"
            for e, n in ROWS[1:]
        ).encode(),
        CSV.decode().encode("utf-16-le"),
        CSV.decode().encode("utf-32"),
    ],
    ids=[
        "gzip", "zip", "gzip in zip", "zip in gzip", "xlsx in zip", "xlsx", "JSON lines",
        "JSON array", "answer of an API", "objects by key", "vCard", "UTF-16", "UTF-32",
    ],
)  # fmt: skip
def test_every_format_gives_the_same_contacts(imported: Any, content: bytes) -> None:
    done = imported(content, name="list")
    assert {email: done.attributes(email) for email in (ANN, BOB)} == {
        ANN: {"name": "Ann"},
        BOB: {"name": "Bob"},
    }
    assert done.result.figures["imported"] == done.result.rows == 2


def test_standard_input(
    imported: Any, monkeypatch: pytest.MonkeyPatch, sqlite_database: Database
) -> None:
    class Input:
        buffer = io.BytesIO(gzip.compress(CSV))

    monkeypatch.setattr(sys, "stdin", Input)
    done = Imported(sqlite_database, Path("-"))
    assert (done.result.imported, done.result.found) == (2, ("unpacked from gzip",))


def test_an_array_of_addresses_and_what_api_calls_tags(imported: Any) -> None:
    assert imported(json.dumps([ANN, BOB])).result.imported == 2
    member = {
        "email": CAT,
        "tags": [{"id": 1, "name": "vip"}, {"id": 2, "name": "old"}],
        "attribs": {"city": "York", "email": "other@example.org"},
        "address": {"zip": "01234", "lines": ["a", "b"]},
        "vip": False,
        "score": 1.5,
        "gone": None,
    }
    done = imported(json.dumps(member))
    assert done.tags(CAT) == ["vip", "old"]
    found = done.attributes(CAT)
    assert found["address_zip"] == "01234"
    assert (found["city"], found["attribute_email"]) == ("York", "other@example.org")
    assert "gone" not in found


def test_json_lines_may_bring_new_names_late_and_hostile_texts(imported: Any) -> None:
    lines = [json.dumps({"email": f"p{n}@example.org"}) for n in range(3_000)]
    lines.append(json.dumps({"email": ANN, "late": "x"}))
    lines.append('{"email": "bob@example.org", "n": "a\\u0000b"}')
    lines.append('{"email": "cat@example.org", "n": "\\ud800"}')
    done = imported("\n".join(lines), name="list.jsonl")
    assert done.attributes(ANN) == {"late": "x"}
    assert [each.line for each in done.rejects] == [3_002, 3_003]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"email": "ann@example.org"}\n{"email": "bob', "line 2 is not valid JSON"),
        (b'[{"email": "ann@example.org"},\n{"email": "bob@example.org"}', "is it complete"),
        (b'[{"email": "ann@example.org"},\n\n3]', "line 3: a contact must be a JSON object"),
        (b"BEGIN:VCARD\nFN:Ann\nEMAIL:ann@example.org\n", "no END:VCARD"),
        (zipped(**{"a.csv": CSV, "b.csv": CSV}), r"2 files \(a\.csv, b\.csv\)"),
        (zipped(mimetype=b"application/vnd.oasis", **{"content.xml": b""}), "CSV or xlsx"),
        (gzip.compress(CSV)[:-20], "is it complete"),
        (gzip.compress(bytes(100_000_000)), "unpacks to more than"),
        (zipped(**{"a.csv": bytes(100_000_000)}), "unpacks to more than"),
        (workbook({"Empty": [[]]}), "is empty"),
        (workbook({"Far": [[ANN]] + [[]] * 50_000 + [[None] * 1_000 + ["x"]]}), "stray cells"),
        (b"PK\x03\x04" + b"x" * 99, "can't be unpacked"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 99, "CSV or xlsx"),
    ],
    ids=count(),  # archives have the time in them, and each worker makes its own
)
def test_what_cant_be_read_is_said_in_a_sentence(
    imported: Any, content: bytes, said: str, sqlite_database: Database
) -> None:
    with pytest.raises(BadFileError, match=said):
        imported(content, name="list")
    assert Contacts(sqlite_database).count() == 0


def test_a_workbook_reads_as_people_see_it(imported: Any) -> None:
    day = date(2026, 1, 5)
    rows = [
        ["Members of the club"],
        [],
        ["Name", "E-Mail", "Phone", "Joined", "Seen", "VIP", "Share", "Sum"],
        ["Ann", ANN, 491701234567, day, datetime(2026, 1, 5, 9, 30), True, 0.5, 0.1 + 0.2],
        [],
        ["Bob", "bob@", 1, None, None, None, None, None],
    ]  # fmt: skip
    book = workbook({"Old": [[CAT]] * 9, "Members": rows, "More": rows[:3]}, hidden="Old")
    done = imported(book, name="members.xlsx", mapping={"Sum": "sum"})
    assert done.attributes(ANN) == {
        "name": "Ann",
        "phone": "491701234567",
        "joined": "2026-01-05",
        "seen": "2026-01-05 09:30:00",
        "vip": True,
        "share": "0.5",
        "sum": "0.3",
    }
    assert [(each.line, each.value) for each in done.rejects] == [(6, "bob@")]
    assert done.result.found == ("sheet Members, not Old, More", "1 row above the header left out")


VCARDS = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lee;Ann;;Dr.;\r\nFN:Dr. Ann\r\n  Lee\r\n"
    "item1.EMAIL;type=INTERNET;type=HOME:ann@home.example.org\r\n"
    "EMAIL;TYPE=work,pref:ann@example.org\r\nORG:Shop\\, Inc.;Sales\r\n"
    "TEL;VALUE=uri:tel:+44-20\r\nCATEGORIES:vip,old\r\nNOTE:one\\ntwo\r\n"
    "PHOTO;ENCODING=b:QUJD\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:2.1\r\n"
    "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6=\r\nrg\r\n"
    "EMAIL;INTERNET:bob@example.org\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Nobody\r\nEND:VCARD\r\n"
)


def test_vcards_with_several_addresses_and_of_every_age(imported: Any) -> None:
    done = imported(VCARDS, name="people.vcf")
    ann = done.attributes(ANN)
    assert ann["email_2"] == "ann@home.example.org"
    assert (ann["name"], ann["first_name"], ann["last_name"]) == ("Dr. Ann Lee", "Ann", "Lee")
    assert (ann["company"], ann["phone"], ann["note"]) == ("Shop, Inc.", "+44-20", "one\ntwo")
    assert done.tags(ANN) == ["vip", "old"]
    assert done.attributes(BOB) == {"first_name": "Jörg", "last_name": "Müller"}
    assert [each.line for each in done.rejects] == [20]


@pytest.mark.parametrize("shape", ["object", "array of an answer"])
def test_json_that_is_nested_too_deep_is_refused_in_a_sentence(imported: Any, shape: str) -> None:
    texts = {
        "object": '{"email":"a@x.co","x":' + '{"a":' * 5000 + "1" + "}" * 5001,
        "array of an answer": '{"data":' + "[" * 2000 + "]" * 2000 + "}",
    }
    with pytest.raises(BadFileError):
        imported(texts[shape], name="deep.json")


@pytest.mark.parametrize("depth", [900, 5000])
@pytest.mark.parametrize(
    ("header", "opening", "closing"), [("tags", "[", "]"), ("attributes", '{""x"":', "}")]
)
def test_a_cell_that_is_nested_too_deep_stops_nobody(
    imported: Any, header: str, opening: str, closing: str, depth: int
) -> None:
    cell = opening * depth + '""x""' + closing * depth
    found = imported(f'email,{header}\na@x.co,"{cell}"\nb@x.co,\n')
    assert found.result.contacts == 2
