"""The language of a message and the direction it is read in."""

import re
import unicodedata
from dataclasses import dataclass

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ug", "ur", "yi"}
)
_OF_SCRIPTS = (
    ("HEBREW", "he"),
    ("ARABIC", "ar"),
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK", "zh"),
    ("THAI", "th"),
    ("GREEK", "el"),
    ("ARMENIAN", "hy"),
    ("GEORGIAN", "ka"),
)
"""Scripts that one language uses most; Latin and Cyrillic tell none."""
_PERSIAN, _URDU = frozenset("پچژگ"), frozenset("ٹڈڑےں")
_LOOKED_AT = 20_000
"""Characters: who mixes languages begins with the main one."""


@dataclass(frozen=True, slots=True)
class Language:
    """What a page says of its text."""

    lang: str
    """A tag of BCP 47 such as ``he`` or ``pt-BR``; '' if it isn't known."""
    rtl: bool
    """Whether it is read from right to left."""

    @property
    def dir(self) -> str:
        """The value of the attribute."""
        return "rtl" if self.rtl else "ltr"

    def attributes(self, given: dict[str, str]) -> str:
        """``lang`` and ``dir`` as far as a tag lacks them, each with a blank before it."""
        lang = f' lang="{self.lang}"' if self.lang and "lang" not in given else ""
        return lang + self.direction(given)

    def direction(self, given: dict[str, str]) -> str:
        """``dir`` if a tag lacks it."""
        return "" if "dir" in given else f' dir="{self.dir}"'

    def wrapper(self) -> tuple[str, str]:
        """What goes around a body that says nothing itself; nothing where nothing is known."""
        if not self.lang and not self.rtl:
            return "", ""
        return f"<div{self.attributes({})}>", "</div>"


def is_language(text: str) -> bool:
    """Whether it is a language's tag as HTML has it: ``he``, ``pt-BR``."""
    return _TAG.fullmatch(text) is not None


def language_of(text: str, lang: object = "") -> Language:
    """By what the campaign says, or else by the script of its text."""
    if isinstance(lang, str) and is_language(lang):
        return Language(lang, lang.split("-")[0].lower() in _RIGHT_TO_LEFT)
    words = text[:_LOOKED_AT].split()
    sample = " ".join(word for word in words if "://" not in word and "@" not in word)
    if sample.isascii():
        return Language("", rtl=False)
    strong = [unicodedata.bidirectional(character) for character in sample]
    rtl = sum(kind in {"R", "AL"} for kind in strong) > strong.count("L")
    return Language(_by_script(sample), rtl=rtl)


def _by_script(sample: str) -> str:
    letters = [character for character in sample if character.isalpha()]
    counts: dict[str, int] = {}
    for character in letters:
        name = unicodedata.name(character, "")
        found = next((lang for script, lang in _OF_SCRIPTS if name.startswith(script)), "")
        counts[found] = counts.get(found, 0) + 1
    if counts.get("ja") and counts.get("zh"):  # Japanese is written with both
        counts["ja"] += counts.pop("zh")
    lang = max(counts, key=lambda each: counts[each], default="")
    if lang == "ar":
        lang = "ur" if _URDU & set(letters) else "fa" if _PERSIAN & set(letters) else "ar"
    return lang
