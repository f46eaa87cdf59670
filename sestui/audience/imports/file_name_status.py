"""What a file's name says of everybody in it: ``unsubscribed_export.csv``, ``bounces.csv``."""

import re
from pathlib import PurePath

from sestui.audience.imports.status_words import Meaning, meaning_of_word

_MAILCHIMP_FILE = re.compile(
    r"(subscribed|unsubscribed|nonsubscribed|cleaned)_(?:[a-z]+_)*export.*", re.IGNORECASE
).fullmatch
_PLAIN_WORDS = frozenset(
    {"list", "lists", "liste", "lista", "export", "exports", "contacts", "contact", "subscribers"}
    | {"subscriber", "members", "member", "emails", "email", "addresses", "people", "users"}
    | {"customers", "all", "final", "new"}
)
_TELLING = {
    "unsubscribed": Meaning.UNSUBSCRIBED, "unsubscribes": Meaning.UNSUBSCRIBED,
    "unsubscribers": Meaning.UNSUBSCRIBED, "optouts": Meaning.UNSUBSCRIBED,
    "bounced": Meaning.BOUNCED, "bounces": Meaning.BOUNCED,
    "complaints": Meaning.COMPLAINED, "complained": Meaning.COMPLAINED,
    "blocklist": Meaning.BLOCKLISTED, "blacklist": Meaning.BLOCKLISTED,
    "blocklisted": Meaning.BLOCKLISTED, "blacklisted": Meaning.BLOCKLISTED,
    "suppressed": Meaning.BLOCKLISTED, "suppression": Meaning.BLOCKLISTED,
    "suppressions": Meaning.BLOCKLISTED,
}  # fmt: skip


def meaning_of_file_name(name: str) -> Meaning | None:
    """The status of all rows by the file's name, as in Mailchimp's exports; or None."""
    stem = PurePath(name).name.partition(".")[0]
    found = _MAILCHIMP_FILE(stem)
    if found:
        meaning = meaning_of_word(found[1])
    else:
        words = [word for word in re.split(r"[\W\d_]+", stem.casefold()) if word]
        telling = [word for word in words if word not in _PLAIN_WORDS]
        meaning = _TELLING.get(telling[0]) if len(telling) == 1 else None
    return None if meaning is Meaning.ACTIVE else meaning
