from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from sestui.tui.deliveries.flow import flowed


@given(
    st.lists(st.text("ab c", min_size=1).map(str.strip).filter(bool), max_size=12),
    st.integers(1, 40),
)
def test_nothing_is_broken_and_no_line_too_long(words, width):
    lines = flowed(map(Content, words), width).plain.split("\n") if words else []
    assert "  ".join(lines).split("  ") == "  ".join(words).split("  ")
    for line in lines:
        assert len(line) <= width or line in words


def test_lines_are_filled():
    assert flowed(map(Content, ["ab 1", "cd 2", "ef 3"]), 10).plain == "ab 1  cd 2\nef 3"
