"""Messages as rows: one row for each content, however often it is stored."""

from sqlmodel import Session, select

from sestui.core.clock import Instant
from sestui.core.content.message import MessageSource
from sestui.store.db.tables import Attachment, Message


def stored_message(session: Session, source: MessageSource, now: Instant) -> int:
    """The id of the row with this content, stored now unless it already was."""
    digest = source.digest
    known = session.exec(select(Message.id).where(Message.digest == digest).limit(1)).first()
    if known is not None:
        return known
    message = Message(
        subject=source.subject,
        body=source.body,
        body_format=source.body_format,
        text=source.text,
        preheader=source.preheader,
        digest=digest,
        layout=source.layout,
        layout_name=source.layout_name,
        to_name=source.to_name,
        headers=[list(pair) for pair in source.headers],
        created_at=now,
    )
    session.add(message)
    session.flush()
    assert message.id is not None  # noqa: S101 - the flush has given it one
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
