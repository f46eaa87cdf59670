from sestui.core.text import printable


def test_nothing_a_terminal_obeys_gets_through() -> None:
    hostile = "a\x1b[31mb\x07\x9b2J\r\nc\u202ed\udce9"
    assert printable(hostile) == r"a\x1b[31mb\x07\x9b2J\r\nc\u202ed\udce9"


def test_everything_else_stays_as_typed() -> None:
    for text in ("[bold red]Henri[/]", "阿部 é", "a\u00a0b", "👩‍🔧", ""):
        assert printable(text) == text
