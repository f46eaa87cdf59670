from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from sestui.audience.imports.columns import Columns, recognise, tidy
from sestui.audience.imports.rows import split_tags
from sestui.errors import BadFileError, UsageError

ADDRESS = "ada@example.com"


def made(
    header: Sequence[str], *rows: Sequence[str], mapping: Mapping[str, str] | None = None
) -> Columns:
    return recognise([header, *rows], mapping or {}, "list.csv")


@pytest.mark.parametrize(
    "name",
    ["Email", "E-mail", "E-Mail", "Email Address", "EMAIL_ADDRESS", "E-mail 1 - Value", "Courriel",
     "Correo electrónico", "E-Mail-Adresse", "Adresse électronique", "Sähköposti", "メールアドレス",
     "邮箱", "Электронная почта"],
)  # fmt: skip
def test_the_address_column_is_known_by_name_even_when_its_cells_are_bad(name: str) -> None:
    columns = made(["Name", name, "City"], ["Ada", "", "Paris"], ["Bob", "x", "Rome"])
    assert columns.email_label == name
    assert columns.fields == ("name", "", "city")


def test_the_address_column_is_known_by_content() -> None:
    columns = made(["Name", "Kontakt"], ["Ada", ADDRESS], ["Bob", "broken"], ["Eve", ADDRESS])
    assert columns.email_label == "Kontakt"


def test_content_wins_over_a_name_that_is_a_consent() -> None:
    columns = made(["Email", "Reach me at"], ["yes", ADDRESS], ["no", "bob@example.com"])
    assert columns.email_label == "Reach me at"
    assert columns.fields == ("email_", "")


def test_the_first_of_googles_addresses_is_the_address() -> None:
    columns = made(
        ["E-mail 2 - Value", "E-mail 1 - Label", "E-mail 1 - Value", "Labels"],
        [ADDRESS, "* Work", "", "* myContacts"],
    )
    assert columns.email_label == "E-mail 1 - Value"
    assert columns.fields == ("e_mail_2_value", "e_mail_1_label", "", "")
    assert columns.tags == (3,)


def test_without_a_header_columns_are_numbered() -> None:
    columns = made(["Ada", ADDRESS], ["Bob", "bob@example.com"])
    assert not columns.has_header
    assert columns.fields == ("column_1", "")
    assert columns.email_label == "column 2"


def test_names_are_unique_and_empty_ones_numbered() -> None:
    columns = made(["Email", "City", "city", "", "CITY!", "city_2"], [ADDRESS, *"abcde"])
    assert columns.fields == ("", "city", "city_2", "column_4", "city_3", "city_2_2")


def test_a_mapping_goes_before_every_guess() -> None:
    columns = made(
        ["Email", "Other", "Group", "TAGS"],
        [ADDRESS, ADDRESS, "a", "b"],
        mapping={"other": "email", "3": "tags", "TAGS": "Their Labels"},
    )
    assert columns.email_label == "Other"
    assert columns.tags == (2,)
    assert columns.fields == ("email_", "", "", "their_labels")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [({"Nme": "name"}, "no such column"), ({"9": "name"}, "no such column"),
     ({"City": "x", "2": "y"}, "twice"), ({"Email": "x", "City": "x"}, "twice"),
     ({"City": "!!"}, "name of an attribute")],
)  # fmt: skip
def test_an_impossible_mapping_is_a_usage_error(mapping: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(["Email", "City"], [ADDRESS, "Paris"], mapping=mapping)


def test_a_file_without_addresses_says_how_to_name_the_column() -> None:
    with pytest.raises(BadFileError, match=r"list\.csv has no column .*Name, City") as met:
        made(["Name", "City"], ["Ada", "Paris"])
    assert "--map COL=email" in met.value.on_command_line()


@pytest.mark.parametrize(
    ("label", "name"),
    [("First Name", "first_name"), ("Straße", "straße"), ("Größe (cm)", "größe_cm"),
     ("E-mail 1 - Label", "e_mail_1_label"), ("2nd phone", "column_2nd_phone"), ("if", "if_"),
     ("名前", "名前"), ("नाम", "नाम"), ("  ", ""), ("ＣＣ", "cc"), ("x" * 99, "x" * 64)],
)  # fmt: skip
def test_tidy_names(label: str, name: str) -> None:
    assert tidy(label) == name


@given(st.text(max_size=20))
def test_a_tidy_name_works_in_a_template_and_is_stable(label: str) -> None:
    name = tidy(label)
    if name:
        assert tidy(name) in {name, f"{name}_"} or name.endswith("_")
        template = SandboxedEnvironment().from_string(f"{{{{ {name} }}}}")
        assert template.render({name: "shown"}) == "shown"


@pytest.mark.parametrize(
    ("cell", "tags"),
    [('"customer","vip"', ("customer", "vip")),
     ("* myContacts ::: Friends", ("myContacts", "Friends")),
     ("* myContacts", ("myContacts",)), ("one", ("one",)), ("a; b;a", ("a", "b")), (" , ", ())],
)  # fmt: skip
def test_tags(cell: str, tags: tuple[str, ...]) -> None:
    assert split_tags(cell) == tags
