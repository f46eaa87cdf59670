"""Campaign files as authors write them, applied, put through SES's MIME, and read back."""

import email
import json
import shutil
from email.header import decode_header, make_header
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.compose.files import load_campaign
from sestui.core.content import Composer, Envelope, MessageSource
from sestui.core.content.lint.findings import check_message
from sestui.errors import BadFileError
from sestui.ses.requests import bulk_request, single_request
from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from sestui.simulator.outbox.rendered_mail import delivered_mail

LETTERS = Path(__file__).parents[2] / "data" / "letters"
PNG = bytes.fromhex("89504e470d0a1a0a")
ANN = "ann+news@example.org"


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def through_ses(mail, *, bulk=False):
    """The mail read back from what SES makes of it."""
    request = bulk_request([mail]) if bulk else single_request(mail)
    body = json.dumps(request).encode()
    parsed = parse_send_bulk_email(body).single(0) if bulk else parse_send_email(body)
    found = delivered_mail(parsed, message_id="0100-1", at=0.0)
    return email.message_from_bytes(found.source, policy=default)


def sent(loaded, attributes=None, *, bulk=False, to=ANN):
    fields = loaded.file.fields
    composer = Composer(loaded.message, Envelope(fields.from_address, keywords=fields.keywords))
    return through_ses(composer.mail(to, attributes or {}), bulk=bulk)


def html_of(message):
    return message.get_body(("html",)).get_content()


def text_of(message):
    return message.get_body(("plain",)).get_content()


def campaign(folder, body, name="news.md", **fields):
    lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
    path = folder / name
    path.write_text(
        f"---\nname: n\nsubject: S\nfrom: n@example.com\nlists: [l]\n{lines}---\n{body}"
    )
    return path


def problems(loaded):
    fields = loaded.file.fields
    found = check_message(
        loaded.message, Envelope(fields.from_address, transactional=True)
    ).findings
    return [(each.where, each.line, each.problem) for each in found]


def composed(body, attributes=None, **source):
    envelope = Envelope("n@example.com", keywords={"base": "https://b.example.com/?z=1"})
    return Composer(MessageSource("S", body, **source), envelope).mail(ANN, attributes or {})


@pytest.mark.parametrize("bulk", [False, True])
def test_every_address_arrives_in_a_link(bulk):
    mail = sent(load_campaign(LETTERS / "plus-address-in-link-not-url-encoded.md"), bulk=bulk)
    href = Tags(html_of(mail)).of("a")[0]["href"]
    assert parse_qs(urlsplit(href).query) == {"email": [ANN]}
    assert f"prefs <{href}>" in text_of(mail)


@given(value=st.text(min_size=1, max_size=20).filter(lambda v: v.isprintable() and v.strip() == v))
def test_any_value_of_a_parameter_decodes_to_itself(value):
    body = (
        "[a](https://s.example.com/p?q={{ v }}&r=1#x) <https://s.example.com/?v={{ v }}> "
        '<a href="{{ base }}&amp;v={{ v }}">b</a> [m](mailto:x@example.com?subject={{ v }}) '
        "[own](https://s.example.com/?q={{ v|urlencode }})"
    )
    mail = composed(body, {"v": value})
    links = [attrs["href"] for attrs in Tags(mail.html).of("a")]
    named = [parse_qs(urlsplit(link).query, keep_blank_values=True) for link in links]
    assert named == [
        {"q": [value], "r": ["1"]},
        {"v": [value]},
        {"z": ["1"], "v": [value]},
        {"subject": [value]},
        {"q": [value]},
    ]
    assert all(link in mail.text for link in links)


SHOP = "https://s.example.com/"


@pytest.mark.parametrize(
    ("written", "value", "link"),
    [
        ("{{ v }}", "https://t.example.com/?a=1&b=2", "https://t.example.com/?a=1&b=2"),
        ("https://{{ v }}.example.com/", "shop", "https://shop.example.com/"),
        (SHOP + "{{ v }}", "tee & a/100%", SHOP + "tee%20&%20a/100%25"),
        (SHOP + "{{ v }}", "x%20y", SHOP + "x%20y"),
        (SHOP + "?{{ v }}", "a=1&b=2", SHOP + "?a=1&b=2"),
        (
            SHOP + "?u={{ v }}",
            "https://t.example.com/?a=1",
            SHOP + "?u=https%3A%2F%2Ft.example.com%2F%3Fa%3D1",
        ),
        (SHOP + "?q=%2B{% if v %}{{ v }}{% endif %}", "a b", SHOP + "?q=%2Ba%20b"),
        (SHOP + "#{{ v }}", "a b", SHOP + "#a%20b"),
        (SHOP + "?q={{ v|e }}", "a&b", SHOP + "?q=a%26b"),
        ("tel:{{ v }}", "+33 1", "tel:+33 1"),
    ],
)
def test_a_value_is_encoded_by_its_place(written, value, link):
    mail = composed(f'<a href="{written}">x</a>', {"v": value}, body_format="html")
    assert Tags(mail.html).of("a")[0]["href"] == link
    assert f"x <{link}>" in mail.text


def test_a_link_in_the_authors_own_text_is_encoded_too():
    mail = composed("x", text="See https://s.example.com/?e={{ email }} or {{ email }}")
    assert mail.text == f"See https://s.example.com/?e=ann%2Bnews%40example.org or {ANN}\n"


def test_references_in_attributes_are_read_as_html5_reads_them():
    mail = sent(load_campaign(LETTERS / "text-part-link-section-becomes-paragraph-sign.md"))
    link = "https://s.example.com/?a=1&section=2&reg=3"
    assert text_of(mail).startswith(f"go <{link}> and md <{link}>")
    assert html_of(mail).count("?a=1&amp;section=2&amp;reg=3") == 2
    href = "https://e.org/?a=1&copy=2&notit=3&amp;amp=4&lt;&#43;&para"
    mail = composed(f'<a href="{href}">x</a> &copy; &amp;', body_format="html")
    assert mail.text == "x <https://e.org/?a=1&copy=2&notit=3&amp=4<+¶> © &\n"


def test_markup_in_values_is_read_in_the_text_part():
    body = "{{ a }}; {{ b }}; {{ c|safe }}; {{ d|e }}; {{ e }}; {{ f }}"
    values = {
        "a": "<b>bold</b>",
        "b": "O&#39;Neil &amp; Sons",
        "c": "x<br>y <i>z</i>",
        "d": "1 < 2 & <3",
        "e": "a <b c & d &copy=1",
        "f": "<p>Hi <a href='x'>you</a></p>",
    }
    mail = composed(body, values)
    assert mail.text == "bold; O'Neil & Sons; x y z; 1 < 2 & <3; a <b c & d &copy=1; Hi you\n"
    assert "&lt;b&gt;bold&lt;/b&gt;" in mail.html


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("Hi\n\n[the shop](https://shop.example.com/a\nb?c=1)", 3),
        ("[the shop]\n(https://shop.example.com/)", 1),
        ("Hi\n[the shop](https://shop.example.com/?a=1&\n  b=2) now", 2),
        ('Hi\n\n<a href="https://shop.example.com/\na">shop</a>', 3),
    ],
)
def test_a_link_broken_over_two_lines_is_found(tmp_path, body, line):
    found = [
        each for each in problems(load_campaign(campaign(tmp_path, body))) if "link" in each[2]
    ]
    assert [each[:2] for each in found] == [("body", line)]
    assert "broken over two lines" in found[0][2]


def test_where_a_value_may_be_several_parameters_the_author_is_told(tmp_path):
    found = problems(load_campaign(campaign(tmp_path, "[a](https://s.example.com/?{{ utm }})")))
    assert any("{{ utm }} in a link may be several parameters" in p for _, _, p in found)


def test_a_full_page_stays_as_it_was():
    loaded = load_campaign(LETTERS / "full-page-doctype-shortened-link-and-script-silent.html")
    values = {"first_name": "Ann", "city": "York", "url": "https://shop.example.com/?a=1&b=2"}
    page = html_of(sent(loaded, values))
    assert page.startswith(
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
    )
    rules = page[page.index("<style") : page.index("</style>")]
    for rule in (
        "a:hover {",
        ".ExternalClass * {",
        "#outlook a {",
        "u + #body .gmail {",
        "@font-face",
        "@media only screen",
        "@media (prefers-color-scheme: dark)",
        "@supports",
        "@import",
    ):
        assert rule in rules
    for comment in (
        "<!--[if mso]><xml>",
        "<!--[if !mso]><!-->",
        "<!--<![endif]-->",
        "<!--[if mso]></td></tr></table><![endif]-->",
        "<center>VML Ann</center>",
    ):
        assert comment in page
    assert "<script" not in page
    assert "<link" not in page
    assert page.count("<tbody>") == page.count("</tbody>") == 1
    shown_first = page[page.index('<body id="body"') :].split("Hello preheader")[0]
    assert shown_first.count("<") == 2
    assert "\u034f\u200c\u00a0" * 100 in page
    told = [problem for _, _, problem in problems(loaded)]
    assert "<script> is removed: mail programs run no scripts" in told
    assert any(problem.startswith("<link> is removed") for problem in told)


def test_a_fragment_becomes_a_page():
    loaded = load_campaign(LETTERS / "html-fragment-sent-without-doctype.html")
    page = html_of(sent(loaded, {"first_name": "Ann"}))
    assert page.startswith('<!DOCTYPE html><html dir="ltr"><head><meta charset="utf-8">')
    assert "<body><p>Hi Ann</p>" in page
    assert page.rstrip().endswith("</body></html>")


@pytest.mark.parametrize(
    ("body", "kind", "fields", "lang", "direction"),
    [
        ("שלום {{ email }}, מה שלומך", "md", {}, "he", "rtl"),
        ("<p>مرحبا بكم في المتجر</p>", "html", {}, "ar", "rtl"),
        ("<html><body><p>خوش آمدید به فروشگاه پچ</p></body></html>", "html", {}, "fa", "rtl"),
        ("Hello you, https://shop.example.com/%D7%90", "md", {}, None, "ltr"),
        ("Hello", "md", {"lang": "ar-EG"}, "ar-EG", "rtl"),
        ("Καλημέρα", "html", {}, "el", "ltr"),
        ('<html lang="he"><body>x</body></html>', "html", {}, "he", "rtl"),
        ('<html lang="en" dir="ltr"><body>שלום</body></html>', "html", {}, "en", "ltr"),
    ],
)
def test_language_and_direction(tmp_path, body, kind, fields, lang, direction):
    loaded = load_campaign(campaign(tmp_path, body, f"news.{kind}", **fields))
    page = Tags(html_of(sent(loaded)))
    (html,) = page.of("html")
    assert (html.get("lang"), html["dir"]) == (lang, direction)
    if direction == "rtl":  # Gmail drops <html> and what it says
        assert (page.of("body") if "<html" in body else page.of("div"))[0]["dir"] == "rtl"


def test_mail_that_is_read_from_right_to_left_is_mirrored():
    page = composed("שלום\n\n> ציטוט\n\n- אחד").html
    assert "border-right: 4px" in page
    assert "padding-right: 16px" in page
    assert "padding-right: 24px" in page


@pytest.mark.parametrize(
    "body",
    [
        "<p>x</p>",
        "<!--[if mso]><body class='m'><![endif]--><p>x</p>",
        "<html><head><title>a &lt;body&gt; b</title></head><body\nclass='a>b'><p>x</p></html>",
        "<style>.a{content:'<body>'}</style><p>x</p>",
        "{% set a = 1 %}<!doctype html><BODY><p>x</p>",
    ],
)
def test_the_preheader_is_the_first_thing_in_the_body(body):
    page = composed(body, body_format="html", preheader="Read {{ email }}").html
    assert page.count(f"Read {ANN}") == 1
    tags = Tags(page).tags
    names = [name for name, _ in tags]
    assert tags[names.index("body") + 1][1]["style"].startswith("display:none")


def test_styles_that_only_outlook_or_jinja_know_are_kept():
    body = (
        "<style>.a{color:red}</style><style>{% if x %}.b{color:blue}{% endif %}</style>"
        "<!--[if mso]><i class='a'>o</i><![endif]--><p class='a'>x</p>"
    )
    page = composed(body, {"x": "1"}, body_format="html").html
    assert 'style="color: red;"' in page
    assert "<style>.a{color:red}</style><style>.b{color:blue}</style>" in page.replace(" ", "")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "campaigns"
    shutil.copytree(LETTERS, made)
    (made / "img").mkdir()
    (made / "img" / "logo.png").write_bytes(PNG + b"2")
    (made / "Bild ü.png").write_bytes(PNG + b"3")
    (tmp_path / "secret.png").write_bytes(PNG)
    return made


@pytest.mark.parametrize("bulk", [False, True])
def test_an_image_by_cid_is_shown_in_the_mail(folder, bulk):
    loaded = load_campaign(folder / "cid-image-never-shown-no-warning.md")
    mail = sent(loaded, bulk=bulk)
    assert mail.get_content_type() == "multipart/related"
    (picture,) = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    assert picture["Content-ID"] == "<logo.png>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_filename() == "logo.png"
    assert picture.get_content() == (LETTERS / "logo.png").read_bytes()
    sources = [image["src"] for image in Tags(html_of(mail)).of("img")]
    assert sources == ["cid:logo.png", "cid:logo.png"]


def test_local_images_travel_with_the_mail(folder):
    body = (
        "![a](logo.png) ![b](./img/logo.png) <img src='Bild%20ü.png'> ![d](logo.png)\n\n"
        "![web](https://s.example.com/x.png) ![theirs]({{ email }})"
    )
    loaded = load_campaign(campaign(folder, body, attachments="[people.csv]"))
    names = [each.name for each in loaded.message.attachments]
    assert names == ["people.csv", "logo.png", "img_logo.png", "Bild ü.png"]
    mail = sent(loaded)
    related, table = mail.iter_parts()
    assert (mail.get_content_subtype(), related.get_content_subtype()) == ("mixed", "related")
    assert table.get_content_disposition() == "attachment"
    parts = [part for part in related.iter_parts() if part.get_content_maintype() == "image"]
    pictures = {part["Content-ID"].strip("<>"): part.get_content() for part in parts}
    sources = [image["src"] for image in Tags(html_of(mail)).of("img")]
    logo = (folder / "logo.png").read_bytes()
    shown = [pictures[source.removeprefix("cid:")] for source in sources[:4]]
    assert shown == [logo, PNG + b"2", PNG + b"3", logo]
    assert all(key.isascii() and " " not in key for key in pictures)
    assert sources[4:] == ["https://s.example.com/x.png", ANN]
    assert problems(loaded) == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("cid:other.png", "attach a file of that name"),
        ("missing.png", "is not an attachment"),
        ("file:///home/me/logo.png", "is on your machine"),
        ("data:image/png;base64,iVBORw0KGgo=", "will not show in Gmail"),
        ("logo-{{ email }}.png", "differs per recipient"),
        ("/logo.png", "has no host"),
    ],
)
def test_an_image_that_would_not_be_shown_is_found(folder, address, said):
    (found,) = problems(load_campaign(campaign(folder, f'Hi\n\n<img src="{address}">')))
    assert found[:2] == ("body", 3)
    assert said in found[2]


@pytest.mark.parametrize("name", ["setup.exe", "run.BAT", "a.pdf.js", "page.url"])
def test_files_that_ses_refuses_are_refused_at_apply(folder, name):
    (folder / name).write_bytes(b"MZ")
    with pytest.raises(BadFileError, match="SES refuses mails with"):
        load_campaign(campaign(folder, "x", attachments=f'["./{name}"]'))
    with pytest.raises(BadFileError, match=r"line 6: attachments: setup\.exe can't be attached"):
        load_campaign(folder / "exe-attachment-not-refused.md")


def test_files_outside_the_folder_are_refused_unless_it_is_allowed(folder, tmp_path):
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "out").symlink_to(tmp_path)
    for way in (
        "../secret.png",
        str(tmp_path / "secret.png"),
        "link.png",
        "out/secret.png",
        "img/../../secret.png",
    ):
        path = campaign(folder, "x", attachments=f'["{way}"]')
        with pytest.raises(BadFileError, match=r"outside the campaign's folder") as met:
            load_campaign(path)
        assert "--allow-folder" in met.value.on_command_line()
        allowed = load_campaign(path, allowed=[tmp_path])
        assert allowed.message.attachments[0].content == PNG
    with pytest.raises(BadFileError, match="outside the campaign's folder"):
        load_campaign(campaign(folder, "![x](../secret.png)"))
    inside = load_campaign(campaign(folder, "x", attachments='["img/../logo.png"]'))
    assert [each.name for each in inside.message.attachments] == ["logo.png"]


def test_a_long_name_of_the_sender_is_words_of_75_characters():
    mail = sent(load_campaign(LETTERS / "long-non-ascii-sender-name-one-163-char-encoded-word.md"))
    (line,) = [value for name, value in mail.raw_items() if name == "From"]
    words = [word for word in line.split() if word.startswith("=?")]
    assert len(words) > 1
    assert max(map(len, words)) <= 75
    # Python's own reader of names leaves blanks between the words.
    assert str(make_header(decode_header(line))) == (
        "Die Gesellschaft zur Förderung der Übertragung von Würsten und Käse in Österreich, "
        "Süd e. V. Ökologisch <news@example.com>"
    )
