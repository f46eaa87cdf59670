from sestui.core.content.template.leftovers import foreign_placeholders


def test_placeholders_of_other_systems_are_found_with_their_lines():
    body = (
        "Hi {first_name}\n{{ ok }} {% if x\n %}{% endif %}\n"
        "*|FNAME|* %%name%% [[name]] ${n}\n<%= n %> %FNAME%"
    )
    assert foreign_placeholders(body, "body") == (
        (1, "{first_name}"),
        (4, "*|FNAME|*"),
        (4, "%%name%%"),
        (4, "[[name]]"),
        (4, "${n}"),
        (5, "<%= n %>"),
        (5, "%FNAME%"),
    )


def test_lines_are_those_of_the_source_whatever_blanks_a_tag_eats():
    body = "{%- if x -%}\n\n\n*|A|*\n{#\n#}\n{% endif -%}\n {b}"
    assert foreign_placeholders(body, "body") == ((4, "*|A|*"), (8, "{b}"))


def test_what_only_looks_alike_is_left_alone():
    body = (
        "a {{ b }} {# {c} #} 100%% of {1, 2} [x] [[toc](y)] p{color:red} "
        "{% raw %}{{ z }}{% endraw %} 50%off% caf%C3%A9%20x 10% a% {{{ x }}}"
    )
    assert foreign_placeholders(body, "body") == ()
