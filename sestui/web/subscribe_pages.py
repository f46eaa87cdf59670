"""The subscribe form and the page that confirms, as HTML."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sestui.core.text import printable
from sestui.web.page import TEMPLATES, masked, sender_name
from sestui.web.words import WORDS

_FORM = TEMPLATES.get_template("subscribe.html")
_CONFIRM = TEMPLATES.get_template("confirm.html")


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What a form was sent with, shown again where it can't be taken."""

    email: str = ""
    first_name: str = ""
    ticked: Collection[str] = ()
    bad_address: bool = False
    unchosen: bool = False
    """No list was ticked."""


def subscribe_page(
    lang: str, lists: Sequence[str], from_address: str, filled: FilledForm, *, style: str
) -> str:
    """The form; it asks which of the ``lists`` to join if there are several."""
    words = WORDS[lang]
    asked = [(name, name in filled.ticked) for name in lists] if len(lists) > 1 else []
    problem = words.bad_address if filled.bad_address else words.choose if filled.unchosen else ""
    return _FORM.render(
        lang=lang,
        style=style,
        words=words,
        title=words.subscribe_title,
        sender=words.sender.format(sender=sender_name(from_address)),
        problem=problem,
        email=filled.email,
        bad_address=filled.bad_address,
        first_name=filled.first_name,
        lists=asked,
    )


def consent_text(lang: str, email: str, lists: Sequence[str]) -> str:
    """What somebody agrees to by confirming."""
    names = printable(", ".join(lists))
    return WORDS[lang].consent.format(address=masked(email), lists=names)


def confirm_page(lang: str, consent: str, *, style: str) -> str:
    """The page of a mail's link, which asks to confirm."""
    words = WORDS[lang]
    return _CONFIRM.render(
        lang=lang, style=style, words=words, title=words.confirm_title, consent=consent
    )
