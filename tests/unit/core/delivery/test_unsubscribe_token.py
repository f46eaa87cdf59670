"""Links that nobody can make, read or change."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.unsubscribe_token import (
    LONGEST_TOKEN,
    LinkKey,
    LinkSubject,
    UnknownKeyError,
    opened,
)

KEY, OTHER = LinkKey(bytes(range(32))), LinkKey(bytes(32))
KEYS = {KEY.id: KEY}
NUMBERS = st.integers(0, 2**63 - 1)
ADDRESSES = st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable())


@given(NUMBERS, ADDRESSES)
def test_what_is_sealed_is_opened(number, address):
    token = KEY.sealed(number, address)
    assert opened(token, KEYS) == LinkSubject(number, address)
    assert KEY.sealed(number, address) == token
    assert len(token) <= LONGEST_TOKEN


@given(NUMBERS, ADDRESSES, st.data())
def test_every_other_spelling_is_refused(number, address, data):
    token = KEY.sealed(number, address)
    place = data.draw(st.integers(4, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_"))
    altered = token[:place] + letter + token[place + 1 :]
    assert altered == token or opened(altered, KEYS) is None
    cut = data.draw(st.integers(0, len(token) - 1))
    assert opened(token[:cut], KEYS) is None
    assert opened(token + letter, KEYS) is None
    assert opened(token * 2, KEYS) is None


@given(st.text(max_size=700))
def test_nonsense_is_refused(text):
    assert opened(text, KEYS) is None or text.startswith(KEY.id)


def test_a_token_of_another_key():
    token = OTHER.sealed(7, "ada@example.com")
    with pytest.raises(UnknownKeyError) as caught:
        opened(token, KEYS)
    assert caught.value.key_id == OTHER.id
    assert opened(KEY.id + token[4:], KEYS) is None
    assert opened(token, {OTHER.id: OTHER, **KEYS}) == LinkSubject(7, "ada@example.com")


def test_the_address_is_not_in_the_link():
    address = "ada.lovelace@example.com"
    token = KEY.sealed(7, address)
    letters = token[4:]
    sealed = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
    assert not any(address[n : n + 4].encode() in sealed for n in range(len(address) - 3))
    assert len(token) < 80
    longest = KEY.sealed(2**63 - 1, "a" * 64 + "@" + "é" * 94)
    assert len(longest) <= LONGEST_TOKEN
    assert repr(KEY) == "LinkKey()"
    assert address not in repr(opened(token, KEYS))
