"""Mails of Keila's block editor as HTML."""

import html
from collections.abc import Callable, Iterator

from sestui.audience.sources.file_cells import Json

Block = dict[str, Json]


def html_of_blocks(document: Json, leave: Callable[[str], object]) -> str:
    """The blocks one below the other, columns too; ``leave`` is told of kinds that aren't known.

    Their texts are HTML with Liquid tags, and stay so.
    """
    try:
        return _all(document, leave)
    except RecursionError:
        leave("blocks nested too deep")
        return ""


def _all(document: Json, leave: Callable[[str], object]) -> str:
    return "\n".join(_html(block, leave) for block in _blocks(document))


def _html(block: Block, leave: Callable[[str], object]) -> str:
    kind, data = block.get("type"), block.get("data")
    given: Block = data if isinstance(data, dict) else {}
    if kind == "layout":
        columns = given.get("blocks")
        found = columns if isinstance(columns, list) else []
        return "\n".join(_all(each, leave) for each in found)
    drawn = _KINDS.get(kind) if isinstance(kind, str) else None
    if drawn is None:
        leave(f"block of kind {kind}")
        return ""
    return drawn(given)


def _header(given: Block) -> str:
    level = given.get("level")
    tag = f"h{level}" if level in (1, 2, 3, 4, 5, 6) else "h2"
    return f"<{tag}>{_text(given, 'text')}</{tag}>"


def _quote(given: Block) -> str:
    caption = _text(given, "caption")
    below = f"<p>{caption}</p>" if caption else ""
    return f"<blockquote>{_text(given, 'text')}{below}</blockquote>"


def _image(given: Block) -> str:
    found = given.get("image")
    image: Block = found if isinstance(found, dict) else {}
    drawn = f'<img src="{_attribute(image, "src")}" alt="{_attribute(image, "alt")}">'
    if url := _attribute(given, "url"):
        drawn = f'<a href="{url}">{drawn}</a>'
    caption = _text(given, "caption")
    return f"<p>{drawn}{f'<br>{caption}' if caption else ''}</p>"


def _list(given: Block) -> str:
    return _items(given, "ul" if given.get("style") == "unordered" else "ol")


def _items(given: Block, tag: str) -> str:
    found = given.get("items")
    items = "".join(
        f"<li>{each if isinstance(each, str) else _item(each, tag)}</li>"
        for each in (found if isinstance(found, list) else [])
    )
    return f"<{tag}>{items}</{tag}>"


def _item(item: Json, tag: str) -> str:
    if not isinstance(item, dict):
        return ""
    return _text(item, "content") + (_items(item, tag) if item.get("items") else "")


def _blocks(document: Json) -> Iterator[Block]:
    blocks = document.get("blocks") if isinstance(document, dict) else None
    for each in blocks if isinstance(blocks, list) else []:
        if isinstance(each, dict):
            yield each


def _text(given: Block, name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _attribute(given: Block, name: str) -> str:
    """A value for an attribute of HTML, its Liquid tags as they are."""
    return html.escape(_text(given, name).strip(), quote=True)


_KINDS: dict[str, Callable[[Block], str]] = {
    "paragraph": lambda given: f"<p>{_text(given, 'text')}</p>",
    "header": _header,
    "quote": _quote,
    "button": lambda given: (
        f'<p><a href="{_attribute(given, "url")}">{_text(given, "label")}</a></p>'
    ),
    "image": _image,
    "list": _list,
    "separator": lambda _given: "<hr>",
}
