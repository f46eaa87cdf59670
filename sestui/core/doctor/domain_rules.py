"""Judge a sender's domain: identity, DKIM, MAIL FROM and SPF, as SES and the DNS have them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sestui.core.doctor.facts import IdentityFacts
from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity
from sestui.core.doctor.spf import MOST_LOOKUPS, read_spf
from sestui.core.text import printable

_AMAZON = "amazonses.com"
_USUAL_ZONE = f"dkim.{_AMAZON}"
"""Where CNAMEs pointed to before SES told it with each identity."""
_DKIM_KEY = re.compile(r"(?:^|;)\s*p\s*=\s*[^;\s]")
"""A key in a DKIM record (RFC 6376): an empty one is revoked."""


class Names(Protocol):
    """The DNS. None: it can't be known now; empty: there is no such record."""

    def texts(self, name: str, /) -> Sequence[str] | None:
        """TXT records, each as one string."""

    def alias(self, name: str, /) -> str | None:
        """The CNAME's target in lower case, without the last dot."""

    def exchangers(self, name: str, /) -> Sequence[str] | None:
        """The hosts of MX records, likewise."""


@dataclass(frozen=True, slots=True)
class SenderDomain:
    """A domain that campaigns send from, and the identity of SES's that covers it."""

    domain: str
    """In punycode."""
    addresses: tuple[str, ...]
    """The campaigns' senders in it."""
    identity: IdentityFacts | None
    """None: SES knows none for it."""


def judge_identity(sender: SenderDomain) -> DoctorFinding:
    """Whether SES sends mail from it at all."""
    who = _some(sender.addresses)
    if sender.identity is None:
        return DoctorFinding(
            "identity",
            DoctorSeverity.ERROR,
            f"SES has no identity for {sender.domain} or for {who}.",
            "SES refuses every mail from there.",
            f"`aws sesv2 create-email-identity --email-identity {sender.domain}`, then add the "
            "DNS records that it shows.",
            sender.domain,
        )
    identity = sender.identity
    if not identity.verified:
        why = f", {identity.trouble.lower()}" if identity.trouble else ""
        status = identity.verification.lower() or "not verified"
        return DoctorFinding(
            "identity",
            DoctorSeverity.ERROR,
            f"The identity {identity.name} is not verified ({status}{why}).",
            "SES refuses every mail from there.",
            "Add the DNS records of its DKIM (below), or open the link that SES has mailed."
            if identity.is_domain
            else "Open the link that SES has mailed to that address.",
            sender.domain,
        )
    if not identity.is_domain:
        return DoctorFinding(
            "identity",
            DoctorSeverity.WARNING,
            f"SES has verified {identity.name} only, not its domain.",
            f"Mails are not signed as {sender.domain}, so they fail its DMARC.",
            f"`aws sesv2 create-email-identity --email-identity {sender.domain}`, then add the "
            "DNS records that it shows.",
            sender.domain,
        )
    return DoctorFinding(
        "identity", DoctorSeverity.OK, f"SES has verified {identity.name}.", subject=sender.domain
    )


def judge_dkim(identity: IdentityFacts, names: Names) -> list[DoctorFinding]:
    """What SES says of DKIM, and each of its records in the DNS."""

    def finding(
        severity: DoctorSeverity, found: str, meaning: str = "", step: str = ""
    ) -> DoctorFinding:
        return DoctorFinding("dkim", severity, found, meaning, step, identity.name)

    unsigned = "Mails go out unsigned: Gmail, Yahoo and Microsoft refuse bulk mail without DKIM."
    again = f"`aws sesv2 put-email-identity-dkim-attributes --email-identity {identity.name} "
    if not identity.dkim_signs:
        step = f"{again}--signing-enabled`."
        return [finding(DoctorSeverity.ERROR, "DKIM signing is switched off.", unsigned, step)]
    records = _dkim_records(identity, names)
    findings = [
        finding(DoctorSeverity.ERROR, f"{name} is {what}.", step=f"Set {record}.")
        for name, record, what in records
        if what
    ]
    if identity.dkim_status != "SUCCESS":
        status = identity.dkim_status or "unknown"
        step = (
            "Set the DNS records named here; SES looks again by itself within 72 hours."
            if findings
            else "The records are in the DNS: SES sees them within 72 hours. After FAILED, "
            f"{again}--signing-enabled` makes it look again."
        )
        found = f"SES has not verified DKIM ({status})."
        findings.insert(0, finding(DoctorSeverity.ERROR, found, unsigned, step))
    if findings:
        return findings
    if any(what is None for _, _, what in records):
        return [
            finding(DoctorSeverity.UNKNOWN, "SES has verified DKIM; the DNS does not answer now.")
        ]
    if identity.dkim_key == "RSA_1024_BIT":
        return [
            finding(
                DoctorSeverity.NOTE,
                "DKIM works, with a key of 1024 bits.",
                "Some receivers trust 2048 bits more.",
                "`aws sesv2 put-email-identity-dkim-signing-attributes --email-identity "
                f"{identity.name} --signing-attributes-origin AWS_SES "
                "--signing-attributes NextSigningKeyLength=RSA_2048_BIT`.",
            )
        ]
    seen = f", and {len(records)} records are in the DNS" if records else ""
    return [finding(DoctorSeverity.OK, f"SES has verified DKIM{seen}.")]


def _dkim_records(identity: IdentityFacts, names: Names) -> list[tuple[str, str, str | None]]:
    """Each record's name, what it must be, and what is wrong: '' nothing, None not known."""
    found: list[tuple[str, str, str | None]] = []
    for token in identity.dkim_tokens:
        name = f"{token}._domainkey.{identity.name}"
        if identity.dkim_own_key:
            texts = names.texts(name)
            keyless = texts is not None and not any(map(_DKIM_KEY.search, texts))
            wrong = None if texts is None else "no TXT record with a key" if keyless else ""
            found.append((name, f"TXT {name} to your public key", wrong))
            continue
        target = f"{token}.{identity.dkim_zone or _USUAL_ZONE}".lower()
        alias = names.alias(name)
        if alias is None:
            wrong = None
        elif not alias:
            wrong = "not in the DNS"
        else:
            wrong = "" if alias == target else f"a CNAME of {printable(alias)}"
        found.append((name, f"CNAME {name} to {target}", wrong))
    return found


def judge_mail_from(identity: IdentityFacts, region: str, names: Names) -> list[DoctorFinding]:
    """The custom MAIL FROM domain, its MX and its SPF."""

    def finding(
        severity: DoctorSeverity, found: str, meaning: str = "", step: str = ""
    ) -> DoctorFinding:
        return DoctorFinding("mail_from", severity, found, meaning, step, identity.name)

    if not identity.mail_from:
        return [
            finding(
                DoctorSeverity.NOTE,
                "It has no MAIL FROM domain of its own: bounces go to amazonses.com.",
                "SPF passes there but is not aligned, so DMARC hangs on DKIM alone.",
                "`aws sesv2 put-email-identity-mail-from-attributes --email-identity "
                f"{identity.name} --mail-from-domain bounce.{identity.name}`, then its MX and "
                "SPF.",
            )
        ]
    name, exchanger = identity.mail_from, f"feedback-smtp.{region}.{_AMAZON}"
    falls_back = "SES uses amazonses.com instead, or refuses the mail if the identity says so."
    findings: list[DoctorFinding] = []
    hosts = names.exchangers(name)
    if hosts is not None and list(hosts) != [exchanger]:
        told = f"{_some(hosts)}" if hosts else "missing"
        step = f"Set MX {name} to 10 {exchanger}, and no other."
        found = f"The MX of the MAIL FROM domain {name} is {told}."
        findings.append(finding(DoctorSeverity.ERROR, found, falls_back, step))
    reading = read_spf(name, names.texts)
    if reading.records is not None and (
        len(reading.records) != 1 or _AMAZON not in reading.included
    ):
        found = f"The SPF of the MAIL FROM domain {name} does not include {_AMAZON}."
        step = f'Set TXT {name} to "v=spf1 include:{_AMAZON} ~all", once.'
        findings.append(finding(DoctorSeverity.ERROR, found, "SPF fails for every mail.", step))
    if identity.mail_from_status != "SUCCESS" and not findings:
        status = identity.mail_from_status or "unknown"
        found = f"SES has not verified the MAIL FROM domain {name} ({status})."
        step = "Its records are right: SES sees them within 72 hours."
        findings.append(finding(DoctorSeverity.WARNING, found, falls_back, step))
    if findings:
        return findings
    if hosts is None or reading.records is None:
        return [
            finding(DoctorSeverity.UNKNOWN, f"The DNS does not tell the records of {name} now.")
        ]
    return [finding(DoctorSeverity.OK, f"Bounces go to {name}: MX and SPF are right.")]


def judge_spf(domain: str, names: Names) -> DoctorFinding:
    """SPF of the From domain itself, which matters to other programs that send as it."""

    def finding(
        severity: DoctorSeverity, found: str, meaning: str = "", step: str = ""
    ) -> DoctorFinding:
        return DoctorFinding("spf", severity, found, meaning, step, domain)

    reading = read_spf(domain, names.texts)
    if reading.records is None:
        return finding(DoctorSeverity.UNKNOWN, "The DNS does not tell its SPF record now.")
    if not reading.records:
        return finding(
            DoctorSeverity.NOTE,
            "It has no SPF record.",
            "Mail by SES does not need it, as SPF is checked at the MAIL FROM domain; other mail "
            "of the domain does.",
            f'Set TXT {domain} to "v=spf1 … ~all" with whatever else sends for it.',
        )
    if len(reading.records) > 1:
        return finding(
            DoctorSeverity.WARNING,
            f"It has {len(reading.records)} SPF records.",
            "Receivers treat that as an error and take none of them.",
            "Merge them into one TXT record.",
        )
    if reading.asks_too_much:
        return finding(
            DoctorSeverity.WARNING,
            f"Its SPF record takes {reading.lookups} look-ups, {MOST_LOOKUPS} are allowed.",
            "Receivers treat that as an error.",
            "Remove includes that nobody sends by any more.",
        )
    return finding(DoctorSeverity.OK, f"It has an SPF record ({reading.lookups} look-ups).")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(printable(each) for each in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
