"""Two queues read as one: SES's events, and mail to unsubscribe."""

from collections.abc import Sequence

from sestui.errors import SestuiError
from sestui.feedback.puller import EventQueue
from sestui.ses_api.events import QueueMessage

_TURN = 10
"""Every so many receives the other queues are asked too, though the first has messages."""


class JoinedQueues:
    """Several queues as one; the first is the busy one. For one thread at a time."""

    def __init__(self, queues: Sequence[EventQueue]) -> None:
        self._first, *self._others = queues
        self._came_from: dict[str, EventQueue] = {}
        self._turn = 0

    def receive(self, wait_seconds: float) -> Sequence[QueueMessage]:
        """See :meth:`sestui.feedback.puller.EventQueue.receive`.

        A failure of another queue than the first is raised only once the first is empty, so that
        its messages are not held up.
        """
        found = list(self._first.receive(0.0))
        if not found or self._turn == 0:
            try:
                for queue in self._others:
                    more = queue.receive(0.0)
                    self._came_from |= {each.receipt: queue for each in more}
                    found += more
            except SestuiError:
                if not found:
                    raise
        self._turn = (self._turn + 1) % _TURN
        if not found and wait_seconds > 0:
            found = list(self._first.receive(wait_seconds))
        return found

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        """See :meth:`sestui.feedback.puller.EventQueue.delete`."""
        of_queue: dict[int, list[QueueMessage]] = {}
        by_id: dict[int, EventQueue] = {}
        for each in messages:
            queue = self._came_from.pop(each.receipt, self._first)
            by_id[id(queue)] = queue
            of_queue.setdefault(id(queue), []).append(each)
        for key, batch in of_queue.items():
            by_id[key].delete(batch)
