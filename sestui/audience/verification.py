"""Check whether contacts' addresses can receive mail, and mark those that can't."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from sestui.audience.deliverability import Domains
from sestui.core.clock import Clock
from sestui.core.contact.address_check import Address, check_address
from sestui.core.contact.address_verdict import AddressVerdict, Checked
from sestui.store.contacts.address_checks import AddressChecks, ToCheck

Results = list[tuple[ToCheck, Checked]]


class Verification:
    """Checks address by address and domain by domain, writing as it goes.

    Invalid contacts are marked, never deleted, and marked active again when a later check finds
    them valid.
    """

    def __init__(
        self,
        checks: AddressChecks,
        domains: Domains | None,
        clock: Clock,
        *,
        verified: Callable[[str], bool] | None = None,
        dry_run: bool = False,
    ) -> None:
        """``domains`` None: only the address is checked, not its domain.

        ``verified``: whether SES has verified an address (by its key); None if it needn't be.
        ``dry_run`` counts what would change, and changes nothing.
        """
        self._checks = checks
        self._domains = domains
        self._clock = clock
        self._verified = verified
        self._dry_run = dry_run
        self._counts: Counter[str] = Counter()

    def run(
        self, batches: Iterable[Sequence[ToCheck]], go_on: Callable[[], None]
    ) -> Iterator[Results]:
        """Check batch by batch, and write each one's results before they are given.

        ``go_on`` is called before a batch is written; an error it raises stops the check, and what
        was written before stays.

        Raises:
            SestuiError: the DNS servers answer nothing, or what can't be.
        """
        for batch in batches:
            found = self._checked(batch)
            go_on()  # results of a batch that was cut off aren't written
            known = [(each.contact_id, result) for each, result in found if each.contact_id]
            marked = self._checks.write(known, self._clock.now(), dry_run=self._dry_run)
            self._counts.update(result.verdict.value for _, result in found)
            self._counts.update(newly_invalid=marked.invalidated, healed=marked.healed)
            yield found

    @property
    def checked(self) -> int:
        """The number of addresses checked so far."""
        return sum(self._counts[each] for each in AddressVerdict)

    @property
    def figures(self) -> dict[str, int]:
        """Every count by its name."""
        names = (*map(str, AddressVerdict), "newly_invalid", "healed")
        asked = self._domains.asked if self._domains is not None else 0
        told = {name: self._counts[name] for name in names}
        return {"checked": self.checked, "domains": asked, **told}

    @property
    def sentence(self) -> str:
        """The counts for people."""
        counts = self._counts
        return (
            f"{self.checked:,} addresses checked: {counts['valid']:,} valid, "
            f"{counts['invalid']:,} invalid ({counts['newly_invalid']:,} newly), "
            f"{counts['unknown']:,} unknown, {counts['healed']:,} valid again."
        )

    def _checked(self, batch: Sequence[ToCheck]) -> Results:
        read = [(each, check_address(each.email)) for each in batch]
        keys = [address.key for _, address in read if isinstance(address, Address)]
        domains = self._domains.verdicts(map(_domain, keys)) if self._domains else {}
        found: Results = []
        for each, address in read:
            if isinstance(address, Address):
                result = domains.get(_domain(address.key), Checked(AddressVerdict.VALID))
                valid = result.verdict is AddressVerdict.VALID
                if valid and self._verified is not None and not self._verified(address.key):
                    result = Checked(AddressVerdict.UNVERIFIED, "SES has not verified it.")
            else:
                result = Checked(AddressVerdict.INVALID, address.reason)
            found.append((each, result))
        return found


def _domain(key: str) -> str:
    return key.rpartition("@")[2]
