"""What may stand at the cursor within ``{{ }}`` and ``{% %}``: variables, or filters."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sestui.core.content.message import BUILT_INS, OWN_NAMES
from sestui.core.content.template.sandbox import PLAIN

_BUILT_IN_NOTES = {
    "unsubscribe_url": "where the contact unsubscribes",
    "email": "the contact's address",
    "view_url": "the mail's page on the web, if the settings name one",
    "now": "the time of sending; {{ now | date }}",
    "tags": "the contact's tags, a list",
    "lists": "the contact's lists, a list",
    "keywords": "the campaign's keywords, by name",
}
_FILTER_NOTES = {
    "date": "a date in words: date('d MMMM', 'fr')",
    "default": "instead of a missing value: default('friend')",
    "money": "an amount: money('EUR')",
    "plural": "by a number: plural('mail', 'mails')",
    "title": "The First Letter Of Each Word",
    "capitalize": "The first letter",
    "upper": "ALL LETTERS",
    "lower": "no capital letters",
    "trim": "without blanks around it",
    "truncate": "cut: truncate(40)",
    "replace": "replace('old', 'new')",
    "round": "round(2)",
    "int": "a whole number",
    "join": "a list with commas: join(', ')",
    "length": "how many",
    "first": "the first of a list",
    "last": "the last of a list",
    "sort": "a list in order",
    "urlencode": "for a place in a link",
}
_OPENS = re.compile(r"\{\{-?|\{%-?")
_WORD = re.compile(r"\w*\Z")
_VALUE_FOLLOWS = re.compile(r"(?:[(\[,~+*/=<>:-]|\b(?:or|and|not|if|elif|in|else|is))\s*\Z")
_STATEMENT = re.compile(r"\s*\w+\s")
_CLOSES = re.compile(r"\s*-?[}%]\}")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One word that may stand at the cursor."""

    name: str
    note: str = ""
    """What it is."""
    had_by: int | None = None
    """Contacts that have this attribute; None: it isn't one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word is being written."""

    begun: str
    """As much of it as there is."""
    filters: bool
    """Whether a filter is wanted, rather than a variable."""
    prints: bool
    """Whether it is the first word of ``{{``."""
    glued: bool
    """Whether it stands right behind the ``{{``, without a blank."""
    closed: bool
    """Whether nothing is needed behind the word: no ``}}``."""


def place_at(before: str, after: str) -> Place | None:
    """The place between two parts of a line; None: no word of a template is written there."""
    opens = list(_OPENS.finditer(before))
    if not opens or "}}" in before[opens[-1].end() :] or "%}" in before[opens[-1].end() :]:
        return None
    prints, inside = opens[-1][0].startswith("{{"), before[opens[-1].end() :]
    begun = _WORD.search(inside)
    assert begun is not None  # noqa: S101 - it matches anything
    ahead = inside[: begun.start()]
    if ahead.count("'") % 2 or ahead.count('"') % 2 or begun[0][:1].isdigit():
        return None
    first = prints and not ahead.strip()
    filters = ahead.rstrip().endswith("|")
    if not (first or filters or _VALUE_FOLLOWS.search(ahead)):
        return None
    if not prints and not _STATEMENT.match(inside):
        return None  # the word that says which statement it is
    in_call = ahead.count("(") > ahead.count(")")
    closed = not prints or in_call or _CLOSES.match(after) is not None
    return Place(begun[0], filters, first, prints and not ahead, closed)


def proposals(
    place: Place, attributes: Mapping[str, int], keywords: Iterable[str]
) -> list[Proposal]:
    """What fits the begun word: attributes that most contacts have first, then what sestui gives.

    ``attributes`` tells how many contacts have each.
    """
    offered = _filters() if place.filters else _variables(attributes, keywords)
    begun = place.begun.casefold()
    fitting = [each for each in offered if begun in each.name.casefold()]
    return sorted(fitting, key=lambda each: not each.name.casefold().startswith(begun))


def _variables(attributes: Mapping[str, int], keywords: Iterable[str]) -> Iterator[Proposal]:
    usable = {name: n for name, n in attributes.items() if _is_word(name)}
    for name in sorted(usable, key=lambda each: (-usable[each], each)):
        yield Proposal(name, had_by=usable[name])
    for name in keywords:
        if _is_word(name) and name not in usable:
            yield Proposal(name, "a keyword of the campaign")
    for name in sorted(BUILT_INS, key=list(_BUILT_IN_NOTES).index):
        yield Proposal(name, _BUILT_IN_NOTES[name])


def _filters() -> Iterator[Proposal]:
    for name, note in _FILTER_NOTES.items():
        yield Proposal(name, note)
    for name in sorted(PLAIN.filters.keys() - _FILTER_NOTES.keys()):
        if name.isidentifier() and not name.startswith("_"):
            yield Proposal(name)


def _is_word(name: str) -> bool:
    return name.isidentifier() and name not in OWN_NAMES


def inserted(place: Place, proposal: Proposal, of: int) -> tuple[str, int]:
    """What takes the place of the begun word, and how far from its end the cursor comes to stand.

    A variable that is printed by itself, and that not all ``of`` contacts have, gets a place for
    what the others read instead.
    """
    before = " " if place.glued else ""
    end = "" if place.closed else " }}"
    if place.prints and proposal.had_by is not None and proposal.had_by < of:
        return f"{before}{proposal.name} or ''{end}", len(end) + 1
    return f"{before}{proposal.name}{end}", 0
