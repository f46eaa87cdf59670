"""Examine everything, one check after the other; what fails does not keep the rest from being
checked."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sestui.core.clock import Clock, Instant
from sestui.core.contact.address_check import Address, check_address
from sestui.core.content.addresses import mailbox
from sestui.core.content.headers import PAGE_PATH
from sestui.core.delivery.account import Identity
from sestui.core.doctor.account_rules import judge_account, judge_clock, judge_recommendations
from sestui.core.doctor.dmarc_rules import judge_dmarc
from sestui.core.doctor.domain_rules import (
    SenderDomain,
    judge_dkim,
    judge_identity,
    judge_mail_from,
    judge_spf,
)
from sestui.core.doctor.facts import AccountFacts
from sestui.core.doctor.finding import (
    DoctorFinding,
    DoctorSeverity,
    at_most_note,
    in_order,
    summary,
)
from sestui.core.doctor.path_rules import (
    judge_configuration_set,
    judge_last_event,
    judge_queue,
    judge_settings,
)
from sestui.errors import AccountError, ContentError, SestuiError
from sestui.reports.doctor.machine import (
    judge_database,
    judge_disk,
    judge_modes,
    judge_schedule,
    judge_versions,
)
from sestui.reports.doctor.name_records import NameRecords
from sestui.reports.doctor.unsubscribe import judge_unsubscribe
from sestui.sending.ses_access import SesAccess
from sestui.ses.credentials import credential_source
from sestui.ses.doctor import AccountExam, is_forbidden
from sestui.settings import Settings
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from sestui.store.events.doctor_verdicts import DoctorVerdict, DoctorVerdicts
from sestui.store.events.latest import latest_event, latest_mail

MOST_DOMAINS = 20
"""Senders' domains that are examined, those of the most campaigns first."""

Checks = Sequence[DoctorFinding]


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All findings, the worst first."""

    account: str
    """``simulator`` or ``ses``."""
    region: str
    """'' where it is not known."""
    findings: tuple[DoctorFinding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing needs doing."""
        return not any(each.severity.needs_doing for each in self.findings)

    @property
    def sentence(self) -> str:
        """How many findings of which kind."""
        return summary(self.findings)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "account": self.account,
            "region": self.region,
            "healthy": self.healthy,
            "findings": [each.as_dict() for each in self.findings],
        }


def machine_report(settings: Settings, first: DoctorFinding) -> DoctorReport:
    """What can be said where the database can't be opened, which ``first`` tells."""
    unread = DoctorFinding(
        "account",
        DoctorSeverity.UNKNOWN,
        "Account, senders and events were not checked: they need the database.",
    )
    rest = [judge_disk(settings.data_dir), judge_modes(settings), judge_versions()]
    return DoctorReport(settings.account, "", in_order([first, unread, *rest]))


class Doctor:
    """Examines one workspace and its account; for one thread, once."""

    def __init__(
        self,
        settings: Settings,
        ses: SesAccess,
        database: Database,
        clock: Clock,
        *,
        local: Callable[[Instant], str],
        stop: threading.Event | None = None,
    ) -> None:
        """``local`` writes a time for people; ``stop`` ends waiting between calls to SES."""
        self._settings = settings
        self._ses = ses
        self._database = database
        self._clock = clock
        self._local = local
        self._stop = stop or threading.Event()
        self._region = ""

    def check(self) -> DoctorReport:
        """Check everything; takes about a second for each call to SES."""
        findings = [
            judge_database(self._database),
            judge_disk(self._settings.data_dir),
            judge_modes(self._settings),
            *self._checked("schedule", self._schedule),
            *self._checked("last_event", self._last_event),
            judge_versions(),
            *self._unsubscribe(),
            *self._account(),
        ]
        report = DoctorReport(self._settings.account, self._region, in_order(findings))
        if not self._stop.is_set():
            self._keep(report.findings[0])
        return report

    def _keep(self, worst: DoctorFinding) -> None:
        """Let the screens know of the worst without another examination."""
        verdict = DoctorVerdict(worst.severity.value, worst.sentence, self._clock.now())
        # Without account or database, that is the finding, and is told by whoever needs them.
        with contextlib.suppress(SestuiError):
            DoctorVerdicts(self._database, self._ses.reader.key).keep(verdict)

    # this machine

    def _schedule(self) -> Checks:
        return [judge_schedule(self._settings, self._database, self._clock)]

    def _last_event(self) -> Checks:
        at = latest_event(self._database)
        local = "" if at is None else self._local(at)
        return [judge_last_event(at, latest_mail(self._database), self._clock.now(), local)]

    def _unsubscribe(self) -> Checks:
        page = self._settings.unsubscribe_url
        if served := self._settings.web_url:
            page = f"{served.rstrip('/')}{PAGE_PATH}style.css"  # its links are of single deliveries
        if self._ses.simulated and page:
            return [_untold("unsubscribe", "The unsubscribe page")]
        found = [judge_unsubscribe(page, self._clock)]
        return at_most_note(found) if self._ses.simulated else found

    # the account

    def _account(self) -> Checks:
        """Everything that SES or the DNS has to be asked for."""
        try:
            clients = self._ses.clients
        except SestuiError as error:
            return [_no_account(str(error)), *self._names_alone()]
        self._region = clients.region
        exam = AccountExam(clients, self._clock, simulated=self._ses.simulated, stop=self._stop)
        try:
            facts = exam.account()
        except AccountError as error:
            off = [] if exam.skew is None else [judge_clock(exam.skew)]
            # The names in the DNS are worth checking even now.
            return [_no_account(str(error)), *off, *self._names_alone()]
        findings = [self._credentials()]
        if exam.skew is not None:
            findings.append(judge_clock(exam.skew))
        limit = self._settings.quota_rule.limit(facts.max_24_hour_send, self._clock.now())
        findings += judge_account(facts, limit, simulated=self._ses.simulated)
        findings += self._checked("identity", lambda: self._senders(exam, facts))
        findings += self._way_back(exam)
        if facts.vdm_enabled:
            findings += self._checked(
                "recommendation",
                lambda: judge_recommendations(exam.recommendations(), vdm_enabled=True),
            )
        elif not self._ses.simulated:
            findings += judge_recommendations((), vdm_enabled=False)
        if self._ses.simulated:
            findings.append(
                _untold("domain", "DKIM, MAIL FROM, SPF, DMARC and SES's recommendations")
            )
        return findings

    def _credentials(self) -> DoctorFinding:
        if self._ses.simulated:
            said = "Mail goes to the simulator, which needs no credentials."
            return DoctorFinding("credentials", DoctorSeverity.OK, said)
        source = credential_source(self._settings.aws_profile, self._settings.aws_region)
        said = f"SES takes the credentials ({source.sentence.rstrip('.')}), region {self._region}."
        return DoctorFinding("credentials", DoctorSeverity.OK, said)

    def _way_back(self, exam: AccountExam) -> Checks:
        name = self._settings.configuration_set
        if self._ses.simulated:
            return self._checked("queue", self._queue)
        queue = self._settings.events_queue
        findings = judge_settings(queue, name)
        if name:
            findings += self._checked(
                "configuration_set",
                lambda: judge_configuration_set(name, exam.configuration_set(name)),
            )
        if queue:
            findings += self._checked("queue", self._queue)
        return findings

    def _queue(self) -> Checks:
        queue = self._ses.event_queue()
        return [] if queue is None else [judge_queue(queue.waiting())]

    # the senders

    def _senders(self, exam: AccountExam, facts: AccountFacts) -> Checks:
        domains = self._domains()
        if not domains:
            return [
                DoctorFinding("identity", DoctorSeverity.OK, "No campaign has a sender to check.")
            ]
        known = {each.name.lower(): each for each in exam.identities()}
        names = None if self._ses.simulated else self._names()
        findings: list[DoctorFinding] = []
        for domain, addresses in domains:
            found = _covering(domain, addresses, known)
            identity = exam.identity(found) if found else None
            sender = SenderDomain(domain, addresses, identity)
            if identity is None and self._ses.simulated and facts.production_access:
                findings.append(_no_simulated_identity(domain))
            else:
                findings.append(judge_identity(sender))
            if names is None:
                continue
            if identity is not None and identity.is_domain:
                findings += judge_dkim(identity, names)
                findings += judge_mail_from(identity, self._region, names)
            findings += [*judge_dmarc(sender, names), judge_spf(domain, names)]
        return [*findings, *_silence(names)]

    def _names_alone(self) -> Checks:
        """SPF and DMARC of the senders, where SES does not answer."""

        def look() -> Checks:
            names = self._names()
            findings: list[DoctorFinding] = []
            for domain, addresses in self._domains() if names else ():
                if names is not None:
                    sender = SenderDomain(domain, addresses, None)
                    findings += [*judge_dmarc(sender, names), judge_spf(domain, names)]
            return [*findings, *_silence(names)]

        return [] if self._ses.simulated else self._checked("dns", look)

    def _names(self) -> NameRecords | None:
        servers = [each for each in self._settings.nameservers.replace(",", " ").split() if each]
        return NameRecords(servers)

    def _domains(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each domain with its senders, those of the most campaigns first."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for campaign in Campaigns(self._database).all():
            try:
                address = check_address(mailbox(campaign.from_address).address)
            except ContentError:
                continue
            if isinstance(address, Address):
                found[address.key.rpartition("@")[2]].append(address.key)
        ordered = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
        return [(domain, tuple(dict.fromkeys(each))) for domain, each in ordered][:MOST_DOMAINS]

    def _checked(self, check: str, look: Callable[[], Iterable[DoctorFinding]]) -> Checks:
        """Findings of ``look``; an error is one, too."""
        try:
            return list(look())
        except SestuiError as error:
            step = ""
            if is_forbidden(error):
                step = "Allow these credentials the call that the docs name for `sestui doctor`."
            return [DoctorFinding(check, DoctorSeverity.UNKNOWN, str(error), step=step)]


def _covering(domain: str, addresses: Sequence[str], known: Mapping[str, Identity]) -> str | None:
    """The name of the identity that SES takes for these senders; None: there is none.

    A verified domain covers its addresses and subdomains, whatever else has been begun there: an
    address that was verified first is signed by its domain's DKIM.
    """
    above = [known[each] for each in _and_above(domain) if each in known]
    of_addresses = [known[each.lower()] for each in addresses if each.lower() in known]
    found = [*filter(_is_verified, above), *filter(_is_verified, of_addresses)]
    return next((each.name for each in (*found, *above, *of_addresses)), None)


def _is_verified(identity: Identity) -> bool:
    return identity.verified


def _and_above(domain: str) -> list[str]:
    """The domain and those above it, without the last label: SES verifies subdomains with it."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


def _no_simulated_identity(domain: str) -> DoctorFinding:
    return DoctorFinding(
        "identity",
        DoctorSeverity.NOTE,
        f"The simulator takes any sender; Amazon SES refuses {domain} until you have verified it.",
        step=f"`aws sesv2 create-email-identity --email-identity {domain}` before you go live.",
        subject=domain,
    )


def _no_account(why: str) -> DoctorFinding:
    return DoctorFinding(
        "account",
        DoctorSeverity.ERROR,
        why,
        "No mail leaves; senders and the event path could not be checked.",
    )


def _untold(check: str, what: str) -> DoctorFinding:
    return DoctorFinding(
        check,
        DoctorSeverity.NOTE,
        f"{what} can't be checked with the simulator.",
        step="`sestui --account ses doctor` checks them.",
    )


def _silence(names: NameRecords | None) -> Checks:
    if names is None or not names.is_silent:
        return []
    return [
        DoctorFinding(
            "dns",
            DoctorSeverity.UNKNOWN,
            "The DNS servers don't answer, so records were not checked.",
            step="Check the network and /etc/resolv.conf, or the setting nameservers.",
        )
    ]
