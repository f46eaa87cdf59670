"""Template data: what SES gets is what the client wrote, merged but not spelt anew."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.ses_api.relayed import arguments, mail_of, mails_of_bulk, packed, unpacked
from sestui.ses_api.template_data import merged

NUMBERS = '{"price": 1.10, "big": 12345678901234567890123, "small": 1E-7, "text": "\\u00e9 {,}"}'


@pytest.mark.parametrize("none", ["", "{}", " {\n} "])
def test_where_only_one_has_members_it_is_passed_byte_for_byte(none):
    assert merged(NUMBERS, none) == NUMBERS
    assert merged(none, NUMBERS) == NUMBERS


def test_merged_each_value_keeps_its_spelling():
    own = ' { "name" : "Ada \\ud83d\\ude00" ,"price":2.50,"deep":{"a":[1.0,{"price":1.10}]} } '
    assert merged(NUMBERS, own) == (
        '{"price":2.50, "big": 12345678901234567890123, "small": 1E-7, "text": "\\u00e9 {,}", '
        '"name" : "Ada \\ud83d\\ude00", "deep":{"a":[1.0,{"price":1.10}]}}'
    )


def test_a_name_is_the_same_however_it_is_escaped():
    assert json.loads(merged('{"é": 1}', '{"\\u00e9": 2}')) == {"é": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)
LAYOUTS = st.sampled_from(
    [{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}, {"indent": "\t"}]
)


@given(OBJECTS, OBJECTS, LAYOUTS, LAYOUTS)
def test_it_means_what_merged_objects_mean(default, own, layout, own_layout):
    written = json.dumps(default, **layout), json.dumps(own, **own_layout)
    both = {
        **json.loads(written[0], parse_float=Decimal),
        **json.loads(written[1], parse_float=Decimal),
    }
    assert json.loads(merged(*written), parse_float=Decimal) == both


def data_of(default, own):
    template = {"TemplateName": "t"} | ({"TemplateData": default} if default else {})
    entry = {"Destination": {"ToAddresses": ["a@x.org"]}}
    if own:
        entry["ReplacementEmailContent"] = {"ReplacementTemplate": {"ReplacementTemplateData": own}}
    [mail] = mails_of_bulk(
        {
            "FromEmailAddress": "s@x.org",
            "DefaultContent": {"Template": template},
            "BulkEmailEntries": [entry],
        }
    )
    return passed_on(mail)


def passed_on(request):
    """The template data that SES gets for a mail, as it is after it was stored."""
    mail = unpacked(packed(mail_of(request, most=50)))
    return arguments(mail, (0,), ())["Content"]["Template"]["TemplateData"]


def test_so_it_is_in_a_bulk_call():
    assert data_of(NUMBERS, "") == data_of("", NUMBERS) == data_of("{}", NUMBERS) == NUMBERS
    assert data_of('{"a": 1.10}', '{"b": 2.0}') == '{"a": 1.10, "b": 2.0}'
    assert data_of("", "") == "{}"


def test_and_in_a_single_one():
    given = {
        "FromEmailAddress": "s@x.org",
        "Destination": {"ToAddresses": ["a@x.org"]},
        "Content": {"Template": {"TemplateName": "t", "TemplateData": NUMBERS}},
    }
    assert passed_on(given) == NUMBERS
