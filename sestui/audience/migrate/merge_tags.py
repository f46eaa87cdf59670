"""Mailchimp's merge tags as Jinja.

A tag without a counterpart becomes a variable that no contact has: the checks name it, and the
draft can't be sent before somebody has replaced it.
"""

import re
from collections.abc import Collection

from sestui.audience.imports.columns import tidy
from sestui.audience.migrate.translated import Translation, constant, variable, without_any_jinja

_TAG = re.compile(r"\*\|\s*([^|*\r\n]{1,200}?)\s*\|\*")
_USUAL = {
    "EMAIL": "email",
    "FNAME": "first_name",
    "LNAME": "last_name",
    "PHONE": "phone_number",
    "ADDRESS": "address",
    "BIRTHDAY": "birthday",
}
"""Mailchimp's own tags, by the columns of its exports."""
_FIXED = {
    "UNSUB": "{{ unsubscribe_url }}",
    "UPDATE_PROFILE": "{{ unsubscribe_url }}",
    "ARCHIVE": "{{ view_url }}",
    "CURRENT_YEAR": "{{ now.year }}",
    "MC_PREVIEW_TEXT": "",
    "REWARDS": "",
    "REWARDS_TEXT": "",
}
_BLOCK = re.compile(r"(IF|IFNOT|ELSEIF|ELSE|END)(?::(.*))?", re.DOTALL)
_COMPARED = re.compile(r"([\w.-]+)\s*(!=|=)\s*(.*)", re.DOTALL)
_EMPTY = frozenset({"MC_PREVIEW_TEXT", "REWARDS", "ARCHIVE_PAGE"})
"""Never there in sestui's mails."""


class MergeTags:
    """Translates the texts of one mail; ``names`` are the attributes of the export's contacts."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._translation = Translation()
        self._unknown: dict[str, None] = {}
        """Unknown variables in conditions of the text."""

    @property
    def untranslated(self) -> tuple[str, ...]:
        """What has no counterpart, in order, each once."""
        return tuple(self._translation.untranslated)

    def jinja(self, text: str, subject: str = "") -> str:
        """The text as Jinja; ``subject`` is that of the mail."""
        blocks: list[str] = []

        def tag(found: re.Match[str]) -> str:
            said = self._block(found[1], blocks)
            return said if said is not None else self._printed(found, subject)

        self._unknown.clear()
        translated = _TAG.sub(tag, without_any_jinja(text))
        # A condition prints nothing by itself, so that the checks would not find it.
        return translated + "".join(f"{{{{ {name} }}}}" for name in self._unknown)

    def _block(self, said: str, blocks: list[str]) -> str | None:
        """What a condition becomes; None for what is none."""
        found = _BLOCK.fullmatch(said)
        if not found:
            return None
        word, rest = found[1], (found[2] or "").strip()
        if word in {"IF", "IFNOT"}:
            blocks.append(word)
            condition = self._condition(rest)
            return f"{{% if {condition} %}}" if word == "IF" else f"{{% if not ({condition}) %}}"
        if not blocks:
            return None
        if word == "END":
            blocks.pop()
            return "{% endif %}"
        return f"{{% elif {self._condition(rest)} %}}" if word == "ELSEIF" else "{% else %}"

    def _condition(self, said: str) -> str:
        if said in _EMPTY:
            return "false"
        compared = _COMPARED.fullmatch(said)
        name = self._name(compared[1] if compared else said)
        if name is None:
            self._translation.leave(f"*|IF:{said}|*")
            name = tidy(compared[1] if compared else said) or "unknown"
            self._unknown[name] = None
        if not compared:
            return name
        sign = "==" if compared[2] == "=" else "!="
        return f"{name} {sign} {constant(compared[3].strip())[3:-3]}"

    def _printed(self, found: re.Match[str], subject: str) -> str:
        said = found[1]
        if said in _FIXED:
            return _FIXED[said]
        if said == "MC:SUBJECT" and subject:
            return constant(subject)
        name = self._name(said)
        if name is not None:
            return variable(name)
        self._translation.leave(found[0])
        return f"{{{{ {tidy(said) or 'unknown'} }}}}"

    def _name(self, tag: str) -> str | None:
        """The attribute of a tag; None if there is none."""
        usual = _USUAL.get(tag)
        if usual is not None:
            return usual
        name = tidy(tag)
        return name if name in self._names else None
