"""Text for the log without what is nobody's business: secrets, and people's addresses.

Rather too much is left out than too little: what stands here has come out of exceptions of any
library, and is read by whoever is sent a log. Patterns are bounded where a long text would take
them longer than it is long, and compiled when they are used: most processes never log a line.
"""

import re

_ADDRESS = "<address>"
_MASK = "***"

_SECRETS = (
    # Values that libraries quote: http.client's headers, pydantic's input, the databases' rows.
    (r"(?i)(invalid header (?:name|value) ).*", rf"\1{_MASK}"),
    (r"\b(input_value=).*?(?=, input_type=|\]|$)", rf"\1{_MASK}"),
    (r"(?i)(\[parameters: ).*", rf"\1{_MASK}]"),
    (r"(?i)(failing row contains |key \([^()\n]*\)=)\(.*\)", rf"\1({_MASK})"),
    # PostgreSQL's excerpt of a statement, which may begin in the middle of a value.
    (r"(\bLINE \d+: ).*", rf"\1{_MASK}"),
    # A user and password in a URL, and what is asked for behind a ?.
    (r"""(?<=://)[^\s"'<>]{0,1000}@""", f"{_MASK}@"),
    (r"""(://[^\s"'<>?]{0,1000}\?)[^\s"'<>]+""", rf"\1{_MASK}"),
    # Signed headers, and those that hold a key as it is.
    (r"(AWS4-HMAC-SHA256|AWS4-ECDSA-P256-SHA256)\b.*", rf"\1 {_MASK}"),
    (r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{8,}", rf"\1 {_MASK}"),
    # password='…', "secret_key": "…", X-Amz-Security-Token: …, token=…
    (
        r"(?i)((?:secret|passw|pwd|token|signature|credential|authori[sz]ation|api[_-]?key"
        r"""|access[_-]?key|private[_-]?key)[\w-]{0,40}["']?\]?\s{0,9}[=:]\s{0,9})"""
        r"""(?:b?"(?:[^"\\\n]|\\.)*"|b?'(?:[^'\\\n]|\\.)*'|[^\s,;&"']+)""",
        rf"\1{_MASK}",
    ),
    # The shapes of AWS's own: the id of a key, and its secret.
    (r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,}\b", _MASK),
    (
        r"(?<![\w/+=.-])(?=[A-Za-z/+]*\d)(?=[a-z0-9/+]*[A-Z])(?=[A-Z0-9/+]*[a-z])"
        r"[A-Za-z0-9/+]{40}(?![\w/+=])",
        _MASK,
    ),
)

_QUOTED_ADDRESS = r"""\\?"(?:[^"\\\n]|\\.){0,300}?\\?"@[^\s<>()\[\],;:\\"]+"""
_WORD = r"""[^\s<>()\[\],;:\\"]+"""


def without_secrets(text: str) -> str:
    """``text`` with stars for what may be a password, a key, a token or a signature."""
    for pattern, instead in _SECRETS:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return text


def without_addresses(text: str) -> str:
    """``text`` with ``<address>`` for every word with an @ in the middle, as URLs write it too."""
    if "@" not in text and "%40" not in text:
        return text
    # First what would be several words: "odd names"@example.com.
    text = re.sub(_QUOTED_ADDRESS, _ADDRESS, text)
    return re.sub(_WORD, _without_address, text)


def _without_address(found: re.Match[str]) -> str:
    word = found[0]
    return _ADDRESS if word.find("@", 1) > 0 or word.find("%40", 1) > 0 else word
