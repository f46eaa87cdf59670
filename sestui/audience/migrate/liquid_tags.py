"""Keila's Liquid tags as Jinja.

What has no counterpart stays as it is, and becomes a variable that no contact has at the text's
end: the checks name it, and the draft can't be sent before somebody has replaced it.
"""

import json
import re
from collections.abc import Mapping

from sestui.audience.imports.columns import tidy
from sestui.audience.migrate.translated import Translation, constant, without_jinja
from sestui.audience.sources.file_cells import Json

_TAG = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}|\{%-?\s*(.*?)\s*-?%\}", re.DOTALL)
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}", re.DOTALL)
_FIELDS = {
    "contact.email": "email",
    "contact.first_name": "first_name",
    "contact.last_name": "last_name",
    "contact.external_id": "external_id",
}
_FIXED = {
    "unsubscribe_link": "{{ unsubscribe_url }}",
    "campaign.public_link": "{{ view_url }}",
    "contact.display_name": '{{ ((first_name or "") ~ " " ~ (last_name or "")) | trim }}',
}
_FILTERS = {"upcase": "upper", "downcase": "lower", "capitalize": "capitalize", "strip": "trim"}
_TEXT = r"\"[^\"]*\"|'[^']*'"
_data = re.compile(r"contact\.data((?:\.\w+)+)").fullmatch
_text = re.compile(_TEXT).fullmatch
_filter = re.compile(rf"(\w+)(?::\s*({_TEXT}))?").fullmatch
_compared = re.compile(rf"(\S+)\s*(==|!=)\s*({_TEXT}|-?\d+(?:\.\d+)?|true|false|\w+)").fullmatch
_NOTHING = frozenset({"nil", "null", "blank", "empty"})
_ENDS = {"endif": "{% endif %}", "endunless": "{% endif %}", "else": "{% else %}"}


class LiquidTags:
    """Translates the texts of one mail; ``campaign`` are the values of Keila's ``campaign``."""

    def __init__(self, campaign: Mapping[str, Json]) -> None:
        self._campaign = campaign
        self._translation = Translation()
        self._unknown: dict[str, None] = {}
        """What stands for the tags of the text that have no counterpart."""

    @property
    def untranslated(self) -> tuple[str, ...]:
        """What has no counterpart, in order, each once."""
        return tuple(self._translation.untranslated)

    def leave(self, said: str) -> None:
        """Note something else of the mail without a counterpart."""
        self._translation.leave(said)

    def jinja(self, text: str) -> str:
        """The text as Jinja."""
        text = _COMMENT.sub("", text)
        self._unknown.clear()
        pieces, end = [], 0
        for found in _TAG.finditer(text):
            pieces += [without_jinja(text[end : found.start()]), self._tag(found)]
            end = found.end()
        pieces.append(without_jinja(text[end:]))
        return "".join([*pieces, *(f"{{{{ {name} }}}}" for name in self._unknown)])

    def _tag(self, found: re.Match[str]) -> str:
        said = found[1] if found[1] is not None else found[2]
        jinja = self._printed(said) if found[1] is not None else self._logic(said)
        if jinja is not None:
            return jinja
        self._unknown[f"keila_{tidy(said)[:60] or 'tag'}"] = None
        return self._translation.leave(found[0])

    def _printed(self, said: str) -> str | None:
        """What an output tag becomes; None if it has no counterpart."""
        if said in _FIXED:
            return _FIXED[said]
        value, *filters = _parts(said)
        if value.startswith("campaign."):
            own = self._of_campaign(value)
            return constant(own) if own is not None and not filters else None
        name = _name_of(value)
        if not name:
            return None
        otherwise, rest = '""', ""
        for each in filters:
            split = _filter(each)
            word, argument = (split[1], split[2]) if split else ("", None)
            if word == "default" and argument:
                otherwise = _quoted(argument)
            elif word in _FILTERS and argument is None:
                rest += f" | {_FILTERS[word]}"
            elif word != "escape":  # sestui escapes by itself
                return None
        return f"{{{{ ({name} or {otherwise}){rest} }}}}" if rest else _either(name, otherwise)

    def _logic(self, said: str) -> str | None:
        """What a logic tag becomes; None if it has no counterpart."""
        word, _, rest = said.partition(" ")
        if word in _ENDS and not rest.strip():
            return _ENDS[word]
        condition = self._condition(rest.strip())
        if condition is None:
            return None
        words = {"if": "if {}", "elsif": "elif {}", "unless": "if not ({})"}
        return f"{{% {words[word].format(condition)} %}}" if word in words else None

    def _condition(self, said: str) -> str | None:
        """A condition; of Liquid's, that ``and`` and ``or`` are read from the right, only one."""
        words = set(re.findall(rf"{_TEXT}|\b(and|or)\b", said)) - {""}
        if len(words) > 1:
            return None
        word = f" {words.pop()} " if words else ""
        parts = re.split(rf"\s{word.strip()}\s", said) if word else [said]
        found = [self._compared(part.strip()) for part in parts]
        return word.join(each for each in found if each) if None not in found else None

    def _compared(self, said: str) -> str | None:
        if name := _name_of(said):
            return name
        found = _compared(said)
        name = _name_of(found[1]) if found else ""
        if not found or not name:
            return None
        right = found[3]
        if right in _NOTHING:
            return f"not {name}" if found[2] == "==" else name
        if right.isidentifier() and right not in {"true", "false"}:
            return None
        if _text(right):
            # Liquid compares with a value that a contact lacks; here it has to stand for something.
            return f'({name} or "") {found[2]} {_quoted(right)}'
        return f"{name} {found[2]} {right}"

    def _of_campaign(self, said: str) -> str | None:
        """A value of the campaign; None if it has none that is one text."""
        value: Json = dict(self._campaign)
        for part in said.split(".")[1:]:
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        return str(value)


def _parts(said: str) -> list[str]:
    """The value and its filters."""
    return [part.strip() for part in re.findall(rf"(?:{_TEXT}|[^|])+", said)] or [""]


def _name_of(said: str) -> str:
    """The attribute's name for a field of the contact; '' if there is none."""
    found = _data(said)
    return tidy(found[1][1:]) if found else _FIELDS.get(said, "")


def _quoted(text: str) -> str:
    return json.dumps(text[1:-1], ensure_ascii=False)


def _either(name: str, otherwise: str) -> str:
    return f"{{{{ {name} or {otherwise} }}}}"
