"""The account's own suppression list at SES: one call a second."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sestui.core.clock import Clock, Instant
from sestui.errors import SestuiError
from sestui.ses.client import Clients
from sestui.ses.paced_calls import PacedCalls, code_of

if TYPE_CHECKING:
    from mypy_boto3_sesv2.literals import SuppressionListReasonType

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class SuppressedDestination:
    """An entry of the list."""

    address: str
    reason: str
    """BOUNCE or COMPLAINT."""
    updated_at: Instant


class SuppressionList:
    """Reads and changes the list; for one thread.

    Every method may raise AccountError, or StoppedError if ``stop`` is set before its turn.
    """

    def __init__(
        self, clients: Clients, clock: Clock, *, simulated: bool, stop: threading.Event
    ) -> None:
        self._sesv2 = clients.sesv2
        self._calls = PacedCalls(clock, simulated=simulated, stop=stop)

    def page(self, since: Instant | None, token: str) -> tuple[list[SuppressedDestination], str]:
        """A page of what changed at or after ``since``, and the next token, '' after the last.

        An outdated ``token`` starts anew.
        """
        given: dict[str, Any] = {"PageSize": PAGE}
        if since is not None:
            given["StartDate"] = datetime.fromtimestamp(since, UTC)
        further: dict[str, Any] = {**given, "NextToken": token} if token else given
        try:
            said = self._calls.ask(lambda: self._sesv2.list_suppressed_destinations(**further))
        except SestuiError as error:
            if not token or code_of(error) != "BadRequestException":
                raise
            said = self._calls.ask(lambda: self._sesv2.list_suppressed_destinations(**given))
        found = [
            SuppressedDestination(
                each["EmailAddress"], each["Reason"], each["LastUpdateTime"].timestamp()
            )
            for each in said.get("SuppressedDestinationSummaries", ())
        ]
        return found, said.get("NextToken", "")

    def put(self, address: str, reason: "SuppressionListReasonType") -> bool:
        """List it; it may be listed already. False: SES does not take it for an address."""
        try:
            self._calls.ask(
                lambda: self._sesv2.put_suppressed_destination(EmailAddress=address, Reason=reason)
            )
        except SestuiError as error:
            if code_of(error) != "BadRequestException":
                raise
            return False
        return True

    def delete(self, address: str) -> None:
        """Take it off; it may be off already."""
        try:
            self._calls.ask(lambda: self._sesv2.delete_suppressed_destination(EmailAddress=address))
        except SestuiError as error:
            if code_of(error) not in {"NotFoundException", "BadRequestException"}:
                raise
