"""The language and reading direction of a message."""

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
"""Scripts by the language that uses them most; Latin and Cyrillic have none."""
_PERSIAN, _URDU = frozenset("پچژگ"), frozenset("ٹڈڑےں")
_LOOKED_AT = 20_000
"""Characters that are checked; mixed texts usually begin with the main language."""


@dataclass(frozen=True, slots=True)
class Language:
    """Language and direction of a text."""

    lang: str
    """A BCP 47 tag such as ``he`` or ``pt-BR``; '' if unknown."""
    rtl: bool
    """Whether it is read from right to left."""

    @property
    def dir(self) -> str:
        """The value of HTML's ``dir`` attribute."""
        return "rtl" if self.rtl else "ltr"

    def attributes(self, given: dict[str, str]) -> str:
        """The ``lang`` and ``dir`` that an element lacks, each with a leading blank."""
        lang = f' lang="{self.lang}"' if self.lang and "lang" not in given else ""
        return lang + self.direction(given)

    def direction(self, given: dict[str, str]) -> str:
        """``dir`` if an element lacks it, with a leading blank."""
        return "" if "dir" in given else f' dir="{self.dir}"'

    def wrapper(self) -> tuple[str, str]:
        """Opening and closing tags for a body without attributes; '' if nothing is known."""
        if not self.lang and not self.rtl:
            return "", ""
        return f"<div{self.attributes({})}>", "</div>"


def is_language(text: str) -> bool:
    """Whether the text is a language tag, such as ``he`` or ``pt-BR``."""
    return _TAG.fullmatch(text) is not None


def language_of(text: str, lang: object = "") -> Language:
    """The language ``lang`` if it is one, or else by the text's script."""
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
    if counts.get("ja") and counts.get("zh"):  # Japanese uses both
        counts["ja"] += counts.pop("zh")
    lang = max(counts, key=lambda each: counts[each], default="")
    if lang == "ar":
        lang = "ur" if _URDU & set(letters) else "fa" if _PERSIAN & set(letters) else "ar"
    return lang
