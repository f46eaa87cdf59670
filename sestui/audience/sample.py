"""Generate the demo's audience: plausible, deterministic, with a few errors."""

import csv
import random
from pathlib import Path

_FIRST = ("Ada", "Ben", "Chloé", "Dora", "Emil", "Fatima", "Grace", "Hana", "Ivo", "Léa", "Omar")
_LAST = ("Sato", "Wolf", "Diaz", "Kim", "Roy", "Ng", "Becker", "Moreau", "Novák", "Okafor", "Tan")
_PLANS = ("free", "pro", "team")

_SPOILT_EVERY = 97
_REPEATED_EVERY = 61


def write_sample(path: Path, contacts: int) -> None:
    """Write a CSV of ``contacts`` distinct valid addresses, and some rejects and duplicates.

    All addresses are under example.org, which is reserved (RFC 2606).
    """
    chance = random.Random(28)  # noqa: S311 - for looks; the same audience every time
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Email Address", "First Name", "Last Name", "Plan"))
        for number in range(contacts):
            first, last = chance.choice(_FIRST), chance.choice(_LAST)
            plan = chance.choice(_PLANS)
            email = f"{_ascii(first)}.{_ascii(last)}{number}@example.org"
            name = "" if number % 9 == 0 else first  # some have no name
            writer.writerow((email, name, last, plan))
            if number % _SPOILT_EVERY == _SPOILT_EVERY - 1:
                writer.writerow((f"{_ascii(first)}.{_ascii(last)}@", first, last, plan))
            if number % _REPEATED_EVERY == _REPEATED_EVERY - 1:
                writer.writerow((email.upper(), first, last, plan))


def _ascii(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii())
