"""Lists that contacts left by their own word, which every way of joining lists respects."""

from typing import Any

from sqlalchemy import ColumnElement, literal, select

from sestui.store.contacts.tables import ListRefusal

REFUSAL = ListRefusal.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


def not_refused(list_id: Any, contact_id: Any) -> ColumnElement[bool]:
    """Whether the contact has not left the list by their own word; takes columns or values."""
    on_list = literal(list_id) if isinstance(list_id, int) else list_id
    refused = select(REFUSAL.c.list_id).where(
        REFUSAL.c.list_id == on_list, REFUSAL.c.contact_id == contact_id
    )
    return ~refused.exists()
