"""What `export contacts` writes, `import` reads back to the same contents, whatever is in them."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from sestui.audience.export import COLUMNS, write_contacts
from sestui.audience.exported_columns import attribute_label, attribute_of
from sestui.audience.imports.columns import tidy
from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.core.delivery.states import ContactStatus
from sestui.core.spreadsheet import guarded, unguarded
from sestui.reports.sent_log import Format
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.key_queries import Which
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, ContactList, Membership, Suppression
from tests.support.cli import Sestui

CASES = Path(__file__).parents[3] / "data" / "lists"
FORMULAS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]

hostile = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "'", "''", " ", '"', "* ", "a ::: "]),
        st.sampled_from([*FORMULAS, "", ",", ";", '"', "\r\n", "sep=;", "null", "[]", "{"]),
        st.sampled_from(["", "1", "SUM(A1)", "49 30 1234", "a, b", '"x', "a@b.co", "'", " "]),
    ),
)
names = hostile.map(tidy).filter(bool) | st.sampled_from(
    [*COLUMNS[1:], "attribute_status", "attribute_x", "attribute_attribute_tags", "attributes"]
)
instants = st.integers(0, 2_000_000_000_000).map(lambda each: each / 1000)
lists = st.sets(st.sampled_from(["news", "a, b", '"q"', "=1+1", "'x", "+", "x;y"]), max_size=3)
suppressions = st.none() | st.tuples(
    st.sampled_from(["manual", "bounced", "complained", "blocklisted"]), hostile, instants
)


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "attributes": draw(st.dictionaries(names, hostile.filter(bool), max_size=4)),
        "tags": draw(st.lists(hostile, max_size=3, unique=True)),
        "status": draw(st.sampled_from([each.value for each in ContactStatus])),
        "status_reason": draw(hostile),
        "created_at": draw(instants),
        "updated_at": draw(instants),
        "lists": draw(lists),
        "suppressed": draw(suppressions),
    }


emails = st.sampled_from(
    ["ada@x.co", "+bob@x.co", "'c@x.co", "'=d@x.co", "-e@x.co", "=f@x.co", "G@bücher.de"]
)
contents = st.tuples(
    st.dictionaries(emails, people(), max_size=4),
    st.dictionaries(
        st.sampled_from(["gone@y.co", "@y.co", "@xn--bcher-kva.de", "+z@y.co"]),
        suppressions.filter(bool),
        max_size=2,
    ),
).filter(any)
Contents = tuple[dict[str, dict[str, Any]], dict[str, tuple[str, str, float]]]


def clear(database: Database) -> None:
    with database.write() as session:
        for table in (Membership, ContactList, Contact, Suppression):
            session.execute(delete(table))


def fill(database: Database, given: Contents) -> None:
    found, strangers = given
    with database.write() as session:
        ids: dict[str, int] = {}
        for email, person in found.items():
            key = _key(email)
            suppressed, joined = person["suppressed"], person["lists"]
            fields = {name: person[name] for name in person.keys() - {"suppressed", "lists"}}
            contact = Contact(email=email, email_key=key, **fields)
            session.add(contact)
            session.flush()
            for name in sorted(joined):
                if name not in ids:
                    made = ContactList(name=name, created_at=1)
                    session.add(made)
                    session.flush()
                    ids[name] = made.id
                session.add(Membership(list_id=ids[name], contact_id=contact.id, joined_at=1))
            if suppressed:
                session.add(_suppression(key, suppressed))
        session.add_all(_suppression(key, each) for key, each in strangers.items())


def _key(email: str) -> str:
    return email.lower().replace("bücher", "xn--bcher-kva")


def _suppression(key: str, given: tuple[str, str, float]) -> Suppression:
    reason, detail, at = given
    return Suppression(email_key=key, reason=reason, detail=detail, created_at=at)


def content(database: Database) -> dict[str, Any]:
    """Everything that an import has to bring back."""
    with database.read() as session:
        contacts = session.scalars(select(Contact).order_by(Contact.id)).all()  # type: ignore[arg-type]
        joined = session.execute(
            select(Membership.contact_id, ContactList.name).join(  # type: ignore[call-overload]
                ContactList,
                ContactList.id == Membership.list_id,  # type: ignore[arg-type]
            )
        ).all()
        suppressed = session.scalars(select(Suppression)).all()
        return {
            "contacts": [
                each.model_dump(exclude={"id"})
                | {"lists": {name for contact_id, name in joined if contact_id == each.id}}
                for each in contacts
            ],
            "suppressed": {each.email_key: each.model_dump() for each in suppressed},
        }


def exported(database: Database, form: Format, folder: Path) -> Path:
    path = folder / f"contacts.{form.value}"
    with path.open("w", encoding="utf-8", newline="") as file:
        write_contacts(database, Which(), file, form=form, raw=False)
    return path


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("form", list(Format))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=contents)
def test_an_export_comes_back_as_it_was(
    database: Database, tmp_path: Path, form: Format, given: Contents
) -> None:
    clear(database)
    fill(database, given)
    before = content(database)
    path = exported(database, form, tmp_path)
    clear(database)
    result = import_contacts(database, path, now=5.0)
    assert content(database) == before
    assert result.rejects == 0
    assert (result.contacts, result.addresses_only) == (len(given[0]), len(given[1]))


def test_types_come_back_in_json_lines(database: Database, tmp_path: Path) -> None:
    kept = {"age": 5, "vip": True, "score": 1.5, "none": None, "zip": "05", "langs": ["de", "fr"]}
    with database.write() as session:
        session.add(
            Contact(email="a@x.co", email_key="a@x.co", attributes=kept, created_at=1, updated_at=1)
        )
    path = exported(database, Format.JSONL, tmp_path)
    clear(database)
    import_contacts(database, path, now=5.0)
    contact = Contacts(database).get("a@x.co")
    assert contact is not None
    assert contact.attributes == kept


def test_the_suppressed_stay_so_and_phone_numbers_lose_their_guard(database: Database) -> None:
    import_contacts(database, CASES / "own-export-suppressed-person-becomes-mailable.csv", now=5.0)
    bob = Suppressions(database).get("bob@example.org")
    assert bob is not None
    assert (bob.why, bob.created_at) == ("manual: asked by phone", 1795788406.001)
    ann = Contacts(database).get("ann@example.org")
    assert ann is not None
    assert (ann.tags, ann.attributes) == (["vip", "old"], {"city": "York", "name": "Ann"})
    assert {each.name: each.contacts for each in Contacts(database).lists()} == {"news": 3}
    clear(database)
    import_contacts(database, CASES / "own-export-phone-gets-apostrophe-on-reimport.csv", now=5.0)
    ann = Contacts(database).get("ann@example.org")
    assert ann is not None
    assert ann.attributes == {
        "balance": "-5",
        "handle": "@ann",
        "note": "=SUM(A1)",
        "phone": "+49 30 1234",
    }


def test_only_our_own_guard_comes_off(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("email,phone\na@x.co,'+49\n")
    import_contacts(database, path, ImportOptions(["all"]), now=5.0)
    contact = Contacts(database).get("a@x.co")
    assert contact is not None
    assert contact.attributes == {"phone": "'+49"}


OWN = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("broken,active,,,,,,,", "email"),
        ("a@x.co,gold,,,,,,,", "status"),
        ("a@x.co,active,,,,,,yesterday,", "created_at"),
        ("a@x.co,active,,manual,soon,,,,", "suppressed_at"),
        ("nowhere,,,manual,,,,,", "email"),
        ('a@x.co,active,,,,,"a\x1b",,', "lists"),
    ],
)
def test_what_sestui_did_not_write_is_rejected_with_the_reason(
    database: Database, tmp_path: Path, row: str, column: str
) -> None:
    path = tmp_path / "edited.csv"
    path.write_text(f"{OWN}\n{row}\nb@x.co,active,,,,,,,\n")
    result = import_contacts(database, path, now=5.0)
    assert [(each.line, each.column) for each in result.first_rejects] == [(2, column)]
    assert (result.contacts, Contacts(database).count()) == (1, 1)


@pytest.mark.parametrize(
    "line",
    ["not json", "[]", '{"email": 5}', '{"email": "a@x.co", "tags": "x"}',
     '{"email": "a@x.co", "attributes": []}', '{"email": "a@x.co", "attributes": {"a": "\\u0000"}}',
     '{"email": "a@x.co", "attributes": {"a": "\\ud800"}}'],
)  # fmt: skip
def test_lines_that_are_no_contacts_are_rejected(
    database: Database, tmp_path: Path, line: str
) -> None:
    with database.write() as session:
        session.add(Contact(email="b@x.co", email_key="b@x.co", created_at=1, updated_at=1))
    path = exported(database, Format.JSONL, tmp_path)
    path.write_text(f"{path.read_text()}{line}\n\n")
    result = import_contacts(database, path, now=5.0)
    assert (result.rejects, result.unchanged) == (1, 1)


def test_an_own_export_can_be_mapped_and_put_on_a_list(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"{OWN},city,phone\na@x.co,unsubscribed,,,,x,old,,,York,'+49\n")
    mapping = {"city": "town", "phone": "-", "lists": "-"}
    result = import_contacts(database, path, ImportOptions(["new"], mapping), now=5.0)
    assert result.says.unsubscribed == 1
    assert dict(result.columns) | {"city": "town", "phone": "-", "lists": "-"} == dict(
        result.columns
    )
    contact = Contacts(database).get("a@x.co")
    assert contact is not None
    assert (contact.attributes, contact.tags, contact.status) == (
        {"town": "York"},
        ["x"],
        "unsubscribed",
    )
    assert [each.name for each in Contacts(database).lists()] == ["new"]


def test_all_active_takes_them_in_as_active(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"{OWN}\na@x.co,unsubscribed,left,manual: x,,,all,,\n")
    result = import_contacts(database, path, ImportOptions(all_active=True), now=5.0)
    assert result.says.gone == 1
    contact = Contacts(database).get("a@x.co")
    assert contact is not None
    assert (contact.status, contact.status_reason) == ("active", "")
    assert Suppressions(database).get("a@x.co") is None


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("form", list(Format))
def test_by_commands_alone_from_one_workspace_to_another(tmp_path: Path, form: Format) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = Sestui(tmp_path / "one"), Sestui(tmp_path / "other")
    people = one.write("people.csv", "Email,Phone,Status\na@x.co,+49 30,active\nb@x.co,,cleaned\n")
    one.ok("import", people, "--list", "news", "--list", "vip")
    one.ok("contact", "suppress", "gone.org", "--reason", "spam traps")
    path = tmp_path / f"all.{form.value}"
    one.ok("export", "contacts", "--format", form.value, "-o", path)
    told = other.json("import", path)
    assert (told["contacts"], told["suppressed"], told["lists"]) == (2, 2, [])
    again = tmp_path / "again"
    other.ok("export", "contacts", "--format", form.value, "-o", again)
    assert again.read_bytes() == path.read_bytes()


# guarding


@pytest.mark.parametrize("sign", FORMULAS)
def test_every_sign_that_begins_a_formula_is_guarded(sign: str) -> None:
    for cell in (f"{sign}1", f"'{sign}1", sign):
        assert guarded(cell) == f"'{cell}"
        assert unguarded(guarded(cell)) == cell
    assert guarded(f"1{sign}") == f"1{sign}"


@given(hostile)
def test_a_guard_comes_off_as_it_went_on(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("sign", FORMULAS)
def test_an_export_has_no_formula_not_even_in_its_header(
    sqlite_database: Database, sign: str
) -> None:
    with sqlite_database.write() as session:
        session.add(
            Contact(
                email="a@x.co",
                email_key="a@x.co",
                attributes={f"{sign}cmd()": f"{sign}cmd()"},
                tags=[f"{sign}tag"],
                status_reason=f"{sign}why",
                created_at=1,
                updated_at=1,
            )
        )
    out = io.StringIO(newline="")
    write_contacts(sqlite_database, Which(), out, form=Format.CSV, raw=False)
    header, row = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert header[-1] == row[-1] == f"'{sign}cmd()"
    assert row[2] == f"'{sign}why"
    assert not [cell for cell in (*header, *row) if cell.startswith(sign)]


@given(names)
def test_an_attribute_gets_its_name_back(name: str) -> None:
    assert attribute_of(attribute_label(name)) == name
    assert attribute_label(name) not in COLUMNS
