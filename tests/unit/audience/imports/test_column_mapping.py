import pytest

from sestui.audience.imports.column_mapping import ColumnChoice
from sestui.errors import UsageError

CHOICE = ColumnChoice.of(
    ("Email", "First Name", "Tags", "Name", "Name"), ("email", "first_name", "tags", "name", "nick")
)


def test_exactly_one_column_is_the_address() -> None:
    moved = CHOICE.with_email(1)
    assert moved.uses == ("email_", "email", "tags", "name", "nick")
    assert moved.with_email(1) == moved
    assert moved.with_email(0).uses == ("email", "first_name", "tags", "name", "nick")
    left_out = CHOICE.with_ignored(0)
    assert (left_out.email, left_out.fault) == (None, "Choose the column that holds the addresses.")
    assert (left_out.with_email(3).email, left_out.with_email(3).fault) == (3, "")


def test_tags_and_ignored_are_toggled_and_names_stay_different() -> None:
    assert CHOICE.with_tags(1).uses[1] == "tags"
    assert CHOICE.with_tags(2).uses[2] == "tags_"
    assert CHOICE.with_ignored(4).with_ignored(4).uses[4] == "name_2"
    assert CHOICE.with_ignored(1).mapping() == {1: "email", 2: "-", 3: "tags", 4: "name", 5: "nick"}


def test_attributes_are_named_as_templates_can_use_them() -> None:
    assert CHOICE.with_attribute(1, "  Given Name! ").uses[1] == "given_name"
    assert CHOICE.with_attribute(1, "Tags").uses[1] == "tags"
    assert CHOICE.with_attribute(1, "email").uses[1] == "email_"
    assert CHOICE.with_attribute(4, "nick") == CHOICE
    with pytest.raises(UsageError, match="letter or a digit"):
        CHOICE.with_attribute(1, " -!- ")
    with pytest.raises(UsageError, match="name is what Name becomes"):
        CHOICE.with_attribute(1, "name")
