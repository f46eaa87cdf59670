import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.audience.contact_form import ContactForm, fields_of, form_of, parse_attributes
from sestui.core.delivery.states import ContactStatus
from sestui.core.text import printable
from sestui.errors import UsageError
from sestui.store.db.tables import Contact

VALUES = st.text() | st.integers() | st.lists(st.text(max_size=3), max_size=3)


def contact(**fields):
    usual = {"attributes": {}, "tags": [], "status": "active", "status_reason": ""}
    return Contact(email="a@x.co", email_key="a@x.co", created_at=0, updated_at=0, **usual | fields)


@given(
    st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), VALUES, max_size=4),
    st.lists(st.text(max_size=6), max_size=4),
    st.text(max_size=20),
)
def test_a_form_that_was_not_touched_changes_nothing(attributes, tags, reason):
    before = contact(attributes=attributes, tags=tags, status="invalid", status_reason=reason)
    form = form_of(before)
    for shown in (form.attributes.replace("\n", ""), form.tags, form.status_reason):
        assert shown == printable(shown)
    saved = fields_of(form, before)
    assert (saved.attributes, saved.tags) == (attributes, tags)
    assert (saved.status, saved.status_reason) == ("invalid", reason)


def test_what_was_typed_is_what_is_saved():
    before = contact(attributes={"city": "Rome", "age": 41, "bad": "\x1b[31m"}, tags=["a"])
    assert form_of(before).attributes == 'city = Rome\nage = 41\nbad = "\\u001b[31m"'
    form = ContactForm(
        'city=Zürich\n\n age = 41 \nbad = "\\u001b[31m"\nplan =\nnote = a = b\nq = " x "',
        'vip, "a, b"',
        ContactStatus.UNSUBSCRIBED,
        " by phone ",
    )
    saved = fields_of(form, before)
    assert saved.attributes == {
        "city": "Zürich",
        "age": 41,
        "bad": "\x1b[31m",
        "note": "a = b",
        "q": " x ",
    }
    assert list(saved.tags) == ["vip", "a, b"]
    assert (saved.status, saved.status_reason) == ("unsubscribed", "by phone")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("city Rome", "Line 1: write it as name = value."),
        ("a = 1\n\nFirst Name = x", "Line 3: First Name can't be used in a message; first_name"),
        ("= x", "Line 1: write it as name = value."),
        ("a = 1\na = 2", "Line 2: a appears twice."),
        ('a = "x', "Line 1: the quotation mark is not closed."),
        ('a = "x" y', "Line 1: the quotation mark is not closed."),
        ('a = "\\u0000"', "invalid character"),
        ('a = "\\ud800"', "invalid character"),
        (f"a = {'x' * 65_537}", "more than 65,536 characters"),
        ("\x1b[2J = x", "Line 1: \\x1b[2J can't be used in a message; column_2j would do"),
    ],
)
def test_what_is_no_attribute_is_said_by_its_line(text, said):
    with pytest.raises(UsageError) as caught:
        parse_attributes(text, {})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("shown", "saved"),
    [
        ('["tea", "milk"]', ["tea", "milk"]),
        ("[1, 2.5]", [1, 2.5]),
        ("[]", []),
        ('["tea"', '["tea"'),
        ("tea", "tea"),
        ('["a\\u0000"]', '["a\\u0000"]'),
        ('["\\ud800"]', '["\\ud800"]'),
    ],
)
def test_a_list_that_is_edited_stays_one(shown, saved):
    assert parse_attributes(f"likes = {shown}", {"likes": ["tea"]}) == {"likes": saved}


def test_a_number_becomes_none_that_no_database_keeps():
    assert parse_attributes("age = NaN", {"age": 41}) == {"age": "NaN"}


def test_a_name_that_was_there_before_may_stay_as_it_is():
    assert parse_attributes("First Name = Ada", {"First Name": "Eve"}) == {"First Name": "Ada"}
