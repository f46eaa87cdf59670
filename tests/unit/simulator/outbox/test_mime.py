"""What a mail program makes of a message, well made or not."""

from email.message import EmailMessage

import pytest

from sestui.simulator.outbox.mime import opened
from sestui.simulator.pages.sanitise import attachment, framed, safe_name

IMAGE = b"\x89PNG not really"


def whole() -> EmailMessage:
    """Text, HTML with an image of its own, and two attachments, one of them a mail."""
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content("Hallo")
    message.add_alternative("<h1>Hallo</h1><img src='cid:logo@x'>", subtype="html")
    message.get_payload()[1].add_related(IMAGE, "image", "png", cid="<logo@x>")  # type: ignore[index, union-attr]
    message.add_attachment("<b>not the mail</b>", subtype="html", filename="../página.html")
    inner = EmailMessage()
    inner.set_content("inner")
    message.add_attachment(inner)
    return message


def test_a_whole_mail_falls_into_its_parts() -> None:
    mail = opened(whole().as_bytes())
    assert mail.header("subject") == "Grüße"
    assert mail.text == "Hallo\n"
    assert mail.html.strip() == "<h1>Hallo</h1><img src='cid:logo@x'>"
    assert [(file.name, file.content_type) for file in mail.files] == [
        ("", "image/png"),
        ("../página.html", "text/html"),
        ("", "message/rfc822"),
    ]
    assert mail.files[0].content == IMAGE
    assert b"inner" in mail.files[2].content


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"no headers",
        b"Content-Type: text/html; charset=klingon\r\n\r\n<p>x",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Subject: =?utf-8?b?!?= =?klingon?q?x?=\r\nContent-Type: \x00/\xff\r\n\r\n\xff",
        b"Content-Disposition: attachment; filename*=klingon''%ff%\r\n\r\nx",
        b"\r\n".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d" % (n, n)
            for n in range(3000)
        ),
    ],
)
def test_a_broken_mail_is_shown_as_far_as_it_goes(source: bytes) -> None:
    assert opened(source).source == source


def test_images_that_came_along_are_in_the_frame_and_what_connects_ahead_is_not() -> None:
    html = framed(opened(whole().as_bytes()))
    assert "src='data:image/png;base64," in html
    assert "cid:" not in html
    page = b"Content-Type: text/html\r\n\r\n<LINK rel=preconnect href=//evil><iframe/><linker>"
    assert "<no-LINK rel=preconnect href=//evil><no-iframe/>" in framed(opened(page))
    assert "<linker>" in framed(opened(page))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("price list.pdf", "price list.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\evil.exe", "evil.exe"),
        (".bashrc", "bashrc"),
        ("página.txt", "página.txt"),
        ('a"\r\nX: y;.txt', "a_X_ y_.txt"),
        ("gnp\u202egpj.exe", "gnp_gpj.exe"),
        ("", "attachment-3"),
        ("...", "attachment-3"),
        ("x" * 500 + ".pdf", "x" * 96 + ".pdf"),
        ("x" * 500, "x" * 100),
    ],
)
def test_names_of_files_are_harmless(given: str, kept: str) -> None:
    name = safe_name(given, 2)
    assert name == kept
    header = attachment(name)
    assert header.isascii()
    assert header.count('"') == 2
