"""The mail that asks to confirm, in every language of the pages."""

import pytest

from sestui.core.content import Composer, Envelope
from sestui.core.content.confirmation import LANGUAGES, confirmation_message

URL = "https://news.example.com/u/confirm/TOKEN"


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
def test_it_has_its_link_and_what_it_is_about(lang):
    envelope = Envelope("news@example.com", keywords={"lang": lang}, transactional=True)
    composer = Composer(confirmation_message(lang), envelope)
    values = {"confirm_url": URL, "address": "ada@example.com", "list_names": "news <b>, offers"}
    mail = composer.mail("ada@example.com", values)
    assert f'href="{URL}"' in mail.html
    assert f'lang="{lang}"' in mail.html
    assert "news &lt;b&gt;, offers" in mail.html
    for part in (URL, "ada@example.com", "news <b>, offers", "48"):
        assert part in mail.text
    assert "{{" not in mail.subject + mail.html + mail.text
    assert mail.headers == ()


def test_every_language_has_its_own_and_others_get_english():
    assert len({confirmation_message(lang).digest for lang in LANGUAGES}) == len(LANGUAGES)
    assert confirmation_message("xx") == confirmation_message("en")
