"""The page as HTML: the recipient's choices, and which are in force."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader

from sestui.core.clock import Instant
from sestui.core.contact.preferences import ReaderChoice
from sestui.core.content.headers import PAGE_PATH
from sestui.core.text import printable
from sestui.store.web.recipients import LinkedRecipient
from sestui.web.words import WORDS, Words

_FOLDER = Path(__file__).parent
TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    auto_reload=False,
    trim_blocks=True,
)
"""The pages' templates; everything that is filled in is escaped."""
_TEMPLATE = TEMPLATES.get_template("page.html")
_STYLE_HERE = "style.css"
"""The style sheet's address on the pages below the same path."""

STYLE = (_FOLDER / "static" / "style.css").read_bytes()
"""The page's own style sheet."""


def preferences_page(
    recipient: LinkedRecipient,
    lang: str,
    now: Instant,
    zone: ZoneInfo | None,
    *,
    unchosen: bool = False,
) -> str:
    """The page for a link; ``unchosen``: the form was sent without a choice."""
    words = WORDS[lang]
    said = words.choose if unchosen else _state(recipient, words, lang, now, zone)
    sender = sender_name(recipient.sender)
    return _TEMPLATE.render(
        lang=lang,
        style=_STYLE_HERE,
        words=words,
        title=words.title,
        about=words.about.format(address=masked(recipient.address_key)),
        sender=words.sender.format(sender=sender) if sender else "",
        said=said,
        can_undo=recipient.can_undo(now),
        choices=_choices(recipient, words, now),
    )


def said_page(lang: str, title: str, said: str, *, style: str = _STYLE_HERE) -> str:
    """A page that only says something; ``style`` is its style sheet's address."""
    return _TEMPLATE.render(lang=lang, style=style, words=WORDS[lang], title=title, said=said)


def invalid_page(lang: str, *, style: str = _STYLE_HERE) -> str:
    """The page for an invalid link."""
    words = WORDS[lang]
    return said_page(lang, words.invalid_title, words.invalid, style=style)


def unavailable_page(lang: str, *, style: str = _STYLE_HERE) -> str:
    """The page shown while the database can't be read, or a key is missing."""
    words = WORDS[lang]
    return said_page(lang, words.unavailable_title, words.unavailable, style=style)


def style_from(path: str) -> str:
    """The style sheet's address from a page at ``path``, which may be below one of the proxy's."""
    return f"{'../' * (path.count('/') - 1)}{PAGE_PATH.strip('/')}/{_STYLE_HERE}"


def masked(address: str) -> str:
    """``a…@example.com``: its owner recognises it."""
    local, _, domain = address.rpartition("@")
    return printable(f"{local[:1]}…@{domain}")


def _state(
    recipient: LinkedRecipient, words: Words, lang: str, now: Instant, zone: ZoneInfo | None
) -> str:
    """The choice in force; '' if there is none."""
    if recipient.suppressed and not recipient.suppressed_by_page:
        return words.suppressed
    if recipient.unsubscribed:
        return words.unsubscribed
    until = recipient.paused(now)
    if until is not None:
        return words.paused.format(date=_date(until, lang, zone))
    return words.left_lists if recipient.left_lists else ""


def _choices(recipient: LinkedRecipient, words: Words, now: Instant) -> Sequence[tuple[str, str]]:
    if recipient.unsubscribed:
        return ()
    found = [(ReaderChoice.ALL.value, words.all)]
    if recipient.contact_id is None:
        return found
    if recipient.on_lists:
        found.append((ReaderChoice.LISTS.value, words.lists))
    if recipient.paused(now) is None:
        found.append((ReaderChoice.PAUSE_30.value, words.pause_30))
        found.append((ReaderChoice.PAUSE_90.value, words.pause_90))
    return found


@lru_cache(maxsize=512)
def sender_name(from_address: str) -> str:
    """The sender's name, or address where there is no name."""
    return printable(from_address.partition("<")[0].strip().strip('"') or from_address)


def _date(instant: Instant, lang: str, zone: ZoneInfo | None) -> str:
    return format_date(datetime.fromtimestamp(instant, zone).date(), "long", locale=lang)
