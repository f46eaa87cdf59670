"""From the author's body to two Jinja sources: inlined HTML, and its text alternative."""

import re
from dataclasses import dataclass
from functools import cache
from html import escape

from css_inline import CSSInliner, InlineError

from sestui.core.content.markdown import html_of as markdown_html
from sestui.core.content.message import BodyFormat, TemplateError
from sestui.core.content.placeholders import Protected
from sestui.core.content.plaintext import text_of
from sestui.core.content.style import PAGE, PREHEADER, STYLE

_BODY_TAG = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BodySources:
    """Jinja sources of the two alternatives; only values are still to be filled in."""

    html: str
    """To be rendered with autoescape."""
    text: str
    """To be rendered without."""


def body_sources(body: str, body_format: BodyFormat, preheader: str) -> BodySources:
    """Convert once, on the template, what would cost milliseconds for each recipient.

    Because values are filled in after Markdown has run, ``**x**`` in an attribute is never bold.

    Raises:
        TemplateError: a broken template, or a value where it could become markup.
    """
    protected = Protected(body, "body")
    if body_format == "markdown":
        content = protected.blocks_in_text_as_comments(markdown_html(protected))
        page = PAGE.format(style=STYLE, content=content)
    else:
        page = content = protected.blocks_in_text_as_comments(protected.text)
    try:
        inlined = _inliner().inline(page)
    except InlineError as error:
        raise TemplateError("body", None, f"its styles can't be inlined ({error})") from error
    protected.check_tags(inlined)
    html = protected.restored(inlined)
    if preheader:
        html = _with_preheader(html, preheader)
    return BodySources(html, protected.restored(text_of(content, protected), in_text=True))


def _with_preheader(html: str, preheader: str) -> str:
    """The preheader as the first thing in the body, where mail programs look for it."""
    protected = Protected(preheader, "preheader")
    hidden = PREHEADER.format(text=protected.restored(escape(protected.text)))
    body = _BODY_TAG.search(html)
    place = body.end() if body else 0
    return html[:place] + hidden + html[place:]


@cache
def _inliner() -> CSSInliner:
    # No remote sheets: composing a mail must neither wait for a server nor read local files.
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
