"""Nothing in a mail is silently false, and nothing prints one of Python's objects."""

import pytest

from sestui.core.content import Composer, Envelope, MessageSource, TemplateError

KEYWORDS = {"season": "autumn", "products": [{"name": "tea"}]}


def text(body, **attributes):
    composer = Composer(MessageSource("s", body), Envelope("a@example.com", keywords=KEYWORDS))
    return composer.mail("ann@example.org", attributes).text.rstrip("\n")


def refused(body, **attributes):
    with pytest.raises(TemplateError) as caught:
        text(body, **attributes)
    return str(caught.value)


@pytest.mark.parametrize(
    "test",
    [
        "age > 18",
        "18 < age",
        "age >= 18.5",
        "age == 20",
        "age != 20",
        "age in [18, 20]",
        "age not in [18, 20]",
        "0 < age < 99",
        "name == 'Ann' and age > 18",
        "age == true",
    ],
)
def test_a_text_is_compared_with_no_number(test):
    said = refused(f"{{% if {test} %}}a{{% else %}}b{{% endif %}}", age="20", name="Ann")
    assert said.startswith("body, line 1: age: a text is compared with ")
    assert "import the column as " in said


@pytest.mark.parametrize(
    ("test", "truth"),
    [
        ("age > 18", True),
        ("age == 20", True),
        ("age == 20.0", True),
        ("age in [18, 20]", True),
        ("age in range(30)", True),
        ("0 < age < 20", False),
        ("name == 'Ann'", True),
        ("name in ['Ann', 'Bob']", True),
        ("name not in ['Bob']", True),
        ("'n' in name", True),
        ("name in [1, 'Ann']", True),
        ("vip == true", True),
        ("vip and age", True),
        ("not vip", False),
        ("name | length > 2", True),
        ("(count | int) == 3", True),
        ("signup < '2026-06-01'", True),
        ("gone == gone2 or true", None),
    ],
)
def test_values_of_one_kind_compare(test, truth):
    body = f"{{{{ 'yes' if {test} else 'no' }}}}"
    values = {"age": 20, "name": "Ann", "vip": True, "count": "3", "signup": "2026-03-04"}
    if truth is None:
        assert "gone has no value" in refused(body, **values)
        return
    assert text(body, **values) == ("yes" if truth else "no")


@pytest.mark.parametrize(
    "body",
    [
        "{% if vip %}a{% endif %}",
        "{% if not vip %}a{% endif %}",
        "{{ 'a' if vip else 'b' }}",
        "{% if name and vip %}a{% endif %}",
        "{% if vip or name %}a{% endif %}",
        "{{ vip and 'a' }}",
        "{% if x %}{% elif vip %}a{% endif %}",
    ],
)
@pytest.mark.parametrize("word", ["false", "FALSE", "no", " No", "0", "off"])
def test_a_text_that_says_no_is_not_taken_for_true(body, word):
    said = refused(body, vip=word, name="Ann")
    assert f"vip is the text '{word.strip().lower()}', which counts as true" in said
    assert "import the column as bool" in said


@pytest.mark.parametrize(
    ("body", "values", "shown"),
    [
        ("{% if vip %}a{% else %}b{% endif %}", {"vip": False}, "b"),
        ("{% if vip %}a{% else %}b{% endif %}", {"vip": True}, "a"),
        ("{% if vip %}a{% else %}b{% endif %}", {"vip": 0}, "b"),
        ("{% if vip %}a{% else %}b{% endif %}", {}, "b"),
        ("{% if vip == 'yes' %}a{% else %}b{% endif %}", {"vip": "no"}, "b"),
        ("{% if name %}Dear {{ name }}{% endif %}", {"name": "No"}, "Dear No"),
        ("{{ name or 'you' }}", {"name": "No"}, "No"),
        ("{% if city %}a{% endif %}", {"city": "Novi Sad"}, "a"),
    ],
)
def test_what_is_meant_stays(body, values, shown):
    assert text(body, **values) == shown


@pytest.mark.parametrize(
    "body",
    [
        "{{ keywords }}",
        "{{ range }}",
        "{{ dict }}",
        "{{ cycler }}",
        "{{ namespace(a=1) }}",
        "{{ keywords.products }}",
        "{{ keywords.products[0] }}",
        "{{ keywords.items }}",
        "{{ season.upper }}",
        "{{ none }}",
        "{{ keywords.get('x') }}",
        "{% for p in keywords.products %}{{ loop }}{% endfor %}",
        "{% macro m() %}a{% endmacro %}{{ m }}",
        "{{ keywords.products | map(attribute='name') }}",
        "{{ 'a' ~ range }}",
        "{{ 'a' ~ keywords }}",
        "{{ tastes }}",
    ],
)
def test_what_is_no_value_is_not_printed(body):
    said = refused(body, tastes=["tea", "jam"])
    assert "it prints " in said or "it puts together " in said or "has no value" in said
    assert said.startswith("body, line 1: ")


def test_values_that_people_can_read_are():
    values = {"n": 3, "f": 1.5, "t": True, "s": "x", "many": ["tea", "jam"]}
    assert text("{{ n }} {{ f }} {{ t }} {{ s }} {{ many | join(' and ') }}", **values) == (
        "3 1.5 True x tea and jam"
    )
    assert text("{{ n ~ f ~ s }} {{ 'a' ~ ('<b>' | e) }}", **values) == "31.5x a<b>"


ORDER = {"name": "tea", "items": "3 tins", "__class__": "first"}


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("order.name", "tea"), ("order['name']", "tea"), ("order['items']", "3 tins")],
)
def test_a_mapping_gives_its_values_by_name(asked, shown):
    assert text(f"{{{{ {asked} }}}}", order=ORDER) == shown


@pytest.mark.parametrize("asked", ["order.items", "order.__class__", "order.price"])
def test_what_every_mapping_has_and_what_this_one_lacks_is_no_value(asked):
    assert "body, line 1: " in refused(f"{{{{ {asked} }}}}", order=ORDER)
