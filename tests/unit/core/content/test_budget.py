"""A template can't take the machine: whatever asks for too much ends with a sentence."""

import resource

import pytest

from sestui.core.content import Composer, Envelope, MessageSource, TemplateError
from sestui.core.content.message import TooHeavyError

THINGS = {
    "many": [{"name": f"thing {n}", "price": n * 1.5} for n in range(500)],
    "tree": [{"name": "a", "children": [{"name": "b", "children": []}]}],
}

TEXTS = [
    "{{ 'x'.ljust(3000000000) }}",
    "{{ 'x'.rjust(3000000000) }}",
    "{{ 'x'.center(3000000000) }}",
    "{{ 'x'.zfill(3000000000) }}",
    "{{ ('\\t' * 90000).expandtabs(9999) }}",
    "{{ 'x' | center(3000000000) }}",
    "{{ 'x\\ny' | indent(3000000000) }}",
    "{{ ('a' * 90000) | replace('', 'b' * 90000) }}",
    "{{ ('a' * 90000).replace('a', 'b' * 90000) }}",
    "{{ ('b' * 90000).join('a' * 90000) }}",
    "{{ ('a' * 90000) | join('b' * 90000) }}",
    "{{ ('a' * 90000) | wordwrap(1, wrapstring='b' * 90000) }}",
    "{{ [1] | tojson(3000000000) }}",
    "{{ [1] | batch(3000000000, 'x') | list }}",
    "{{ [1] | slice(3000000000) | list | length }}",
    "{{ 1.5 | round(3000000000, 'ceil') }}",
    "{{ '%3000000000d' % 1 }}",
    "{{ '%*d' % (3000000000, 1) }}",
    "{{ '%3000000000d' | format(1) }}",
    "{{ '%(a)s' * 9000 % {'a': 'x' * 90000} }}",
    "{{ '{:3000000000}'.format(1) }}",
    "{{ '{:{w}}'.format(1, w=3000000000) }}",
    "{{ ('{0}' * 9000).format('x' * 90000) }}",
    "{{ (1).to_bytes(3000000000, 'big') | length }}",
    "{{ 'aaaa'.translate({97: 'b' * 4000000}) }}",
    "{{ 9 ** 99999 }}",
    *(
        f"{{% set ns = namespace(s={first}) %}}{{% for i in range(99) %}}{{% set ns.s = {then} %}}"
        "{% endfor %}"
        for first, then in (
            ("9", "ns.s * ns.s"),
            ("'x'", "ns.s ~ ns.s"),
            ("'x'", "ns.s + ns.s"),
            ("[1]", "ns.s + ns.s"),
            ("'x'", "[ns.s, ns.s]"),
            ("'x'", "(ns.s, ns.s)"),
            ("'x'", "{1: ns.s, 2: ns.s}"),
            ("'x'", "dict(a=ns.s, b=ns.s)"),
        )
    ),
    "{% set a = 'x' * 90000 %}{{ ([a] * 90000) | string | length }}",
    "{% set a = 'x' * 90000 %}{% for i in range(9999) %}{{ a }}{% endfor %}",
    "{% for i in range(9999) %}" + "constant text " * 500 + "{% endfor %}",
    "{% set a %}{% for i in range(9999) %}" + "constant text " * 500 + "{% endfor %}{% endset %}",
]

LOOPS = [
    "{% for a in keywords.many %}{% for b in keywords.many %}{% for c in keywords.many %}x"
    "{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in 'x' * 90000 %}{% for b in 'x' * 90000 %}{% endfor %}{% endfor %}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(50) }}",
    "{% for x in [1, 2] recursive %}{% if loop.depth < 50 %}{{ loop([1, 2]) }}{% endif %}"
    "{% endfor %}",
    "{% macro m(n) %}{{ caller() if n else '' }}{% if n %}{% call m(n - 1) %}x{% endcall %}"
    "{% call m(n - 1) %}x{% endcall %}{% endif %}{% endmacro %}{% call m(50) %}{% endcall %}",
    "{% for a in keywords.many | map(attribute='name') %}"
    "{% for b in keywords.many | map(attribute='name') | map('upper') %}"
    "{% for c in keywords.many | select %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in keywords.many | batch(1) %}{% for b in keywords.many | sort(attribute='price') %}"
    "{{ keywords.many | sum(attribute='price') }}{% endfor %}{% endfor %}",
]


def made(body, **attributes):
    composer = Composer(
        MessageSource("s", body, "html"), Envelope("a@example.com", keywords=THINGS)
    )
    return composer.mail("ann@example.org", attributes)


@pytest.mark.parametrize("body", TEXTS + LOOPS)
def test_it_is_refused_and_takes_no_memory(body):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooHeavyError) as caught:
        made(body)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000  # kilobytes
    assert str(caught.value).startswith("body, line 1: ")


@pytest.mark.parametrize("body", ["{{ a }}" * 100, "{{ a ~ a ~ a }}", "{% set b = a * 3 %}{{ b }}"])
def test_a_contacts_own_long_values_are_no_bomb(body):
    assert len(made(body, a="x" * 10_000).text) >= 30_000


def test_a_long_price_list_is_within_the_budget():
    rows = (
        "{% for p in keywords.many %}<tr><td>{{ loop.index }}</td><td>{{ p.name | upper }}</td>"
        "<td>{{ '%.2f' | format(p.price) }}</td><td>{{ p.name | replace('thing', 'tea') }}</td>"
        "<td>{% if p.price > 100 %}{{ 'dear' }}{% else %}{{ 'cheap' }}{% endif %}</td></tr>"
        "{% endfor %}"
    )
    assert made(f"<table>{rows}</table>").html.count("<tr>") == 500


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ 'x'.ljust(20) }}|", "x                   |"),
        ("|{{ 'x' | center(9) }}|", "|    x    |"),
        ("{{ '%05.1f' | format(2.5) }}", "002.5"),
        ("{{ '%s and %s' % ('a', 'b') }}", "a and b"),
        ("|{{ '{:>6}'.format(5) }}", "|     5"),
        ("{{ ['a', 'b'] | join(', ') }}", "a, b"),
        ("{{ keywords.many[:2] | map(attribute='name') | join(', ') }}", "thing 0, thing 1"),
        ("{{ 'a-b'.split('-') | last }}", "b"),
        ("{{ 3 * 4 + 1 }}", "13"),
        (
            "{% for x in keywords.tree recursive %}{{ x.name }}{{ loop(x.children) }}{% endfor %}",
            "ab",
        ),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{{ loop.last }}{% endfor %}", "a1True"),
        (
            "{% for g in keywords.many | groupby('price') %}{% if loop.first %}{{ g.grouper }}"
            "{% endif %}{% endfor %}",
            "0.0",
        ),
        (
            "{% set ns = namespace(n=0) %}{% for i in range(9) %}{% set ns.n = ns.n + i %}"
            "{% endfor %}"
            "{{ ns.n }}",
            "36",
        ),
        ("{{ cycler('a', 'b').next() }}", "a"),
        ("{{ 1.256 | round(2) }} {{ '1.5' | float }} {{ '7' | int }}", "1.26 1.5 7"),
    ],
)
def test_what_authors_write_stays_as_it_was(body, said):
    assert made(body).text.rstrip("\n") == said


def test_the_sender_meets_the_same_bound():
    composer = Composer(MessageSource("s", "{{ 'x' * n | int }}"), Envelope("a@example.com"))
    assert composer.mail("a@example.org", {"n": "3"}).text == "xxx\n"
    with pytest.raises(TemplateError, match="repeats something too often"):
        composer.mail("a@example.org", {"n": "3000000000"})
    assert composer.mail("a@example.org", {"n": "4"}).text == "xxxx\n"  # each mail has its own
