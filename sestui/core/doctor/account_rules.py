"""Judge the account: clock, health, sandbox, quota, suppression, recommendations."""

from collections.abc import Iterable

from sestui.core.delivery.account import UNLIMITED
from sestui.core.doctor.facts import AccountFacts, Recommendation
from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity
from sestui.core.percent import set_percent
from sestui.core.text import printable

REFUSED_SECONDS = 300.0
"""SES refuses requests whose time is further off than that."""
_OFF_SECONDS = 30.0
_BUSY_SHARE = 0.8

_ASK_FOR_PRODUCTION = (
    "Request production access: AWS console, Amazon SES, Account dashboard, or "
    "`aws sesv2 put-account-details --production-access-enabled …`."
)
_REASONS = ("BOUNCE", "COMPLAINT")


def judge_clock(skew: float) -> DoctorFinding:
    """``skew``: seconds by which SES's clock is ahead of this machine's."""
    off = f"This machine's clock is {abs(skew):,.0f} s {'behind' if skew > 0 else 'ahead of'} SES's"
    step = "Set the clock by NTP (`timedatectl set-ntp true`)."
    if abs(skew) >= REFUSED_SECONDS:
        meaning = "SES refuses requests that are more than 5 minutes off: no mail leaves."
        return DoctorFinding("clock", DoctorSeverity.ERROR, f"{off}.", meaning, step)
    if abs(skew) >= _OFF_SECONDS:
        meaning = "Campaigns start at the wrong time, and SES refuses requests from 5 minutes on."
        return DoctorFinding("clock", DoctorSeverity.WARNING, f"{off}.", meaning, step)
    return DoctorFinding("clock", DoctorSeverity.OK, "The clock agrees with SES's.")


def judge_account(
    facts: AccountFacts, limit: float | None, *, simulated: bool
) -> list[DoctorFinding]:
    """``limit`` is how many recipients in 24 hours sestui may mail; None for no limit."""
    return [
        _production(facts, simulated=simulated),
        _health(facts),
        _sending(facts),
        _quota(facts, limit),
        _suppression(facts),
        _validation(facts),
    ]


def _production(facts: AccountFacts, *, simulated: bool) -> DoctorFinding:
    if facts.production_access is None:
        return DoctorFinding(
            "production",
            DoctorSeverity.UNKNOWN,
            "SES does not say whether the account is in its sandbox.",
            step="Allow these credentials ses:GetAccount.",
        )
    if facts.production_access:
        return DoctorFinding("production", DoctorSeverity.OK, "The account has production access.")
    found = "The account is in SES's sandbox."
    meaning = "It delivers to verified addresses only, 200 a day."
    case = f" (case {facts.review_case})" if facts.review_case else ""
    step = {
        "": _ASK_FOR_PRODUCTION,
        "PENDING": f"Wait: AWS is reviewing your request{case}.",
    }.get(
        facts.review_status,
        f"AWS has turned down the request ({facts.review_status.lower()}): answer its support "
        f"case{case}.",
    )
    if simulated:
        step = "The simulator plays it: `sestui config set simulator_sandbox false` ends that."
    return DoctorFinding("production", DoctorSeverity.WARNING, found, meaning, step)


def _health(facts: AccountFacts) -> DoctorFinding:
    if facts.enforcement_status == "PROBATION":
        return DoctorFinding(
            "review",
            DoctorSeverity.ERROR,
            "The account is under review (PROBATION).",
            "If bounces or complaints don't fall, AWS pauses it.",
            "Stop campaigns to old lists, and answer AWS's mail: AWS console, Amazon SES, "
            "Reputation metrics.",
        )
    if facts.enforcement_status == "SHUTDOWN":
        return DoctorFinding(
            "review",
            DoctorSeverity.ERROR,
            "AWS has paused the account (SHUTDOWN).",
            "SES refuses every mail.",
            "Answer AWS's support case: AWS console, Support Center.",
        )
    if facts.enforcement_status not in {"HEALTHY", ""}:
        status = printable(facts.enforcement_status)
        return DoctorFinding(
            "review",
            DoctorSeverity.WARNING,
            f"The account's status is {status}.",
            step="Look it up: AWS console, Amazon SES, Reputation metrics.",
        )
    if not facts.enforcement_status:
        return DoctorFinding(
            "review",
            DoctorSeverity.UNKNOWN,
            "SES does not say whether the account is under review.",
        )
    return DoctorFinding("review", DoctorSeverity.OK, "The account is healthy: not under review.")


def _sending(facts: AccountFacts) -> DoctorFinding:
    if facts.sending_enabled:
        return DoctorFinding("sending", DoctorSeverity.OK, "Sending is enabled.")
    return DoctorFinding(
        "sending",
        DoctorSeverity.ERROR,
        "Sending is disabled for the account in this region.",
        "SES refuses every mail.",
        "`aws sesv2 put-account-sending-attributes --sending-enabled`, unless AWS has disabled it.",
    )


def _quota(facts: AccountFacts, limit: float | None) -> DoctorFinding:
    sent, most = facts.sent_last_24_hours, facts.max_24_hour_send
    of = "no quota" if most == UNLIMITED else f"of {most:,.0f}"
    found = f"{sent:,.0f} mails in 24 hours, {of}; {facts.max_send_rate:g} a second"
    if limit is None:
        return DoctorFinding("quota", DoctorSeverity.OK, f"{found}.")
    if limit <= 0 or sent >= limit:
        share = set_percent(limit / most) if most > 0 else "0 %"
        return DoctorFinding(
            "quota",
            DoctorSeverity.WARNING,
            f"{found}: what sestui may use ({limit:,.0f}, {share}) is used up.",
            "Runs wait until it frees up.",
            "Wait, raise max_quota_usage, or request a higher quota: AWS console, Service Quotas, "
            "Amazon SES.",
        )
    left = f"{found}; {limit - sent:,.0f} left of what sestui may use ({limit:,.0f})."
    busy = sent >= _BUSY_SHARE * limit
    return DoctorFinding("quota", DoctorSeverity.NOTE if busy else DoctorSeverity.OK, left)


def _suppression(facts: AccountFacts) -> DoctorFinding:
    reasons = facts.suppressed_reasons
    if reasons is None:
        return DoctorFinding(
            "suppression",
            DoctorSeverity.UNKNOWN,
            "SES does not say what its suppression list is for.",
        )
    missing = [each for each in _REASONS if each not in reasons]
    if not missing:
        return DoctorFinding(
            "suppression", DoctorSeverity.OK, "SES suppresses addresses that bounce or complain."
        )
    keep = (
        " Name --validation-attributes in the same call, or it is reset."
        if facts.validates_addresses
        else ""
    )
    return DoctorFinding(
        "suppression",
        DoctorSeverity.WARNING,
        f"SES's suppression list does not take {' and '.join(missing)}.",
        "Other programs on the account go on mailing addresses that refuse mail, and that counts "
        "against it.",
        "`aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE COMPLAINT`."
        + keep,
    )


def _validation(facts: AccountFacts) -> DoctorFinding:
    if facts.validates_addresses:
        return DoctorFinding(
            "validation",
            DoctorSeverity.NOTE,
            "SES checks each address before it delivers.",
            "It does not deliver to those it thinks invalid; they bounce as "
            "EmailValidationSuppressed.",
        )
    return DoctorFinding(
        "validation", DoctorSeverity.OK, "SES delivers without checking addresses."
    )


def judge_recommendations(
    found: Iterable[Recommendation], *, vdm_enabled: bool
) -> list[DoctorFinding]:
    """What SES itself recommends."""
    findings = [
        DoctorFinding(
            "recommendation",
            DoctorSeverity.WARNING if each.high else DoctorSeverity.NOTE,
            f"SES recommends ({each.kind}): {printable(each.description).rstrip('.')}.",
            step="AWS console, Amazon SES, Virtual Deliverability Manager, Advisor."
            if each.high
            else "",
            subject=printable(each.resource),
        )
        for each in found
    ]
    if findings:
        return findings
    if vdm_enabled:
        said = "SES has no recommendations."
    else:
        said = "The Virtual Deliverability Manager is off: SES keeps no message insights."
    return [DoctorFinding("recommendation", DoctorSeverity.OK, said)]
