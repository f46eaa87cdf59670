"""Single people: a new contact, an address that is not to be mailed any more."""

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
from sestui.store.contacts.edits import ContactEdits
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.tables import Suppression


def typed_address(text: str) -> Address:
    """The address somebody typed.

    Raises:
        UsageError: it is none.
    """
    verdict = check_address(text)
    if isinstance(verdict, Refusal):
        raise UsageError(f"{printable(text.strip()[:100])}: {verdict.reason}")
    return verdict


def add_contact(edits: ContactEdits, text: str, list_name: str, now: Instant) -> Address:
    """A new contact with the typed address; on a list, unless its name is ''.

    Raises:
        UsageError: that is no address.
        StateError: there is a contact with that address.
    """
    address = typed_address(text)
    edits.add(address, {}, now, list_name=list_name)
    return address


def suppress(suppressions: Suppressions, text: str, detail: str, now: Instant) -> bool:
    """Never mail the typed address, or whole domain, again; False: it was suppressed already.

    Raises:
        UsageError: that is neither.
    """
    key = domain_key(text) or typed_address(text).key
    return suppressions.add(key, MANUAL, detail.strip(), now)


def unsuppress(
    suppressions: Suppressions, text: str, now: Instant
) -> tuple[bool, Suppression | None]:
    """Let the typed address, or whole domain, be mailed again.

    Whether it was suppressed itself, and what suppresses it all the same: its whole domain.
    """
    key = suppression_key(text)
    return suppressions.remove(key, now), suppressions.get(key)
