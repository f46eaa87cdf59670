"""Build a complete HTML page from the author's HTML, with styles inlined."""

import re
from functools import cache

from css_inline import CSSInliner, InlineError

from sestui.core.content.lint.language import Language, language_of
from sestui.core.content.markup.html_reader import HtmlReader
from sestui.core.content.markup.style import BASE_STYLE
from sestui.core.content.message import TemplateError
from sestui.core.content.template.placeholders import Protected

_DROPPED = frozenset({"script", "iframe", "embed", "link", "base"})
"""Elements that mail programs ignore but spam filters punish."""
_VOID = frozenset({"embed", "link", "base", "meta"})
_DOCTYPE = "<!DOCTYPE html>"
_CHARSET = '<meta charset="utf-8">'
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
_STYLE_TAG = re.compile(
    r"<style\b(?P<attributes>[^>]*)>(?P<css>.*?)</style\s*>", re.DOTALL | re.IGNORECASE
)
_TABLE = r"""<table\b(?:"[^"]*"|'[^']*'|[^>"'])*>"""
_AS_IT_IS = ' data-css-inline="ignore"'
_NAMES_ELEMENTS = re.compile(r"\b(?:class|id)\s*=", re.IGNORECASE)


def page_of(content: str, language: Language, preheader: str, protected: Protected) -> str:
    """Build the page; the author's Jinja tags are still words in it.

    Args:
        content: a whole HTML page, or the inside of a body.
        language: used where the page doesn't declare its own.
        preheader: HTML of the hidden first line; '' for none.
        protected: the author's body.

    Raises:
        TemplateError: the styles can't be inlined.
    """
    written = _Outline(content)
    html = content if written.doctype else _DOCTYPE + content
    html = _STYLE_TAG.sub(lambda match: _guarded(match, protected), html)
    rows = rf"({_TABLE})((?:\s*<!--{protected.mark}\d+z-->)+\s*<tr\b)"
    # A loop over rows must not repeat the <tbody> that HTML adds before the first row.
    html = re.sub(rows, r"\1<tbody>\2", html, flags=re.IGNORECASE)
    inliner = _inliner(keep_inlined=written.hides_elements)
    try:
        html = inliner.inline(html)
    except InlineError as error:
        raise TemplateError("body", None, f"its styles can't be inlined ({error})") from error
    html = _STYLE_TAG.sub(_tidy_style, html)
    return _finished(html, written, language, preheader)


def dropped(content: str) -> list[tuple[int, str]]:
    """Elements that are removed from the author's HTML, as (offset, name), in order."""
    return _Outline(content).dropped


@cache
def _inliner(*, keep_inlined: bool) -> CSSInliner:
    # No remote style sheets: composing must not wait for servers or read local files.
    return CSSInliner(
        keep_style_tags=True,  # for what can't be inlined: a:hover, .ExternalClass, @media
        remove_inlined_selectors=not keep_inlined,
        keep_at_rules=True,
        load_remote_stylesheets=False,
    )


def _guarded(match: re.Match[str], protected: Protected) -> str:
    """Keep the inliner away from a style sheet with ``{% %}`` in it."""
    if all(word.prints for word in protected.words(match["css"])):
        return match[0]
    return f"<style{match['attributes']}{_AS_IT_IS}>{match['css']}</style>"


def _tidy_style(match: re.Match[str]) -> str:
    css, attributes = match["css"], match["attributes"].replace(_AS_IT_IS, "")
    if BASE_STYLE in attributes:  # our own: keep only its at-rules
        css, attributes = css[css.find("@") :] if "@" in css else "", ""
    return f"<style{attributes}>{css}</style>" if css.strip() else ""


def _finished(html: str, written: "_Outline", language: Language, preheader: str) -> str:
    """Complete the inliner's page, which is well-formed."""
    outline = _Outline(html)
    edits = [(begin, end, "") for begin, end in outline.spans]
    if written.doctype and outline.doctype:
        edits.append(
            (outline.doctype_at, outline.doctype_at + len(outline.doctype), written.doctype)
        )
    head = "" if outline.charset else _CHARSET
    if not written.is_page:
        head += _VIEWPORT
    edits.append((outline.after_head, outline.after_head, head))
    said = language_of("", outline.html_given.get("lang"))
    language = Language(language.lang, said.rtl) if said.lang else language
    edits.append((outline.in_html, outline.in_html, language.attributes(outline.html_given)))
    if written.is_page:
        given = outline.html_given | outline.body_given
        edits.append((outline.in_body, outline.in_body, language.direction(given)))
        wrapped = "", ""
    else:
        # Gmail drops <html> and <body> along with their attributes.
        wrapped = language.wrapper()
    start, end = outline.after_body, outline.body_ends or len(html)
    edits.append((start, start, wrapped[0] + preheader))
    edits.append((end, end, wrapped[1]))
    pieces, at = [], 0
    for begin, finish, text in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [html[at:begin], text]
        at = max(at, finish)
    return "".join([*pieces, html[at:]])


class _Outline(HtmlReader):
    """Offsets of a page's parts, in characters."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.doctype = ""
        """As written; '' for none."""
        self.doctype_at = 0
        self.is_page = False
        """Whether it holds <html>, <head> or <body>."""
        self.hides_elements = False
        """Whether a comment for Outlook holds elements that style rules may refer to."""
        self.charset = False
        self.in_html = self.in_body = 0
        """Where attributes can be added to <html> and <body>; 0 if there is no such tag, as
        below."""
        self.after_head = self.after_body = self.body_ends = 0
        self.html_given: dict[str, str] = {}
        self.body_given: dict[str, str] = {}
        self.dropped: list[tuple[int, str]] = []
        """Offset and name of each element to remove."""
        self.spans: list[tuple[int, int]] = []
        """Begin and end of those elements."""
        self._lines = [0, *(match.end() for match in re.finditer("\n", html))]
        self._open: tuple[str, int] | None = None
        self.feed(html)
        self.close()

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_decl(self, decl: str) -> None:
        if not self.doctype and decl.lower().startswith("doctype"):
            self.doctype, self.doctype_at = f"<!{decl}>", self._offset()

    def handle_comment(self, data: str) -> None:
        self.hides_elements |= _NAMES_ELEMENTS.search(data) is not None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        begin = self._offset()
        end = begin + len(self.get_starttag_text() or "")
        given = self.attributes()
        if tag == "html" and not self.in_html:
            self.in_html, self.html_given = end - 1, given
        elif tag == "head" and not self.after_head:
            self.after_head = end
        elif tag == "body" and not self.after_body:
            self.in_body, self.after_body, self.body_given = end - 1, end, given
        elif tag == "meta":
            declared = given.get("http-equiv", "").lower()
            self.charset |= "charset" in given or declared == "content-type"
        self.is_page |= tag in {"html", "head", "body"}
        refreshes = tag == "meta" and given.get("http-equiv", "").lower() == "refresh"
        if (tag in _DROPPED or refreshes) and self._open is None:
            self.dropped.append((begin, tag))
            if tag in _VOID:
                self.spans.append((begin, end))
            else:
                self._open = (tag, begin)

    def handle_endtag(self, tag: str) -> None:
        if self._open is not None and self._open[0] == tag:
            self.spans.append((self._open[1], self._offset() + len(f"</{tag}>")))
            self._open = None
        elif tag == "body":
            self.body_ends = self._offset()
