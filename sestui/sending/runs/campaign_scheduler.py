"""Start due campaigns: each occurrence becomes a run, once, or waits for approval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sestui.compose.checks import CampaignCheck
from sestui.compose.render_check import UnrenderableError
from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Clock, Instant
from sestui.core.delivery.states import GOING_RUN_STATES, OPERATOR_WAITS
from sestui.core.schedule.cron import Occurrence, next_occurrence, occurrence_at, past
from sestui.errors import ContentError, NotFoundError, StateError, UsageError
from sestui.sending.runs.account_guard import AccountGuard, ForeignRun
from sestui.sending.runs.run_starter import RunStarter
from sestui.store.backup.restore_guard import Restore, RestoreGuard, why_restored
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.runs import Runs

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class NotStarted:
    """A campaign that is due but can't be started."""

    campaign_id: int
    name: str
    from_address: str
    sentence: str
    """The reason."""


@dataclass(slots=True)
class Started:
    """The result of starting due campaigns."""

    run_ids: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """A sentence for each campaign that was due but isn't sent."""
    not_started: list[NotStarted] = field(default_factory=list)
    """Those of them that are still due, and will be tried again."""
    told: list[str] = field(default_factory=list)
    """Warnings about those that are sent."""


class CampaignScheduler:
    """Starts due campaigns; ``local`` formats an instant for the operator."""

    def __init__(
        self,
        campaigns: Campaigns,
        runs: Runs,
        starter: Callable[[], RunStarter],
        *,
        restored: RestoreGuard,
        guard: AccountGuard,
        clock: Clock,
        local: Callable[[Instant], str],
        witness: Callable[[], str] = str,
    ) -> None:
        """``witness`` compares a restored database with SES's own count; a sentence or ''."""
        self._campaigns = campaigns
        self._runs = runs
        self._starter = starter
        self._restored = restored
        self._guard = guard
        self._clock = clock
        self._local = local
        self._witness = witness
        self._warned: list[str] = []
        """Warnings about the last started campaign."""

    def unfinished(self) -> Sequence[Run]:
        """Runs of this account that are sending, or waiting for anything but the operator."""
        return [
            run
            for run in self._runs.in_states(GOING_RUN_STATES)
            if run.reason not in OPERATOR_WAITS and self._guard.may_send(run)
        ]

    def hold_foreign(self) -> list[ForeignRun]:
        """Pause unfinished runs of another account that nobody else sends."""
        return self._guard.hold(self._runs.in_states(GOING_RUN_STATES))

    def hold_restored(self) -> list[str]:
        """After a restore, make unfinished runs wait for approval; returns sentences about it.

        That is a restored backup, or a copy that is older than the database last used here.
        """
        restore = self._restored.found()
        if restore is None:
            return []
        why = f"{self._why_restored(restore)} {self._witness()}".rstrip()
        held = self._restored.hold(restore, self._clock.now(), why)
        runs = "its unfinished run waits" if len(held) == 1 else f"{len(held)} runs wait"
        return [f"{why} {runs.capitalize()} for approval." if held else why]

    def _why_restored(self, restore: Restore) -> str:
        since, older = self._local(restore.since), restore.older
        if older is None:
            return why_restored(f"the backup taken {since}")
        mails = f" (about {older.unknown:,} mails)" if older.unknown else ""
        return (
            f"This database is an older copy: it was last used {since}, the database that it is a "
            f"copy of {self._local(older.seen.at)}. It does not know what was sent between "
            f"them{mails}."
        )

    def start_campaigns(self) -> Started:
        """Start a run of each due campaign, each occurrence once.

        The newest of several missed occurrences stands for all. If the message can't be rendered
        for everybody, the run is created paused with the reason; resuming it checks again.
        """
        done = Started()
        for campaign in self._campaigns.due(self._clock.now()):
            self._warned = []
            try:
                occurrence = self._occurrence(campaign).of_zone(campaign.timezone)
                run, notes = self._start_occurrence(campaign, occurrence)
                after = self._next(campaign)
            except (StateError, NotFoundError, UsageError) as error:
                # Still due, so the next run-due tries again; other campaigns go on.
                why = f"{campaign.name} is due but was not started: {error}"
                done.notes.append(why)
                done.not_started.append(
                    NotStarted(campaign.id, campaign.name, campaign.from_address, why)
                )
                continue
            done.notes += notes
            done.told += self._warned
            if run is not None:
                done.run_ids.append(run.id)
            self._campaigns.set_next(campaign.id, after)
        return done

    def start(
        self,
        name: str,
        occurrence: Occurrence | None,
        only: Only | None = None,
        *,
        again: bool = False,
    ) -> tuple[Run | None, list[str]]:
        """Start a run of the campaign for an occurrence, or None for a manual start.

        ``again``: it is meant to be sent once more. Returns the run (None if the occurrence has one
        already), and sentences about what holds it.

        Raises:
            NotFoundError: there is no such campaign, or one of its lists doesn't exist. StateError:
                an earlier run has not ended, or it was sent before and ``again`` is false.
                ContentError: the mail can't be rendered for somebody in a manual start.
        """
        campaign = self._campaigns.get(name)
        if occurrence is None:
            now = self._clock.now()
            return self._starter().start(campaign, now, again=again, only=only), []
        return self._start_occurrence(campaign, occurrence, only)

    def _start_occurrence(
        self, campaign: Campaign, occurrence: Occurrence, only: Only | None = None
    ) -> tuple[Run | None, list[str]]:
        now = self._clock.now()
        only = only or (Only(campaign.only) if campaign.only else None)
        why = self._approval(campaign, occurrence.at, now)
        starter = self._starter()
        if why:
            run = self._runs.start(
                campaign,
                now,
                only=only,
                scheduled_for=occurrence,
                approval=why,
                beside=starter.is_large(campaign),
            )
            return run, [f"{campaign.name} waits for approval: {why}"] if run else []
        try:
            run = starter.start_occurrence(
                campaign, now, occurrence, only=only, on_check=self._warn
            )
        except ContentError as error:
            whose = error if isinstance(error, UnrenderableError) else None
            run = starter.start_held(
                campaign, now, whose, str(error), only=only, scheduled_for=occurrence
            )
            return run, [f"{campaign.name} was started and paused: {error}"] if run else []
        return run, []

    def _warn(self, check: CampaignCheck) -> None:
        self._warned = [f"{check.name}: warning: {each.sentence}" for each in check.warnings]

    def _approval(self, campaign: Campaign, occurrence: Instant, now: Instant) -> str:
        """Why this occurrence needs approval; '' if it doesn't."""
        when = self._local(occurrence)
        if self._restored.unknown(occurrence):
            why = (
                f"It was due {when}, after the backup was taken that this database was restored "
                "from; it may have been sent then."
            )
        elif now - occurrence > campaign.misfire_hours * _HOUR:
            hours = (now - occurrence) / _HOUR
            why = (
                f"It was due {when}, {hours:,.0f} h ago, and the campaign goes out by itself up to "
                f"{campaign.misfire_hours:g} h late."
            )
        else:
            return ""
        return (
            f"{why} `sestui campaign resume {campaign.name}` sends it, `sestui campaign cancel "
            f"{campaign.name}` doesn't."
        )

    def _occurrence(self, campaign: Campaign) -> Occurrence:
        """The newest occurrence that is due."""
        now = self._clock.now()
        at = now if campaign.next_due_at is None else campaign.next_due_at
        due = occurrence_at(campaign.schedule, campaign.timezone, at)
        if campaign.next_occurrence:
            due = Occurrence(at, campaign.next_occurrence)
        if not campaign.schedule:
            return due
        newest = past(campaign.schedule, campaign.timezone, at - 1e-3, now, 1)
        return newest[-1] if newest else due

    def _next(self, campaign: Campaign) -> Occurrence | None:
        if not campaign.schedule:
            return None
        return next_occurrence(campaign.schedule, campaign.timezone, self._clock.now())
