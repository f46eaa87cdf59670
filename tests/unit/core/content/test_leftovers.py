from sestui.core.content import MessageSource
from sestui.core.content.leftovers import foreign_placeholders


def test_placeholders_of_other_systems_are_found_with_their_lines():
    body = (
        "Hi {first_name}\n{{ ok }} {% if x\n %}{% endif %}\n"
        "*|FNAME|* %%name%% [[name]] ${n}\n<%= n %>"
    )
    found = foreign_placeholders(MessageSource("Dear {name}", body))
    assert found == (
        ("subject", 1, "{name}"),
        ("body", 1, "{first_name}"),
        ("body", 4, "*|FNAME|*"),
        ("body", 4, "%%name%%"),
        ("body", 4, "[[name]]"),
        ("body", 4, "${n}"),
        ("body", 5, "<%= n %>"),
    )


def test_what_only_looks_alike_is_left_alone():
    body = (
        "a {{ b }} {# {c} #} 100%% of {1, 2} [x] [[toc](y)] p{color:red} "
        "{% raw %}{{ z }}{% endraw %}"
    )
    assert foreign_placeholders(MessageSource("s", body)) == ()
