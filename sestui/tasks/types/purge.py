"""``purge``: delete old logs."""

from pydantic import Field

from sestui.core.clock import Instant
from sestui.store.contacts.changes.journal import forget_batch
from sestui.store.erasure.unmailed import forget_unmailed
from sestui.store.events.purge import purge_events
from sestui.store.relay.mails import RelayedMails
from sestui.store.tasks.purge import purge_task_runs
from sestui.store.web.subscriptions import SubscriptionRequests
from sestui.tasks.context import TaskContext
from sestui.tasks.task_type import Outcome, TaskParameters, TaskType

_DAY = 86_400.0
_BATCH = 2_000


class PurgeParameters(TaskParameters):
    """Days for which each kind of record is kept; 0: forever."""

    task_runs: int = Field(90, ge=0)
    """Task runs with their logs; each task's newest run is always kept."""
    relayed: int = Field(0, ge=0)
    """The content of relayed mail once it is settled; a running relay deletes it by itself."""
    events: int = Field(90, ge=15)
    """The JSON of events; the outcomes they reported are kept."""
    contacts_unmailed: int = Field(0, ge=0)
    """Contacts that neither got mail nor changed; runs keep their counts, without the addresses.
    Who has unsubscribed, left a list or is invalid is kept."""


class PurgeLogs(TaskType[PurgeParameters]):
    """Deletes in small batches, so that senders never wait for it.

    No delivery is ever deleted: the ledger is the truth about what was sent. Of forgotten contacts
    it says no more than that.
    """

    summary = "Delete old logs."
    Parameters = PurgeParameters

    def run(self, context: TaskContext[PurgeParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given, database = context.parameters, context.services.database
        figures: dict[str, int] = {}
        if given.task_runs:
            before = context.clock.now() - given.task_runs * _DAY
            figures["task runs"] = 0
            while gone := purge_task_runs(database, before, _BATCH):
                figures["task runs"] += gone
                context.go_on()
        if given.relayed:
            relayed = RelayedMails(database, context.clock)
            figures["relayed mails"] = relayed.purge(retention=given.relayed * _DAY)
        before = context.clock.now() - given.events * _DAY
        while gone := purge_events(database, before, _BATCH):
            figures["JSON of events"] = figures.get("JSON of events", 0) + gone
            context.go_on()
        if given.contacts_unmailed:
            before = context.clock.now() - given.contacts_unmailed * _DAY
            figures["contacts"] = _forget_contacts(context, before)
        SubscriptionRequests(database).purge(context.clock.now())
        # They hold addresses, and can't be undone any more.
        while forget_batch(database, context.clock.now(), _BATCH):
            context.go_on()
        deleted = ", ".join(f"{count:,} {name}" for name, count in figures.items())
        return Outcome(f"Deleted: {deleted or 'nothing'}.", dict(figures))


def _forget_contacts(context: TaskContext[PurgeParameters], before: Instant) -> int:
    """Forget those that got no mail since then; how many."""
    contacts = 0
    last: int | None = 0
    while last is not None:
        done = forget_unmailed(context.services.database, before, after=last, most=_BATCH)
        contacts, last = contacts + done.contacts, done.last
        context.go_on()
    return contacts
