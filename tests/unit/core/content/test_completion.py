"""What is proposed while a template is written, and what comes to stand there."""

import pytest

from sestui.core.content.message import BUILT_INS
from sestui.core.content.template.completion import inserted, place_at, proposals
from sestui.core.content.template.sandbox import PLAIN, compiled

ATTRIBUTES = {"first_name": 3, "city": 1, "name": 2, "a b": 3, "if": 3, "email": 3}


def names(before, after="", attributes=ATTRIBUTES, keywords=("season", "name", "x y")):
    place = place_at(before, after)
    return [each.name for each in proposals(place, attributes, keywords)] if place else None


def test_variables_are_those_that_most_contacts_have_then_keywords_then_built_ins():
    offered = names("Hi {{")
    assert offered[:4] == ["first_name", "name", "city", "season"]
    assert set(offered[4:]) == BUILT_INS  # no attribute overrides one
    assert names("{{ NA") == ["name", "first_name"]
    assert names("{{ sea") == ["season"]
    assert names("{{ zzz") == []


def test_filters_are_proposed_behind_a_bar_and_every_one_of_them_is_there():
    assert names("{{ name | upp") == ["upper"]
    everyone = names("{{ name|")
    assert everyone[0] == "date"
    assert set(everyone) <= set(PLAIN.filters)
    assert not [name for name in everyone if name.startswith("_") or " " in name]


@pytest.mark.parametrize("before", [
    "", "name", "{ na", "{{ name }} na", "{% if x %}na", "{{ 'na", '{{ x or "na', "{{ name na",
    "{{ name.fi", "{% i", "{% ", "{{ 1", "{{ name }", "{{{{'",
])  # fmt: skip
def test_nothing_is_proposed_where_no_name_can_stand(before):
    assert names(before) is None


@pytest.mark.parametrize("before", [
    "{{", "{{-", "{{ na", "{{ x or na", "{{ (na", "{{ f(x, na", "{% if na", "{% elif not na",
    "{% for x in na", "{{ a }} {{ na", "{{ 'x' ~ na", "{{ x if na", "{{ x == na",
])  # fmt: skip
def test_names_are_proposed_wherever_a_value_can_stand(before):
    assert "name" in names(before)


def written(before, after="", *, take=0, of=3):
    place = place_at(before, after)
    text, back = inserted(place, proposals(place, ATTRIBUTES, ())[take], of)
    whole = before[: len(before) - len(place.begun)] + text
    at = len(whole) - back
    return f"{whole[:at]}^{whole[at:]}{after}"


@pytest.mark.parametrize(("before", "after", "expected"), [
    ("Hi {{", "!", "Hi {{ first_name }}^!"),
    ("Hi {{ fir", "", "Hi {{ first_name }}^"),
    ("Hi {{ fir", " }}!", "Hi {{ first_name^ }}!"),
    ("{{ ci", "", "{{ city or '^' }}"),  # two of three have none: what do they read?
    ("{{ ci", "}}", "{{ city or '^'}}"),
    ("{{ x or ci", "", "{{ x or city }}^"),
    ("{% if ci", " %}", "{% if city^ %}"),
    ("{% if ci", "", "{% if city^"),
    ("{{ f(ci", ") }}", "{{ f(city^) }}"),
    ("{{ x | uppe", "", "{{ x | upper }}^"),
    ("{{ emai", "", "{{ email }}^"),
])  # fmt: skip
def test_what_is_taken_is_closed_and_leaves_room_for_those_who_have_no_value(
    before, after, expected
):
    assert written(before, after) == expected


def test_what_is_put_in_by_itself_compiles():
    for take in range(len(names("{{", keywords=()))):
        compiled(written("{{", take=take).replace("^", ""), "body", html=False)
