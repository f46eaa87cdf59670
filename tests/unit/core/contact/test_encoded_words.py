import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sestui.core.contact.encoded_words import decoded_words


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= x", "Grüße x"),
        ("=?utf-8?q?a_?=\r\n =?iso-8859-1?b?5A==?=", "a ä"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=9F?=", "ß"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe an alle?=", "Grüße an alle"),
        ("=?klingon?q?x?=", "=?klingon?q?x?="),
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
        ("=?hex?q?zz?= x", "=?hex?q?zz?= x"),
        ("=?utf-7?q?=FF?=", "=?utf-7?q?=FF?="),
        ("50 =? 50", "50 =? 50"),
    ],
)
def test_what_cant_be_decoded_stays(text, read):
    assert decoded_words(text) == read


@pytest.mark.parametrize("count", [99, 100, 101, 30_000])
def test_any_number_of_words_is_one_text(count):
    assert decoded_words(" ".join(["=?utf-8?q?a?="] * count)) == "a" * count


@given(st.text("=?utf-8bq _AZ\t\n", max_size=40))
@example("=?utf-8?b?====?=")
def test_any_text_is_read(text):
    assert isinstance(decoded_words(text), str)
