"""Expand ``{% include "footer.html" %}`` in a template's source."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_MOST = 200
_DEEPEST = 10
_INCLUDE = re.compile(
    r"""\{\#.*?\#\}|\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}"""
    r"""|(?:(?P<before>\s{0,1000})\{%-|\{%\+?)\s*include\b(?P<what>(?:"[^"]*"|'[^']*'|[^"'%]|%(?!\}))*?)"""
    r"""(?:-%\}\s*|\+?%\})""",
    re.DOTALL,
)
_NAME = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)')\s*(?:with(?:out)?\s+context\s*)?""")


class IncludeError(Exception):
    """A file can't be included; ``problem`` is the end of a sentence, ``line`` its place."""

    def __init__(self, problem: str, line: int = 1) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


@dataclass(frozen=True, slots=True)
class Expanded:
    """A template with its includes expanded."""

    text: str
    lines: tuple[int, ...]
    """For each line (from 1), the line of the template as written."""


def expanded(text: str, read: Callable[[str], str], *, most: int) -> Expanded:
    """Expand all includes, recursively.

    Args:
        text: the template.
        read: returns the text of a file by its name in the template; may raise IncludeError.
        most: largest total of included characters.

    Raises:
        IncludeError: a file can't be included, or includes itself, or the total is too large.
    """
    pieces: list[str] = []
    lines = [1]
    for piece, line, is_written in _Expander(read, most).pieces(text, ()):
        pieces.append(piece)
        breaks = piece.count("\n")
        lines += range(line + 1, line + breaks + 1) if is_written else [line] * breaks
    return Expanded("".join(pieces), tuple(lines))


class _Expander:
    """Expands one template and counts what it includes."""

    def __init__(self, read: Callable[[str], str], most: int) -> None:
        self._read = read
        self._left = most
        self._count = 0

    def pieces(self, text: str, inside: tuple[str, ...]) -> Iterator[tuple[str, int, bool]]:
        """Pieces with the line on which they begin, and whether they are the text's own."""
        end, line = 0, 1
        for match in _INCLUDE.finditer(text):
            if match["what"] is None:
                continue
            yield text[end : match.start()], line, True
            line += text.count("\n", end, match.start())
            at = line + (match["before"] or "").count("\n")
            try:
                whole = self._whole(match["what"], inside)
            except IncludeError as error:
                raise IncludeError(error.problem, at) from error
            yield whole, at, False
            line += match[0].count("\n")
            end = match.end()
        yield text[end:], line, True

    def _whole(self, what: str, inside: tuple[str, ...]) -> str:
        found = _NAME.fullmatch(what)
        if found is None:
            raise IncludeError('it includes no file by its name; write {% include "footer.html" %}')
        name = found[1] or found[2]
        if name in inside or len(inside) >= _DEEPEST:
            raise IncludeError(f"{name} includes itself, or files in files too deeply")
        self._count += 1
        text = self._read(name)
        self._left -= len(text)
        if self._left < 0 or self._count > _MOST:
            raise IncludeError("it includes too much for a mail")
        whole = "".join(piece for piece, _, _ in self.pieces(text, (*inside, name)))
        return whole.removesuffix("\n")
