"""Layouts, included files, own headers and recipients' names: applied, and read back from SES."""

import email
import json
from email.policy import default

import pytest

from sestui.compose.files import load_campaign
from sestui.compose.save_file import save_campaign
from sestui.core.content import Composer, Envelope, TemplateError
from sestui.errors import BadFileError
from sestui.ses.requests import bulk_request, single_request
from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from sestui.simulator.outbox.rendered_mail import delivered_mail
from tests.support.compose import plan

NOW = 1_790_000_000.0
SHOP = """<!doctype html>
<html><head><style>.foot { color: #555555 } p { margin: 7px }</style></head><body>
<table><tr><td>Ada's Shop</td></tr></table>
{{ content }}
<p class="foot">1 Long Lane <a href="{{ unsubscribe_url }}">Leave</a></p>
</body></html>
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "layouts").mkdir()

    def written(body="# Hello {{ first_name }}\n", name="news.md", **fields):
        front = {"name": "news", "subject": "News", "from": "Ada <a@example.com>", "lists": "[l]"}
        lines = "".join(f"{key}: {value}\n" for key, value in (front | fields).items())
        path = tmp_path / "here" / name
        path.write_text(f"---\n{lines}---\n{body}")
        return path

    return written


def load(path):
    return load_campaign(path, layouts=path.parents[1] / "layouts")


def mail_of(loaded, attributes=None, to="bo@example.org", **envelope):
    fields = loaded.file.fields
    envelope = Envelope(fields.from_address, keywords=fields.keywords, **envelope)
    return Composer(loaded.message, envelope).mail(to, attributes or {"first_name": "Bo"})


def through_ses(mail, *, bulk=False):
    request = json.dumps(bulk_request([mail]) if bulk else single_request(mail)).encode()
    parsed = parse_send_bulk_email(request).single(0) if bulk else parse_send_email(request)
    source = delivered_mail(parsed, message_id="0100-1", at=0.0).source
    return email.message_from_bytes(source, policy=default)


@pytest.mark.parametrize(
    ("place", "given"),
    [("here", "shop.html"), ("here", "shop"), ("layouts", "shop.html"), ("layouts", "shop")],
)
@pytest.mark.parametrize("name", ["news.md", "news.html"])
def test_a_layout_stands_around_the_body_in_both_parts(folder, tmp_path, place, given, name):
    (tmp_path / place / "shop.html").write_text(SHOP)
    body = "# Hello {{ first_name }}\n" if name == "news.md" else "<h1>Hello {{ first_name }}</h1>"
    mail = mail_of(load(folder(body, name, layout=given)))
    assert mail.html.index("Ada's Shop") < mail.html.index("<h1") < mail.html.index("Long Lane")
    assert "Hello Bo" in mail.html
    assert "color: #555555" in mail.html.partition("<body")[2]  # its styles are inlined
    assert "max-width: 600px" not in mail.html  # Markdown's own look is replaced
    assert [line for line in mail.text.splitlines() if line.strip("= ")] == [
        "Ada's Shop",
        "Hello Bo",
        "1 Long Lane Leave <mailto:a@example.com?subject=unsubscribe>",
    ]


def test_the_look_of_markdown_is_a_layout_that_the_workspace_replaces(folder, tmp_path):
    path = folder()
    own = mail_of(load(path)).html
    assert "max-width: 600px" in own
    (tmp_path / "layouts" / "markdown.html").write_text("<div id='ours'>{{ content }}</div>")
    assert 'id="ours"' in mail_of(load(path)).html
    assert "max-width" not in mail_of(load(path)).html
    html = folder("<p>Hi</p>", "news.html")
    assert "ours" not in mail_of(load(html)).html


def test_a_run_depends_on_no_file(folder, tmp_path, campaigns):
    layout = tmp_path / "here" / "shop.html"
    layout.write_text('{% include "head.html" %}{{ content }}')
    (tmp_path / "here" / "head.html").write_text("<p>Head</p>")
    loaded = load(folder('Hi\n\n{% include "head.html" %}\n', layout="shop", to_name="Bo"))
    planned = plan(campaigns, loaded, NOW)
    campaign = campaigns.save(loaded.file.fields, loaded.message, now=NOW, next_due_at=None)
    for each in (tmp_path / "here").iterdir():
        each.unlink()
    stored = campaigns.message(campaign.message_id)
    assert stored == planned.loaded.message
    assert (stored.layout, stored.layout_name) == ("<p>Head</p>{{ content }}", "shop.html")
    assert (
        Composer(stored, Envelope("a@example.com"))
        .mail("b@example.com", {})
        .html.count(">Head</p>")
        == 2
    )


def test_another_layout_is_a_change_that_apply_shows(folder, tmp_path, campaigns):
    layout = tmp_path / "here" / "shop.html"
    layout.write_text("<p>Old</p>{{ content }}")
    path = folder(layout="shop.html")
    loaded = load(path)
    campaigns.save(loaded.file.fields, loaded.message, now=NOW, next_due_at=None)
    assert plan(campaigns, load(path), NOW).change == "unchanged"
    layout.write_text("<p>New</p>{{ content }}")
    assert "+<p>New</p>{{ content }}" in plan(campaigns, load(path), NOW).diff.splitlines()


def test_saved_as_a_file_it_is_the_same_again(folder, tmp_path):
    (tmp_path / "here" / "shop.html").write_text(SHOP)
    loaded = load(folder(layout="shop", headers='{X-Campaign: "n {{ email }}"}', to_name="Bo"))
    target = tmp_path / "there"
    target.mkdir()
    save_campaign(target / "n.md", loaded.file.fields, loaded.message, overwrite=False)
    assert load_campaign(target / "n.md").message == loaded.message


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ("<p>no place</p>", "there is no {{ content }} in it"),
        ("{{ content }}{{ content }}", "{{ content }} twice"),
        ("<p>\n{{ content }}\n{{ nothing. }}", "shop.html, line 3: the template is broken"),
        ("{{ content }}\n<a {{ first_name }}>x</a>", "shop.html, line 2: "),
    ],
)
def test_a_broken_layout_is_told_by_its_own_file_and_line(
    folder, tmp_path, campaigns, layout, said
):
    (tmp_path / "here" / "shop.html").write_text(layout)
    with pytest.raises(BadFileError) as caught:
        plan(campaigns, load(folder(layout="shop.html")), NOW)
    assert said in str(caught.value)
    assert "shop.html" in str(caught.value)


def test_a_value_that_a_layout_lacks_is_found_in_the_layout(folder, tmp_path):
    (tmp_path / "here" / "shop.html").write_text("<p>\n{{ content }}\n{{ town }}</p>")
    loaded = load(folder(layout="shop"))
    with pytest.raises(TemplateError) as caught:
        mail_of(loaded)
    assert (caught.value.where, caught.value.line) == ("layout", 3)


@pytest.mark.parametrize(
    "outside", ["../secret.html", "/etc/hostname", "link.html", "deep/../../secret.html"]
)
@pytest.mark.parametrize("by", ["include", "layout"])
def test_nothing_outside_of_the_folder_is_read(folder, tmp_path, outside, by):
    (tmp_path / "secret.html").write_text("secret {{ content }}")
    (tmp_path / "here" / "deep").mkdir()
    (tmp_path / "here" / "link.html").symlink_to(tmp_path / "secret.html")
    path = folder(f'Hi\n{{% include "{outside}" %}}') if by == "include" else folder(layout=outside)
    with pytest.raises(BadFileError, match="outside the campaign's folder"):
        load(path)
    if outside != "/etc/hostname":
        assert load_campaign(path, allowed=[tmp_path])


def test_includes_are_bounded(folder, tmp_path):
    here = tmp_path / "here"
    (here / "a.html").write_text('{% include "b.html" %}')
    (here / "b.html").write_text('{% include "a.html" %}')
    (here / "many.html").write_text('{% include "one.html" %}' * 150)
    (here / "one.html").write_text("x")
    (here / "big.html").write_text("x" * 1_500_000)
    for body, said in (
        ('{% include "a.html" %}', "a.html includes itself"),
        ('{% include "none.html" %}', "there is no file none.html to include"),
        ('{% include "many.html" %}{% include "many.html" %}', "it includes too much"),
        ('{% include "big.html" %}{% include "big.html" %}', "it includes too much"),
        ("{% include name %}", "it includes no file by its name"),
        ('{% include ["a.html", "b.html"] %}', "it includes no file by its name"),
        ('{% include "one.html" ignore missing %}', "it includes no file by its name"),
    ):
        with pytest.raises(BadFileError, match="line 9") as caught:
            load(folder(f"Hi\n\n{body}\n"))
        assert said in str(caught.value)


def test_what_only_looks_like_an_include_stays(folder, tmp_path):
    (tmp_path / "here" / "one.html").write_text("one\n")
    body = (
        '{# {% include "none" %} #}{% raw %}{% include "none" %}{% endraw %}'
        " a {%- include 'one.html' -%} b {% include \"one.html\" without context %}\n"
    )
    assert mail_of(load(folder(body))).text.strip() == '{% include "none" %} aoneb one'


def test_lines_are_those_of_the_file_as_it_is_written(folder, tmp_path, campaigns):
    (tmp_path / "here" / "five.html").write_text("1\n2\n3\n4\n5\n")
    path = folder('Hi\n\n{% include "five.html" %}\n\n{{ unknown. }}\n')
    with pytest.raises(BadFileError, match="line 11: body: the template is broken"):
        plan(campaigns, load(path), NOW)
    (tmp_path / "here" / "five.html").write_text("1\n2\n{{ oh. }}\n4\n5\n")
    with pytest.raises(BadFileError, match="line 9: body: the template is broken"):
        plan(campaigns, load(path), NOW)


@pytest.mark.parametrize("bulk", [False, True])
def test_own_headers_and_the_name_arrive(folder, bulk):
    loaded = load(
        folder(
            headers='{X-Campaign: "news {{ email }}", Feedback-ID: 7}',
            to_name="\"{{ first_name }} {{ last_name or '' }}\"",
        )
    )
    mail = mail_of(loaded, {"first_name": 'Bo, "the"\nGreat', "last_name": "Łoś"})
    message = through_ses(mail, bulk=bulk)
    assert message["X-Campaign"] == "news bo@example.org"
    assert message["Feedback-ID"] == "7"
    assert message["List-Unsubscribe"]
    (to,) = message["To"].addresses
    assert (to.addr_spec, to.display_name) == ("bo@example.org", 'Bo, "the" Great Łoś')


def test_a_name_of_nothing_is_the_address_alone(folder):
    loaded = load(folder(to_name="\"{{ nick or '' }}\""))
    assert mail_of(loaded).to == "bo@example.org"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ("{Subject: x}", "SES sets Subject itself"),
        ("{x-ses-tenant: x}", "SES sets x-ses-tenant itself"),
        ("{DKIM-Signature: x}", "SES sets DKIM-Signature itself"),
        ("{List-Unsubscribe: <https://x.y>}", "is made from the setting unsubscribe_url"),
        ('{"X A": b}', "can't be a header's name"),
        ("{X-A: b, x-a: c}", "x-a is given twice"),
        ("{X-A: }", "X-A has no text"),
        ("{X-A: [1]}", "X-A has no text"),
        ("[X-A]", "must be names with values"),
        ("{" + ", ".join(f"X-{n}: v" for n in range(14)) + "}", "13 of your own"),
    ],
)
def test_headers_that_ses_would_refuse_are_refused(folder, headers, said):
    with pytest.raises(BadFileError) as caught:
        load(folder(headers=headers))
    assert said in str(caught.value)


def test_a_header_of_thirteen_beside_ours_is_taken_by_ses(folder):
    thirteen = "{" + ", ".join(f"X-{n}: v" for n in range(13)) + "}"
    mail = mail_of(load(folder(headers=thirteen)), unsubscribe_url="https://x.example/{email}")
    assert through_ses(mail)["X-12"] == "v"


def test_mail_to_unsubscribe_stands_beside_the_page(folder):
    loaded = load(folder())
    page = {"unsubscribe_url": "https://x.example/{email}"}
    assert through_ses(mail_of(loaded, **page))["List-Unsubscribe"] == (
        "<https://x.example/bo%40example.org>"
    )
    both = through_ses(mail_of(loaded, **page, unsubscribe_email="leave@x.example"))
    assert both["List-Unsubscribe"] == (
        "<https://x.example/bo%40example.org>, <mailto:leave@x.example?subject=unsubscribe>"
    )
    assert both["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    alone = through_ses(mail_of(loaded, unsubscribe_email="leave@x.example"))
    assert alone["List-Unsubscribe"] == "<mailto:leave@x.example?subject=unsubscribe>"
    long = {"unsubscribe_url": "https://x.example/" + "y" * 930}
    kept = through_ses(mail_of(loaded, **long, unsubscribe_email="leave@x.example"))
    assert "mailto" not in kept["List-Unsubscribe"]
