"""Sendy's personalisation tags as Jinja.

``[Name,fallback=there]`` is an attribute and what stands for it where a contact lacks it. Brackets
that name no field of any list are plain text to Sendy, and stay so here.
"""

import json
import re
from collections.abc import Mapping

from sestui.audience.imports.columns import tidy
from sestui.audience.migrate.translated import Translation, without_any_jinja
from sestui.core.text import folded

_TAG = re.compile(r"\[([^\[\]<>\"{}]{1,100}?)(?:,\s*fallback=([^\[\]]*))?\]")
_LINKS = {"unsubscribe": "{{ unsubscribe_url }}", "webversion": "{{ view_url }}"}
_LINK = re.compile(r"<(unsubscribe|webversion)>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_DATES = {
    "currentyear": "{{ now.year }}",
    "currentmonthnumber": "{{ now.month }}",
    "currentdaynumber": "{{ now.day }}",
}
_NO_COUNTERPART = frozenset({"currentday", "currentmonth", "confirmationlink", "reconsent"})


class SendyTags:
    """Translates the texts of one mail; ``fields`` are attributes by their folded tags."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {"name": "name", "email": "email", **fields}
        self._translation = Translation()

    @property
    def untranslated(self) -> tuple[str, ...]:
        """What has no counterpart, in order, each once."""
        return tuple(self._translation.untranslated)

    def jinja(self, text: str) -> str:
        """The text as Jinja."""
        text = without_any_jinja(text)
        text = _LINK.sub(lambda link: f'<a href="[{link[1].lower()}]">{link[2]}</a>', text)
        return _TAG.sub(self._tag, text)

    def _tag(self, found: re.Match[str]) -> str:
        name, fallback = folded(found[1]), found[2]
        if name in _LINKS or name in _DATES:
            return _LINKS.get(name) or _DATES[name]
        if name in self._fields:
            otherwise = json.dumps((fallback or "").strip(), ensure_ascii=False)
            return f"{{{{ {self._fields[name]} or {otherwise} }}}}"
        if fallback is None and name not in _NO_COUNTERPART:
            return found[0]
        # A variable that no contact has: the checks refuse it until somebody has replaced it.
        self._translation.leave(found[0])
        return f"{{{{ {tidy(found[1]) or 'unknown'} }}}}"
