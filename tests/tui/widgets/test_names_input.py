"""Names with commas between them: what enter does with a name that has been begun."""

import pytest

from sestui.tui.widgets.text_input import finished

NAMES = ("news", "newsletter", "staff")


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("newsl", "newsletter"),
        ("news", "news"),  # a list as it is, though another begins like it
        ("staff, newsl", "staff, newsletter"),
        ("staff, ", "staff, "),
        ("else", "else"),
        ("", ""),
    ],
)
def test_what_has_been_begun_is_finished(typed, taken):
    assert finished(typed, NAMES) == taken
