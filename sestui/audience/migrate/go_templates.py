"""listmonk's Go templates as Jinja.

What has no counterpart stays as it is: it is no valid Jinja or names an unknown variable, so that
the checks find it and the draft can't be sent before somebody has dealt with it.
"""

import json
import re
from collections.abc import Mapping

from sestui.audience.imports.columns import tidy
from sestui.audience.migrate.translated import Translation, constant, variable, without_jinja

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_TRACKED = re.compile(r"(https?://[^\s\"'<>{}]+?)@TrackLink")
_FIELDS = {
    "Email": "email",
    "Name": "name",
    "FirstName": "first_name",
    "LastName": "last_name",
}
_FUNCTIONS = {
    "UnsubscribeURL": "{{ unsubscribe_url }}",
    "ManageURL": "{{ unsubscribe_url }}",
    "MessageURL": "{{ view_url }}",
    "TrackView": "",
    'template "content"': "{{ content }}",
}
_TEXT = r'"((?:[^"\\]|\\.)*)"|`([^`]*)`'
_ATTRIBUTE = r"\.Subscriber\.Attribs((?:\.\w+)+)"
_attribute = re.compile(_ATTRIBUTE).fullmatch
_field = re.compile(r"\.Subscriber\.(\w+)").fullmatch
_campaign = re.compile(r"\.Campaign\.(\w+)").fullmatch
_quoted = re.compile(rf"(?:TrackLink|Safe)\s+(?:{_TEXT})").fullmatch
_compared = re.compile(rf"(eq|ne)\s+(\S+)\s+(?:{_TEXT}|(-?\d+(?:\.\d+)?|true|false))").fullmatch
_BLOCKS = ("if", "range", "with", "block", "define")


class GoTemplates:
    """Translates the texts of one mail; ``campaign`` are the values of ``.Campaign``."""

    def __init__(self, campaign: Mapping[str, str]) -> None:
        self._campaign = campaign
        self._translation = Translation()

    @property
    def untranslated(self) -> tuple[str, ...]:
        """What has no counterpart, in order, each once."""
        return tuple(self._translation.untranslated)

    def jinja(self, text: str) -> str:
        """The text as Jinja."""
        blocks: list[bool] = []  # whether the open block is translated

        def action(found: re.Match[str]) -> str:
            said = self._action(found[1], blocks)
            return self._translation.leave(found[0]) if said is None else said

        pieces, end = [], 0
        text = _TRACKED.sub(r"\1", text)
        for found in _ACTION.finditer(text):
            pieces += [without_jinja(text[end : found.start()]), action(found)]
            end = found.end()
        return "".join([*pieces, without_jinja(text[end:])])

    def _action(self, said: str, blocks: list[bool]) -> str | None:
        """One action; None if it has no counterpart."""
        said = re.sub(r"\s+[.$]$", "", said)
        word, _, rest = said.partition(" ")
        if word in _BLOCKS:
            condition = self._condition(rest.strip()) if word == "if" else None
            blocks.append(condition is not None)
            return f"{{% if {condition} %}}" if condition is not None else None
        if word in {"else", "end"}:
            return self._branch(word, rest.strip(), blocks)
        return self._printed(said)

    def _printed(self, said: str) -> str | None:
        """What an action prints."""
        if said.startswith("/*") and said.endswith("*/"):
            return ""
        if said in _FUNCTIONS:
            return _FUNCTIONS[said]
        if quoted := _quoted(said):
            return _text_of(quoted[1], quoted[2])
        if (found := _campaign(said)) and found[1] in self._campaign:
            return constant(self._campaign[found[1]])
        name = _name_of(said)
        return variable(name) if name else None

    def _branch(self, word: str, rest: str, blocks: list[bool]) -> str | None:
        if not blocks or not blocks[-1]:
            if word == "end" and blocks:
                blocks.pop()
            return None
        if word == "end":
            blocks.pop()
            return "{% endif %}"
        if not rest:
            return "{% else %}"
        condition = self._condition(rest.removeprefix("if").strip())
        return f"{{% elif {condition} %}}" if condition is not None else None

    def _condition(self, said: str) -> str | None:
        negated = said.removeprefix("not ").strip()
        if name := _name_of(negated):
            return name if negated == said else f"not {name}"
        found = _compared(said)
        name = _name_of(found[2]) if found else ""
        if not found or not name:
            return None
        sign = "==" if found[1] == "eq" else "!="
        right = found[5] or json.dumps(_text_of(found[3], found[4]), ensure_ascii=False)
        return f"{name} {sign} {right}"


def _name_of(said: str) -> str:
    """The attribute's name for a field of the subscriber; '' if there is none."""
    if found := _attribute(said):
        return tidy(found[1][1:])
    found = _field(said)
    return _FIELDS.get(found[1], "") if found else ""


def _text_of(quoted: str | None, raw: str | None) -> str:
    return re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else raw or ""
