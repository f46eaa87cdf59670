"""Store messages, one row for each content."""

from collections.abc import Iterable
from dataclasses import fields

from sqlmodel import Session, select

from sestui.core.clock import Instant
from sestui.core.content.message import BODY_FORMATS, MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.store.db.tables import Attachment, Message

_TEXTS = [
    each.name for each in fields(MessageSource) if each.name not in {"attachments", "headers"}
]
"""Columns with the source's own fields."""


def stored_message(session: Session, source: MessageSource, now: Instant) -> int:
    """The id of the row with this content, which is stored if it is new."""
    digest = source.digest
    known = session.exec(select(Message.id).where(Message.digest == digest).limit(1)).first()
    if known is not None:
        return known
    message = Message(
        digest=digest,
        created_at=now,
        **{name: getattr(source, name) for name in _TEXTS},
        headers=[list(pair) for pair in source.headers],
    )
    session.add(message)
    session.flush()
    assert message.id is not None  # noqa: S101 - set by the flush
    session.add_all(
        Attachment(
            message_id=message.id,
            name=item.name,
            content_type=item.content_type,
            content=item.content,
        )
        for item in source.attachments
    )
    return message.id


def source_of(message: Message, files: Iterable[Attachment]) -> MessageSource:
    """The message of a row and its attachments' rows."""
    known = message.body_format in BODY_FORMATS
    return MessageSource(
        **{name: getattr(message, name) for name in _TEXTS}
        | {"body_format": message.body_format if known else "markdown"},
        attachments=tuple(
            MailAttachment(file.name, file.content_type, file.content) for file in files
        ),
        headers=tuple((name, value) for name, value in message.headers),
    )
