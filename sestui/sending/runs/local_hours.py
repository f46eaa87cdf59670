"""When the recipients of a campaign with a local time get its mail: read, and remembered."""

from collections.abc import Callable

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Clock
from sestui.core.delivery.local_hours import LocalHours
from sestui.core.schedule.zones import zone_named
from sestui.store.contacts.audiences import Audiences
from sestui.store.contacts.recipient_zones import LocalStart
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run
from sestui.store.ledger.local_times import LocalTimes

_REMEMBERED = 20
"""How many times as long as reading took its result is remembered, as screens ask all the time."""


class LocalHoursReader:
    """Reads the hours of runs, and of campaigns whose run would start now."""

    def __init__(
        self, database: Database, audiences: Audiences, clock: Clock, timezone: str
    ) -> None:
        """``timezone`` is that of send windows whose campaign has none."""
        self._times = LocalTimes(database)
        self._audiences = audiences
        self._clock = clock
        self._timezone = timezone
        self._read: dict[tuple[object, ...], tuple[float, LocalHours]] = {}
        """What was read last of a run or campaign, and until when it may be told again."""

    def of_run(self, run: Run) -> LocalHours | None:
        """Those of whoever is pending; None: the run has no local time."""
        if not run.due_time:
            return None
        found = self._remembered(
            ("run", run.id),
            lambda: LocalHours(
                run.due_time, zone_named(run.timezone), tuple(self._times.pending(run.id))
            ),
        )
        return self._with_window(found, run)

    def of_start(self, campaign: Campaign) -> LocalHours | None:
        """Those of a run that would start now, some seconds for a million contacts; None: the
        campaign has no local time.

        Raises:
            NotFoundError, SegmentError: as :meth:`Audiences.size`.
        """
        if not campaign.local_time:
            return None
        audience = Audience.of(campaign)
        local = LocalStart(campaign.local_time, campaign.timezone, self._clock.now())
        found = self._remembered(
            (audience, campaign.local_time, campaign.timezone),
            lambda: self._audiences.local_hours(audience, local),
        )
        return self._with_window(found, campaign)

    def _with_window(self, hours: LocalHours, sent: Campaign | Run) -> LocalHours:
        return hours.with_window(sent.send_window, zone_named(sent.timezone or self._timezone))

    def _remembered(self, key: tuple[object, ...], read: Callable[[], LocalHours]) -> LocalHours:
        began = self._clock.monotonic()
        until, found = self._read.get(key, (began, None))
        if found is not None and began < until:
            return found
        found = read()
        ended = self._clock.monotonic()
        self._read = {key: each for key, each in self._read.items() if began < each[0]}
        self._read[key] = (ended + _REMEMBERED * (ended - began), found)
        return found
