"""The simulated account: its settings, its counters and its decisions on calls."""

import re
from dataclasses import dataclass, replace
from typing import Any

from sestui.core.clock import Instant
from sestui.core.recipient_behaviour import behaviour_of
from sestui.errors import UsageError
from sestui.ses_api.wire import (
    BulkStatus,
    EntryResult,
    Pairs,
    RawContent,
    SendBulkEmailRequest,
    SendEmailRequest,
    ServiceError,
    TemplateContent,
    bad_request,
    not_found,
    rejected,
    sending_paused,
)
from sestui.simulator.account.rules import (
    counted,
    in_debt,
    mailbox_simulator,
    refilled,
    within_quota,
)
from sestui.simulator.api.faults import AFTER, BEFORE, REFUSALS, FaultDraw, ScriptedFault
from sestui.simulator.api.send_checks import checked_raw, invalid_domain
from sestui.simulator.templates.rendering import RenderingError
from sestui.simulator.templates.templating import checked_subject

_LARGEST_QUOTA = 10**12
_LABELLED = re.compile(r"<(mailto:[^<>?@+]+\+[^<>?@]+@[^<>]+)>")
ENFORCEMENTS = ("HEALTHY", "PROBATION", "SHUTDOWN")


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """One simulated account, as it is stored."""

    rate: float = 14.0
    """Recipients a second."""
    quota: int = 50_000
    """Recipients in 24 hours; -1 is unlimited."""
    production_access: bool = True
    verify_identities: bool = False
    """Whether senders must be identities; if false, every sender counts as verified."""
    sending_enabled: bool = True
    enforcement: str = "HEALTHY"
    clock_offset: float = 0.0
    """Seconds the simulator's clock runs ahead of the machine's."""
    level: float = 0.0
    """The rate bucket at ``level_at``; negative is debt."""
    level_at: Instant = 0.0
    used: int = 0
    """Recipients accepted in the last 24 hours."""
    throttled: int = 0
    """Mails ever refused for the rate."""
    over_quota: int = 0
    """Mails ever refused for the quota."""
    refused: int = 0
    """Mails ever refused for another reason."""
    suppressed_reasons: str = "BOUNCE,COMPLAINT"
    """For which reasons an address on the suppression list gets no mail; '' switches it off."""
    validation: str = ""
    """The validation attributes of the suppression list, as JSON; '' for none."""
    suppressing: bool = False
    """Whether anybody may be suppressed: without it, a send looks nobody up."""
    behaviour: str = ""
    """How recipients behave, as ``core.recipient_behaviour`` writes it; '': they do nothing."""

    @property
    def checks_identities(self) -> bool:
        """Whether a call's addresses must be looked up among the identities."""
        return self.verify_identities or not self.production_access

    def configured(self, **changes: Any) -> "SimulatedAccount":
        """This account with settings changed; None keeps a setting.

        Raises:
            UsageError: a value is impossible.
        """
        account = replace(self, **{k: v for k, v in changes.items() if v is not None})
        if not 0 < account.rate <= 1_000_000:
            raise UsageError("The simulator's rate is above 0, in recipients a second.")
        if not -1 <= account.quota <= _LARGEST_QUOTA:
            raise UsageError(
                f"The simulator's quota is at least 0 and at most {_LARGEST_QUOTA}, or -1 for "
                "unlimited."
            )
        if account.enforcement not in ENFORCEMENTS:
            raise UsageError(f"The enforcement status is one of {', '.join(ENFORCEMENTS)}.")
        try:
            behaviour_of(account.behaviour)
        except ValueError as error:
            raise UsageError(f"The recipients' behaviour is wrong: {error}.") from error
        return account


def sandbox_settings(sandbox: bool | None) -> dict[str, bool]:
    """The settings of an account inside or outside SES's sandbox; none for None.

    In the sandbox, senders and recipients must be verified, or SES's own test mailboxes.
    """
    if sandbox is None:
        return {}
    return {"production_access": not sandbox, "verify_identities": sandbox}


@dataclass(frozen=True, slots=True)
class SimulatedMail:
    """One mail of a call, as far as the decision needs it."""

    recipients: tuple[str, ...]
    subject: str
    tags: tuple[tuple[str, str], ...]
    rendering_failure: str = ""
    """Why its template could not be rendered; SES accepts such a mail and never delivers it."""
    fault: str = ""
    """Why SES refuses such a mail from any account."""
    unsubscribe_mailto: str = ""
    """Its ``mailto:`` URL in List-Unsubscribe, if the simulated SES receives mail there: to an
    address with a label (``+``)."""
    subscription: tuple[str, str] | None = None
    """SES's contact list, and topic or ''."""


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """One request to send: a single mail, or up to fifty."""

    sender: str
    entries: tuple[SimulatedMail, ...]
    bulk: bool
    region: str = "EU-WEST-1"
    sender_name: str = ""
    """The name that recipients see."""
    claimed: tuple[str, ...] = ()
    """Further sender addresses in a raw mail's headers."""


@dataclass(frozen=True, slots=True)
class CallDecision:
    """The decision on a call."""

    results: tuple[EntryResult, ...] = ()
    """One for each mail; message ids are added when it is recorded."""
    error: ServiceError | None = None
    """Set when the whole call is refused."""
    disruption: ScriptedFault | None = None
    """The fault in the answer."""


def call_of(request: SendEmailRequest | SendBulkEmailRequest, region: str) -> SimulatedCall:
    """The call that a request makes.

    Raises:
        ServiceError: its template is missing or invalid, or SES refuses its sender or headers.
    """
    sender = request.sender
    fault = invalid_domain((sender.address,))
    if fault:
        raise bad_request(fault)
    if isinstance(request, SendBulkEmailRequest):
        mails = (request.single(index) for index in range(len(request.entries)))
        entries = tuple(_entry(mail) for mail in mails)
        return SimulatedCall(
            sender.address, entries, bulk=True, region=region, sender_name=sender.name
        )
    name, claimed = sender.name, tuple[str, ...]()
    if isinstance(request.content, RawContent):
        name, claimed = checked_raw(request.content.data, sender)
    return SimulatedCall(
        sender.address,
        (_entry(request),),
        bulk=False,
        region=region,
        sender_name=name,
        claimed=claimed,
    )


def _entry(request: SendEmailRequest) -> SimulatedMail:
    content, failure = request.content, ""
    subject = content.subject
    recipients = request.destination.recipients
    if request.subscription is not None and len(recipients) != 1:
        raise bad_request("List management takes one recipient a mail.")
    if isinstance(content, TemplateContent):
        if content.name and not (content.subject or content.html or content.text):
            raise not_found(f"Template {content.name} does not exist.")
        try:
            subject = checked_subject(content)
        except RenderingError as error:
            failure = str(error)
    mailto = _mailto(() if isinstance(content, RawContent) else content.headers)
    return SimulatedMail(
        recipients,
        subject,
        request.tags,
        failure,
        invalid_domain(recipients),
        mailto,
        request.subscription,
    )


def _mailto(headers: Pairs) -> str:
    for name, value in headers:
        found = _LABELLED.search(value) if name.lower() == "list-unsubscribe" else None
        if found is not None:
            return found[1]
    return ""


def decide(
    call: SimulatedCall,
    account: SimulatedAccount,
    now: Instant,
    draw: FaultDraw,
    verified: frozenset[str],
) -> tuple[CallDecision, SimulatedAccount]:
    """The decision on a call that arrives at ``now``, and the account after it.

    ``verified`` are identities in lower case; used only if the account checks them.
    """
    everyone = tuple(address for entry in call.entries for address in entry.recipients)
    mails = len(call.entries)
    fault = draw.first(BEFORE, everyone)
    if fault is not None:
        return CallDecision(error=REFUSALS.get(fault.kind), disruption=fault), account
    error = _refusal_of_sender(call, account, verified)
    if error is not None:
        return CallDecision(error=error), replace(account, refused=account.refused + mails)
    level = refilled(account.level, account.level_at, now, account.rate)
    if in_debt(level):
        throttled = EntryResult(
            BulkStatus.ACCOUNT_THROTTLED, error="Maximum sending rate exceeded."
        )
        return (
            CallDecision((throttled,) * mails),
            replace(account, throttled=account.throttled + mails),
        )
    results, account = _decide_entries(call, account, draw, verified)
    taken = sum(
        len(entry.recipients)
        for entry, result in zip(call.entries, results, strict=True)
        if result.status is BulkStatus.SUCCESS
    )
    account = replace(account, level=level - taken, level_at=max(now, account.level_at))
    return CallDecision(results, disruption=draw.first(AFTER, everyone) if taken else None), account


def _decide_entries(
    call: SimulatedCall, account: SimulatedAccount, draw: FaultDraw, verified: frozenset[str]
) -> tuple[tuple[EntryResult, ...], SimulatedAccount]:
    used, over_quota, refused = account.used, account.over_quota, account.refused
    results = []
    for entry in call.entries:
        counting = counted(entry.recipients)
        failure = draw.entry_failure(entry.recipients, bulk=call.bulk)
        if entry.fault:
            failure = EntryResult(BulkStatus.INVALID_PARAMETER, error=entry.fault)
        elif failure is None and not account.production_access:
            failure = _refusal_of_recipients(entry.recipients, call.region, verified)
        if failure is not None:
            refused += 1
            results.append(failure)
        elif not within_quota(used, counting, account.quota):
            over_quota += 1
            results.append(
                EntryResult(
                    BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED, error="Daily message quota exceeded."
                )
            )
        else:
            used += counting
            results.append(EntryResult(BulkStatus.SUCCESS))
    account = replace(account, used=used, over_quota=over_quota, refused=refused)
    return tuple(results), account


def _refusal_of_sender(
    call: SimulatedCall, account: SimulatedAccount, verified: frozenset[str]
) -> ServiceError | None:
    if not account.sending_enabled or account.enforcement == "SHUTDOWN":
        return sending_paused()
    if account.verify_identities:
        strangers = tuple(
            address
            for address in dict.fromkeys((call.sender, *call.claimed))
            if not _is_verified(address, verified)
        )
        if strangers:
            return rejected(_not_verified(strangers, call.region))
    return None


def _refusal_of_recipients(
    recipients: tuple[str, ...], region: str, verified: frozenset[str]
) -> EntryResult | None:
    strangers = tuple(
        address
        for address in recipients
        if not mailbox_simulator(address) and not _is_verified(address, verified)
    )
    if not strangers:
        return None
    return EntryResult(BulkStatus.MESSAGE_REJECTED, error=_not_verified(strangers, region))


def _is_verified(address: str, verified: frozenset[str]) -> bool:
    lowered = address.lower()
    return lowered in verified or lowered.rpartition("@")[2] in verified


def _not_verified(addresses: tuple[str, ...], region: str) -> str:
    return (
        "Email address is not verified. The following identities failed the check in region "
        f"{region}: {', '.join(addresses)}"
    )
