"""Contacts and their history as cells of tables."""

from sestui.core.contact.person_name import name_of
from sestui.core.delivery.states import DeliveryState, Standing
from sestui.store.contacts.key_queries import Order
from sestui.store.contacts.pages import ContactLine
from sestui.tui.widgets.column_widths import WHOLE_ADDRESS
from sestui.tui.widgets.lazy_table import Column
from sestui.tui.widgets.row_strip import Cell

STANDING_KINDS = {
    Standing.ACTIVE: "good",
    Standing.UNSUBSCRIBED: "warning",
    Standing.INVALID: "warning",
    Standing.SUPPRESSED: "bad",
}
"""How a contact's standing is drawn."""

STATE_KINDS = {
    DeliveryState.PENDING: "busy",
    DeliveryState.SENDING: "busy",
    DeliveryState.ACCEPTED: "good",
    DeliveryState.REJECTED: "bad",
    DeliveryState.IN_DOUBT: "warning",
    DeliveryState.SKIPPED: "warning",
}
"""How a delivery's state is drawn."""

_SIGNS = {Order.ADDRESS: " ▲", Order.ADDRESS_BACK: " ▼"}


def contact_columns(order: Order) -> tuple[Column, ...]:
    """The columns of contacts that come in that order."""
    return (
        Column("mark", "", width=1),
        Column("email", f"Address{_SIGNS.get(order, '')}", share=5, whole=WHOLE_ADDRESS),
        Column("name", "Name", width=8, share=3, from_width=46, yields=3),
        Column("status", "Status", width=6, from_width=36, whole=12),
        Column("reason", "Reason", width=10, share=4, from_width=95, yields=2),
        Column("attributes", "Attributes", width=10, share=5, from_width=130, yields=1),
    )


_MOST_SHOWN = 12
"""Attributes of one contact in one cell: more than fit."""


def contact_cells(line: ContactLine) -> dict[str, Cell]:
    """A contact's cells."""
    return {
        "email": (line.email, "" if line.id is not None else "quiet"),
        "name": (name_of(line.attributes), ""),
        "status": (line.standing.value, STANDING_KINDS[line.standing]),
        "reason": (line.reason, "quiet"),
        "attributes": (_attributes(line), "quiet"),
    }


def _attributes(line: ContactLine) -> str:
    some = list(line.attributes.items())[:_MOST_SHOWN]
    return ", ".join(f"{name}={str(value)[:100]}" for name, value in some)
