"""What is never closed in a template is reported where it opens."""

import pytest

from sestui.core.content.message import TemplateError
from sestui.core.content.template.placeholders import Protected
from sestui.core.content.template.sandbox import compiled, lines_of_variables


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("Hi\n{{ first_name,\n\nit's {{ other }} here", 2, "{{ first_name, is not closed; end"),
        ("Hi\n{{ first_name\n\nmore words", 2, "{{ first_name is not closed; end it with }}"),
        ("Hi\r\n\r\n{{ name }\r\n\r\nmore", 3, "{{ name } is not closed; end it with }}"),
        ("Hi\n{{ name %}\n\n{% if x %}a{% endif %}", 2, "{{ name %} is not closed"),
        ("Hi\n{{ {'a': {'b': 1}}\n\nmore", 2, "end it with }}"),
        ("a\n{% if vip\n\nDear\n{{ x }}", 2, "{% if vip is not closed; end it with %}"),
        ("a\n\n{# a note\n\n{{ x }}\n", 3, "{# a note is not closed; end it with #}"),
        ("a\n{% raw %}\n{{ x\n\n", 2, "{% raw %} is not closed; end it with {% endraw %}"),
        ("a\n{% if vip %}\nb\n\nc\n", 2, "{% if vip %} is not closed; end it with {% endif %}"),
        ("{% if a %}\n{% for x in y %}\n{{ x }}\n{% endif %}\n", 2, "{% for x in y %} is not"),
        ("{% if a %}b{% endif %}\n{%- set x %}\nc\n\nd", 2, "end it with {% endset %}"),
        ("{% if a %}\n{% if b %}b{% else %}c{% endif %}\n\n", 1, "{% if a %} is not closed"),
    ],
)
def test_the_line_is_where_it_opens(source, line, said):
    for read in (
        lambda: lines_of_variables(source, "body"),
        lambda: compiled(source, "body", html=True),
    ):
        with pytest.raises(TemplateError) as fault:
            read()
        assert fault.value.line == line
        assert said in fault.value.problem


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("a\n{{ x shout }}\n\n{{ y", 2, "expected token"),
        ("a\n\n{{ x | shout }}", 3, "No filter named 'shout'"),
        ("a\n{% endif %}\n", 2, "endif"),
    ],
)
def test_other_faults_stay_where_they_are(source, line, said):
    with pytest.raises(TemplateError) as fault:
        compiled(source, "body", html=True)
    assert fault.value.line == line
    assert said in fault.value.problem


def test_the_converters_report_the_same_line():
    with pytest.raises(TemplateError) as fault:
        Protected("Hi\n\n{# note\n\nmore", "body")
    assert fault.value.line == 3


@pytest.mark.parametrize(
    "source",
    ["{{ {'a': {'b': 1}} }}", "{{ '}}' }}{{ \"{{\" }}", "{% raw %}{{ {% {# {% endraw %}"],
)
def test_what_only_looks_unclosed_is_no_fault(source):
    compiled(source, "body", html=True)
