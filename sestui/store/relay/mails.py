"""Relayed mails after their admission: contents, outcomes and purging."""

from collections.abc import Collection

from sestui.core.clock import Clock
from sestui.ses_api.relay_admission import HOLD_SECONDS, QueueDepth, RelayedOutcome
from sestui.ses_api.relayed import RelayedMail, unpacked
from sestui.store.db.database import Database
from sestui.store.ledger.clocks import ledger_now
from sestui.store.relay import statements as sql

RETRY_WINDOW_SECONDS = 86_400.0
"""How long retries are recognised; SDKs give up within minutes."""

_HOUR = 3600
_USAGE_HOURS = 48
_PURGE = 500
"""Payloads removed in one transaction."""


class RelayedMails:
    """The relayed mails."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def contents(self, mail_ids: Collection[int]) -> dict[int, RelayedMail]:
        """The contents of these mails by id, unless purged."""
        with self._database.read_connection() as connection:
            rows = connection.execute(sql.CONTENTS, {"ids": list(mail_ids)}).all()
        return {row.mail_id: unpacked(row.content) for row in rows}

    def outcome(self, mail_id: int) -> RelayedOutcome:
        """The state of the recipient whose answer the client got."""
        with self._database.read_connection() as connection:
            row = connection.execute(sql.OUTCOME, {"mail_id": mail_id}).one()
        return RelayedOutcome(row.state, row.message_id, row.code, row.reason)

    def queue(self) -> QueueDepth:
        """The number of waiting deliveries, and the age of the oldest."""
        queues = self.queues().values()
        return QueueDepth(
            sum(each.depth for each in queues), max((each.age for each in queues), default=0.0)
        )

    def queues(self) -> dict[int, QueueDepth]:
        """The same by run, for runs with waiting deliveries."""
        with self._database.read_connection() as connection:
            runs = connection.execute(sql.OPEN_RUNS).all()
            now = ledger_now(connection, self._clock) if runs else 0.0
        return {
            run.id: QueueDepth(
                run.pending, 0.0 if run.oldest is None else max(0.0, now - run.oldest)
            )
            for run in runs
        }

    def release_orphans(self) -> None:
        """Release deliveries that wait for a first call whose process has died."""
        with self._database.write_connection() as connection:
            now = ledger_now(connection, self._clock)
            connection.execute(sql.RELEASE_ORPHANS, {"b_since": now - 2 * HOLD_SECONDS})

    def purge(self, *, retention: float) -> int:
        """Remove contents of settled mails older than ``retention`` seconds; their number."""
        removed = 0
        while True:
            with self._database.write_connection() as connection:
                now = ledger_now(connection, self._clock)
                ids = (
                    connection.execute(
                        sql.STALE_PAYLOADS, {"before": now - retention, "most": _PURGE}
                    )
                    .scalars()
                    .all()
                )
                if ids:
                    connection.execute(sql.DROP_PAYLOADS, {"ids": ids})
                connection.execute(sql.STALE_KEYS, {"before": now - RETRY_WINDOW_SECONDS})
                connection.execute(sql.DROP_USAGE, {"hour": int(now // _HOUR) - _USAGE_HOURS})
            removed += len(ids)
            if len(ids) < _PURGE:
                return removed
