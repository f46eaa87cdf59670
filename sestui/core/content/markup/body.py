"""Convert an author's body to two Jinja sources: HTML with inlined styles, and plain text."""

from dataclasses import dataclass
from html import escape

from sestui.core.content.lint.language import language_of
from sestui.core.content.markup.markdown import html_of as markdown_html
from sestui.core.content.markup.mjml import html_of as mjml_html
from sestui.core.content.markup.page import page_of
from sestui.core.content.markup.plaintext import text_of
from sestui.core.content.markup.style import BASE_STYLE, PAGE, PREHEADER, STYLE, mirrored
from sestui.core.content.message import BodyFormat
from sestui.core.content.template.link_values import with_encoded_values
from sestui.core.content.template.placeholders import Protected


@dataclass(frozen=True, slots=True)
class BodySources:
    """Jinja sources of a mail's HTML and text."""

    html: str
    """Rendered with autoescape."""
    text: str
    """Rendered without autoescape."""


def body_sources(
    body: str, body_format: BodyFormat, preheader: str, lang: object = "", layout: str = ""
) -> BodySources:
    """Convert the template itself, once, rather than each recipient's mail.

    Values are filled in after Markdown has run, so ``**x**`` in an attribute is never bold.
    ``lang`` is the campaign's language; '' derives it from the text. ``layout`` is a template
    around the body; '' is the format's default.

    Raises:
        TemplateError: the template is invalid, or a value could become markup.
    """
    protected = Protected(body, "body", layout)
    html = _html_of(protected, body_format)
    if layout:
        html = protected.around(layout, "layout", html)
    html = with_encoded_values(protected, html)
    content = protected.blocks_in_text_as_comments(html)
    text = text_of(content, protected)
    language = language_of(protected.without_words(text), lang)
    page = content
    if body_format == "markdown" and not layout:
        style = mirrored(STYLE) if language.rtl else STYLE
        page = PAGE.format(
            base=BASE_STYLE, style=style, content=content, language=language.attributes({})
        )
    first = f"<!--{protected.added(_hidden(preheader), in_text='')}-->" if preheader else ""
    page = page_of(page, language, first, protected)
    protected.check_tags(page)
    html = protected.restored(page)
    return BodySources(html, protected.restored(text, in_text=True))


def _html_of(protected: Protected, body_format: BodyFormat) -> str:
    if body_format == "markdown":
        return markdown_html(protected)
    if body_format == "mjml":
        return mjml_html(protected)
    return protected.text


def plain_source(text: str) -> str:
    """The author's text alternative, with values in its links encoded.

    Raises:
        TemplateError: the template is invalid.
    """
    protected = Protected(text, "text")
    encoded = with_encoded_values(protected, protected.text)
    return text if encoded == protected.text else protected.restored(encoded)


def _hidden(preheader: str) -> str:
    protected = Protected(preheader, "preheader")
    return PREHEADER.format(text=protected.restored(escape(protected.text)))
