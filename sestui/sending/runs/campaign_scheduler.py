"""Campaigns whose time has come: each occurrence becomes a run, once, or waits to be approved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sestui.compose.checks import CampaignCheck
from sestui.compose.render_check import UnrenderableError
from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Clock, Instant
from sestui.core.delivery.states import RunState, WaitReason
from sestui.core.schedule.cron import Occurrence, next_occurrence, occurrence_at, past
from sestui.errors import ContentError, NotFoundError, StateError, UsageError
from sestui.sending.runs.run_starter import RunStarter
from sestui.store.backup.restore_guard import Restore, RestoreGuard, why_restored
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.runs import Runs

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class NotStarted:
    """A campaign that is due and can't be started."""

    campaign_id: int
    name: str
    from_address: str
    sentence: str
    """Why."""


@dataclass(slots=True)
class Started:
    """What starting the due campaigns came to."""

    run_ids: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """A sentence for each campaign that was due and isn't sent, for the operator."""
    not_started: list[NotStarted] = field(default_factory=list)
    """Those of them that are still due, and tried again."""
    told: list[str] = field(default_factory=list)
    """What is probably not meant about those that are sent."""


class CampaignScheduler:
    """Starts what is due; ``local`` says an instant as the operator reads it."""

    def __init__(
        self,
        campaigns: Campaigns,
        runs: Runs,
        starter: Callable[[], RunStarter],
        *,
        restored: RestoreGuard,
        clock: Clock,
        local: Callable[[Instant], str],
        witness: Callable[[], str] = str,
    ) -> None:
        """``witness`` says what SES's own count tells of a restored database; '' if nothing."""
        self._campaigns = campaigns
        self._runs = runs
        self._starter = starter
        self._restored = restored
        self._clock = clock
        self._local = local
        self._witness = witness
        self._warned: list[str] = []
        """Warnings about the campaign that was started last."""

    def unfinished(self) -> Sequence[Run]:
        """Runs that are sending, or waiting for something that comes by itself."""
        return [
            run
            for run in self._runs.in_states((RunState.SENDING, RunState.WAITING))
            if run.reason != WaitReason.APPROVAL
        ]

    def hold_restored(self) -> list[str]:
        """After a restore, and only then: nothing goes on unasked; sentences.

        A restore of a backup, or of a copy that is older than the database that was used here.
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
        """Start a run of each campaign whose time has come, each occurrence once.

        Of several occurrences that have gone by, the newest stands for all. A campaign whose
        message can't be rendered for everybody gets its run all the same, paused with the reason:
        its audience is kept, and resuming it checks again.
        """
        done = Started()
        for campaign in self._campaigns.due(self._clock.now()):
            self._warned = []
            try:
                occurrence = self._occurrence(campaign).of_zone(campaign.timezone)
                run, notes = self._start_occurrence(campaign, occurrence)
                after = self._next(campaign)
            except (StateError, NotFoundError, UsageError) as error:
                # Still due: the next run-due tries again. Its zone may be gone with an upgrade of
                # the system, say: that keeps no other campaign from its time.
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
        """Start a run of the campaign for an occurrence, or (None) because somebody says so.

        ``again``: somebody says too that it is sent once more.

        The run (None: that occurrence has one already), and sentences about what holds it.

        Raises:
            NotFoundError: there is no such campaign, or one of its lists doesn't exist.
            StateError: an earlier run has not ended, or it was sent and nobody says that this is a
                repeat.
            ContentError: somebody's mail can't be rendered, and nobody waits for a schedule.
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
        if why:
            run = self._runs.start(campaign, now, only=only, scheduled_for=occurrence, approval=why)
            return run, [f"{campaign.name} waits for approval: {why}"] if run else []
        starter = self._starter()
        try:
            run = starter.start_occurrence(campaign, now, occurrence, only=only, told=self._warn)
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
        """Why this occurrence isn't sent unasked; '' if it is."""
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
        """What is due: of what has gone by since it was waited for, the newest."""
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
