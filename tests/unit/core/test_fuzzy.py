"""How typed letters match a name."""

import pytest

from sestui.core.fuzzy import match

NAMES = ("november-news", "news", "old news", "knees", "n-e-w-s", "renewals")


def best(typed, names=NAMES):
    found = [(match(typed.split(), name), name) for name in names]
    return [name for _, name in sorted((-hit.score, name) for hit, name in found if hit)]


def test_a_whole_word_comes_before_a_part_and_that_before_scattered_letters():
    assert best("news") == ["news", "old news", "november-news", "n-e-w-s", "renewals"]
    assert best("new")[-1] == "n-e-w-s"
    assert best("new").index("news") < best("new").index("renewals")


def test_all_words_are_wanted_in_any_order():
    assert best("news old") == ["old news"]
    assert match(["news", "xyz"], "old news") is None
    assert match([], "anything").at == ()


@pytest.mark.parametrize(
    ("word", "name", "at"),
    [
        ("nn", "november-news", (0, 9)),
        ("NEWS", "november-news", (9, 10, 11, 12)),
        ("ov", "november", (1, 2)),
        ("\u00fcb", "\u00dcberblick", (0, 1)),
        ("ist", "\u0130stanbul ist", (9, 10, 11)),
    ],
)
def test_it_tells_which_letters_match(word, name, at):
    found = match([word], name)
    assert found.at == at
    assert all(place < len(name) for place in found.at)


def test_letters_that_begin_no_word_and_follow_none_are_no_match():
    assert match(["oee"], "november") is None
    assert match(["nee"], "november") is not None


def test_a_name_made_to_be_slow_is_not():
    """A search through all ways to place the letters would take longer than the universe."""
    assert match(["a" * 50 + "b"], "a" * 5_000) is None
    assert match(["a" * 50 + "b"], "a" * 5_000 + "b") is not None
