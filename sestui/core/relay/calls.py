"""Which of SES's calls a key of the relay may make beside its sends: the same for every door."""

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
"""The sends that the relay takes over: open to every key, within its senders."""

HARMLESS = ("GetSendQuota", "GetSendStatistics", "GetAccountSendingEnabled", "GetAccount")
"""What a key that is bound to senders may make unless calls are named for it: many programs ask
for quota and rate before they send. They tell of the account, of nobody else's mail."""

_READS = ("Get", "List", "Describe", "BatchGet")
_SENDING = ("Send", "CreateDeliverabilityTestReport")
"""How the names of calls begin that send mail, in whatever name they are told."""
_STANDING = (
    "Identit",
    "Verif",
    "Suppress",
    "ImportJob",  # fills the suppression list
    "ReceiptRule",  # bounces mail as whatever sender it names
    "TenantResource",  # gives identities to tenants
)
"""In the names of calls that change who may send, who is mailed, or what answers in whose name."""
_WITH_SUPPRESSIONS = frozenset({"CreateConfigurationSet", "CreateTenant"})
"""Calls that set suppression options beside what their names say."""
_MOST_QUOTED = 60


def barred(name: str) -> bool:
    """Whether no key that is bound to senders can be allowed the call.

    Those are calls that send without the relay's ledger, and so as anybody, and those that change
    identities, their policies, or suppressions.
    """
    if name.startswith(_SENDING) or "CustomVerification" in name:
        return True
    if name.startswith(_READS):
        return False
    return name in _WITH_SUPPRESSIONS or any(part in name for part in _STANDING)


def named_calls(texts: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """The calls that ``texts`` name with commas between them, each once, in order.

    Raises:
        UsageError: one is not among ``known``; the text says which was probably meant.
    """
    found: dict[str, None] = {}
    for name in (part.strip() for text in texts for part in text.split(",")):
        if name in known:
            found[name] = None
        elif name:
            raise UsageError(f"SES has no call {_quoted(name)}; {_hint(name, known)}")
    return tuple(found)


def check_allowed(allow: Sequence[str], *, senders: Sequence[str], send_only: bool) -> None:
    """See that a key with these bounds can be allowed these calls.

    Raises:
        UsageError: it can't; the text says why.
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
    """The calls that a key with these bounds may make beside its sends; None: every one."""
    if send_only:
        return frozenset()
    if senders:
        return frozenset(name for name in allow or HARMLESS if not barred(name))
    return frozenset(allow) if allow else None


def shown(allow: Sequence[str], *, senders: Sequence[str], send_only: bool) -> str:
    """What a key with these bounds may call, for people."""
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
