"""Accepted mails, read back from their stored requests as recipients would see them."""

import zlib
from dataclasses import dataclass

from sestui.core.contact.mailboxes import Mailbox
from sestui.ses_api.wire import Pairs, RawContent, SendEmailRequest, TemplateContent
from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from sestui.simulator.api.send_checks import without_bcc
from sestui.simulator.outbox.mime import opened
from sestui.simulator.templates.rendering import RenderingError
from sestui.simulator.templates.templating import rendered

_SES_LINK = "{{amazonSESUnsubscribeUrl}}"
_LINK = "https://simulator.sestui.invalid/unsubscribe"
"""Stands for SES's own page."""
_ONE_CLICK = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


@dataclass(frozen=True, slots=True)
class StoredMail:
    """The content of one accepted mail."""

    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    reply_to: tuple[str, ...]
    configuration_set: str
    headers: Pairs
    """Headers other than sender, recipients and subject; all headers of a raw mail."""
    html: str
    text: str
    attachments: tuple[str, ...]
    """File names."""
    raw: str | None
    """The source of a raw mail; undecodable bytes are replaced."""


def packed(body: bytes) -> bytes:
    """A request's body, compressed for storage."""
    return zlib.compress(body, 1)


def stored_mail(body: bytes, *, bulk: bool, entry: int) -> StoredMail:
    """Mail number ``entry`` of the stored request ``body``."""
    request = stored_request(body, bulk=bulk, entry=entry)
    content = request.content
    if isinstance(content, RawContent):
        return _raw_mail(request, content)
    html, text, headers = content.html, content.text, content.headers
    if isinstance(content, TemplateContent):
        try:
            simple = rendered(content)
        except RenderingError:
            pass  # never delivered, so the template is shown
        else:
            html, text, headers = simple.html, simple.text, simple.headers
    return _mail(
        request,
        headers=headers,
        html=html,
        text=text,
        attachments=tuple(file.name for file in content.attachments),
    )


def stored_request(body: bytes, *, bulk: bool, entry: int) -> SendEmailRequest:
    """The request of mail number ``entry``, as if it had been sent alone."""
    plain = zlib.decompress(body)
    return parse_send_bulk_email(plain).single(entry) if bulk else parse_send_email(plain)


def _raw_mail(request: SendEmailRequest, content: RawContent) -> StoredMail:
    mail = opened(without_bcc(content.data))
    return _mail(
        request,
        headers=mail.headers,
        html=mail.html,
        text=mail.text,
        attachments=tuple(file.name for file in mail.files),
        raw=mail.source.decode("utf-8", "replace"),
    )


def _mail(
    request: SendEmailRequest,
    *,
    headers: Pairs,
    html: str,
    text: str,
    attachments: tuple[str, ...],
    raw: str | None = None,
) -> StoredMail:
    if request.subscription is not None:
        html, text = html.replace(_SES_LINK, _LINK), text.replace(_SES_LINK, _LINK)
        headers = (*headers, ("List-Unsubscribe", f"<{_LINK}>"), _ONE_CLICK)
    return StoredMail(
        to=_shown(request.destination.to),
        cc=_shown(request.destination.cc),
        bcc=_shown(request.destination.bcc),
        reply_to=_shown(request.reply_to),
        configuration_set=request.configuration_set,
        headers=headers,
        html=html,
        text=text,
        attachments=attachments,
        raw=raw,
    )


def _shown(mailboxes: tuple[Mailbox, ...]) -> tuple[str, ...]:
    return tuple(each.shown for each in mailboxes)
