"""Check how links and images are written."""

import difflib
import re
from collections.abc import Collection, Iterator

from markdown_it.token import Token

from sestui.core.content.attachments import local_path, shown_by
from sestui.core.content.markup.html_reader import HtmlReader
from sestui.core.content.markup.markdown import markdown_parser
from sestui.core.content.markup.page import dropped
from sestui.core.content.message import BodyFormat
from sestui.core.content.template.link_values import unknown_places
from sestui.core.content.template.placeholders import Protected
from sestui.core.text import printable

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_KNOWN = ("https", "http", "mailto", "tel")
_DEAD = ("javascript", "vbscript", "file")
_SCHEME_AGAIN = re.compile(r"//https?:", re.IGNORECASE)
_HOST = re.compile(r"//[^/\s:?#]")
_CODE = re.compile(r"(`+).+?\1", re.DOTALL)
_MARKDOWN_LINK = re.compile(
    r"(?<!\\)\[[^\]]*\](?P<gap>\n?)\((?P<address>(?:[^()]|\([^()\n]*\))*)\)"
)
_ADDRESS_BEGINS = re.compile(r"\s*<?(?:[a-z][a-z0-9+.-]*:|www\.)", re.IGNORECASE)
_WITH_TITLE = re.compile(r"""\s*(?:<[^<>]*>|\S*)(?:\s+(?:"[^"]*"|'[^']*'))?\s*""")
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_LONGEST_SHOWN = 60
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_ON_DISK = "is on your machine; put it beside the campaign's file and write its name"
_NOT_SHOWN = {
    "cid": "is not an attachment; attach a file of that name",
    "data": "will not show in Gmail and Outlook; attach the file and write its name",
}
_BY_NAME = "write it as name={{ value }} if it is the value of one"
_IGNORED = "mail programs ignore it"
_WHY_DROPPED = {
    "script": "mail programs run no scripts",
    "link": "mail programs load no style sheets; write the rules in a <style>",
    "base": "mail programs ignore it; write whole addresses",
    "meta": "mail programs don't reload",
}
_BREAKS = {"softbreak", "hardbreak"}


def broken_links(
    body: str, body_format: BodyFormat, attached: Collection[str] = ()
) -> tuple[tuple[int, str], ...]:
    """Doubtful links and images of a body as (line, sentence), in order.

    Images may show attachments, whose names are ``attached``.

    Raises:
        TemplateError: the template is broken.
    """
    protected = Protected(body, "body")
    found: dict[tuple[int, str], None] = {}
    for offset, address, is_image in _links(protected, body_format):
        shown = printable(protected.written(address).strip())
        what = "image" if is_image else "link"
        if is_image:
            problem = _image_problem(protected, address, attached)
        else:
            problem = _problem(protected, address)
        if problem:
            cut = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
            found[protected.line_at(offset), f"the {what} {cut!r} {problem}"] = None
        for value in unknown_places(protected, address):
            unsure = f"{value} in a {what} may be several parameters and is not encoded; {_BY_NAME}"
            found[protected.line_at(offset), unsure] = None
    return tuple(found)


def local_images(body: str, body_format: BodyFormat) -> list[tuple[int, str]]:
    """Images of a body that are local files, the same for everybody, as (line, path).

    Raises:
        TemplateError: the template is broken.
    """
    protected = Protected(body, "body")
    return [
        (protected.line_at(offset), path)
        for offset, address, is_image in _links(protected, body_format)
        if is_image and not protected.has_tag(address) and (path := local_path(address))
    ]


def dropped_elements(body: str, body_format: BodyFormat) -> list[tuple[int, str]]:
    """Elements that are removed from the author's HTML, as (line, sentence)."""
    protected = Protected(body, "body")
    html = without_code(protected.text) if body_format == "markdown" else protected.text
    return [
        (protected.line_at(offset), f"<{tag}> is removed: {_WHY_DROPPED.get(tag, _IGNORED)}")
        for offset, tag in dropped(html)
    ]


def without_code(markdown: str) -> str:
    """Markdown with its code replaced by blanks, so that offsets stay the same."""
    fenced = _FENCED.sub(lambda match: re.sub("[^\n]", " ", match[0]), markdown)
    return _CODE.sub(lambda match: re.sub("[^\n]", " ", match[0]), fenced)


def _links(protected: Protected, body_format: BodyFormat) -> Iterator["_Link"]:
    if body_format != "markdown":
        return _html_links(protected.text, 0)
    starts = [0, *(match.end() for match in re.finditer("\n", protected.text))]
    return _markdown_links(protected.text, starts)


_Link = tuple[int, str, bool]
"""Offset in the text, address as written, and whether it is an image's."""


def _image_problem(protected: Protected, address: str, attached: Collection[str]) -> str:
    """Why an image would not be shown; '' if no problem is known."""
    tidy = address.strip()
    scheme = _SCHEME.fullmatch(tidy)
    name = scheme[1].lower() if scheme else ""
    path = local_path(tidy)
    problem = ""
    if not tidy or _DRIVE.match(tidy) or name == "file":
        problem = _ON_DISK if tidy else "has no address"
    elif shown_by(tidy, attached) or tidy.startswith(protected.mark):
        pass
    elif name in _NOT_SHOWN:
        problem = _NOT_SHOWN[name]
    elif not path:
        problem = _problem(protected, address)
    elif protected.has_tag(path):
        problem = "can't be attached, as it differs per recipient; write a web address"
    else:
        problem = "is not an attachment; put the file beside the campaign's, or write a web address"
    return problem


def _problem(protected: Protected, address: str) -> str:
    """What is wrong with a link's address; '' if no problem is known."""
    tidy = address.strip()
    scheme = _SCHEME.fullmatch(tidy)
    if not tidy:
        return "has no address"
    if "\n" in tidy:
        return "is broken over two lines; write its address on one"
    if re.search(r"\s", tidy):
        return "contains a space; write %20 instead"
    if scheme is None:
        return _without_scheme(protected, tidy)
    name, rest = scheme[1].lower(), scheme[2]
    if protected.has_tag(name):
        return ""
    return _with_scheme(name, rest, variable=protected.has_tag(rest[:8]))


def _with_scheme(name: str, rest: str, *, variable: bool) -> str:
    """``variable``: a Jinja tag follows the scheme."""
    problem = ""
    if name in _DEAD:
        problem = f"would not open: mail programs don't follow {name}:"
    elif name not in _KNOWN:
        close = difflib.get_close_matches(name, _KNOWN, n=1)
        problem = f"has an unknown scheme; did you mean {close[0]}:?" if close else ""
    elif name in {"http", "https"} and not variable:
        if _SCHEME_AGAIN.match(rest):
            problem = "has its scheme twice"
        elif not _HOST.match(rest):
            problem = f"has no host after {name}:"
    elif name == "mailto" and not variable and "@" not in rest:
        problem = "has no address after mailto:"
    return problem


def _without_scheme(protected: Protected, tidy: str) -> str:
    if tidy.startswith("#") or protected.has_tag(tidy.split("/", 1)[0]):
        return ""  # an anchor within the mail, or it begins with a variable
    if re.fullmatch(r"[^/@\s]+@[^/@\s]+", tidy):
        return f"has no scheme; write mailto:{tidy}"
    if tidy.startswith("/") and not tidy.startswith("//"):
        return "has no host: a mail belongs to no web site"
    return f"has no scheme; write https://{tidy.lstrip('/')}"[: 4 * _LONGEST_SHOWN]


def _markdown_links(text: str, starts: list[int]) -> Iterator[_Link]:
    for block in markdown_parser().parse(text):
        begin = starts[block.map[0]] if block.map else 0
        if block.type == "html_block":
            yield from _html_links(block.content, begin)
        if block.type != "inline":
            continue
        yield from _inline_links(block.children or [], begin, text)
        yield from _unlinked(block.content, begin, text)


def _unlinked(content: str, begin: int, text: str) -> Iterator[_Link]:
    """Text that was meant as a link but isn't one in Markdown."""
    for match in _MARKDOWN_LINK.finditer(without_code(content)):
        address = match["address"]
        line = content.count("\n", 0, match.start())
        if match["gap"] or "\n" in address.strip():
            if _ADDRESS_BEGINS.match(address):
                broken = match[0] if match["gap"] else address
                yield _place(text, begin, line, broken), broken, False
        elif not _WITH_TITLE.fullmatch(address) or address.strip().lower().startswith(_DEAD):
            yield _place(text, begin, line, address), address, False


def _inline_links(children: list[Token], begin: int, text: str) -> Iterator[_Link]:
    line = 0
    for child in children:
        if child.type == "link_open":
            address = str(child.attrs.get("href", ""))
            yield _place(text, begin, line, address), address, False
        elif child.type == "image":
            address = str(child.attrs.get("src", ""))
            yield _place(text, begin, line, address), address, True
        elif child.type == "html_inline":
            at = _place(text, begin, line, child.content)
            yield from ((at, address, image) for _, address, image in _html_links(child.content, 0))
        line += child.type in _BREAKS or child.content.count("\n")


def _place(text: str, begin: int, lines: int, wanted: str) -> int:
    """The offset of ``wanted`` on the line ``lines`` below ``begin``, or else of that line.

    Markdown encodes addresses, so they can't always be found as written.
    """
    for _ in range(lines):
        begin = text.find("\n", begin) + 1
    end = text.find("\n", begin)
    return max(begin, text.find(wanted, begin, None if end < 0 else end))


def _html_links(html: str, begin: int) -> Iterator[_Link]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    starts = [0, *(match.end() for match in re.finditer("\n", html))]
    for (line, column), address, is_image in reader.links:
        yield begin + starts[line - 1] + column, address, is_image


class _Reader(HtmlReader):
    """Collects the addresses of links and images."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[tuple[int, int], str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"a": "href", "area": "href", "img": "src"}.get(tag)
        given = self.attributes()
        if wanted in given:
            self.links.append((self.getpos(), given[wanted], tag == "img"))
