"""Make untrusted text safe to show, and compare names."""

import re
import unicodedata

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""``text`` on one line, without characters that a terminal would obey.

    Control characters (terminal escapes, line breaks), bidirectional overrides and lone surrogates
    become visible escapes such as ``\x1b``. Rich markup is left alone, so print the result as plain
    text.
    """
    if text.isprintable():
        return text
    return _HARMFUL.sub(_escaped, text)


def encodable(text: str) -> str:
    """``text`` with ``?`` for each lone surrogate; JSON can hold them (a cut emoji), mail can't."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def folded(text: str) -> str:
    """A name without case, accents, spaces or punctuation, for comparison."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (sign for sign in plain if sign.isalnum() and not unicodedata.combining(sign))
    return unicodedata.normalize("NFKC", "".join(kept))


def both_ends(text: str, most: int) -> str:
    """``text``, cut in its middle if it has more than ``most`` characters.

    Whole lines are kept at both ends where possible; a line between them says how much is missing.
    """
    if len(text) <= most:
        return text
    head = text[: most // 2].rpartition("\n")[0] or text[: most // 2]
    tail = text[-(most // 2) :].partition("\n")[2] or text[-(most // 2) :]
    return f"{head}\n({len(text) - len(head) - len(tail):,} characters are left out)\n{tail}"
