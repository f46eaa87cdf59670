"""Judge DMARC of a sender's domain, by RFC 9989 and by what the large mailbox providers demand."""

from sestui.core.doctor.dmarc import DmarcDiscovery, DmarcRecord, discover
from sestui.core.doctor.domain_rules import Names, SenderDomain
from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity


def judge_dmarc(sender: SenderDomain, names: Names) -> list[DoctorFinding]:
    """Its record, and whether SES's mail passes by it."""

    def finding(
        severity: DoctorSeverity, found: str, meaning: str = "", step: str = ""
    ) -> DoctorFinding:
        return DoctorFinding("dmarc", severity, found, meaning, step, sender.domain)

    found = discover(sender.domain, names.texts)
    if found.several:
        return [
            finding(
                DoctorSeverity.ERROR,
                f"_dmarc.{found.several} has more than one DMARC record.",
                "Receivers ignore all of them.",
                "Keep one.",
            )
        ]
    record = found.record
    if record is None and not found.known:
        return [finding(DoctorSeverity.UNKNOWN, "The DNS does not tell its DMARC record now.")]
    if record is None or not (record.policy or record.reports_to):
        what = "It has no DMARC record." if record is None else "Its DMARC record has no valid p=."
        return [
            finding(
                DoctorSeverity.ERROR,
                what,
                "Gmail, Yahoo and Microsoft refuse bulk mail from such domains.",
                f'Set TXT _dmarc.{found.organization} to "v=DMARC1; p=none; '
                f'rua=mailto:dmarc@{found.organization}", and read the reports.',
            )
        ]
    findings = [
        finding(severity, *words)
        for severity, *words in (*_alignment(sender, record, found, names), *_advice(record))
    ]
    if findings:
        return findings
    policy = record.policy_for(sender.domain)
    at = "" if record.domain == sender.domain else f", from {record.domain}"
    return [finding(DoctorSeverity.OK, f"DMARC: p={policy}{at}; mail signed by SES passes.")]


_Words = tuple[DoctorSeverity, str, str, str]


def _alignment(
    sender: SenderDomain, record: DmarcRecord, found: DmarcDiscovery, names: Names
) -> list[_Words]:
    """Whether the domain that SES signs as is aligned with the sender's."""
    policy = record.policy_for(sender.domain) or "none"
    identity = sender.identity
    if identity is None or not identity.verified:
        return []  # it says so itself
    if not identity.is_domain:
        return [] if policy == "none" else [_unsigned(sender, policy)]
    own = f"Verify {sender.domain} as an identity of its own"
    if sender.domain == identity.name:
        return []
    if record.is_strict("adkim"):
        said = f"DMARC demands strict alignment (adkim=s), but SES signs as {identity.name}."
        step = f"{own}, or remove adkim=s from _dmarc.{record.domain}."
    elif discover(identity.name, names.texts).organization != found.organization:
        said = f"SES signs as {identity.name}, which belongs to another organization by DMARC."
        step = f"{own}."
    else:
        return []
    severity = DoctorSeverity.WARNING if policy == "none" else DoctorSeverity.ERROR
    return [(severity, said, "DKIM does not count, so mails fail DMARC.", step)]


def _unsigned(sender: SenderDomain, policy: str) -> _Words:
    return (
        DoctorSeverity.ERROR,
        f"Mail from {sender.domain} is not signed as that domain, and its DMARC says {policy}.",
        "Receivers put it into spam, or refuse it.",
        f"Verify the domain: `aws sesv2 create-email-identity --email-identity {sender.domain}`.",
    )


def _advice(record: DmarcRecord) -> list[_Words]:
    advice: list[_Words] = []
    at = f"_dmarc.{record.domain}"
    if record.policy in {"", "none"}:
        advice.append(
            (
                DoctorSeverity.NOTE,
                "DMARC only watches (p=none).",
                "That is enough to be accepted; it does not keep others from sending as you.",
                f"Once the reports are clean, set p=quarantine at {at}.",
            )
        )
    if record.tags.get("t", "").lower() == "y" and record.policy not in {"", "none"}:
        said = f"DMARC is in test mode (t=y): receivers apply less than p={record.policy}."
        advice.append(
            (DoctorSeverity.NOTE, said, "", f"Remove t=y at {at} once the reports are clean.")
        )
    if not record.reports_to:
        said = "DMARC reports go nowhere (no rua=)."
        meaning = "You don't see who sends as your domain, and whose mail fails."
        advice.append((DoctorSeverity.NOTE, said, meaning, f"Add rua=mailto:… at {at}."))
    if record.gone:
        tags = ", ".join(record.gone)
        advice.append(
            (
                DoctorSeverity.NOTE,
                f"The DMARC record has {tags}, which RFC 9989 has removed.",
                "Receivers ignore it; pct=0 was test mode, and is t=y now.",
                f"Remove it at {at}.",
            )
        )
    return advice
