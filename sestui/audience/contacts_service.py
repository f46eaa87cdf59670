"""Add single contacts, suppress and unsuppress single addresses."""

from sestui.core.clock import Instant
from sestui.core.contact.address_check import (
    Address,
    Refusal,
    check_address,
    domain_key,
    suppression_key,
)
from sestui.core.delivery.states import MANUAL
from sestui.core.text import printable
from sestui.errors import UsageError
from sestui.store.contacts.changes.edits import ContactEdits
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.tables import Suppression


def typed_address(text: str) -> Address:
    """The typed address.

    Raises:
        UsageError: it is no address.
    """
    verdict = check_address(text)
    if isinstance(verdict, Refusal):
        raise UsageError(f"{printable(text.strip()[:100])}: {verdict.reason}")
    return verdict


def add_contact(edits: ContactEdits, text: str, list_name: str, now: Instant) -> Address:
    """Add a contact, to a list unless ``list_name`` is ''.

    Raises:
        UsageError: that is no address.
        StateError: there is a contact with that address.
    """
    address = typed_address(text)
    edits.add(address, {}, now, list_name=list_name)
    return address


def suppress(suppressions: Suppressions, text: str, detail: str, now: Instant) -> bool:
    """Suppress the typed address or whole domain; False if it was suppressed before.

    Raises:
        UsageError: that is neither.
    """
    key = domain_key(text) or typed_address(text).key
    return suppressions.add(key, MANUAL, detail.strip(), now)


def unsuppress(
    suppressions: Suppressions, text: str, now: Instant
) -> tuple[bool, Suppression | None]:
    """Unsuppress the typed address or whole domain.

    Returns whether it was suppressed itself, and the suppression of its domain if there is one.
    """
    key = suppression_key(text)
    return suppressions.remove(key, now), suppressions.get(key)
