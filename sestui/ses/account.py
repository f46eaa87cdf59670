"""Read the account's quota, rate, health and identities from SES."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sestui.core.delivery.account import AccountStatus, Identity
from sestui.core.delivery.account_key import SIMULATOR
from sestui.errors import AccountUnreachableError
from sestui.ses.client import CREDENTIAL_CODES, Clients, plain_errors

_FIGURES = ("Max24HourSend", "MaxSendRate", "SentLast24Hours")

_MISREAD = (AttributeError, TypeError, ValueError)
"""Exceptions of botocore's parser for JSON that isn't SES's."""


class AccountReader:
    """One SES account in one region."""

    def __init__(self, clients: Clients, *, simulated: bool) -> None:
        self._clients = clients
        self.simulated = simulated

    @property
    def key(self) -> str:
        """Key of the governor's row; processes with the same key share rate and quota."""
        if self.simulated:
            return SIMULATOR
        if self._clients.is_aws:
            return f"ses:{self.region}"
        return f"ses:{self.region}:{self._clients.endpoint_url}"

    @property
    def region(self) -> str:
        """The account's AWS region."""
        return self._clients.region

    def poll(self) -> AccountStatus:
        """Ask SES for the account's status.

        SES allows about one such call a second, so cache the result. Falls back to v1's
        GetSendQuota if GetAccount is unknown or not allowed.
        """
        with plain_errors():
            try:
                said = self._clients.sesv2.get_account()
            except ClientError as error:
                if not _worth_asking_v1(error):
                    raise
                return self._read_v1()
            except _MISREAD as error:
                raise self._not_ses() from error
        max_24_hour_send, max_send_rate, sent = self._figures(said.get("SendQuota"))
        return AccountStatus(
            max_24_hour_send=max_24_hour_send,
            max_send_rate=max_send_rate,
            sent_last_24_hours=sent,
            production_access=said.get("ProductionAccessEnabled"),
            sending_enabled=said.get("SendingEnabled", True),
            enforcement_status=said.get("EnforcementStatus", ""),
        )

    def keeps_insights(self) -> bool:
        """Whether SES keeps message insights: where Virtual Deliverability Manager is on."""
        if self.simulated:
            return True
        with plain_errors():
            try:
                said = self._clients.sesv2.get_account()
            except _MISREAD as error:
                raise self._not_ses() from error
        return (said.get("VdmAttributes") or {}).get("VdmEnabled") == "ENABLED"

    def _read_v1(self) -> AccountStatus:
        try:
            quota = self._clients.ses_v1().get_send_quota()
        except _MISREAD as error:
            raise self._not_ses() from error
        max_24_hour_send, max_send_rate, sent = self._figures(quota)
        return AccountStatus(
            max_24_hour_send=max_24_hour_send, max_send_rate=max_send_rate, sent_last_24_hours=sent
        )

    def _figures(self, quota: Any) -> list[float]:
        """Max24HourSend, MaxSendRate and SentLast24Hours as finite numbers.

        boto3 doesn't check: the figures are missing for a captive portal's page, and may be NaN.
        """
        found = quota if isinstance(quota, Mapping) else {}
        figures: list[Any] = [found.get(name) for name in _FIGURES]
        if not all(map(_is_number, figures)):
            raise self._not_ses()
        return [float(each) for each in figures]

    def _not_ses(self) -> AccountUnreachableError:
        return AccountUnreachableError(
            f"What answers at {self._clients.endpoint_url} is not SES: it reports no sending "
            "quota. Check the network and AWS_ENDPOINT_URL_SESV2."
        )

    def identities(self, *, limit: int = 1000) -> list[Identity]:
        """Up to ``limit`` sender identities, in SES's order."""
        found: list[Identity] = []
        for page in self.identity_pages():
            found += page
            if len(found) >= limit:
                break
        return found[:limit]

    def identity_pages(self, *, size: int = 1000) -> Iterator[list[Identity]]:
        """All sender identities in pages of ``size``; SES allows about one call a second."""
        token = ""
        while True:
            with plain_errors():
                page = (
                    self._clients.sesv2.list_email_identities(PageSize=size, NextToken=token)
                    if token
                    else self._clients.sesv2.list_email_identities(PageSize=size)
                )
            yield [
                Identity(
                    name=identity.get("IdentityName", ""),
                    kind=identity.get("IdentityType", ""),
                    sending_enabled=identity.get("SendingEnabled", False),
                    verification=identity.get("VerificationStatus", ""),
                )
                for identity in page.get("EmailIdentities", [])
            ]
            token = page.get("NextToken", "")
            if not token:
                return


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value)


def _worth_asking_v1(error: ClientError) -> bool:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    forbidden = code in {"AccessDenied", "AccessDeniedException"}
    return forbidden or (status in {404, 405, 501} and code not in CREDENTIAL_CODES)
