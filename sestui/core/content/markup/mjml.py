"""Convert MJML, a mail markup language that compiles to tables."""

import re
from collections.abc import Callable
from functools import cache

from sestui.core.content.message import TemplateError
from sestui.core.content.template.placeholders import Protected

_COMMENT = r"<!--.*?-->"
_INCLUDE = re.compile(rf"{_COMMENT}|(?P<include><mj-include\b)", re.DOTALL | re.IGNORECASE)
_ROOT = re.compile(r"<mjml\b[^>]*>", re.IGNORECASE)
_POSITION = re.compile(r"\bat position (\d+)(?::\d+)?")
_UNSAID = re.compile(r' lang="und"| dir="auto"')


def html_of(protected: Protected) -> str:
    """Convert an MJML body to HTML, in which Jinja tags are still words.

    Raises:
        TemplateError: it is not MJML, or mjml-python isn't installed.
    """
    convert = _converter()
    for match in _INCLUDE.finditer(protected.text):
        if match["include"]:
            line = protected.line_at(match.start())
            raise TemplateError(
                "body", line, 'mj-include can\'t be used; write {% include "file.mjml" %}'
            )
    source = protected.blocks_in_text_as_comments(protected.text)
    if not _ROOT.search(source):
        raise TemplateError("body", 1, "it is not MJML: it has no <mjml>")
    try:
        html = convert(source)
    except ValueError as error:
        place = _POSITION.search(str(error))
        at = _line_at(protected, source, int(place[1])) if place else None
        said = _POSITION.sub("", str(error)).strip().rstrip(".")
        raise TemplateError("body", at, f"it is not MJML ({said})") from error
    # Language and direction are determined from the text later.
    return _UNSAID.sub("", html)


@cache
def _converter() -> Callable[[str], str]:
    try:
        from mjml import mjml2html  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise TemplateError(
            "body", None, "MJML needs another package; install it with: pip install 'sestui[mjml]'"
        ) from error

    def converted(source: str) -> str:
        # No web fonts: a mail loads nothing that its author hasn't asked for.
        return str(mjml2html(source, fonts={}))

    return converted


def _line_at(protected: Protected, source: str, offset: int) -> int:
    """The line of the author's source; only line breaks count, as comments shift the offsets."""
    lines = source.encode()[:offset].count(b"\n")
    begin = 0
    for _ in range(lines):
        begin = protected.text.find("\n", begin) + 1
    return protected.line_at(begin)
