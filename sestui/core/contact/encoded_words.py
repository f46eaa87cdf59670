"""Decode encoded words in headers (RFC 2047)."""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header

# A blank should be "_" in a word, but programs forget that, and mail programs accept it.
_WORD = r"=\?[^?\s]+\?[bBqQ]\?[^?\r\n]*\?="
_WORDS = re.compile(rf"({_WORD}(?:\s+{_WORD}){{0,99}})(?:\s+(?={_WORD}))?")
"""Up to 100 words in a row with the blanks between them: Python's decoder takes quadratic time."""


def decoded_words(text: str) -> str:
    """``text`` with its encoded words decoded; invalid ones are left alone."""
    return _WORDS.sub(_decoded, text) if "=?" in text else text


def _decoded(words: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(words[1])))
    except (HeaderParseError, LookupError, ValueError):  # unknown charset, invalid base64
        return words[0]
