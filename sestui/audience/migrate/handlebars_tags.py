"""The Handlebars of SES's templates as Jinja.

A name is the variable of that name, which a template gets from whoever sends it: here it is the
contact's attribute. A tag without a counterpart becomes a variable that no contact has: the checks
name it, and the draft can't be sent before somebody has replaced it.
"""

import re

from sestui.audience.imports.columns import tidy
from sestui.audience.migrate.translated import Translation, without_jinja

_TAG = re.compile(
    r"\{\{!--.*?--~?\}\}|\{\{\{~?\s*([^{}]*?)\s*~?\}\}\}|\{\{~?\s*([^{}]*?)\s*~?\}\}", re.DOTALL
)
_name = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*").fullmatch
_opened = re.compile(r"#\s*(if|unless)\s+(\S+)").fullmatch
_FIXED = {"amazonSESUnsubscribeUrl": "{{ unsubscribe_url }}"}
_OWN = frozenset({"this", "else", "true", "false", "null", "undefined"})


class HandlebarsTags:
    """Translates the texts of one template."""

    def __init__(self) -> None:
        self._translation = Translation()

    @property
    def untranslated(self) -> tuple[str, ...]:
        """What has no counterpart, in order, each once."""
        return tuple(self._translation.untranslated)

    def jinja(self, text: str) -> str:
        """The text as Jinja."""
        blocks: list[bool] = []  # whether the open block is translated
        pieces, end = [], 0
        for found in _TAG.finditer(text):
            pieces += [without_jinja(text[end : found.start()]), self._tag(found, blocks)]
            end = found.end()
        return "".join([*pieces, without_jinja(text[end:])])

    def _tag(self, found: re.Match[str], blocks: list[bool]) -> str:
        raw, said = found[1], found[2]
        if raw is None and (said is None or said.startswith("!")):
            return ""  # a comment
        jinja = self._raw(raw) if raw is not None else self._said(said, blocks)
        if jinja is not None:
            return jinja
        self._translation.leave(found[0])
        return f"{{{{ ses_{tidy(raw or said) or 'tag'} }}}}"

    def _raw(self, said: str) -> str | None:
        """A value that isn't escaped."""
        if said in _FIXED:
            return _FIXED[said]
        return f"{{{{ {tidy(said)} | safe }}}}" if _is_name(said) else None

    def _said(self, said: str, blocks: list[bool]) -> str | None:
        if said in _FIXED:
            return _FIXED[said]
        if opened := _opened(said):
            translated = _is_name(opened[2])
            blocks.append(translated)
            name = tidy(opened[2])
            condition = name if opened[1] == "if" else f"not {name}"
            return f"{{% if {condition} %}}" if translated else None
        if said.startswith(("#", "^")):
            blocks.append(False)
            return None
        if said.startswith("/"):
            return "{% endif %}" if blocks and blocks.pop() else None
        if said in {"else", "^"}:
            return "{% else %}" if blocks and blocks[-1] else None
        return f"{{{{ {tidy(said)} }}}}" if _is_name(said) else None


def _is_name(said: str) -> bool:
    return bool(_name(said)) and said not in _OWN
