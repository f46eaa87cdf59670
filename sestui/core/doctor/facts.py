"""What the doctor knows of an SES account; None and '' are unknown unless said otherwise."""

from dataclasses import dataclass, field

from sestui.core.delivery.account import AccountStatus


@dataclass(frozen=True, slots=True)
class AccountFacts(AccountStatus):
    """GetAccount's answer, with what only the doctor judges."""

    review_status: str = ""
    """Of the request for production access: PENDING, FAILED, GRANTED, DENIED; '': none was made."""
    review_case: str = ""
    """The support case of that request."""
    suppressed_reasons: tuple[str, ...] | None = None
    """For which reasons SES suppresses addresses: BOUNCE, COMPLAINT."""
    validates_addresses: bool = False
    """Whether SES refuses addresses that it thinks invalid."""
    vdm_enabled: bool = False


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """GetEmailIdentity's answer."""

    name: str
    is_domain: bool
    verified: bool
    """Whether SES sends mail from it."""
    verification: str = ""
    """SUCCESS, PENDING, FAILED, TEMPORARY_FAILURE or NOT_STARTED."""
    trouble: str = ""
    """Why the last look into the DNS failed, as SES names it."""
    dkim_signs: bool = False
    dkim_status: str = ""
    """As ``verification``."""
    dkim_tokens: tuple[str, ...] = ()
    dkim_zone: str = ""
    """SigningHostedZone: where Easy DKIM's CNAMEs point to; '': SES does not tell."""
    dkim_own_key: bool = False
    """The operator's own key; then the only token is its selector."""
    dkim_key: str = ""
    """RSA_1024_BIT or RSA_2048_BIT."""
    mail_from: str = ""
    """The custom MAIL FROM domain; '' for none."""
    mail_from_status: str = ""


@dataclass(frozen=True, slots=True)
class ConfigurationSetFacts:
    """A configuration set and where its events go."""

    name: str
    sending_enabled: bool = True
    suppressed_reasons: tuple[str, ...] | None = None
    """What it says instead of the account; None: nothing."""
    destinations: tuple["EventDestination", ...] = field(default=())


@dataclass(frozen=True, slots=True)
class EventDestination:
    """One event destination."""

    name: str
    enabled: bool
    kinds: frozenset[str]
    """BOUNCE, COMPLAINT, DELIVERY, …"""
    leads_to_queue: bool
    """SNS or EventBridge, which can lead to an SQS queue."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An open recommendation of SES's."""

    kind: str
    """DKIM, DMARC, SPF, BIMI, COMPLAINT, BOUNCE, FEEDBACK_3P or IP_LISTING."""
    high: bool
    resource: str
    description: str
