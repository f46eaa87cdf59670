"""The notices of the session, as toasts disappear within seconds."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.clock import Instant

_MOST = 500


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice as it was shown."""

    at: Instant
    severity: str
    """``information``, ``warning`` or ``error``."""
    text: str
    """Any text."""


class NoticeLog:
    """The newest notices of this session; on the UI's thread."""

    def __init__(self) -> None:
        self._notices: deque[ShownNotice] = deque(maxlen=_MOST)

    def add(self, notice: ShownNotice) -> None:
        """Keep it."""
        self._notices.appendleft(notice)

    def all(self) -> Sequence[ShownNotice]:
        """The newest first."""
        return tuple(self._notices)
