"""The keys for opening links, re-read every few seconds."""

import threading
from collections.abc import Collection, Mapping

from sestui.core.clock import Clock
from sestui.core.delivery.unsubscribe_token import LinkKey
from sestui.errors import SettingsError
from sestui.store.web.link_keys import FILE_NAME, LinkKeys

_FRESH_SECONDS = 5.0
"""The longest time until a new key works."""


class WebKeyring:
    """Every key of the file; any thread may ask."""

    def __init__(self, keys: LinkKeys, clock: Clock) -> None:
        """
        Raises:
            SettingsError: the file can't be read, or others may read it.
        """
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Mapping[str, LinkKey] = {}
        self._known: Collection[str] = ()
        self._held_at = self._known_at = float("-inf")
        self.held()

    def held(self) -> Mapping[str, LinkKey]:
        """The keys by their ids."""
        if self._clock.monotonic() - self._held_at >= _FRESH_SECONDS:
            self._held = self._keys.held()
            self._held_at = self._clock.monotonic()
        return self._held

    def check_unknown(self, key_id: str) -> None:
        """Check an unknown key id; returns if no link was ever sealed with it.

        Raises:
            SettingsError: the key is known, so its links are valid, but it isn't on this host.
        """
        with self._lock:  # whoever tries ids makes the database be asked once in a while only
            if self._clock.monotonic() - self._known_at >= _FRESH_SECONDS:
                self._known = frozenset(self._keys.known())
                self._known_at = self._clock.monotonic()
        if key_id in self._known:
            raise SettingsError(
                f"The key {key_id} of a link is not in this host's {FILE_NAME}; copy the file from "
                "the host where the key was made."
            )
