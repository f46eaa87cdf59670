"""Handlebars as SES's stored templates use it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.simulator.templates.handlebars import HandlebarsError, parse
from sestui.simulator.templates.rendering import MissingVariableError, RenderingError, render

DATA: dict[str, Any] = {
    "name": "A&B",
    "html": "<i>x</i>",
    "yes": True,
    "no": False,
    "zero": 0,
    "nothing": None,
    "empty": [],
    "object": {},
    "meta": {"user": {"id": 7}, "odd name": "odd"},
    "items": [{"n": 1, "tags": ["a", "b"]}, {"n": 2, "tags": []}],
    "plan": {"free": 0, "pro": 9},
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain { text } }}", "plain { text } }}"),
        ("{{name}}", "A&amp;B"),
        ("{{{name}}} {{&name}} {{{ html }}}", "A&B A&B <i>x</i>"),
        ("{{ meta.user.id }} {{meta/user/id}} {{meta.[odd name]}}", "7 7 odd"),
        ("{{nothing}}{{yes}}{{zero}}", "true0"),
        ("{{items.0.n}}{{items.[1].n}}", "12"),
        ("{{! a note }}{{!-- with {{tags}} in it --}}x", "x"),
        ("{{#if yes}}a{{else}}b{{/if}}{{#if no}}a{{else}}b{{/if}}", "ab"),
        ("{{#if gone}}a{{/if}}{{#if gone.too}}a{{else}}b{{/if}}", "b"),
        ("{{#if zero}}a{{/if}}{{#if empty}}a{{/if}}{{#if nothing}}a{{/if}}", ""),
        ("{{#if object}}a{{/if}}", "a"),
        ("{{#if no}}1{{else if gone}}2{{else if yes}}3{{else}}4{{/if}}.", "3."),
        ("{{#if no}}1{{else if gone}}2{{else}}4{{/if}}{{#if yes}}5{{/if}}", "45"),
        ("{{#unless no}}a{{else}}b{{/unless}}{{#unless yes}}a{{^}}b{{/unless}}", "ab"),
        ("{{#each items}}{{n}}{{#each tags}}{{this}}{{/each}};{{/each}}", "1ab;2;"),
        ("{{#each items}}{{@index}}{{#if @first}}f{{/if}}{{#if @last}}l{{/if}}{{/each}}", "0f1l"),
        ("{{#each plan}}{{@key}}={{this}},{{/each}}", "free=0,pro=9,"),
        ("{{#each items}}{{#each tags}}{{../n}}{{../../name}}{{@../index}} {{/each}}{{/each}}",
         "1A&amp;B0 1A&amp;B0 "),
        ("{{#each items}}{{#if @first}}{{../name}}{{n}}{{/if}}{{/each}}", "A&amp;B1"),
        ("{{#each empty}}x{{else}}none{{/each}}{{#each gone}}x{{else}}none{{/each}}", "nonenone"),
        ("{{#with meta.user}}{{id}}{{this.id}}{{./id}}{{@root.zero}}{{/with}}", "7770"),
        ("{{#with gone}}x{{else}}y{{/with}}", "y"),
        ("{{#items}}{{n}}{{/items}}{{#meta}}{{user.id}}{{/meta}}{{#yes}}{{zero}}{{/yes}}", "1270"),
        ("{{#no}}x{{/no}}{{^no}}y{{/no}}{{^gone}}z{{/gone}}", "yz"),
        ("a  {{~#if yes~}}  b  {{~/if~}}  c", "abc"),
        ("a \\{{name}} {{name}}", "a {{name}} A&amp;B"),
        ('{{#* inline "who"}}<{{name}}>{{/inline}}{{> who}}{{>who}}', "<A&amp;B><A&amp;B>"),
        ('{{#*inline "n"}}{{n}}{{/inline}}{{#each items}}{{> n this}}{{/each}}', "12"),
        ("{{items.0.tags}}", "a,b"),
    ],
)  # fmt: skip
def test_what_a_template_yields(template: str, expected: str) -> None:
    assert render(template, DATA, escape=True) == expected


def test_texts_are_not_escaped() -> None:
    assert render("{{name}}{{#with meta}}{{../html}}{{/with}}", DATA, escape=False) == (
        "A&B<i>x</i>"
    )


@pytest.mark.parametrize(
    ("template", "missing"),
    [
        ("{{gone}}", "gone"),
        ("{{meta.user.gone}}", "meta.user.gone"),
        ("{{name.length}}", "name.length"),
        ("{{#if yes}}{{gone}}{{/if}}", "gone"),
        ("{{#each items}}{{name}}{{/each}}", "name"),
        ("{{../name}}", "../name"),
        ("{{#with meta}}{{../../name}}{{/with}}", "../../name"),
        ("{{items.2}}", "items.2"),
        ("{{@index}}", "@index"),
        ("{{> gone}}", "gone"),
        ("{{items.4294967296}}", "items.4294967296"),
        (f"{{{{items.{'1' * 5_000}}}}}", f"items.{'1' * 5_000}"),
    ],
)
def test_what_is_missing_is_named(template: str, missing: str) -> None:
    with pytest.raises(MissingVariableError) as caught:
        render(template, DATA, escape=True)
    assert str(caught.value) == f"Attribute '{missing}' is not present in the rendering data."


def test_what_is_missing_where_nobody_looks_is_not_missed() -> None:
    assert (
        render("{{#if no}}{{gone}}{{/if}}{{#each empty}}{{gone}}{{/each}}", DATA, escape=True) == ""
    )


@pytest.mark.parametrize(
    "template",
    [
        "{{",
        "{{name",
        "{{name}",
        "{{}}",
        "{{a b}}",
        "{{#if}}x{{/if}}",
        "{{#if yes}}",
        "{{/if}}",
        "{{#if yes}}{{/each}}",
        "{{#each items}}{{#if n}}{{/each}}{{/if}}",
        "{{else}}",
        "{{#if yes}}{{else}}{{else}}{{/if}}",
        "{{#if yes}}{{else maybe}}{{/if}}",
        "{{#unknown x}}{{/unknown}}",
        "{{#each items as |item|}}{{/each}}",
        "{{>}}",
        "{{../}}",
        "{{#if yes}}" * 51 + "{{/if}}" * 51,
    ],
)
def test_what_is_no_template_is_refused(template: str) -> None:
    with pytest.raises(HandlebarsError):
        render(template, DATA, escape=True)


ENDLESS = '{{#*inline "a"}}%s{{/inline}}{{> a}}'


@pytest.mark.parametrize(
    "template",
    [
        ENDLESS % "{{> a}}",
        ENDLESS % ("{{#if yes}}" * 49 + "{{> a}}" + "{{/if}}" * 49),
        ENDLESS % "{{#each items}}{{> a ..}}{{/each}}",
        "{{#*inline 'b'}}{{#each many}}{{/each}}{{/inline}}{{#each many}}{{> b @root}}{{/each}}",
        "{{#each many}}{{#each @root.many}}{{#each @root.many}}x{{/each}}{{/each}}{{/each}}",
        "{{#each many}}{{#each @root.many}}{{/each}}{{/each}}",
        "{{#each many}}{{@root.many}}{{/each}}",
        "{{#each many}}{{@root.long}}{{/each}}",
    ],
)
def test_what_yields_far_more_than_a_mail_is_no_mail(template: str) -> None:
    data = {**DATA, "many": list(range(2_000)), "long": "<" * 10_000}
    with pytest.raises(RenderingError, match=r"are nested more than|yields more than"):
        render(template, data, escape=True)


def test_lists_within_lists_are_one_text() -> None:
    assert render("{{x}}", {"x": [1, [2, [], [None, [True]]], {}]}, escape=False) == (
        "1,2,,,true,[object Object]"
    )
    deep: list[Any] = ["a"]
    for _ in range(5_000):
        deep = [deep]
    assert render("{{x}}", {"x": deep}, escape=False) == "a"


@pytest.mark.parametrize(
    "template",
    ["{{!--" * 100_000, "{{!-- x }}" * 50_000, "{{" * 200_000, "{{" + "../" * 150_000 + "}}"],
    ids=["comments", "comments that end otherwise", "tags", "ups"],
)
def test_a_template_of_any_length_is_read_in_time_by_its_length(template: str) -> None:
    # By the square of it, these would take many minutes.
    with pytest.raises(HandlebarsError, match=r"never closed|can't be read"):
        parse(template)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab{}&<", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=8,
)
_PIECES = st.sampled_from(
    ["{{x}}", "{{{y}}}", "{{#if x}}", "{{/if}}", "{{#each y}}", "{{/each}}", "{{else}}", "{{this}}",
     "{{#with z}}", "{{/with}}",
     "{{../x}}", "{{@key}}", "t", "{{^}}", "{{#z}}", "{{/z}}", "~", "{{"]
)  # fmt: skip


@given(
    st.lists(_PIECES, max_size=12).map("".join), st.dictionaries(st.sampled_from("xyz"), _VALUES)
)
def test_no_template_fails_but_by_its_own_errors(template: str, data: dict[str, Any]) -> None:
    try:
        made = render(template, data, escape=True)
    except (HandlebarsError, RenderingError):
        return
    assert isinstance(made, str)
