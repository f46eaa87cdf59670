"""Rules for a mail's additional headers, in SES calls and campaigns."""

import re

MAX_HEADERS = 15
"""Additional headers that SES takes with one mail."""
HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")
HEADER_VALUE = re.compile(r"[ -~]{1,995}")
MAX_HEADER = 996
"""Longest header: characters of name and value together."""
_RESERVED = frozenset(
    {
        # set by SES itself
        *("bcc", "cc", "content-disposition", "content-type", "date", "from", "message-id"),
        *("mime-version", "reply-to", "return-path", "subject", "to"),
        # these authenticate the sender
        *("sender", "dkim-signature"),
    }
)
_OF_SES = "x-ses-"
"""Prefix of the headers that control SES."""


def is_reserved(name: str) -> bool:
    """Whether SES reserves this header."""
    lowered = name.lower()
    return lowered in _RESERVED or lowered.startswith(_OF_SES)
