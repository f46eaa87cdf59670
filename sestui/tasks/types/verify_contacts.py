"""``verify-contacts``: check whether contacts' addresses can receive mail."""

from collections.abc import Callable

from pydantic import Field, field_validator

from sestui.audience.deliverability import Domains, nameserver
from sestui.audience.verification import Verification
from sestui.errors import UsageError
from sestui.store.contacts.address_checks import AddressChecks
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import ListName, Outcome, TaskParameters, TaskType

_DAY = 86_400.0
_BATCH = 500
_SES_PAUSE_SECONDS = 1.1
"""SES allows about one call a second, other than sends."""


class VerifyContactsParameters(TaskParameters):
    """Which addresses to check, how thoroughly and how fast."""

    lists: list[ListName] = Field(default_factory=list)
    """Check contacts on these lists; by default all contacts."""
    older_than: float = Field(14, ge=0)
    """Days; addresses that were checked more recently are skipped."""
    dns: bool = True
    """Ask the DNS whether the domain accepts mail; if off, only the address is checked."""
    timeout: float = Field(5, gt=0, le=60)
    """Seconds to wait for one DNS answer."""
    rate: float = Field(20, gt=0, le=1000)
    """The most domains to look up per second."""
    nameservers: list[str] = Field(default_factory=list)
    """DNS servers, such as 9.9.9.9; by default the machine's own."""
    identities: bool = False
    """In SES's sandbox: mark addresses that SES hasn't verified, as it delivers to no others."""

    @field_validator("nameservers")
    @classmethod
    def _servers(cls, given: list[str]) -> list[str]:
        for each in given:
            try:
                nameserver(each)
            except UsageError as error:
                raise ValueError(str(error)) from error
        return given


class VerifyContacts(TaskType[VerifyContactsParameters]):
    """Checks address by address and domain by domain, writing as it goes.

    A run that is cut off keeps its results: the next one begins with the addresses that were
    checked longest ago. Invalid contacts are marked, never deleted, and marked active again when a
    later check finds them valid.
    """

    summary = "Check every contact's address, and its domain by DNS."
    Parameters = VerifyContactsParameters

    def run(self, context: TaskContext[VerifyContactsParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given = context.parameters
        checks = AddressChecks(context.services.database)
        verified = _verified_identities(context) if given.identities else None
        before = context.clock.now() - given.older_than * _DAY
        domains = Domains(
            nameservers=given.nameservers,
            timeout=given.timeout,
            rate=given.rate,
            clock=context.clock,
            stop=context.stop,
        )
        verification = Verification(
            checks, domains if given.dns else None, context.clock, verified=verified
        )
        batches = checks.due(given.lists, before, batch=_BATCH)
        for _ in verification.run(batches, context.go_on):
            context.log(f"{verification.checked:,} addresses checked")
        return Outcome(verification.sentence, verification.figures)


def _verified_identities(
    context: TaskContext[VerifyContactsParameters],
) -> Callable[[str], bool] | None:
    """A check whether SES has verified an address or its domain; None if it needn't be."""
    account = context.services.ses.reader
    if account.poll().production_access is not False:
        context.log("The account is not in SES's sandbox: it delivers to any address.")
        return None
    names: set[str] = set()
    for page in account.identity_pages():
        names |= {identity.name.lower() for identity in page if identity.verified}
        context.wait(_SES_PAUSE_SECONDS)
    return lambda key: key in names or key.rpartition("@")[2] in names
