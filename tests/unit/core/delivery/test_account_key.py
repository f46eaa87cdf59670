"""Which account a run belongs to, and how it is called."""

import pytest

from sestui.core.delivery.account_key import account_words, belongs_to


@pytest.mark.parametrize(
    ("bound", "account", "belongs"),
    [
        ("", "simulator", True),
        ("", "ses:eu-west-1", True),
        ("simulator", "simulator", True),
        ("simulator", "ses:eu-west-1", False),
        ("ses", "ses:eu-west-1", True),
        ("ses", "ses:eu-west-1:http://localhost:1", True),
        ("ses", "simulator", False),
        ("ses:eu-west-1", "ses:eu-west-1", True),
        ("ses:eu-west-1", "ses:eu-west-2", False),
        ("ses:eu-west-1", "ses:eu-west-1:http://localhost:1", False),
    ],
)
def test_a_run_belongs_to_its_account_only(bound: str, account: str, belongs: bool) -> None:
    assert belongs_to(bound, account) is belongs


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("simulator", "the simulator"),
        ("ses", "SES"),
        ("ses:eu-west-1", "SES in eu-west-1"),
        ("ses:eu-west-1:http://localhost:1", "SES in eu-west-1 at http://localhost:1"),
    ],
)
def test_an_account_is_called_by_its_place(key: str, words: str) -> None:
    assert account_words(key) == words
