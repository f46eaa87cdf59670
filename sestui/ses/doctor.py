"""SES's view of an account for the doctor: one call a second, and SES's clock."""

import threading
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.account import Identity
from sestui.core.doctor.facts import (
    AccountFacts,
    ConfigurationSetFacts,
    EventDestination,
    IdentityFacts,
    Recommendation,
)
from sestui.errors import AccountError, AccountUnreachableError, SestuiError
from sestui.ses.account import AccountReader
from sestui.ses.client import Clients, plain_errors

CALL_SECONDS = 1.0
"""SES allows one call a second, other than sends."""
_MOST_PAGES = 10
_TO_A_QUEUE = ("SnsDestination", "EventBridgeDestination")
_MISREAD = (AttributeError, TypeError, ValueError)
"""Exceptions of botocore's parser for JSON that isn't SES's."""


class AccountExam:
    """Asks one account; for one thread.

    Every method may raise AccountError: SES refuses, or doesn't answer.
    """

    def __init__(
        self, clients: Clients, clock: Clock, *, simulated: bool, stop: threading.Event
    ) -> None:
        """``stop`` ends waiting between calls."""
        self._clients = clients
        self._clock = clock
        self._simulated = simulated
        self._stop = stop
        self._next_at = 0.0
        self.skew: float | None = None
        """Seconds by which SES's clock is ahead of ours; None: no answer has told."""

    def account(self) -> AccountFacts:
        """The account's state; what SES does not tell is unknown."""
        try:
            return _account_facts(self._ask(self._clients.sesv2.get_account))
        except AccountUnreachableError:
            raise
        except (KeyError, AccountError, *_MISREAD):
            # v1 may be allowed, and knows the figures; it also says what isn't SES's answer.
            self._wait()
            status = AccountReader(self._clients, simulated=self._simulated).poll()
            return AccountFacts(
                status.max_24_hour_send, status.max_send_rate, status.sent_last_24_hours
            )

    def identities(self) -> Iterator[Identity]:
        """The sender identities, at most ten pages of a thousand."""
        pages = AccountReader(self._clients, simulated=self._simulated).identity_pages()
        for _ in range(_MOST_PAGES):
            self._wait()
            page = next(pages, None)
            if page is None:
                return
            yield from page

    def identity(self, name: str) -> IdentityFacts | None:
        """One identity; None: SES knows none by that name."""
        said = self._ask_for(lambda: self._clients.sesv2.get_email_identity(EmailIdentity=name))
        return None if said is None else _identity_facts(name, said)

    def configuration_set(self, name: str) -> ConfigurationSetFacts | None:
        """A configuration set with its event destinations, by two calls; None: there is none."""
        sesv2 = self._clients.sesv2
        said = self._ask_for(lambda: sesv2.get_configuration_set(ConfigurationSetName=name))
        if said is None:
            return None
        found = self._ask(
            lambda: sesv2.get_configuration_set_event_destinations(ConfigurationSetName=name)
        )
        suppression = said.get("SuppressionOptions") or {}
        reasons = suppression.get("SuppressedReasons")
        return ConfigurationSetFacts(
            name,
            (said.get("SendingOptions") or {}).get("SendingEnabled", True),
            None if reasons is None else tuple(reasons),
            tuple(
                EventDestination(
                    each.get("Name", ""),
                    each.get("Enabled", False),
                    frozenset(each.get("MatchingEventTypes", ())),
                    any(each.get(kind) for kind in _TO_A_QUEUE),
                )
                for each in found.get("EventDestinations", ())
            ),
        )

    def recommendations(self) -> list[Recommendation]:
        """Open recommendations, at most the first page."""
        said = self._ask(
            lambda: self._clients.sesv2.list_recommendations(Filter={"STATUS": "OPEN"})
        )
        return [
            Recommendation(
                each.get("Type", ""),
                each.get("Impact") == "HIGH",
                each.get("ResourceArn", "").rpartition("/")[2],
                each.get("Description", ""),
            )
            for each in said.get("Recommendations", ())
        ]

    def _ask_for(self, call: Callable[[], Any]) -> Mapping[str, Any] | None:
        try:
            return self._ask(call)
        except SestuiError as error:
            if _code(error) == "NotFoundException":
                return None
            raise

    def _ask(self, call: Callable[[], Any]) -> Mapping[str, Any]:
        self._wait()
        asked_at = self._clock.now()
        try:
            with plain_errors():
                said: Mapping[str, Any] = call()
        except SestuiError as error:
            if isinstance(error.__cause__, ClientError):
                self._compare_clocks(error.__cause__.response, asked_at)
            raise
        except _MISREAD as error:
            raise AccountUnreachableError(
                f"What answers at {self._clients.endpoint_url} is not SES. Check the network and "
                "AWS_ENDPOINT_URL_SESV2."
            ) from error
        self._compare_clocks(said, asked_at)
        return said

    def _wait(self) -> None:
        if self._simulated:
            return
        now = self._clock.monotonic()
        at = max(now, self._next_at)
        self._next_at = at + CALL_SECONDS
        if at > now:
            self._clock.wait(self._stop, at - now)

    def _compare_clocks(self, said: Mapping[str, Any], asked_at: Instant) -> None:
        """By the Date header, which has whole seconds; the answer took its time, too."""
        headers = (said.get("ResponseMetadata") or {}).get("HTTPHeaders") or {}
        try:
            theirs = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, TypeError, ValueError):
            return
        self.skew = theirs - (asked_at + self._clock.now()) / 2


def _code(error: SestuiError) -> str:
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return ""
    return str(cause.response.get("Error", {}).get("Code", ""))


def is_forbidden(error: SestuiError) -> bool:
    """Whether the credentials are good, and may not make this call."""
    return _code(error) in {"AccessDenied", "AccessDeniedException"}


def _account_facts(said: Mapping[str, Any]) -> AccountFacts:
    quota = said["SendQuota"]
    suppression = said.get("SuppressionAttributes")
    review = (said.get("Details") or {}).get("ReviewDetails") or {}
    validation = ((suppression or {}).get("ValidationAttributes") or {}).get(
        "ConditionThreshold"
    ) or {}
    return AccountFacts(
        float(quota["Max24HourSend"]),
        float(quota["MaxSendRate"]),
        float(quota["SentLast24Hours"]),
        said.get("ProductionAccessEnabled"),
        said.get("SendingEnabled", True),
        said.get("EnforcementStatus", ""),
        review.get("Status", ""),
        review.get("CaseId", ""),
        None if suppression is None else tuple(suppression.get("SuppressedReasons") or ()),
        validation.get("ConditionThresholdEnabled") == "ENABLED",
        (said.get("VdmAttributes") or {}).get("VdmEnabled") == "ENABLED",
    )


def _identity_facts(name: str, said: Mapping[str, Any]) -> IdentityFacts:
    dkim = said.get("DkimAttributes") or {}
    mail_from = said.get("MailFromAttributes") or {}
    return IdentityFacts(
        name,
        said.get("IdentityType") != "EMAIL_ADDRESS",
        said.get("VerifiedForSendingStatus", False),
        said.get("VerificationStatus", ""),
        (said.get("VerificationInfo") or {}).get("ErrorType", ""),
        dkim.get("SigningEnabled", False),
        dkim.get("Status", ""),
        tuple(dkim.get("Tokens") or ()),
        dkim.get("SigningHostedZone", ""),
        dkim.get("SigningAttributesOrigin") == "EXTERNAL",
        dkim.get("CurrentSigningKeyLength", ""),
        mail_from.get("MailFromDomain", ""),
        mail_from.get("MailFromDomainStatus", ""),
    )
