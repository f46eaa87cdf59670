"""A path as it is typed into a field, maybe behind what stood there before."""

import re

_BEFORE_ROOT = re.compile(r".*/(?=/|~(?:/|\Z))", re.DOTALL)


def from_root(text: str) -> str:
    """The path that counts: one typed behind another (``~/lists//tmp/x``, ``/srv/~/x``) does."""
    return _BEFORE_ROOT.sub("", text, count=1)


def behind_proposed(text: str, proposed: str) -> tuple[str, str]:
    """What was proposed, and the absolute path typed behind it; all of ``text`` if there is none.

    ``~/people.csv/tmp/x.csv`` is ``/tmp/x.csv`` where ``~/people.csv`` was proposed, as a file.
    """
    behind = text.removeprefix(proposed)
    if proposed and behind != text and behind.startswith(("/", "~/")):
        return proposed, behind
    return "", text
