"""A contact's name is said once: by the attribute that is it, or put together of several."""

import pytest

from sestui.core.contact.person_name import composed_name, names_first


@pytest.mark.parametrize(
    ("attributes", "composed"),
    [
        ({"city": "Turin", "vorname": "Ada", "nachname": "Lovelace"}, "Ada Lovelace"),
        ({"name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace"}, ""),
        ({"first_name": "Ada", "last_name": " "}, ""),
        ({"first_name": "Ada", "last_name": 7}, ""),
        ({}, ""),
    ],
)
def test_a_name_is_composed_only_of_several_attributes(
    attributes: dict[str, object], composed: str
) -> None:
    assert composed_name(attributes) == composed


def test_what_may_be_a_name_comes_first_and_nothing_is_lost() -> None:
    given = {"city": "Turin", "lname": "Lovelace", "name": "Ada"}
    assert list(names_first(given).items()) == [
        ("name", "Ada"),
        ("lname", "Lovelace"),
        ("city", "Turin"),
    ]
