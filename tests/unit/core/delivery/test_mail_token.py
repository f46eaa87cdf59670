import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.mail_token import LONGEST_LOCAL_PART, claimed, mail_token
from sestui.core.delivery.unsubscribe_token import LinkKey, UnknownKeyError

KEY = LinkKey(bytes(range(32)))
KEYS = {KEY.id: KEY}


@given(st.integers(1, 2**48 - 1), st.text(min_size=1, max_size=40))
def test_a_token_holds_for_its_delivery_and_address_only(number, address):
    token = mail_token(KEY, number, address)
    assert re.fullmatch(r"[a-z2-7]{32}", token)
    assert len("x" * 31 + "+" + token) == LONGEST_LOCAL_PART
    for spelled in (token, token.upper()):
        found = claimed(spelled, KEYS)
        assert found.delivery_id == number
        assert found.is_to(address)
        assert not found.is_to(address + "x")


def test_every_altered_letter_makes_it_hold_for_nobody():
    token = mail_token(KEY, 7, "ada@example.com")
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for place in range(5, 32):  # what is before names the key
        for letter in letters:
            altered = token[:place] + letter + token[place + 1 :]
            if altered != token:
                assert not claimed(altered, KEYS).is_to("ada@example.com")


def test_other_keys_and_other_texts():
    token = mail_token(LinkKey(b"k" * 32), 7, "ada@example.com")
    with pytest.raises(UnknownKeyError):
        claimed(token, KEYS)
    assert "ada" not in token
    for text in ("", "preview", token[:-1], token + "a", token[:-1] + "1", "ä" * 32, "\u212a" * 32):
        assert claimed(text, KEYS) is None
