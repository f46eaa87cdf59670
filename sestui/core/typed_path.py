"""A path as it is typed into a field, maybe behind what stood there before."""

import re

_BEFORE_ROOT = re.compile(r".*/(?=/|~(?:/|\Z))", re.DOTALL)


def from_root(text: str) -> str:
    """The path that counts: one typed behind another (``~/lists//tmp/x``, ``/srv/~/x``) does."""
    return _BEFORE_ROOT.sub("", text, count=1)
