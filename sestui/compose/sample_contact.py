"""A sample contact, to preview a mail before there are recipients."""

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
    """A sample value for each name; for unknown ones, the name in brackets."""
    return {name: _VALUES.get(name.lower(), f"[{name}]") for name in names}
