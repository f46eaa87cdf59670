"""Read a segment from a file: YAML with ``kind: segment``, its name and its expression."""

from sestui.core.campaign.front_matter import read_yaml
from sestui.core.segments.expression import SegmentExpression
from sestui.core.segments.parse import parse
from sestui.core.suggestions import similar_or_known
from sestui.core.text import printable
from sestui.errors import BadFileError, SegmentError

_NAMES = ("kind", "name", "expression")


def is_segment(content: str, path: str) -> bool:
    """Whether the YAML says that it is a segment.

    Raises:
        BadFileError: it isn't valid YAML; names file and line.
    """
    return read_yaml(content, printable(path)).get("kind") == "segment"


class SegmentFile:
    """A file whose YAML has been read; ``path`` is shown in errors.

    Raises:
        BadFileError: it isn't valid YAML, or doesn't describe a segment.
    """

    def __init__(self, content: str, path: str) -> None:
        self.path = printable(path)
        self._values = read_yaml(content, self.path)
        for name in self._values:
            if name not in _NAMES:
                hint = similar_or_known(str(name), _NAMES)
                raise BadFileError(
                    f"{self.path}: there is no field {printable(str(name))!r} ({hint})."
                )
        self.name = " ".join(self._text("name").split())
        try:
            self.expression: SegmentExpression = parse(self._text("expression"))
        except SegmentError as error:
            raise BadFileError(f"{self.path}: expression: {error}") from error

    def _text(self, name: str) -> str:
        text = self._values.get(name)
        if not isinstance(text, str) or not text.strip():
            raise BadFileError(f"{self.path}: {name} must be text.")
        return text
