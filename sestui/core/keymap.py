"""The operator's own keys: which action (a binding's id) has which keys; pure."""

from collections.abc import Mapping
from typing import Any

_WRITTEN = "write it as id=keys, for example campaign.start=S import.next=n,ctrl+n"


def keymap_of(value: Any) -> dict[str, str]:
    """A keymap from how people write it: binding id to comma-separated keys.

    A text is ``id=keys`` pairs between spaces. A TOML table may have the ids in quotation marks or
    bare, which makes tables within tables of them; keys are a text or a list of strings.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, str):
        return dict(_pair(part) for part in value.split())
    if isinstance(value, Mapping):
        return dict(_flat(value, ""))
    raise ValueError(_WRITTEN)


def keymap_text(keymap: Mapping[str, str]) -> str:
    """The keymap as one line, as :func:`keymap_of` reads it."""
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
