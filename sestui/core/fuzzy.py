"""How well typed letters match a name: whole words first, then letters with gaps between them."""

from collections.abc import Sequence
from dataclasses import dataclass

_AT_START = 60.0
_AT_WORD = 40.0
_WITHIN = 25.0
_SCATTERED = 10.0
_PER_LETTER = 1.0
"""What a letter adds that begins a word or follows the one before it."""
_LENGTH = 0.05
"""What each sign of the name takes: of two that match alike, the shorter is meant."""


@dataclass(frozen=True, slots=True)
class Match:
    """How a name matches."""

    score: float
    at: tuple[int, ...]
    """Places of the letters that match."""


def match(words: Sequence[str], name: str) -> Match | None:
    """How ``name`` matches all of ``words``, in whatever case and order; None: it doesn't.

    Takes time in proportion to the name's length for each word, whatever is in them.
    """
    lowered = _lowered(name)
    score, places = -_LENGTH * len(name), set[int]()
    for word in words:
        found = _whole(_lowered(word), lowered) or _scattered(_lowered(word), lowered)
        if found is None:
            return None
        score += found.score
        places.update(found.at)
    return Match(score, tuple(sorted(places)))


def _lowered(text: str) -> str:
    """Lower case, sign for sign: some have two for one, which would move the others."""
    return "".join(low if len(low := sign.lower()) == 1 else sign for sign in text)


def _begins_word(name: str, place: int) -> bool:
    return not place or not name[place - 1].isalnum()


def _whole(word: str, name: str) -> Match | None:
    place = first = name.find(word)
    if place < 0:
        return None
    while place >= 0 and not _begins_word(name, place):
        place = name.find(word, place + 1)
    best = _AT_START if not first else _AT_WORD if place >= 0 else _WITHIN
    start = first if not first or place < 0 else place
    return Match(best + _PER_LETTER * len(word), tuple(range(start, start + len(word))))


def _scattered(word: str, name: str) -> Match | None:
    """The first place where the letters end, and from there back to where they begin last."""
    end = -1
    for sign in word:
        end = name.find(sign, end + 1)
        if end < 0:
            return None
    places, place = list[int](), end + 1
    for sign in reversed(word):
        place = name.rfind(sign, 0, place)
        places.append(place)
    places.reverse()
    good = sum(
        _begins_word(name, place) or (bool(number) and places[number - 1] == place - 1)
        for number, place in enumerate(places)
    )
    gaps = places[-1] - places[0] + 1 - len(places)
    score = _SCATTERED + _PER_LETTER * good - 0.2 * gaps
    return Match(score, tuple(places)) if good else None
