"""Protocols for everything the engine needs from outside: SES, ledger, runs, account."""

from collections.abc import Callable, Sequence, Set
from typing import Any, Protocol, runtime_checkable

from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import Answer, Claim, ClaimRequest, ClaimResult, Reply
from sestui.core.delivery.mail import Mail
from sestui.core.delivery.states import PauseReason


class SendingCall(Protocol):
    """A call to SES that is written and has not left."""

    @property
    def body(self) -> bytes: ...  # noqa: D102


class SendingGateway(Protocol):
    """Hands mail to SES; for one thread, which it never blocks but in :meth:`poll`."""

    @property
    def ready(self) -> int: ...  # noqa: D102 - how many calls could leave at this moment
    @property
    def trouble(self) -> Reply | None: ...  # noqa: D102 - why no connection can be had

    def want(self, calls: int) -> None:
        """Have connections for so many calls at once, from now on."""

    def call(self, mails: Sequence[Mail]) -> Any:
        """One :class:`SendingCall` for ``mails``; it raises if they can't be written."""

    def send(self, call: Any, done: Callable[[Sequence[Reply]], None]) -> bool:
        """Let ``call`` leave; False: it could not, and no byte of it has.

        ``done`` is called once, in a later :meth:`poll`, with a reply for each mail in their order.
        """

    def poll(self, seconds: float) -> None:
        """Wait up to ``seconds`` for answers and connections, and deal with what comes."""

    def wake(self) -> None:
        """Make a :meth:`poll` that waits return; any thread may call it."""

    def close(self) -> None:
        """Close every connection."""


class SendingLedger(Protocol):
    """The table of all deliveries and their states."""

    def exchange(self, answers: Sequence[Answer], want: ClaimRequest | None) -> ClaimResult:
        """Write answers and claim what goes next, in one transaction."""

    def take_back(self, held: Set[int]) -> None:
        """What this worker has claimed and is not among ``held`` was never handed over."""


class MailComposer(Protocol):
    """A run's message, compiled."""

    @property
    def bulk_capable(self) -> bool: ...  # noqa: D102 - whether its mails can go in bulk calls

    def mail(
        self, email: str, attributes: dict[str, Any], tags: tuple[tuple[str, str], ...]
    ) -> Mail:
        """The mail for one recipient, or ContentError."""


@runtime_checkable
class ReadingComposer(Protocol):
    """One that would read the database for each mail, which the dispatcher's thread must not."""

    def loaded(self, claims: Sequence[Claim]) -> MailComposer:
        """The composer for ``claims``, with everything read that it needs."""


class RunInfo(Protocol):
    """What the sender reads of a run."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def priority(self) -> int: ...  # noqa: D102
    @property
    def max_rate(self) -> float | None: ...  # noqa: D102
    @property
    def skip_unrenderable(self) -> bool: ...  # noqa: D102 - or do such recipients hold it


class SendingRuns(Protocol):
    """The runs, as far as the engine reads and holds them."""

    def refresh(self) -> None:
        """Wake runs whose waiting is over, hold back those that may not send at this moment."""

    def runnable(self) -> Sequence[RunInfo]:
        """Runs that may send now, in the order in which they are to be served."""

    def composer(self, run_id: int) -> MailComposer:
        """The run's message, ready to render."""

    def pause(self, run_id: int, reason: PauseReason, detail: str) -> None:
        """Hold the run; an operator has to resume it."""

    def skip_unmade(self, run_id: int) -> None:
        """Leave out of the run those for whom no mail could be made."""

    def wait_for_account(self, run_ids: Sequence[int], detail: str) -> None:
        """Let these runs wait until the account answers again; ``detail`` says why."""

    def account_answered(self) -> None:
        """The account has answered: what waits for that goes on."""

    def wait_for_quota(self, run_ids: Sequence[int], *, refused_by_ses: bool) -> None:
        """After the account was read: let these runs wait, unless there is room in the quota.

        ``refused_by_ses``: SES refused a mail for it, so they wait in any case.
        """


class AccountView(Protocol):
    """The account all processes share."""

    def look_closely(self) -> tuple[AccountStatus, bool]:
        """Ask SES now and share what it said with every process; AccountError if it can't be.

        True: nothing was in the air meanwhile, in any process.
        """


class Heartbeat(Protocol):
    """Shows other processes that this one is alive."""

    def beat(self) -> None:
        """Record it now."""
