"""The pages' templates and their values: times, sizes, views of a mail."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sestui.core.clock import Instant, iso
from sestui.core.text import printable
from sestui.simulator.outbox.mime import ParsedFile
from sestui.simulator.outbox.outbox_reader import OpenedMail
from sestui.simulator.pages.sanitise import safe_name

if TYPE_CHECKING:
    from jinja2 import Environment

VIEWS = {
    "html": "Mail",
    "text": "Text",
    "source": "Source",
    "decoded": "HTML source",
    "headers": "Headers",
}
"""Views of a mail, by the last part of the page's address."""

_FOLDER = Path(__file__).parent / "templates"
_MOST_SHOWN = 500_000
"""Characters of a source that a page shows; the download has them all."""


def page(template: str, **given: Any) -> str:
    """A whole page."""
    return _environment().get_template(template).render(given)


@cache
def style() -> str:
    """The pages' style sheet."""
    return (_FOLDER / "style.css").read_text(encoding="utf-8")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - slow

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = printable
    environment.filters["when"] = _when
    environment.filters["iso"] = iso
    return environment


def _when(instant: Instant) -> str:
    """``22 Nov 2026, 10:37:19`` in this machine's time zone."""
    then = datetime.fromtimestamp(instant).astimezone()
    return f"{then.day} {then:%b %Y, %H:%M:%S}"


def views(mail: OpenedMail) -> list[tuple[str, str]]:
    """Names and labels of this mail's views."""
    there = {"html": mail.content.html, "text": mail.content.text, "decoded": mail.content.html}
    return [(name, label) for name, label in VIEWS.items() if there.get(name, True)]


def shown(mail: OpenedMail, view: str) -> dict[str, Any]:
    """A view's content: ``text`` and whether it was ``cut``, or ``headers``."""
    content = mail.content
    if view == "headers":
        return {"headers": [*_envelope(mail), *content.headers]}
    source = content.source.decode("utf-8", "replace") if view == "source" else ""
    text = {"text": content.text, "source": source, "decoded": content.html}.get(view, "")
    return {"text": text[:_MOST_SHOWN], "cut": len(text) > _MOST_SHOWN}


def _envelope(mail: OpenedMail) -> list[tuple[str, str]]:
    """What the mail's own headers don't have."""
    known = [
        ("(message id)", mail.listed.message_id),
        ("(recipients)", mail.listed.to),
        ("(blind copies)", ", ".join(mail.bcc)),
        ("(tags)", ", ".join(f"{name}={value}" for name, value in mail.tags)),
        ("(configuration set)", mail.configuration_set),
    ]
    return [(name, value) for name, value in known if value]


def file_row(number: int, file: ParsedFile) -> dict[str, Any]:
    """The values of an attachment's row."""
    return {
        "number": number,
        "name": safe_name(file.name, number),
        "type": file.content_type,
        "size": _size(len(file.content)),
    }


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:,.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"
