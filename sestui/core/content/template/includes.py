"""``{% include "footer.html" %}``: files that a template is written in, put together once."""

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
    """A file can't be included; ``problem`` is the rest of a sentence, ``line`` where that is."""

    def __init__(self, problem: str, line: int = 1) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


@dataclass(frozen=True, slots=True)
class Expanded:
    """A template that includes nothing any more."""

    text: str
    lines: tuple[int, ...]
    """For each of its lines the line of the template as written, both from 1."""


def expanded(text: str, read: Callable[[str], str], *, most: int) -> Expanded:
    """The template with what it includes, and what that includes, in its place.

    Args:
        text: the template.
        read: the text of a file by the name the template says; it may raise IncludeError.
        most: characters that everything together may have.

    Raises:
        IncludeError: a file can't be included, includes itself, or it is too much.
    """
    pieces: list[str] = []
    lines = [1]
    for piece, line, is_written in _Expander(read, most).pieces(text, ()):
        pieces.append(piece)
        breaks = piece.count("\n")
        lines += range(line + 1, line + breaks + 1) if is_written else [line] * breaks
    return Expanded("".join(pieces), tuple(lines))


class _Expander:
    """Counts what one template includes altogether."""

    def __init__(self, read: Callable[[str], str], most: int) -> None:
        self._read = read
        self._left = most
        self._count = 0

    def pieces(self, text: str, inside: tuple[str, ...]) -> Iterator[tuple[str, int, bool]]:
        """Each piece with the line on which it begins, and whether the text itself holds it."""
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
