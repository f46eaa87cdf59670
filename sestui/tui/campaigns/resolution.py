"""After a run: resolve what is in doubt, follow up on those it did not reach."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.states import DeliveryState, RunKind, RunState
from sestui.errors import SestuiError, StoppedError
from sestui.reports.overview import RunView
from sestui.store.ledger.doubtful import doubtful_deliveries, safe_to_resend
from sestui.store.ledger.in_doubt import Resolution
from sestui.store.ledger.log_rows import LogRow
from sestui.tui.app.navigation.navigation import open_run
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.campaigns.ask_ses import AskSesJob
from sestui.tui.campaigns.follow_up import FollowUpScreen
from sestui.tui.campaigns.start_check import PlannedStart
from sestui.tui.campaigns.start_question import start_checked
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.widgets.format import recipients, shorten

_ASK_SES = Item(
    "Ask SES", "Searches SES's records: mail that it has taken is accepted, and nothing is sent."
)


@dataclass(frozen=True, slots=True)
class _Resolution:
    """A way to resolve what is in doubt."""

    verdict: Resolution
    emails: tuple[str, ...]
    """Whom it is about; () is everybody in doubt."""
    count: int
    safe: tuple[int, ...] | None = None
    """The deliveries that it is about, which SES had no record of; None: it isn't about those."""

    @property
    def who(self) -> str:
        """Them in words."""
        return shorten(self.emails[0], 60) if self.emails else recipients(self.count)

    def item(self) -> Item:
        """The line in the list of what may be said."""
        if self.safe is not None:
            return Item(
                f"Send to {self.who} that SES has no record of",
                "SES was asked long enough after they were sent: it is safe.",
            )
        if self.verdict is Resolution.RESEND:
            return Item(
                f"Send again to {self.who}", "Anyone who did get the first mail gets it twice."
            )
        return Item(
            f"Treat {self.who} as sent", "Nobody gets it twice; some may not have received it."
        )

    def question(self, run: RunView) -> ConfirmScreen:
        """Asked before it is done."""
        title = f"{run.label} of {shorten(run.campaign, 40)}"
        if self.safe is not None:
            question = f"Send {title} to {self.who} that SES has no record of?"
            text = "SES was asked about them long enough after they were handed over."
        elif self.verdict is Resolution.RESEND:
            question = f"Send {title} again to {self.who}?"
            text = (
                "They were handed to SES and no answer came. Anyone who did get the first mail "
                "gets it twice."
            )
        else:
            question = f"Treat {self.who} of {title} as sent?"
            text = "They count as accepted and are not mailed again, although no answer came."
        yes = "Send again" if self.verdict is Resolution.RESEND else "Treat as sent"
        return ConfirmScreen(question, text, recipients=self.count, yes=yes)

    def done(self, count: int) -> str:
        """What was done, for a toast."""
        what = "to be sent again" if self.verdict is Resolution.RESEND else "treated as sent"
        return f"{recipients(count)} {what}."


class RunAftermath(ScreenPart):
    """Resolves what a run has in doubt, and follows up on those it did not reach."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "r",
            "resolve",
            "Resolve",
            id="run.resolve",
            tooltip="Decide what happens to the recipients in doubt",
        ),
        Binding(
            "f",
            "follow_up",
            "Follow up",
            id="run.follow_up",
            tooltip="Send the campaign to those its runs did not reach",
        ),
    ]

    def __init__(
        self,
        screen: BaseScreen,
        run: Callable[[], RunView | None],
        *,
        doubtful: Callable[[], RunView | None] | None = None,
        delivery: Callable[[], LogRow | None] = lambda: None,
    ) -> None:
        """``run`` tells which; None: there is none.

        ``doubtful`` tells whose doubts are settled where that isn't the same run, and ``delivery``
        which delivery is under the cursor.
        """
        super().__init__(screen)
        self._run = run
        self._doubtful = doubtful or run
        self._delivery = delivery

    @property
    def doubtful(self) -> RunView | None:
        """The run whose doubts can be resolved; None if there is none."""
        run = self._doubtful()
        return run if run is not None and run.counts.in_doubt else None

    @property
    def followed(self) -> RunView | None:
        """The run that is followed up on; None: there is none."""
        run = self._run()
        return run if run is not None and run.kind == RunKind.CAMPAIGN and run.has_ended else None

    def offers(self, action: str) -> bool:
        """Only what there is something to do for."""
        return (self.doubtful if action == "resolve" else self.followed) is not None

    # what is in doubt

    @in_worker("resolve", exclusive=True)
    async def action_resolve(self) -> None:
        """Ask what to do with those in doubt, confirm, and do it."""
        if (doubtful := self.doubtful) is None:
            return
        run = await self.screen.attempt(lambda: self.runtime.overview.run(doubtful.id))
        count = await self.screen.attempt(lambda: self.runtime.doubts.count(doubtful.id))
        if run is FAILED or not count:
            return
        safe = await self.screen.attempt(lambda: self._safe(run))
        if safe is FAILED:
            return
        rulings = self._rulings(run, count, safe)
        items = [ruling.item() for ruling in rulings]
        chosen = await self.app.push_screen_wait(
            PickScreen(
                f"{recipients(count)} in doubt",
                [_ASK_SES, *items],
                text="SES was handed their mail and did not answer. What should happen to them?",
            )
        )
        if chosen == 0:
            self._ask_ses(run.id)
        elif chosen is not None:
            await self._resolve(run, rulings[chosen - 1])

    async def _resolve(self, run: RunView, ruling: _Resolution) -> None:
        """Ask once more, and do it."""
        if not await self.app.push_screen_wait(ruling.question(run)):
            return
        settled = await self.screen.attempt(
            lambda: self.runtime.doubts.resolve(
                run.id, ruling.verdict, ruling.emails, ids=ruling.safe
            )
        )
        if settled is not FAILED:
            self.screen.toast(ruling.done(settled))
            self.screen.reload()

    def _safe(self, run: RunView) -> tuple[int, ...]:
        """The run's deliveries in doubt that are safe to resend."""
        if run.state == RunState.CANCELLED:
            return ()
        grace = self.runtime.settings.resend_after_seconds
        found = doubtful_deliveries(self.runtime.database, run.id)
        return tuple(each.id for each in safe_to_resend(found, grace))

    def _ask_ses(self, run_id: int) -> None:
        """Search SES's records beside the screens; one search of a run at a time."""
        if run_id in self.services.asking:
            self.screen.toast("SES is being asked already.")
            return
        self.services.asking.add(run_id)
        self.screen.toast("Asking SES…")
        self.app.run_worker(self._asked(AskSesJob(self.runtime, run_id)))

    async def _asked(self, job: AskSesJob) -> None:
        screen = self.screen
        self.services.jobs.add(job)
        try:
            await asyncio.to_thread(job.run)
            screen.toast(job.last_words)
        except StoppedError as error:
            screen.toast(str(error))
        except SestuiError as error:
            screen.toast(str(error), failed=True)
        finally:
            self.services.jobs.remove(job)
            self.services.asking.discard(job.run_id)
        if screen.is_attached:
            screen.reload()

    def _rulings(self, run: RunView, count: int, safe: tuple[int, ...]) -> list[_Resolution]:
        """All ways to resolve, the harmless one first; a cancelled run resends nothing."""
        verdicts = [Resolution.ASSUME_SENT]
        if run.state != RunState.CANCELLED:
            verdicts.append(Resolution.RESEND)
        rulings = [_Resolution(verdict, (), count) for verdict in verdicts]
        if safe:
            rulings.insert(0, _Resolution(Resolution.RESEND, (), len(safe), safe))
        row = self._delivery()
        if row is None or row.delivery.state != DeliveryState.IN_DOUBT or count == 1:
            return rulings
        if row.delivery.run_id != run.id:
            return rulings
        return rulings + [_Resolution(verdict, (row.delivery.email,), 1) for verdict in verdicts]

    # following up

    @in_worker("follow", exclusive=True)
    async def action_follow_up(self) -> None:
        """Ask for whom, check the mails, ask once more with the number, start, and watch."""
        if (run := self.followed) is None:
            return
        name = run.campaign
        dialog = FollowUpScreen(name, lambda only: self._size(name, only))
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        only = list(Only)[chosen]
        size = dialog.sizes.get(only)
        if size is None:
            self.screen.toast("Counting recipients…")
            counted = await self.screen.attempt(lambda: self._size(name, only))
            size = counted or 0
        if not size:
            return
        started = await start_checked(self.screen, PlannedStart(name, only, size))
        if started is not None:
            open_run(self.screen, started.id)

    def _size(self, name: str, only: Only) -> int:
        return self.runtime.audiences.follow_up_size(self.runtime.campaigns.get(name), only)
