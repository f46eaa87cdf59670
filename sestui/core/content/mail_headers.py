"""Headers that a mail may carry besides those of SES: one rule for calls and for campaigns."""

import re

MAX_HEADERS = 15
"""What SES takes with one mail."""
HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")
HEADER_VALUE = re.compile(r"[ -~]{1,995}")
MAX_HEADER = 996
"""Characters of name and value together."""
_RESERVED = frozenset(
    {
        # what SES sets itself
        *("bcc", "cc", "content-disposition", "content-type", "date", "from", "message-id"),
        *("mime-version", "reply-to", "return-path", "subject", "to"),
        # what says who sends it, and that it is so
        *("sender", "dkim-signature"),
    }
)
_OF_SES = "x-ses-"
"""How the names begin of the headers by which SES is told things."""


def is_reserved(name: str) -> bool:
    """Whether SES keeps the header of that name for itself."""
    lowered = name.lower()
    return lowered in _RESERVED or lowered.startswith(_OF_SES)
