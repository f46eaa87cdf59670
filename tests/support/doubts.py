"""A run that is over and of which much is in doubt, for tests of asking SES about it."""

import threading

from sestui.feedback.insights_search import InsightsSearch
from sestui.runtime import Runtime
from sestui.ses.message_insights import MessageInsights
from sestui.store.events.apply import EventRules
from sestui.store.ledger.doubtful import DoubtfulDelivery
from sestui.store.ledger.insight_questions import InsightQuestions
from tests.support.clocks import ShiftedClock
from tests.support.workspaces import World, sent

GRACE = 24 * 3600.0


class Doubts:
    """Of its mails SES took the first ``taken`` and the last ``known``, which alone are accepted,
    and were sent first; all others are in doubt."""

    def __init__(self, world: World, emails: list[str], taken: int, known: int = 0) -> None:
        self.world = world
        self.clock = ShiftedClock()
        self.runtime: Runtime = world.runtime(self.clock)
        self.run = world.started(self.runtime, emails)
        sent(self.runtime)
        doubtful = len(emails) - known
        with self.runtime.database.write_connection() as connection:
            connection.exec_driver_sql(
                "UPDATE delivery SET state = 'in_doubt', message_id = '', sent_at = NULL "
                f"WHERE id IN (SELECT id FROM delivery ORDER BY id LIMIT {doubtful})"
            )
            connection.exec_driver_sql(
                "UPDATE delivery SET claimed_at = (SELECT min(claimed_at) FROM delivery) "
                "WHERE state = 'accepted'"
            )
            connection.exec_driver_sql(f"UPDATE run SET in_doubt = {doubtful}, accepted = {known}")
            rows = connection.exec_driver_sql("SELECT email FROM delivery ORDER BY id")
            lost = [str(email) for email in rows.scalars()][taken:doubtful]
        with world.account.changing() as connection:
            for email in lost:
                given = (f'["{email}"]',)
                connection.execute(
                    "DELETE FROM event WHERE outbox_id IN "
                    "(SELECT id FROM outbox WHERE recipients = ?)",
                    given,
                )
                connection.execute("DELETE FROM outbox WHERE recipients = ?", given)
        self.lost = sorted(lost)
        """To whom SES has taken no mail."""
        self.stop = threading.Event()
        self.questions = InsightQuestions(self.runtime.database, self.runtime.ses.reader.key)

    def search(self, insights: type[MessageInsights] = MessageInsights) -> InsightsSearch:
        """A search that asks SES by ``insights``."""
        asking = insights(self.runtime.ses.clients, self.clock, simulated=True, stop=self.stop)
        return InsightsSearch(
            self.runtime.database, asking, self.questions, self.clock, EventRules()
        )

    def safe(self) -> list[str]:
        """Those that are offered as safe to resend."""
        return sorted(each.email for each in self.in_doubt() if each.is_safe(GRACE))

    def in_doubt(self) -> list[DoubtfulDelivery]:
        return self.questions.in_doubt(self.run.id)
