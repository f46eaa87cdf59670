"""Protocols of the engine's dependencies: gateway, ledger, runs, account."""

from collections.abc import Callable, Sequence, Set
from typing import Any, Protocol, runtime_checkable

from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import Answer, Claim, ClaimRequest, ClaimResult, Reply
from sestui.core.delivery.mail import Mail
from sestui.core.delivery.states import PauseReason


class SendingCall(Protocol):
    """A serialised call to SES."""

    @property
    def body(self) -> bytes: ...  # noqa: D102


class SendingGateway(Protocol):
    """Hands mail to SES; for one thread, and blocking only in :meth:`poll`."""

    @property
    def ready(self) -> int: ...  # noqa: D102 - number of calls that could be sent now
    @property
    def trouble(self) -> Reply | None: ...  # noqa: D102 - why connecting fails

    def want(self, calls: int) -> None:
        """Keep connections for this many concurrent calls from now on."""

    def call(self, mails: Sequence[Mail]) -> Any:
        """A :class:`SendingCall` for ``mails``; raises if they can't be serialised."""

    def send(self, call: Any, done: Callable[[Sequence[Reply]], None]) -> bool:
        """Send ``call``; False if no byte of it could be sent.

        A later :meth:`poll` calls ``done`` once, with the replies to all mails in order.
        """

    def poll(self, seconds: float) -> None:
        """Wait up to ``seconds`` for answers and connections, and handle them."""

    def wake(self) -> None:
        """Wake a waiting :meth:`poll`; thread-safe."""

    def close(self) -> None:
        """Close all connections."""


class SendingLedger(Protocol):
    """The ledger of all deliveries."""

    def exchange(self, answers: Sequence[Answer], want: ClaimRequest | None) -> ClaimResult:
        """Write answers and make a claim, in one transaction."""

    def take_back(self, held: Set[int]) -> None:
        """Return this worker's claims that are not in ``held``, which were never handed over."""


class MailComposer(Protocol):
    """A run's compiled message."""

    @property
    def bulk_capable(self) -> bool: ...  # noqa: D102 - whether bulk calls can carry its mails

    def mail(
        self,
        email: str,
        attributes: dict[str, Any],
        tags: tuple[tuple[str, str], ...],
        delivery_id: int | None,
    ) -> Mail:
        """The mail of a delivery to one recipient; raises ContentError."""


@runtime_checkable
class ReadingComposer(Protocol):
    """A composer that needs the database, which the dispatcher's thread must not read."""

    def loaded(self, claims: Sequence[Claim]) -> MailComposer:
        """A composer for ``claims`` that has read everything it needs."""


class RunInfo(Protocol):
    """The fields of a run that the sender needs."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def priority(self) -> int: ...  # noqa: D102
    @property
    def max_rate(self) -> float | None: ...  # noqa: D102
    @property
    def skip_unrenderable(self) -> bool: ...  # noqa: D102 - rather than be held by them


class SendingRuns(Protocol):
    """The runs that the engine serves."""

    def refresh(self) -> None:
        """Wake runs that have waited long enough, and hold those that may not send now."""

    def runnable(self) -> Sequence[RunInfo]:
        """Runs that may send now, in the order of service."""

    def composer(self, run_id: int) -> MailComposer:
        """The run's composer."""

    def pause(self, run_id: int, reason: PauseReason, detail: str) -> None:
        """Pause the run until an operator resumes it."""

    def skip_unmade(self, run_id: int) -> None:
        """Skip the run's recipients whose mail can't be rendered."""

    def wait_for_account(self, run_ids: Sequence[int], detail: str) -> None:
        """Let runs wait until the account answers; ``detail`` is the reason."""

    def account_answered(self) -> None:
        """Wake runs that wait for the account."""

    def wait_for_quota(self, run_ids: Sequence[int], *, refused_by_ses: bool) -> None:
        """Let runs wait, unless the quota (as just read) has room.

        ``refused_by_ses``: SES refused a mail because of it, so they wait in any case.
        """


class AccountView(Protocol):
    """The account, shared by all processes."""

    def poll_exactly(self) -> tuple[AccountStatus, bool]:
        """Ask SES for the status and share it with all processes; raises AccountError.

        True if nothing was in flight in any process meanwhile.
        """


class Heartbeat(Protocol):
    """Shows other processes that this one is alive."""

    def beat(self) -> None:
        """Record that this process is alive."""
