"""Which variant of a run's split a contact gets, as an expression."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, null

from sestui.core.delivery.variants import VARIANTS
from sestui.store.contacts.key_queries import CONTACT
from sestui.store.db.tables import Run

_PRIME = 2**31 - 1
"""Squares of what is below it fit into 64 bits."""


def variant_of(run: Run) -> ColumnElement[Any]:
    """The letter of the contact's variant; NULL for the rest, and without a split.

    By a number that looks random and is the same each time, of the contact and the run: who is in
    one run's split tells nothing of who is in another's.
    """
    if not run.split or run.winner:
        return null()
    number = cast(CONTACT.c.id, BigInteger) * 48_271 + run.id * 69_621 + 1
    number = number % _PRIME
    number = (number * number + run.id) % _PRIME
    number = (number * 16_807 + 1) % _PRIME
    number = number * number % _PRIME
    count = len(run.split)
    ends = (int(_PRIME * run.split_share * (each + 1) / count / 100) for each in range(count))
    whens = [(number < end, letter) for end, letter in zip(ends, VARIANTS, strict=False)]
    return case(*whens)
