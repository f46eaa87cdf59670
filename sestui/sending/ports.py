"""What the sender needs of the world, as narrow as it can be said."""

from collections.abc import Callable, Sequence, Set
from typing import Any, Protocol

from sestui.core.account import AccountStatus
from sestui.core.delivery import Answer, AnswerKind, HoldBack, Taken, Want
from sestui.core.mail import Mail
from sestui.core.states import PauseReason


class Reply(Protocol):
    """What SES said to one mail."""

    @property
    def kind(self) -> AnswerKind: ...  # noqa: D102
    @property
    def message_id(self) -> str: ...  # noqa: D102
    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def hold_back(self) -> HoldBack | None: ...  # noqa: D102


class Gateway(Protocol):
    """Hands mail to SES; called from many threads.

    Both send only if ``leave``, called just before the first byte goes, says yes.
    """

    @property
    def single_cost(self) -> float: ...  # noqa: D102 - processor seconds of a single call

    def send(self, mail: Mail, leave: Callable[[], bool]) -> Reply:
        """Send one mail in one call."""

    def send_bulk(self, mails: Sequence[Mail], leave: Callable[[], bool]) -> Sequence[Reply]:
        """Send several mails in one call; a reply for each, in their order."""


class Ledger(Protocol):
    """The truth about who got what."""

    def exchange(self, answers: Sequence[Answer], want: Want | None) -> Taken:
        """Write answers and claim what goes next, in one transaction."""

    def take_back(self, held: Set[int]) -> None:
        """What this worker has claimed and is not among ``held`` was never handed over."""


class Composer(Protocol):
    """A run's message, compiled."""

    @property
    def has_attachments(self) -> bool: ...  # noqa: D102 - a bulk call can't carry them

    def mail(
        self, email: str, attributes: dict[str, Any], tags: tuple[tuple[str, str], ...]
    ) -> Mail:
        """The mail for one recipient, or ContentError."""


class RunInfo(Protocol):
    """What the sender reads of a run."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def priority(self) -> int: ...  # noqa: D102
    @property
    def max_rate(self) -> float | None: ...  # noqa: D102


class Book(Protocol):
    """The runs, as the sender steers and reads them."""

    def runnable(self) -> Sequence[RunInfo]:
        """Runs that are sending, in the order in which they are to be served."""

    def composer(self, run_id: int) -> Composer:
        """The run's message, ready to render."""

    def pause(self, run_id: int, reason: PauseReason, detail: str) -> None:
        """Hold the run; an operator has to resume it."""

    def wait_for_quota(self, run_ids: Sequence[int], *, said_by_ses: bool) -> None:
        """After a look at the account: let these runs wait, unless there is room in the quota.

        ``said_by_ses``: it answered that there is none, so they wait in any case.
        """


class AccountView(Protocol):
    """The account all processes share."""

    def look_closely(self) -> tuple[AccountStatus, bool]:
        """Ask SES now and share what it said with every process; AccountError if it can't be.

        True: nothing was in the air meanwhile, in any process.
        """


class Heartbeat(Protocol):
    """Tells other processes that this one lives."""

    def beat(self) -> None:
        """Say so now."""
