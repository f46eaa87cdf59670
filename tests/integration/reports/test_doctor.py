"""The doctor over a well account, and over each way in which it can be unwell."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity
from sestui.reports.doctor.doctor import DoctorReport
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from tests.support.clocks import FakeClock
from tests.support.name_server import NameServer
from tests.support.scripted_ses import ScriptedSes
from tests.support.seeding import make_campaign

ZONE = "dkim.eu-west-1.amazonses.test"
TOKENS = ("one", "two")
DOMAIN: dict[str, Any] = {
    "IdentityType": "DOMAIN",
    "VerifiedForSendingStatus": True,
    "VerificationStatus": "SUCCESS",
    "DkimAttributes": {
        "SigningEnabled": True,
        "Status": "SUCCESS",
        "Tokens": list(TOKENS),
        "SigningHostedZone": ZONE,
        "SigningAttributesOrigin": "AWS_SES",
        "CurrentSigningKeyLength": "RSA_2048_BIT",
    },
    "MailFromAttributes": {
        "MailFromDomain": "bounce.example.com",
        "MailFromDomainStatus": "SUCCESS",
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
    },
}
NEEDED = ["SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT", "REJECT"]
SET: dict[str, Any] = {
    "SendingOptions": {"SendingEnabled": True},
    "EventDestinations": [
        {
            "Name": "sns",
            "Enabled": True,
            "MatchingEventTypes": [*NEEDED, "RENDERING_FAILURE"],
            "SnsDestination": {"TopicArn": "arn:aws:sns:eu-west-1:1:events"},
        }
    ],
}


@dataclass
class Patient:
    """A workspace whose account, DNS and settings a test makes unwell."""

    folder: Path
    database: Database
    ses: ScriptedSes
    dns: NameServer
    clock: FakeClock = field(default_factory=lambda: FakeClock(time.time()))
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ses.identities["example.com"] = DOMAIN
        self.ses.sets["events"] = SET
        for token in TOKENS:
            name = f"{token}._domainkey.example.com"
            self.dns.records[name, "CNAME"] = [f"{token}.{ZONE}."]
        self.dns.records |= {
            ("example.com", "TXT"): ['"v=spf1 include:_spf.example.net -all"'],
            ("_spf.example.net", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
            ("amazonses.com", "TXT"): ['"v=spf1 ip4:192.0.2.2 -all"'],
            ("bounce.example.com", "MX"): ["10 feedback-smtp.eu-west-1.amazonses.com."],
            ("bounce.example.com", "TXT"): ['"v=spf1 include:amazonses.com ~all"'],
            ("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=reject; rua=mailto:d@example.com"'],
        }
        self.settings = {
            "account": "ses",
            "configuration_set": "events",
            "events_queue": f"{self.ses.url}/1/events",
            "nameservers": self.dns.address,
        } | self.settings

    def identity(self, part: str, **changes: Any) -> None:
        """Change a part of the domain's identity."""
        well = self.ses.identities["example.com"]
        self.ses.identities["example.com"] = {**well, part: {**well[part], **changes}}

    def examine(self, **settings: Any) -> DoctorReport:
        url = self.database.url.render_as_string(hide_password=False)
        given = load_settings(
            data_dir=self.folder / "data",
            state_dir=self.folder / "state",
            database_url=url,
            **(self.settings | settings),
        )
        with Runtime.open(given, self.clock) as runtime:
            return runtime.doctor().check()

    def found(self, check: str, **settings: Any) -> list[DoctorFinding]:
        """The findings of one check."""
        report = self.examine(**settings)
        return [each for each in report.findings if each.check == check]


@contextmanager
def workspace(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Patient]:
    """A workspace with one campaign of news@example.com."""
    make_campaign(database, "news")
    with closing(ScriptedSes()) as ses, closing(NameServer()) as dns:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_SESV2": ses.url,
            "AWS_ENDPOINT_URL_SQS": ses.url,
            "PATH": str(folder),  # no crontab of whoever runs the tests
        }.items():
            monkeypatch.setenv(name, value)
        yield Patient(folder, database, ses, dns)


@pytest.fixture
def patient(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Patient]:
    with workspace(sqlite_database, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def either(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Patient]:
    """The same on either engine."""
    with workspace(database, tmp_path, monkeypatch) as made:
        yield made


def test_a_well_account_needs_only_a_page_to_unsubscribe(either: Patient) -> None:
    report = either.examine()
    assert [each.check for each in report.findings if each.severity.needs_doing] == ["unsubscribe"]
    assert [each for each in report.findings if each.severity is DoctorSeverity.UNKNOWN] == []
    assert not report.healthy
    well = {each.check for each in report.findings if each.severity is DoctorSeverity.OK}
    assert well >= {
        *("credentials", "clock", "production", "review", "sending", "quota", "suppression"),
        *("validation", "identity", "dkim", "mail_from", "dmarc", "spf", "configuration_set"),
        *("queue", "last_event", "database", "disk", "modes", "versions", "recommendation"),
    }
    assert report.region == "eu-west-1"
    assert either.dns.asked["_spf.example.net", "TXT"] == 1


def test_ses_is_asked_once_a_second(patient: Patient) -> None:
    before = patient.clock.monotonic()
    patient.examine()
    calls = [each for each in patient.ses.calls if each != "/"]
    assert len(calls) == 5  # account, identities, one identity, the set and its destinations
    assert patient.clock.monotonic() - before >= len(calls) - 1


Change = Callable[[Patient], None]


def account(**changes: Any) -> Change:
    return lambda patient: patient.ses.account.update(changes)


def dkim(**changes: Any) -> Change:
    return lambda patient: patient.identity("DkimAttributes", **changes)


def mail_from(**changes: Any) -> Change:
    return lambda patient: patient.identity("MailFromAttributes", **changes)


def zone(name: str, kind: str, *values: str) -> Change:
    return lambda patient: patient.dns.records.update({(name, kind): list(values)})


def events(**changes: Any) -> Change:
    destination = {**SET["EventDestinations"][0], **changes}
    return lambda patient: patient.ses.sets.update(
        events={**SET, "EventDestinations": [destination]}
    )


def identity(*names: str, **changes: Any) -> Change:
    def change(patient: Patient) -> None:
        patient.ses.identities = {each: {**DOMAIN, **changes} for each in names}

    return change


def dmarc(record: str) -> Change:
    return zone("_dmarc.example.com", "TXT", f'"{record}"')


ERROR, WARNING, NOTE = DoctorSeverity.ERROR, DoctorSeverity.WARNING, DoctorSeverity.NOTE
REVIEW = {"ReviewDetails": {"Status": "PENDING", "CaseId": "77"}}
QUOTA = {"Max24HourSend": 100.0, "MaxSendRate": 1.0}

UNWELL = {
    "sandbox": (account(ProductionAccessEnabled=False), "production", WARNING, "put-account-det"),
    "asked for": (
        account(ProductionAccessEnabled=False, Details=REVIEW),
        "production",
        WARNING,
        "case 77",
    ),
    "probation": (account(EnforcementStatus="PROBATION"), "review", ERROR, "under review"),
    "shut down": (account(EnforcementStatus="SHUTDOWN"), "review", ERROR, "refuses every mail"),
    "disabled": (account(SendingEnabled=False), "sending", ERROR, "--sending-enabled"),
    "used up": (
        account(SendQuota={**QUOTA, "SentLast24Hours": 80.0}),
        "quota",
        WARNING,
        "80, 80 %) is used up",
    ),
    "nearly": (account(SendQuota={**QUOTA, "SentLast24Hours": 70.0}), "quota", NOTE, "10 left"),
    "bounces only": (
        account(SuppressionAttributes={"SuppressedReasons": ["BOUNCE"]}),
        "suppression",
        WARNING,
        "does not take COMPLAINT",
    ),
    "no identity": (identity(), "identity", ERROR, "create-email-identity"),
    "not verified": (
        identity("example.com", VerifiedForSendingStatus=False, VerificationStatus="PENDING"),
        "identity",
        ERROR,
        "not verified (pending)",
    ),
    "address only": (
        identity("news@example.com", IdentityType="EMAIL_ADDRESS"),
        "identity",
        WARNING,
        "has verified news@example.com only",
    ),
    "address only, by DMARC": (
        identity("news@example.com", IdentityType="EMAIL_ADDRESS"),
        "dmarc",
        ERROR,
        "its DMARC says reject",
    ),
    "unsigned": (dkim(SigningEnabled=False), "dkim", ERROR, "--signing-enabled"),
    "DKIM pending": (dkim(Status="PENDING"), "dkim", ERROR, "has not verified DKIM (PENDING)"),
    "another zone": (
        zone("one._domainkey.example.com", "CNAME", "one.dkim.amazonses.com."),
        "dkim",
        ERROR,
        f"Set CNAME one._domainkey.example.com to one.{ZONE}.",
    ),
    "a token is missing": (zone("two._domainkey.example.com", "CNAME"), "dkim", ERROR, "not in"),
    "own key is missing": (
        dkim(SigningAttributesOrigin="EXTERNAL", Tokens=["mine"]),
        "dkim",
        ERROR,
        "TXT mine._domainkey.example.com",
    ),
    "short key": (dkim(CurrentSigningKeyLength="RSA_1024_BIT"), "dkim", NOTE, "RSA_2048_BIT"),
    "no MAIL FROM": (mail_from(MailFromDomain=""), "mail_from", NOTE, "bounce.example.com"),
    "MAIL FROM's MX": (
        zone("bounce.example.com", "MX", "10 feedback-smtp.us-east-1.amazonses.com."),
        "mail_from",
        ERROR,
        "Set MX bounce.example.com to 10 feedback-smtp.eu-west-1.amazonses.com",
    ),
    "MAIL FROM's SPF": (
        zone("bounce.example.com", "TXT", '"v=spf1 mx -all"'),
        "mail_from",
        ERROR,
        "include:amazonses.com",
    ),
    "MAIL FROM pending": (
        mail_from(MailFromDomainStatus="PENDING"),
        "mail_from",
        WARNING,
        "PENDING",
    ),
    "two SPF records": (
        zone("example.com", "TXT", '"v=spf1 mx -all"', '"v=spf1 a -all"'),
        "spf",
        WARNING,
        "2 SPF records",
    ),
    "no SPF": (zone("example.com", "TXT", '"hello"'), "spf", NOTE, "no SPF record"),
    "no DMARC": (zone("_dmarc.example.com", "TXT"), "dmarc", ERROR, "p=none; rua=mailto:"),
    "two DMARC": (
        zone("_dmarc.example.com", "TXT", '"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'),
        "dmarc",
        ERROR,
        "more than one",
    ),
    "DMARC without p": (dmarc("v=DMARC1; sp=none"), "dmarc", ERROR, "no valid p="),
    "only watches": (dmarc("v=DMARC1; p=none; rua=mailto:d@x.test"), "dmarc", NOTE, "watches"),
    "test mode": (dmarc("v=DMARC1; p=reject; t=y; rua=mailto:d@x.test"), "dmarc", NOTE, "t=y"),
    "no reports": (dmarc("v=DMARC1; p=reject"), "dmarc", NOTE, "no rua="),
    "old tags": (
        dmarc("v=DMARC1; p=reject; pct=50; rua=mailto:d@x.test"),
        "dmarc",
        NOTE,
        "pct, which RFC 9989 has removed",
    ),
    "no set": (lambda patient: patient.ses.sets.clear(), "configuration_set", ERROR, "create-con"),
    "no bounces": (
        events(MatchingEventTypes=["DELIVERY"]),
        "configuration_set",
        ERROR,
        "publishes BOUNCE and COMPLAINT",
    ),
    "switched off": (events(Enabled=False), "configuration_set", ERROR, "publishes BOUNCE"),
    "to CloudWatch": (
        events(SnsDestination=None, CloudWatchDestination={"DimensionConfigurations": []}),
        "configuration_set",
        ERROR,
        "publishes BOUNCE",
    ),
    "backlog": (
        lambda patient: setattr(patient.ses, "waiting", 20_000),
        "queue",
        WARNING,
        "sestui events pull",
    ),
    "clock": (lambda patient: setattr(patient.ses, "ahead", 120.0), "clock", WARNING, "behind"),
    "wrong clock": (
        lambda patient: setattr(patient.ses, "ahead", -900.0),
        "clock",
        ERROR,
        "no mail leaves",
    ),
}


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("name", UNWELL)
def test_each_trouble_is_found_with_its_way_out(patient: Patient, name: str) -> None:
    change, check, severity, words = UNWELL[name]
    change(patient)
    found = patient.found(check)
    told = [
        f"{each.found} {each.meaning} {each.step}" for each in found if each.severity is severity
    ]
    assert any(words in each for each in told), (found, told)
    assert all(each.step or each.severity is NOTE for each in found)


@pytest.mark.long
@pytest.mark.ci
def test_a_parent_s_identity_covers_a_subdomain_unless_dmarc_is_strict(patient: Patient) -> None:
    Campaigns(patient.database).save(
        CampaignFields("sub", "a@news.example.com"),
        MessageSource("News", "Hello"),
        now=0,
        next_due_at=None,
    )
    assert {each.severity for each in patient.found("identity")} == {DoctorSeverity.OK}
    assert {each.severity for each in patient.found("dmarc")} == {DoctorSeverity.OK}
    dmarc("v=DMARC1; p=reject; adkim=s; rua=mailto:d@x.test")(patient)
    [strict] = [each for each in patient.found("dmarc") if each.severity is ERROR]
    assert strict.subject == "news.example.com"
    assert "adkim=s" in strict.found


PENDING = {**DOMAIN, "VerifiedForSendingStatus": False, "VerificationStatus": "PENDING"}
ADDRESS = {"IdentityType": "EMAIL_ADDRESS"}


@pytest.mark.parametrize(
    ("others", "covering"),
    [
        ({"news@example.com": {**DOMAIN, **ADDRESS}}, "example.com"),
        ({"news@example.com": {**PENDING, **ADDRESS}}, "example.com"),
        ({"example.com": PENDING, "News@Example.com": {**DOMAIN, **ADDRESS}}, "News@Example.com"),
        ({"example.com": PENDING, "news@example.com": {**PENDING, **ADDRESS}}, "example.com"),
    ],
)
def test_of_several_identities_the_one_that_ses_goes_by_is_judged(
    patient: Patient, others: dict[str, Any], covering: str
) -> None:
    patient.ses.identities |= others
    [found] = patient.found("identity")
    assert covering in found.found
    assert (found.severity is DoctorSeverity.OK) == ("example.com" not in others
                                                     and covering == "example.com")  # fmt: skip


def test_what_the_credentials_may_not_ask_is_unknown_and_the_rest_is_checked(
    patient: Patient,
) -> None:
    patient.ses.forbidden = {"/v2/email/configuration-sets/events", "/v2/email/list-identities"}
    report = patient.examine()
    unknown = {each.check for each in report.findings if each.severity is DoctorSeverity.UNKNOWN}
    assert unknown == {"configuration_set", "identity"}
    assert any(each.check == "queue" for each in report.findings)


def test_recommendations_are_told_where_the_account_has_them(patient: Patient) -> None:
    patient.ses.account["VdmAttributes"] = {"VdmEnabled": "ENABLED"}
    assert patient.found("recommendation")[0].severity is DoctorSeverity.OK
    patient.ses.recommendations = [
        {
            "ResourceArn": "arn:aws:ses:eu-west-1:1:identity/example.com",
            "Type": "DKIM",
            "Impact": "HIGH",
            "Description": "DKIM \x1b[31mis not strong.",
        }
    ]
    [told] = patient.found("recommendation")
    assert (told.severity, told.subject) == (WARNING, "example.com")
    assert "\x1b" not in told.found


def test_offline_the_rest_is_still_checked(patient: Patient) -> None:
    patient.ses.close()
    report = patient.examine(events_queue="")
    checks = {each.check: each for each in report.findings}
    assert report.findings[0].check == "account"
    assert "Nothing answers" in report.findings[0].found
    assert checks["database"].severity is DoctorSeverity.OK
    assert checks["dmarc"].severity is DoctorSeverity.OK


@pytest.mark.long
def test_a_dead_name_server_is_told_once_and_not_waited_for(patient: Patient) -> None:
    patient.dns.records.clear()
    names = ("example.com", "bounce.example.com", "_dmarc.example.com")
    tokens = tuple(f"{token}._domainkey.example.com" for token in TOKENS)
    patient.dns.become = dict.fromkeys((*names, *tokens), "silent")
    report = patient.examine()
    unknown = {each.check for each in report.findings if each.severity is DoctorSeverity.UNKNOWN}
    assert unknown == {"dkim", "mail_from", "dmarc", "spf", "dns"}
    assert len({name for name, _ in patient.dns.asked}) == 2


@pytest.mark.long
@pytest.mark.ci
def test_a_page_that_does_not_answer_and_one_that_is_not_https(patient: Patient) -> None:
    [plain] = patient.found("unsubscribe", unsubscribe_url="http://127.0.0.1/u?{email}")
    assert "not https" in plain.found
    [served] = patient.found("unsubscribe", web_url="https://127.0.0.1:1")
    assert (served.severity, "can't be reached" in served.found) == (WARNING, True)
    [gone] = patient.found("unsubscribe", unsubscribe_url="https://127.0.0.1:1/u?{email}")
    assert (gone.severity, "can't be reached" in gone.found) == (WARNING, True)
