"""Encoded words in headers (RFC 2047), as people read them."""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header

# A blank should be a "_" in a word, but programs forget it, and mail programs read it.
_WORD = r"=\?[^?\s]+\?[bBqQ]\?[^?\r\n]*\?="
_WORDS = re.compile(rf"({_WORD}(?:\s+{_WORD}){{0,99}})(?:\s+(?={_WORD}))?")
"""Some that follow each other, and the blanks to the next: Python's decoder takes time by the
square of their number."""


def decoded_words(text: str) -> str:
    """``text`` with its encoded words decoded; one that can't be stays as it is."""
    return _WORDS.sub(_decoded, text) if "=?" in text else text


def _decoded(words: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(words[1])))
    except (HeaderParseError, LookupError, ValueError):  # a charset nobody knows, no base64
        return words[0]
