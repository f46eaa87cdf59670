"""The operator's own keys, by the id of the binding."""

from collections.abc import Mapping
from typing import Any

_WRITTEN = "write it as id=keys, for example campaign.start=S import.next=n,ctrl+n"


def keymap_of(value: Any) -> dict[str, str]:
    """Parse a keymap: binding id to comma-separated keys.

    A string holds ``id=keys`` pairs separated by spaces. In a TOML table the ids may be quoted or
    bare (bare ones nest, because of their dots); keys are a string or a list of strings.

    Raises:
        ValueError: it is neither, or a key is missing.
    """
    if isinstance(value, str):
        return dict(_pair(part) for part in value.split())
    if isinstance(value, Mapping):
        return dict(_flat(value, ""))
    raise ValueError(_WRITTEN)


def keymap_text(keymap: Mapping[str, str]) -> str:
    """The keymap on one line, in the form that :func:`keymap_of` reads."""
    return " ".join(f"{name}={keys}" for name, keys in keymap.items())


def _pair(part: str) -> tuple[str, str]:
    name, equals, keys = part.partition("=")
    if not equals or not name or not keys:
        raise ValueError(_WRITTEN)
    return name, keys


def _flat(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{name}.")
            continue
        keys = value if isinstance(value, list) else [value]
        if not keys or not all(isinstance(key, str) and key.strip() for key in keys):
            raise ValueError(f"{prefix}{name} needs the name of a key, such as S or ctrl+n")
        pairs.append((prefix + name, ",".join(key.replace(" ", "") or key for key in keys)))
    return pairs
