import pytest

from sestui.core.text import both_ends, printable


def test_nothing_a_terminal_obeys_gets_through() -> None:
    hostile = "a\x1b[31mb\x07\x9b2J\r\nc\u202ed\udce9"
    assert printable(hostile) == r"a\x1b[31mb\x07\x9b2J\r\nc\u202ed\udce9"


def test_everything_else_stays_as_typed() -> None:
    for text in ("[bold red]Henri[/]", "阿部 é", "a\u00a0b", "👩‍🔧", ""):
        assert printable(text) == text


LINES = "".join(f"line {number}\n" for number in range(1_000))


def test_of_a_long_text_whole_lines_of_both_ends_are_shown():
    *first, gap, _ = (shown := both_ends(LINES, 200)).partition("\n(")
    assert first[0].splitlines() == [
        f"line {number}" for number in range(len(first[0].split("\n")))
    ]
    assert gap == "\n("
    assert len(shown) < 250
    tail = shown.partition("left out)\n")[2]
    assert LINES.endswith(f"\n{tail}")
    left_out = int(shown.partition("(")[2].partition(" ")[0].replace(",", ""))
    assert len(first[0]) + left_out + len(tail) == len(LINES)


@pytest.mark.parametrize("text", ["", "short\n", "x" * 200])
def test_another_is_shown_whole(text):
    assert both_ends(text, 200) == text


def test_one_long_line_has_both_ends_too():
    shown = both_ends("a" * 300 + "z" * 300, 200)
    assert shown == f"{'a' * 100}\n(400 characters are left out)\n{'z' * 100}"
