"""What a sender should know of imported addresses: nothing is wrong, but they do worse."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sestui.core.contact.disposable_domains import disposable_domains
from sestui.core.contact.role_addresses import ROLES
from sestui.store.contacts.upsert import ContactRow


@dataclass(frozen=True, slots=True)
class Noticed:
    """Counts of distinct addresses."""

    roles: int = 0
    """Addresses of a function: ``info@``, ``sales@``."""
    disposable: int = 0
    """Addresses at domains for throw-away mailboxes."""

    @property
    def figures(self) -> dict[str, int]:
        """Every count by its name."""
        return {"role_addresses": self.roles, "disposable": self.disposable}


class AddressNotices:
    """Counts addresses on their way into the database."""

    def __init__(self, batches: Iterable[Sequence[ContactRow]]) -> None:
        self._batches = batches
        self.noticed = Noticed()

    def __iter__(self) -> Iterator[Sequence[ContactRow]]:
        """The batches as they are; :attr:`noticed` is complete after the last."""
        roles = disposable = 0
        domains = disposable_domains()
        for batch in self._batches:
            for row in batch:
                local, _, domain = row[1].rpartition("@")
                roles += local in ROLES
                disposable += domain in domains
            self.noticed = Noticed(roles, disposable)
            yield batch
