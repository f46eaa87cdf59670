"""Remove secrets and email addresses from text for the log.

It errs towards removing too much: the text comes from exceptions of any library, and logs are sent
to strangers. Repetitions are bounded where a long text would take more than linear time. The
patterns are compiled on use, as most processes never log a line.
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
    # A user and password in a URL, and its query.
    (r"""(?<=://)[^\s"'<>]{0,1000}@""", f"{_MASK}@"),
    (r"""(://[^\s"'<>?]{0,1000}\?)[^\s"'<>]+""", rf"\1{_MASK}"),
    # Signed headers, and those that hold a key in the clear.
    (r"(AWS4-HMAC-SHA256|AWS4-ECDSA-P256-SHA256)\b.*", rf"\1 {_MASK}"),
    (r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{8,}", rf"\1 {_MASK}"),
    # password='…', "secret_key": "…", X-Amz-Security-Token: …, token=…
    (
        r"(?i)((?:secret|passw|pwd|token|signature|credential|authori[sz]ation|api[_-]?key"
        r"""|access[_-]?key|private[_-]?key)[\w-]{0,40}["']?\]?\s{0,9}[=:]\s{0,9})"""
        r"""(?:b?"(?:[^"\\\n]|\\.)*"|b?'(?:[^'\\\n]|\\.)*'|[^\s,;&"']+)""",
        rf"\1{_MASK}",
    ),
    # AWS access key ids, and secret access keys.
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
    """``text`` with ``***`` for anything that may be a password, key, token or signature."""
    for pattern, instead in _SECRETS:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return text


def without_addresses(text: str) -> str:
    """``text`` with ``<address>`` for every word that holds an @ or a URL's %40."""
    if "@" not in text and "%40" not in text:
        return text
    # Quoted local parts first, as they may hold blanks: "odd names"@example.com.
    text = re.sub(_QUOTED_ADDRESS, _ADDRESS, text)
    return re.sub(_WORD, _without_address, text)


def _without_address(found: re.Match[str]) -> str:
    word = found[0]
    return _ADDRESS if word.find("@", 1) > 0 or word.find("%40", 1) > 0 else word
