"""The page's languages, all alike."""

import re
from dataclasses import asdict

import pytest

from sestui.core.content.confirmation import LANGUAGES
from sestui.web.words import WORDS, language_of

PLACES = re.compile(r"\{(\w*)\}")


def test_the_promised_languages():
    assert set(WORDS) == {"en", "de", "fr", "es", "pt", "ja", "zh"}


@pytest.mark.parametrize("lang", WORDS)
def test_every_sentence_is_there_with_its_places(lang):
    english = asdict(WORDS["en"])
    for name, sentence in asdict(WORDS[lang]).items():
        assert sentence.strip(), name
        assert PLACES.findall(sentence) == PLACES.findall(english[name]), name
        assert lang == "en" or sentence != english[name], name


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [
        ("fr-CA,en;q=0.8", "fr"),
        ("en;q=0.1, DE;q=0.9", "de"),
        ("*", "en"),
        ("es;q=nan, pt;q=0.2", "pt"),
        ("es;q=nonsense, ja", "ja"),
        ("zz," * 500 + "de", "en"),
    ],
)
def test_the_language_is_the_most_wanted(accepted, lang):
    assert language_of(accepted) == lang


def test_the_mail_that_confirms_speaks_them_too():
    assert set(WORDS) == LANGUAGES
