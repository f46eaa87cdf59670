"""Warn of what mail programs, spam filters and readers may dislike in a message.

These findings never stop a campaign. Checks run once for a message, not for each mail.
"""

import re
from collections.abc import Iterator
from html import unescape

from sestui.core.content.lint.contrast import low_contrast
from sestui.core.content.lint.findings import Finding, Severity
from sestui.core.content.lint.links import without_code
from sestui.core.content.lint.mail_clients import Key, in_css, missing, problem_of
from sestui.core.content.markup.body import body_sources
from sestui.core.content.markup.html_reader import HtmlReader
from sestui.core.content.message import BodyFormat, Envelope, MessageSource, TemplateError
from sestui.core.content.template.placeholders import Protected

_TAGS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARKDOWN_EMPTY = re.compile(r"(?<!\\)(!?)\[\s*\]\(\s*[^)\s]")
_LINKED = re.compile(r"<([a-z]+:[^>\s]+)>|\b(https?://[^\s<>]+)", re.IGNORECASE)
_WORD = re.compile(r"\w{4,}")
_SHORTEST_SHOUT = 8
_MOST_CAPITALS = 0.7
_SAME_WORDS = 0.5
_FEWEST_WORDS = 10
_ADDRESS = re.compile(
    r"\b(?:street|str\.|st\.|road|rd\.?|avenue|ave\.?|lane|square|suite|floor|boulevard|blvd|drive"
    r"|p\.?\s?o\.?\s?box|postfach|rue|calle|via|platz|weg|gasse|plaza|place|way)\b"
    r"|\w+(?:str\.|straße|strasse|gasse|weg|platz)\s*\d"
    r"|\b\d{1,5}\s+\w[\w.' -]{2,30},\s*\w"
    r"|\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b|\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b"
    r"|\b\d{4,5}(?:\s?[A-Z]{2})?\s+[^\W\d_]{3,}|〒\s*\d{3}",
    re.IGNORECASE,
)
_SAYS_ADDRESS = re.compile(r"address|adresse|anschrift|postal|imprint|impressum", re.IGNORECASE)


def lint(source: MessageSource, envelope: Envelope) -> Iterator[Finding]:
    """Warnings and hints, each with a remedy; incomplete for a message with template errors."""
    where = "split" if envelope.subjects else "subject"
    for subject in envelope.subjects or (source.subject,):
        yield from _subject(where, subject)
    parts: list[tuple[str, str, BodyFormat]] = [("body", source.body, source.body_format)]
    if source.layout:
        parts.append(("layout", source.layout, "html"))
    try:
        for where, text, body_format in parts:
            yield from _markup(where, text, body_format)
        lang = envelope.keywords.get("lang", "")
        made = body_sources(source.body, source.body_format, "", lang, source.layout)
    except TemplateError:
        return
    yield from _contrast(made.html, parts)
    yield from _other_text(source.text, made.text)
    yield from _postal_address(source, made.text, envelope)


def _subject(where: str, subject: str) -> Iterator[Finding]:
    said = _TAGS.sub(" ", subject)
    letters = [each for each in said if each.isalpha()]
    capitals = sum(each.isupper() for each in letters)
    if len(letters) >= _SHORTEST_SHOUT and capitals >= _MOST_CAPITALS * len(letters):
        yield Finding(where, "it is in capitals, as spam is; write it as a sentence")
    if re.search(r"[!?]{2,}|!.*!", said):
        yield Finding(where, "it shouts (!!), as spam does; one exclamation mark is enough")


def _markup(where: str, text: str, body_format: BodyFormat) -> Iterator[Finding]:
    protected = Protected(text, where)
    markup = without_code(protected.text) if body_format == "markdown" else protected.text
    if body_format == "markdown":
        for match in _MARKDOWN_EMPTY.finditer(markup):
            line = protected.line_at(match.start())
            yield _without_text(where, line, "image" if match[1] else "link")
    reader = _Reader(markup, protected)
    seen: set[Key] = set()
    for offset, key, shown in reader.features:
        if key not in seen:
            seen.add(key)
            severity = Severity.WARNING if key[0] in {"element", "image"} else Severity.HINT
            yield Finding(where, problem_of(key, shown), protected.line_at(offset), severity)
    for offset, what in reader.silent:
        yield _without_text(where, protected.line_at(offset), what)


def _without_text(where: str, line: int, what: str) -> Finding:
    problem = {
        "image": "an image has no text to be read where pictures are blocked; give it an alt",
        "link": "a link has no text, so nobody can see or hear it; write where it leads",
        "button": "a button has no text, so nobody can see or hear it; write what it does",
    }[what]
    return Finding(where, problem, line)


class _Reader(HtmlReader):
    """Reads the author's markup, in which Jinja tags have become words."""

    def __init__(self, html: str, protected: Protected) -> None:
        super().__init__()
        self.features: list[tuple[int, Key, str]] = []
        self.silent: list[tuple[int, str]] = []
        self._protected = protected
        self._lines = [0, *(match.end() for match in re.finditer("\n", html))]
        self._style = False
        self._open: list[tuple[str, int, bool]] = []
        """Open links and buttons: tag, offset, whether they hold any text."""
        self.feed(html)
        self.close()

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _feature(self, key: Key, shown: str) -> None:
        if key in missing():
            self.features.append((self._offset(), key, shown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given, at = self.attributes(), self._offset()
        self._style = tag == "style"
        self._feature(("element", tag), f"<{tag}>")
        if tag == "input":
            kind = given.get("type", "text")
            self._feature(("input", kind), f"fields of type {kind}")
        if tag in {"img", "mj-image"}:
            self._image(given, at)
        if "style" in given:
            for _, key, shown in in_css(given["style"], sheet=False):
                self.features.append((at, key, shown))
        if tag in {"a", "button", "mj-button"} and (tag != "a" or "href" in given):
            said = bool(given.get("aria-label") or given.get("title"))
            self._open.append((tag, at, said))

    def _image(self, given: dict[str, str], at: int) -> None:
        path = given.get("src", "").split("?")[0].split("#")[0]
        ending = path.rpartition(".")[2].lower() if "." in path else ""
        self._feature(("image", ending), f"pictures of type {ending}")
        if "alt" not in given:
            self.silent.append((at, "image"))
        elif given["alt"].strip():
            self._said()

    def _said(self) -> None:
        self._open = [(tag, at, True) for tag, at, _ in self._open]

    def handle_data(self, data: str) -> None:
        if self._style:
            for at, key, shown in in_css(data, sheet=True):
                self.features.append((self._offset() + at, key, shown))
        elif data.strip():
            self._said()

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        if self._open and self._open[-1][0] == tag:
            _, at, said = self._open.pop()
            if not said:
                self.silent.append((at, "link" if tag == "a" else "button"))


def _contrast(html: str, parts: list[tuple[str, str, BodyFormat]]) -> Iterator[Finding]:
    seen: set[tuple[str, int | None]] = set()
    for text, ratio in low_contrast(html):
        words = _TAGS.sub(" ", text).split()
        if not words:
            continue
        where, line = _place(text, words, parts)
        if (where, line) in seen:
            continue
        seen.add((where, line))
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        yield Finding(
            where,
            f"{shown!r} is hard to read: its contrast is {ratio:.1f}, below the recommended 4.5; "
            "make the text darker or its background lighter, or the other way round",
            line,
        )


def _place(
    text: str, words: list[str], parts: list[tuple[str, str, BodyFormat]]
) -> tuple[str, int | None]:
    """Find part and line of a text, or at least of its first word."""
    for wanted in (text, words[0]):
        for where, written, _ in parts:
            at = unescape(written).find(wanted)
            if at >= 0:
                return where, unescape(written).count("\n", 0, at) + 1
    return "body", None


def _other_text(own: str, derived: str) -> Iterator[Finding]:
    """Compare the author's text alternative with the text of the HTML."""
    if not own.strip():
        return
    addresses = {match[1] or match[2] for match in _LINKED.finditer(derived)}
    lost = sorted(each for each in addresses if each.rstrip("/") not in own)
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        yield Finding(
            "text",
            f"the HTML links to {lost[0][:60]}{more}, and the text doesn't; write it, or leave "
            "text: out to have it made from the HTML",
        )
    wanted = set(_WORD.findall(_TAGS.sub(" ", derived).lower()))
    found = set(_WORD.findall(_TAGS.sub(" ", own).lower()))
    if len(wanted) >= _FEWEST_WORDS and len(wanted & found) < _SAME_WORDS * len(wanted):
        yield Finding(
            "text",
            "it differs from the HTML, which spam filters notice; write the same, or "
            "leave text: out to have it made from the HTML",
        )


def _postal_address(source: MessageSource, text: str, envelope: Envelope) -> Iterator[Finding]:
    if envelope.transactional:
        return
    written = _TAGS.sub(lambda match: f" {match[0]} ", text)
    tags = " ".join(_TAGS.findall(source.body + source.layout))
    if not _ADDRESS.search(_TAGS.sub(" ", written)) and not _SAYS_ADDRESS.search(tags):
        yield Finding(
            "layout" if source.layout else "body",
            "it has no postal address of the sender, which the law requires of advertising in the "
            "USA, Canada and elsewhere; add it at the end",
            severity=Severity.HINT,
        )
