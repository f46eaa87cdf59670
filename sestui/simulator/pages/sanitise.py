"""What of a mail reaches the browser as more than text: its HTML in a frame, its files' names."""

import base64
import re
from urllib.parse import quote

from sestui.simulator.outbox.mime import ParsedMail

POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""For the frame: no script, no form, nothing loaded from anywhere, an origin of its own."""

_BEGINNING = '<!doctype html><base target="_blank">'
"""Links want a new window, which the frame may not open: a click then does nothing at all."""

_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_MOST_INLINE_BYTES = 20_000_000
_CONNECTING_TAG = re.compile(r"<(link|i?frame|embed|object)(?=[\s/>])", re.IGNORECASE)
"""Tags for which a browser connects ahead to where they point, before it asks any policy."""
_CONTENT_ID = re.compile(r"cid:([^\s\"'<>)]+)", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w .()+,@~=-]+")
_LONGEST_NAME = 100


def framed(mail: ParsedMail) -> str:
    """The mail's HTML for the frame: images that came with it are shown, others never."""
    inline = _inline_images(mail)
    html = _CONTENT_ID.sub(lambda found: inline.get(found[1], found[0]), mail.html)
    return _BEGINNING + _CONNECTING_TAG.sub(r"<no-\1", html)


def _inline_images(mail: ParsedMail) -> dict[str, str]:
    """``data:`` URLs by content id: the frame's origin is nobody's, so it may load nothing."""
    images: dict[str, str] = {}
    size = 0
    for file in mail.files:
        size += len(file.content)
        if file.content_id and file.content_type in _IMAGES and size <= _MOST_INLINE_BYTES:
            encoded = base64.b64encode(file.content).decode()
            images[file.content_id] = f"data:{file.content_type};base64,{encoded}"
    return images


def safe_name(name: str, number: int) -> str:
    """``name`` as a file on the reader's machine may be called; never a path, never hidden."""
    bare = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" ._")
    stem, dot, ending = bare.rpartition(".")
    if dot and len(ending) <= 10:
        bare = f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"
    return bare[:_LONGEST_NAME] or f"attachment-{number + 1}"


def attachment(name: str) -> str:
    """A Content-Disposition that has the browser keep what comes under this safe name."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
