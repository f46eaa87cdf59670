"""Which SES calls a relay key may make besides sending."""

import difflib
from collections.abc import Collection, Iterable, Sequence

from sestui.errors import UsageError

RELAYED = frozenset(
    {
        "SendEmail",
        "SendRawEmail",
        "SendTemplatedEmail",
        "SendBulkTemplatedEmail",
        "SendBulkEmail",
    }
)
"""The sends that the relay handles itself; every key may make them, within its senders."""

HARMLESS = ("GetSendQuota", "GetSendStatistics", "GetAccountSendingEnabled", "GetAccount")
"""Default calls of a key that is bound to senders: many programs ask for quota and rate before they
send. They reveal the account's figures only."""

_READS = ("Get", "List", "Describe", "BatchGet")
_SENDING = ("Send", "CreateDeliverabilityTestReport")
"""Prefixes of calls that can send as anybody."""
_STANDING = (
    "Identit",
    "Verif",
    "Suppress",
    "ImportJob",  # fills the suppression list
    "ReceiptRule",  # bounces mail as whatever sender it names
    "TenantResource",  # gives identities to tenants
)
"""Parts of the names of calls that change who may send, who is mailed, or who answers for whom."""
_WITH_SUPPRESSIONS = frozenset({"CreateConfigurationSet", "CreateTenant"})
"""Calls that can also set suppression options."""
_MOST_QUOTED = 60


def barred(name: str) -> bool:
    """Whether a key that is bound to senders can never be allowed the call.

    That is true of calls that send around the relay's ledger, and so as anybody, and of those that
    change identities, their policies, or suppressions.
    """
    if name.startswith(_SENDING) or "CustomVerification" in name:
        return True
    if name.startswith(_READS):
        return False
    return name in _WITH_SUPPRESSIONS or any(part in name for part in _STANDING)


def named_calls(texts: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """The calls in comma-separated ``texts``, in order, without duplicates.

    Raises:
        UsageError: one is not in ``known``; a similar name is suggested.
    """
    found: dict[str, None] = {}
    for name in (part.strip() for text in texts for part in text.split(",")):
        if name in known:
            found[name] = None
        elif name:
            raise UsageError(f"SES has no call {_quoted(name)}; {_hint(name, known)}")
    return tuple(found)


def check_allowed(allow: Sequence[str], *, senders: Sequence[str], send_only: bool) -> None:
    """Check that a key with these limits can be allowed these calls.

    Raises:
        UsageError: it can't.
    """
    if allow and send_only:
        raise UsageError("A key is for sends only, or has other calls named: not both.")
    for name in allow:
        if name in RELAYED:
            raise UsageError(f"Every key may make {name}; name only calls other than sends.")
        if senders and barred(name):
            raise UsageError(
                f"A key that is bound to senders can't be allowed {_quoted(name)}: with it, it "
                "could send as others or change who may send or be mailed."
            )


def permitted(
    allow: Sequence[str], *, senders: Sequence[str], send_only: bool
) -> frozenset[str] | None:
    """The calls that a key may make besides sending; None for all."""
    if send_only:
        return frozenset()
    if senders:
        return frozenset(name for name in allow or HARMLESS if not barred(name))
    return frozenset(allow) if allow else None


def shown(allow: Sequence[str], *, senders: Sequence[str], send_only: bool) -> str:
    """A key's permitted calls, for people."""
    calls = permitted(allow, senders=senders, send_only=send_only)
    if calls is None:
        return "every call"
    named = [name for name in allow or HARMLESS if name in calls]
    return ", ".join(["sends", *named]) if named else "sends only"


def _hint(name: str, known: Collection[str]) -> str:
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), sorted(by_lower), n=1)
    if close:
        return f"did you mean {by_lower[close[0]]}?"
    return "calls are named as in its API reference, such as GetSendQuota."


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…")
