"""Dates, money and plurals in a language, and the moment a mail is made."""

from datetime import UTC, datetime

import pytest

from sestui.core.content import Composer, Envelope, MessageSource, TemplateError

AT = datetime(2026, 12, 1, 23, 30, 5, tzinfo=UTC).timestamp()


def text(body, lang="", zone="Europe/Paris", **attributes):
    keywords = {"lang": lang} if lang else {}
    envelope = Envelope("a@example.com", keywords=keywords, timezone=zone, now=lambda: AT)
    composer = Composer(MessageSource("s", body, "html"), envelope)
    return composer.mail("ann@example.org", attributes).text.rstrip("\n").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("body", "lang", "said"),
    [
        ("{{ now }}", "", "2026-12-02 00:30:05+01:00"),
        ("{{ now | date }}", "", "December 2, 2026"),
        ("{{ now | date }}", "de", "2. Dezember 2026"),
        ("{{ now | date('full', 'fr') }}", "de", "mercredi 2 décembre 2026"),
        ("{{ now | date('d MMMM yyyy, HH:mm', zone='America/New_York') }}", "en-GB",
         "1 December 2026, 18:30"),
        ("{{ now | date('HH:mm') }}", "", "00:30"),
        ("{{ now.year }}", "", "2026"),
        ("{{ '2026-12-01' | date }}", "pt-BR", "1 de dezembro de 2026"),
        ("{{ day | date('d MMM') }}", "es", "24 dic"),
        ("{{ '2026-12-01T09:00' | date('HH:mm') }}", "", "09:00"),
        ("{{ '2026-12-01T09:00' | date('HH:mm zzz', zone='Asia/Tokyo') }}", "", "09:00 +0900"),
        ("{{ '2026-12-01T09:00+01:00' | date('HH:mm', zone='UTC') }}", "", "08:00"),
        ("{{ 1234.5 | money }}", "de", "1.234,50 €"),
        ("{{ '1234.5' | money('USD') }}", "", "$1,234.50"),
        ("{{ 1200 | money('JPY', 'ja') }}", "", "¥1,200"),
        ("{{ -3 | money('GBP', locale='en-GB') }}", "", "-£3.00"),
        ("{{ '1e-999999999' | money }}", "", "€0.00"),
        ("{{ 1 | plural('day', 'days') }}/{{ 2 | plural('day', 'days') }}", "", "day/days"),
        ("{{ 0 | plural('jour', 'jours') }}", "fr", "jour"),
        ("{{ '22' | plural(one='list', few='listy', other='listów') }}", "pl", "listy"),
        ("{{ 5 | plural(one='list', few='listy', other='listów', locale='pl') }}", "", "listów"),
    ],
)  # fmt: skip
def test_as_people_of_the_language_write_it(body, lang, said):
    assert text(body, lang, day="2026-12-24") in {said, said.replace("¥", "￥")}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ 'soon' | date }}", "date: 'soon' is not a date; write it as 2026-12-01"),
        ("{{ now | date('d' * 200) }}", "date: write short, medium, long, full, or a pattern"),
        ("{{ now | date('long', 'klingon') }}", "'klingon' is not a language"),
        ("{{ now | date('long', '../../x') }}", "is not a language"),
        ("{{ now | date('HH', zone='Mars/Base') }}", "'Mars/Base' is not a time zone"),
        ("{{ '2026-12-01' | date('HH:mm') }}", "date: HH:mm is not a date pattern"),
        ("{{ 'free' | money }}", "money: 'free' is not a number"),
        ("{{ '1e999999999' | money }}", "is not a number"),
        ("{{ '-1e99' | plural('a', 'b') }}", "is not a number"),
        ("{{ true | money }}", "is not a number"),
        ("{{ 5 | money('XYZQ') }}", "'XYZQ' is not a currency"),
        ("{{ 5 | plural('day') }}", "give the word for one and for several"),
        ("{{ 5 | plural(one='day') }}", '"other" among them'),
        ("{{ 5 | plural(other='days', several='d') }}", "give the forms by name"),
        ("{{ price | money }}", "price has no value"),
        ("{% for n in range(9999) %}{% for m in 'ab' %}{{ n | money }}{% endfor %}{% endfor %}",
         "too much time"),
    ],
)  # fmt: skip
def test_what_is_none_is_an_error_before_sending(body, said):
    with pytest.raises(TemplateError) as caught:
        text(body)
    assert said in str(caught.value)
    assert (caught.value.where, caught.value.line) == ("body", 1)


def test_tags_and_lists_of_nobody_are_empty():
    assert text("{% if 'vip' in tags %}vip{% else %}no{% endif %}{{ lists | join }}") == "no"
    composer = Composer(MessageSource("s", "{{ tags | join(',') }}"), Envelope("a@example.com"))
    assert composer.mail("a@example.org", {"tags": ("a", "b")}).text == "a,b\n"
