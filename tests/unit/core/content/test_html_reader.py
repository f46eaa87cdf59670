"""Any text is read, whole and in good time."""

import time

import pytest

from sestui.core.content.markup.html_reader import HtmlReader


class Texts(HtmlReader):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = ""

    def handle_data(self, data: str) -> None:
        self.seen += data


def read(html: str) -> str:
    reader = Texts()
    reader.feed(html)
    reader.close()
    return reader.seen


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a <b>b</b></p>", "a b"),
        ("a < b", "a < b"),
        ("<p>a &lt; b &amp; c <", "a < b & c <"),
        ("<p>a <b", "a <b"),
        ("a<![odd[x]]>b", "ab"),
        ("a<!--", "a<!--"),
    ],
)
def test_what_is_no_tag_is_text(html: str, text: str) -> None:
    assert read(html) == text


@pytest.mark.parametrize("html", ["<a " * 50_000, "<a href='" * 20_000 + ">", "<!--" * 50_000])
def test_tags_that_never_end_take_no_time(html: str) -> None:
    began = time.monotonic()
    read(html)
    assert time.monotonic() - began < 10
