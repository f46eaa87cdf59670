"""An address is found in any text that names it, and other people's are left alone."""

import json

import pytest

from sestui.core.contact.address_in_text import AddressInText

ADA = AddressInText({"Ada.L+x@example.com", "ada.l+x@example.com"})

NAMED = [
    "Ada.L+x@example.com",
    "<ADA.L+X@EXAMPLE.COM>",
    "The address ada.l+x@example.com.",
    "mailto:ada.l+x@example.com?subject=x",
    "https://shop.example.com/?email=ada.l%2Bx%40example.com&x=1",
    "https://shop.example.com/?to%3Dada.l%2bx%40example.com",
    "https://shop.example.com/ada.l+x%40example.com/cart",
    json.dumps({"log": "first\nada.l+x@example.com"}),
    '"ada.l+x@example.com"',
    "'ada.l+x@example.com', bob@example.com",
]

OTHERS = [
    "",
    "granada.l+x@example.com",
    "b.ada.l+x@example.com",
    "ada.l+x@example.com.au",
    "ada.l+x@example.community",
    "ada.l@example.com",
    "adaxl+x@example.com",
    "ada.l+x@mail.example.com",
]


@pytest.mark.parametrize("text", NAMED)
def test_it_is_found_and_taken_out(text):
    assert ADA.is_in(text)
    assert ADA.is_in(text.encode())
    taken = ADA.taken_from(text)
    assert "[erased]" in taken
    assert not ADA.is_in(taken)
    assert any(spelling in text.lower() for spelling in ADA.spellings)


@pytest.mark.parametrize("text", OTHERS)
def test_other_addresses_stay(text):
    assert not ADA.is_in(text)
    assert not ADA.is_in(text.encode())
    assert ADA.taken_from(text) == text


def test_the_name_of_a_domain_in_both_its_spellings():
    both = AddressInText({"ada@bücher.example", "ada@xn--bcher-kva.example"})
    for text in (
        "Ada@Bücher.example",
        "ada@xn--bcher-kva.example",
        json.dumps("ada@bücher.example"),
    ):
        assert both.is_in(text)
        assert both.is_in(text.encode())
