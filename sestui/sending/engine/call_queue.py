"""Queue of calls that are rendered, grouped and serialised before their slots."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sestui.core.delivery.handover import AnswerKind, Claim, HoldBack, Reply
from sestui.core.delivery.mail import Mail
from sestui.core.delivery.states import UNMADE
from sestui.errors import ContentError
from sestui.sending.engine.bulk_split import split_calls
from sestui.sending.engine.ports import MailComposer, SendingCall, SendingGateway

_log = logging.getLogger(__name__)

_MOST_PREPARED_BYTES = 32_000_000
"""Limit of memory for serialised calls, which one call may exceed."""


@dataclass(frozen=True, slots=True)
class Job:
    """Claims to be sent at one slot."""

    claims: tuple[Claim, ...]
    mails: Callable[[Sequence[Claim]], "Sequence[Made]"]
    """Makes their mails; may raise anything that a template raises."""
    slot: float
    """Monotonic seconds at which the call may leave."""
    rate: float
    """The rate for the limiter, in recipients a second."""
    bulk: bool = False
    shared: bool = False
    """Whether other processes share the rate."""


Made = tuple[tuple[Claim, ...], Mail | ContentError]
"""Claims with their common mail, or with the reason why there is none."""


def rendered(composer: MailComposer, claims: Sequence[Claim]) -> list[Made]:
    """Render a mail for each claim, with tags that identify the delivery in events."""
    made: list[Made] = []
    for claim in claims:
        tags = (("sestui-run", str(claim.run_id)), ("sestui-delivery", str(claim.delivery_id)))
        try:
            mail = composer.mail(claim.email, claim.attributes, tags, claim.delivery_id)
            made.append(((claim,), mail))
        except ContentError as error:
            made.append(((claim,), error))
        except Exception as error:  # noqa: BLE001 - a template may raise anything
            _log.warning("A mail can't be rendered.", exc_info=True)
            why = ContentError(f"It can't be rendered ({type(error).__name__}).")
            made.append(((claim,), why))
    return made


@dataclass(slots=True, eq=False)
class PreparedCall:
    """A call that is ready to be sent."""

    job: Job
    claims: tuple[tuple[Claim, ...], ...]
    """The claims of each of the call's mails."""
    call: SendingCall

    @property
    def recipients(self) -> int:
        """Number of deliveries in the call."""
        return sum(map(len, self.claims))


class CallQueue:
    """Jobs to be prepared, and the prepared calls of earlier jobs.

    All methods but :meth:`add` are for one thread. ``reply`` takes claims for which no call can be
    made, with the reason.
    """

    def __init__(
        self, gateway: SendingGateway, reply: Callable[[Sequence[Claim], Reply], None]
    ) -> None:
        self._gateway = gateway
        self._reply = reply
        self._jobs: deque[Job] = deque()
        self._prepared: deque[PreparedCall] = deque()
        self._prepared_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._prepared or self._jobs)

    @property
    def first(self) -> PreparedCall | None:
        """The next prepared call; None if there is none."""
        return self._prepared[0] if self._prepared else None

    def add(self, job: Job) -> None:
        """Append a job; thread-safe."""
        self._jobs.append(job)

    def pop(self) -> PreparedCall:
        """Remove the :attr:`first` call."""
        prepared = self._prepared.popleft()
        self._prepared_bytes -= len(prepared.call.body)
        return prepared

    def take_all(self) -> Iterator[tuple[Claim, ...]]:
        """Empty the queue, yielding all its claims."""
        while self._prepared:
            yield from self.pop().claims
        while self._jobs:
            yield self._jobs.popleft().claims

    def prepare(self) -> bool:
        """Prepare the calls of the next job; False if there is none, or enough is prepared."""
        if not self._jobs or self._prepared_bytes > _MOST_PREPARED_BYTES:
            return False
        job = self._jobs.popleft()
        ready: list[tuple[tuple[Claim, ...], Mail]] = []
        for claims, mail in self._made(job):
            if isinstance(mail, ContentError):
                self._reply(claims, _unsendable(str(mail)))
            else:
                ready.append((claims, mail))
        for group in split_calls(ready) if job.bulk else ([each] for each in ready):
            whose = tuple(claims for claims, _ in group)
            try:
                call = self._gateway.call([mail for _, mail in group])
            except Exception as error:  # noqa: BLE001 - a lone surrogate, an odd value of a relayed mail
                _log.warning("No request can be made of a mail.", exc_info=True)
                why = f"It can't be turned into a request ({type(error).__name__})."
                for claims in whose:
                    self._reply(claims, _unsendable(why))
                continue
            self._prepared.append(PreparedCall(job, whose, call))
            self._prepared_bytes += len(call.body)
        return True

    def _made(self, job: Job) -> Sequence[Made]:
        try:
            return job.mails(job.claims)
        except Exception as error:  # noqa: BLE001 - as a template's
            _log.warning("The mails of a call can't be made.", exc_info=True)
            return [(job.claims, ContentError(f"It can't be built ({type(error).__name__})."))]


def _unsendable(why: str) -> Reply:
    """The reply to a claim without a valid mail."""
    return Reply(AnswerKind.NOT_SENT, code=UNMADE, reason=why, hold_back=HoldBack.CONTENT)
