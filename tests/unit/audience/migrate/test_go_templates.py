"""listmonk's placeholders, and what the translation renders to."""

import pytest

from sestui.audience.migrate.go_templates import GoTemplates
from sestui.core.content.composer import Composer
from sestui.core.content.message import Envelope, MessageSource, TemplateError

CAMPAIGN = {"Name": "March", "Subject": 'A "big" day', "FromEmail": "news@example.com"}
CONTACT = {"first_name": "Ada", "name": "Ada Lovelace", "city": "Paris", "age": 36, "a_b": "deep"}


def rendered(text: str, contact: dict[str, object]) -> str:
    source = MessageSource("Subject", "Body", "markdown", text=text)
    composer = Composer(source, Envelope("news@example.com"))
    return composer.mail("ada@example.org", contact).text.strip()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{{ .Subscriber.Email }}", "ada@example.org"),
        ("{{.Subscriber.FirstName}} {{- .Subscriber.Name -}}", "Ada Ada Lovelace"),
        ("{{ .Subscriber.LastName }}|", "|"),
        ("{{ .Subscriber.Attribs.city }} {{ .Subscriber.Attribs.a.b }}", "Paris deep"),
        ("{{ .Subscriber.Attribs.none }}|", "|"),
        ('{{ if eq .Subscriber.Attribs.city "Paris" }}yes{{ else }}no{{ end }}', "yes"),
        ('{{ if ne .Subscriber.Attribs.city "Paris" }}yes{{ else }}no{{ end }}', "no"),
        ("{{ if eq .Subscriber.Attribs.age 36 }}yes{{ end }}", "yes"),
        ("{{ if .Subscriber.Attribs.none }}a{{ else if .Subscriber.Name }}b{{ end }}", "b"),
        ("{{ if not .Subscriber.Attribs.none }}a{{ end }}", "a"),
        ('{{ TrackLink "https://example.com/?a=b" }}', "https://example.com/?a=b"),
        ('{{ TrackLink "https://example.com/" . }}', "https://example.com/"),
        ("https://example.com/?a=b@TrackLink", "https://example.com/?a=b"),
        ("{{ TrackView }}|{{/* a note */}}|", "||"),
        ('{{ Safe "<b>" }}', "<b>"),
        ("{{ .Campaign.Subject }} {{ .Campaign.Name }}", 'A "big" day March'),
        ("@media{#id{x:y}} {% if %}", "@media{ #id{x:y}} { % if %}"),
    ],
)
def test_common_placeholders_render_as_listmonk_prints_them(written: str, expected: str) -> None:
    go = GoTemplates(CAMPAIGN)
    assert rendered(go.jinja(written), CONTACT) == expected
    assert go.untranslated == ()


def test_the_links_of_a_mail_are_sestuis_own() -> None:
    go = GoTemplates({})
    assert go.jinja("{{ UnsubscribeURL }} {{ManageURL . }}") == (
        "{{ unsubscribe_url }} {{ unsubscribe_url }}"
    )
    assert go.jinja('<p>{{ template "content" . }}</p>') == "<p>{{ content }}</p>"


@pytest.mark.parametrize(
    "written",
    [
        "{{ range .Subscriber.Attribs.items }}{{ . }}{{ end }}",
        '{{ Date "2006-01-02" }}',
        "{{ .Subscriber.UUID }}",
        "{{ .Tx.Data.total }}",
        "{{ upper .Subscriber.Name }}",
        "{{ .Subscriber.Name | upper }}",
        "{{ RootURL }}",
        "{{ OptinURL }}",
        "{{ with .Subscriber }}{{ .Name }}{{ else }}nobody{{ end }}",
        "{{ if gt .Subscriber.Attribs.age 18 }}adult{{ end }}",
        "{{ end }}",
        '{{ L.T "hello" }}',
    ],
)
def test_what_has_no_counterpart_is_named_and_never_mailed(written: str) -> None:
    go = GoTemplates(CAMPAIGN)
    left = go.jinja(written)
    assert go.untranslated
    assert all(placeholder in written for placeholder in go.untranslated)
    with pytest.raises(TemplateError):
        rendered(left, CONTACT)
