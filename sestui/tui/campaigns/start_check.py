"""A planned start and the result of its check, before the question."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.compose.checks import CampaignCheck, looked_at_before
from sestui.core.campaign.audience import Audience
from sestui.core.campaign.follow_up import MailedBefore, Only
from sestui.errors import SestuiError, StoppedError
from sestui.runtime import Runtime
from sestui.store.db.tables import Campaign, Run
from sestui.tui.app.screens.background_jobs import BackgroundJob


@dataclass(frozen=True, slots=True)
class PlannedStart:
    """A run that the operator wants to start, or one to be resumed."""

    campaign: str
    only: Only | None = None
    """The part of the audience that a follow-up is for."""
    size: int = 0
    """How many that part is; 0 where it is everybody."""
    resumes: int | None = None
    """The run that is to go on; None: it is a new one."""

    def start(
        self,
        runtime: Runtime,
        check: CampaignCheck,
        *,
        again: bool,
        skip_unrenderable: bool,
        despite_breaker: bool = False,
        change_account: bool = False,
    ) -> Run:
        """Start or resume it with what the check found; blocking.

        ``despite_breaker``: the operator has been asked whether a run that it has paused goes on,
        and ``change_account`` whether one that belongs to another account does.

        Raises:
            SestuiError: it can't be, by now.
        """
        if self.resumes is not None:
            return runtime.run_control.resume_run(
                self.resumes,
                skip_unrenderable=skip_unrenderable,
                despite_breaker=despite_breaker,
                change_account=change_account,
                check=check,
            )
        return runtime.starter.start(
            runtime.campaigns.get(self.campaign),
            runtime.clock.now(),
            again=again,
            only=self.only,
            skip_unrenderable=skip_unrenderable,
            check=check,
        )


@dataclass(frozen=True, slots=True)
class StartCheck:
    """The result of the check before a start."""

    check: CampaignCheck | None = None
    """None: it did not come to a check of the mails."""
    skips: bool = False
    """Whether campaign or run say that those whose mail can't be made are skipped."""
    before: MailedBefore | None = None
    """How many of them earlier runs have mailed; None: it was not asked, or there is no run."""
    refused: str = ""
    """Why nothing can be started, as a sentence; '' if only the check has something to say."""
    refused_for: str = ""
    """The campaign's field that is to be mended for it; '' for none."""

    @property
    def stopping(self) -> Sequence[str]:
        """What concerns everybody: with any of these nobody can be mailed. Sentences."""
        if self.refused:
            return (self.refused,)
        return tuple(each.sentence for each in self.check.stopping) if self.check else ()

    @property
    def failed(self) -> int:
        """Recipients whose mail can't be made."""
        found = self.check.recipients if self.check is not None else None
        return found.failed if found is not None else 0

    @property
    def sendable(self) -> int:
        """Recipients who can be mailed, as far as it is known before the start."""
        if self.check is None or self.check.recipients is None or self.stopping:
            return 0
        return self.check.sendable

    @property
    def unmailed(self) -> int:
        """Contacts in the audience whose status keeps them from being mailed."""
        found = self.check.recipients if self.check is not None else None
        return self.check.audience - found.checked if self.check and found is not None else 0

    @property
    def warnings(self) -> Sequence[str]:
        """Warnings: what could be sent, but is probably a mistake."""
        return tuple(each.sentence for each in self.check.warnings) if self.check else ()

    @property
    def ok(self) -> bool:
        """Whether it can be started as it is."""
        if self.check is None or self.stopping:
            return False
        return not self.failed or (self.skips and bool(self.sendable))


class CheckJob(BackgroundJob[StartCheck]):
    """Renders everybody's mail and sends nothing; of a large audience, that of the first."""

    stopped = "The check has been cancelled; nothing has been sent."

    def __init__(self, runtime: Runtime, planned: PlannedStart) -> None:
        super().__init__()
        self._runtime = runtime
        self._planned = planned
        self.looked_at = 0
        """How many of the audience have been looked at."""
        self.audience = 0
        """How many it is going to look at; 0: not counted yet."""

    def work(self) -> StartCheck:
        """Whatever is wrong is an answer."""
        runtime, planned, mended = self._runtime, self._planned, ""
        try:
            campaign = runtime.campaigns.get(planned.campaign)
            whom = Audience.of(campaign)
            # A list or segment that is gone, and those that nobody is in.
            mended = "segment" if whom.segment else "lists"
            size = runtime.audiences.size(whom)
            self.audience = (
                size if planned.resumes is not None else looked_at_before(campaign, size)
            )
            mended = mended if not size else ""
            skips = campaign.skip_unrenderable
            if planned.resumes is None:
                check = runtime.starter.check_start(campaign, self._went_on)
                return StartCheck(check, skips, before=self._before(campaign))
            skips = skips or runtime.runs.get(planned.resumes).skip_unrenderable
            return StartCheck(runtime.starter.check(campaign, progress=self._went_on), skips)
        except StoppedError:
            raise
        except SestuiError as error:
            return StartCheck(refused=str(error), refused_for=mended)

    def _before(self, campaign: Campaign) -> MailedBefore | None:
        runtime = self._runtime
        if self._planned.only is not None or not runtime.runs.latest([campaign.id]):
            return None
        return runtime.audiences.mailed_before(campaign)

    def summary(self, result: StartCheck) -> str:
        """Nobody is left to decide on it."""
        return "The check had already finished; nothing has been sent."

    def _went_on(self, looked_at: int) -> None:
        self.looked_at = looked_at
        self.check()
