"""A made-up contact, to see a mail before there is anybody to send it to."""

from collections.abc import Iterable

SAMPLE_EMAIL = "ada@example.com"
_VALUES = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "name": "Ada Lovelace",
    "full_name": "Ada Lovelace",
    "company": "Analytical Engines",
    "city": "London",
    "country": "England",
    "language": "en",
}


def sample_attributes(names: Iterable[str]) -> dict[str, str]:
    """A value for each name; where none comes to mind, the name itself in brackets."""
    return {name: _VALUES.get(name.lower(), f"[{name}]") for name in names}
