"""How the simulator's recipients behave: the shares of mail that bounce, are opened and so on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_WRITTEN = "write it as name=share, for example bounce=0.01 open=0.4 click=0.1 seed=7"


@dataclass(frozen=True, slots=True)
class RecipientBehaviour:
    """Shares of all mail, from 0 to 1; nobody does anything by default."""

    bounce: float = 0.0
    """Of a mailbox that doesn't exist."""
    soft_bounce: float = 0.0
    """Of a full mailbox."""
    complaint: float = 0.0
    delay: float = 0.0
    """Arrives, but only after the receiving server has put it off."""
    open: float = 0.0
    """By a person."""
    click: float = 0.0
    """By a person, who has opened it too."""
    machine: float = 0.0
    """Opened, and its links followed, by a program that checks mail."""
    unsubscribe: float = 0.0
    """By mail to the address in List-Unsubscribe, where sestui reads that."""
    seed: int = 0
    """The same seed and the same mail in the same order: the same behaviour. 0: by chance."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody does anything."""
        return not any(getattr(self, name) for name in SHARES)

    def __str__(self) -> str:
        """The behaviour as one line, as :func:`behaviour_of` reads it."""
        given = {name: getattr(self, name) for name in (*SHARES, "seed")}
        return " ".join(f"{name}={value:g}" for name, value in given.items() if value)


SHARES = tuple(each.name for each in fields(RecipientBehaviour) if each.name != "seed")


def behaviour_of(value: Any) -> RecipientBehaviour:
    """Behaviour from how people write it: ``bounce=0.01 open=0.4`` or a table; '' is none at all.

    Raises:
        ValueError: it is neither, a name is unknown, a share is not from 0 to 1, or all of those
            that exclude each other are more than 1.
    """
    if isinstance(value, RecipientBehaviour):
        return value
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split()]
        return _behaviour({name: text for name, _, text in pairs})
    if isinstance(value, Mapping):
        return _behaviour(value)
    raise ValueError(_WRITTEN)


def _behaviour(given: Mapping[str, Any]) -> RecipientBehaviour:
    found: dict[str, Any] = {}
    for name, text in given.items():
        if name not in SHARES and name != "seed":
            raise ValueError(f"there is no {name!r}; there are {', '.join(SHARES)} and seed")
        try:
            found[name] = int(text) if name == "seed" else float(text)
        except (TypeError, ValueError):
            raise ValueError(f"{name} is not a number; {_WRITTEN}") from None
        if name != "seed" and not 0 <= found[name] <= 1:
            raise ValueError(f"{name} is a share from 0 to 1")
    behaviour = RecipientBehaviour(**found)
    if behaviour.bounce + behaviour.soft_bounce > 1:
        raise ValueError("bounce and soft_bounce are more than 1 together")
    return behaviour
