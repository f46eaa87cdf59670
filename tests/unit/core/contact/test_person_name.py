import pytest

from sestui.core.contact.person_name import name_of


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"first_name": "Ada", "last_name": "Lovelace"}, "Ada Lovelace"),
        ({"name": " Ada L. ", "first_name": "Ada"}, "Ada L."),
        ({"vorname": "Jürgen"}, "Jürgen"),
        ({"last_name": "Sato"}, "Sato"),
        ({"first_name": 7, "city": "Paris"}, ""),
        ({}, ""),
    ],
)
def test_a_name_is_made_of_what_there_is(attributes, name):
    assert name_of(attributes) == name
