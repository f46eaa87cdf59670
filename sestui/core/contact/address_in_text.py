"""Find one person's address in texts of any origin: sentences, links, JSON, headers."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

ERASED = "[erased]"
"""What stands in a text where an address was."""

_BEFORE = r"(?:(?<![\w.+-])|(?<=\\[nrtbf])|(?<=%[0-9a-f]{2}))"
"""No other address ends here; an escape of JSON or of a link is no part of one."""
_AFTER = r"(?![\w-]|\.\w)"


class AddressInText:
    """Looks for an address in all its spellings, whatever their case."""

    def __init__(self, spellings: Iterable[str]) -> None:
        found: set[str] = set()
        for each in spellings:
            found |= {each, each.replace("@", "%40"), quote(each, safe=""), json.dumps(each)[1:-1]}
        self.spellings = tuple(sorted({each.lower() for each in found}))
        """In lower case; a text without any of them does not have the address."""
        either = "|".join(map(re.escape, self.spellings))
        pattern = f"{_BEFORE}(?:{either}){_AFTER}"
        self._text = re.compile(pattern, re.IGNORECASE)
        self._bytes = re.compile(pattern.encode(), re.IGNORECASE)

    def is_in(self, text: str | bytes) -> bool:
        """Whether the text has the address."""
        if isinstance(text, bytes):
            return self._bytes.search(text) is not None
        return self._text.search(text) is not None

    def taken_from(self, text: str) -> str:
        """The text with :data:`ERASED` in place of the address."""
        return self._text.sub(ERASED, text)
