"""Make a mail's HTML and file names safe for the browser."""

import base64
import re
from urllib.parse import quote

from sestui.simulator.outbox.mime import ParsedMail

POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""The frame's policy: no scripts, no forms, no requests, an opaque origin."""

_BEGINNING = '<!doctype html><base target="_blank">'
"""Links open a new window, which the sandbox forbids: a click does nothing."""

_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_MOST_INLINE_BYTES = 20_000_000
_CONNECTING_TAG = re.compile(r"<(link|i?frame|embed|object)(?=[\s/>])", re.IGNORECASE)
"""Tags whose targets a browser may connect to before it applies a policy."""
_CONTENT_ID = re.compile(r"cid:([^\s\"'<>)]+)", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w .()+,@~=-]+")
_LONGEST_NAME = 100


def framed(mail: ParsedMail) -> str:
    """The mail's HTML for the frame, with only its attached images."""
    inline = _inline_images(mail)
    html = _CONTENT_ID.sub(lambda found: inline.get(found[1], found[0]), mail.html)
    return _BEGINNING + _CONNECTING_TAG.sub(r"<no-\1", html)


def _inline_images(mail: ParsedMail) -> dict[str, str]:
    """``data:`` URLs by content id, as the frame may not load anything."""
    images: dict[str, str] = {}
    size = 0
    for file in mail.files:
        size += len(file.content)
        if file.content_id and file.content_type in _IMAGES and size <= _MOST_INLINE_BYTES:
            encoded = base64.b64encode(file.content).decode()
            images[file.content_id] = f"data:{file.content_type};base64,{encoded}"
    return images


def safe_name(name: str, number: int) -> str:
    """A safe file name from ``name``: no path, not hidden."""
    bare = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" ._")
    stem, dot, ending = bare.rpartition(".")
    if dot and len(ending) <= 10:
        bare = f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"
    return bare[:_LONGEST_NAME] or f"attachment-{number + 1}"


def attachment(name: str) -> str:
    """A Content-Disposition that saves the file under this safe name."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
