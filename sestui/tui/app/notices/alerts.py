"""A bell or a desktop notice, by what the terminal understands."""

from collections.abc import Callable, Mapping
from typing import Literal

from sestui.core.text import printable

Wanted = Literal["desktop", "bell", "off"]

_BELL = "\a"
_END = "\x1b\\"
_LONGEST = 200
"""Signs of a notice: no desktop shows more."""


class Alerts:
    """Calls the operator by bell or desktop notification."""

    def __init__(
        self,
        wanted: Wanted,
        environment: Mapping[str, str],
        write: Callable[[str], object],
        *,
        terminal: bool,
    ) -> None:
        """``write`` puts something on the terminal; nothing is put there unless it is one."""
        self._wanted = wanted if terminal else "off"
        self._environment = environment
        self._write = write

    def notify(self, text: str) -> None:
        """Ring, and show ``text``, any text, where the terminal can hand it to the desktop."""
        if self._wanted == "off":
            return
        self._write(_BELL)
        if self._wanted == "desktop":
            shown = printable(text[:_LONGEST]).replace(";", ",")  # which stands between parts
            self._write(sequence(self._environment, shown))


def sequence(environment: Mapping[str, str], text: str) -> str:
    """What lets this terminal show a desktop notice; '' if it is not known to have a way.

    OSC 99 is kitty's, OSC 9 iTerm2's, which WezTerm and Ghostty follow, and OSC 777 rxvt's, which
    foot follows. Others would show the text, or take it for something else. A multiplexer swallows
    all of them.
    """
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if "TMUX" in environment or "STY" in environment:
        return ""
    if term == "xterm-kitty" or "KITTY_WINDOW_ID" in environment:
        return f"\x1b]99;;{text}{_END}"
    if program in {"iTerm.app", "WezTerm", "ghostty"}:
        return f"\x1b]9;{text}{_END}"
    if term.startswith(("foot", "rxvt")):
        return f"\x1b]777;notify;sestui;{text}{_END}"
    return ""
