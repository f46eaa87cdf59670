"""Accepted mails as they arrive: the MIME message that SES would build, parsed again."""

import email.charset
import email.encoders
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import formatdate

from sestui.core.clock import Instant
from sestui.core.contact.mailboxes import Mailbox
from sestui.core.text import encodable
from sestui.ses_api.wire import (
    Pairs,
    RawContent,
    SendEmailRequest,
    SimpleContent,
    TemplateContent,
    WireAttachment,
)
from sestui.simulator.api.send_checks import without_bcc
from sestui.simulator.outbox.mime import ParsedMail, opened
from sestui.simulator.templates.rendering import RenderingError
from sestui.simulator.templates.templating import rendered

_WIRE = compat32.clone(linesep="\r\n", max_line_length=0)
_QUOTED = email.charset.Charset("utf-8")
_QUOTED.body_encoding = email.charset.QP


def delivered_mail(request: SendEmailRequest, *, message_id: str, at: Instant) -> ParsedMail:
    """The mail that the recipients of ``request`` get."""
    content = request.content
    if isinstance(content, RawContent):
        return opened(without_bcc(content.data))
    if isinstance(content, TemplateContent):
        content = _rendered(content)
    return opened(_built(request, content, message_id, at))


def _rendered(content: TemplateContent) -> SimpleContent:
    try:
        return rendered(content)
    except RenderingError:  # never delivered, so the template is shown
        return SimpleContent(
            content.subject, content.html, content.text, content.headers, content.attachments
        )


def _built(
    request: SendEmailRequest, content: SimpleContent, message_id: str, at: Instant
) -> bytes:
    """The MIME message that SES builds of a simple mail."""
    envelope = (
        ("From", request.sender.written),
        ("Reply-To", _list(request.reply_to)),
        ("To", _list(request.destination.to)),
        ("Cc", _list(request.destination.cc)),
        ("Subject", content.subject),
        ("Date", formatdate(at)),
        ("Message-ID", f"<{message_id}@eu-west-1.amazonses.com>"),
    )
    return mime_of(content, envelope, mark=message_id)


def mime_of(content: SimpleContent, envelope: Pairs, *, mark: str) -> bytes:
    """The MIME message of a simple mail with these headers; empty ones are left out.

    ``mark`` is part of the boundaries, so that the same mail always has the same source.
    """
    bodies: list[Message] = [
        _body(text, kind)
        for kind, text in (("plain", content.text), ("html", content.html))
        if text
    ] or [_body("", "plain")]
    message = bodies[0]
    # A body can't contain the boundaries, as it quotes =.
    if len(bodies) > 1:
        message = MIMEMultipart("alternative", f"=_a_{mark}", bodies)
    shown = [_file(each) for each in content.attachments if each.inline]
    files = [_file(each) for each in content.attachments if not each.inline]
    if shown:
        message = MIMEMultipart("related", f"=_r_{mark}", [message, *shown])
    if files:
        message = MIMEMultipart("mixed", f"=_m_{mark}", [message, *files])
    of_content = message.items()
    for name, _ in of_content:
        del message[name]
    for name, value in (*envelope, *content.headers):
        if value:
            message[name] = _encoded(value)
    for name, value in of_content:
        message[name] = value
    return message.as_bytes(policy=_WIRE)


def _body(text: str, kind: str) -> Message:
    part = MIMENonMultipart("text", kind, charset="utf-8")
    part.set_payload(encodable(text), _QUOTED)
    return part


def _file(file: WireAttachment) -> Message:
    main, _, sub = file.content_type.partition("/")
    part = MIMEBase(encodable(main) or "application", encodable(sub) or "octet-stream")
    part.set_payload(file.content)
    email.encoders.encode_base64(part)
    disposition = "inline" if file.inline else "attachment"
    part.add_header("Content-Disposition", disposition, filename=_one_line(file.name))
    if file.content_id:
        part.add_header("Content-ID", f"<{_one_line(file.content_id)}>")
    return part


def _list(mailboxes: tuple[Mailbox, ...]) -> str:
    return ", ".join(each.written for each in mailboxes)


def _encoded(value: str) -> str:
    line = _one_line(value)
    return line if line.isascii() else Header(line, "utf-8").encode()


def _one_line(value: str) -> str:
    return " ".join(encodable(value).split("\n")).replace("\r", " ")
