"""What is offered for a text that can't be a name."""

import pytest

from sestui.core.campaign.values import NAME, BadValue, campaign_name, offered_name, possible_name
from sestui.core.task.values import task_name
from sestui.tui.widgets.name_input import hint


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("winter sale", "winter-sale"),
        ("  Winter  sale! ", "Winter-sale"),
        ("Été 2026: l'annonce", "Ete-2026-l-annonce"),
        ("relay:shop", "relay-shop"),
        ("../x", "x"),
        ("ok-.", "ok-."),
        ("x" * 120, "x" * 100),
        ("冬", ""),
        ("", ""),
    ],
)
def test_the_name_most_like_it(typed, offered):
    assert offered_name(typed) == offered
    assert possible_name(typed) == (offered or "campaign")
    assert not offered or NAME.fullmatch(offered)


def test_whoever_refuses_a_name_offers_one():
    for rule in (campaign_name, task_name):
        with pytest.raises(BadValue, match=r"as in winter-sale$"):
            rule("winter sale")
        with pytest.raises(BadValue, match=r"as in n[a-z]+-[a-z]+$"):
            rule("冬")


def test_the_hint_says_the_rule_and_the_offer_and_nothing_of_a_name():
    assert hint("") is None
    assert hint("winter-sale") is None
    assert str(hint("winter sale")).startswith("→ takes winter-sale: a name has letters")
    assert "→" not in str(hint("冬"))
