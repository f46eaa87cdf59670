"""The question before a campaign is sent, the same from wherever it is started."""

from collections.abc import Sequence

from sestui.core.campaign.follow_up import Only
from sestui.core.task.fields import TaskFields
from sestui.reports.overview import CampaignView
from sestui.store.db.tables import Campaign
from sestui.tui.app.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.follow_up import WHOM
from sestui.tui.campaigns.service import warnings_of
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import recipients, shorten

_WARNINGS = 5


async def ask_to_start(screen: BaseScreen, name: str) -> CampaignView | None:
    """Ask whether the campaign is to be sent to everybody; as it is then, or None: it is not."""
    runtime = screen.services.runtime
    view = await screen.attempt(lambda: runtime.overview.campaign(name))
    if view is FAILED:
        return None
    count = view.audience or 0
    if not count:
        lists = shorten(", ".join(view.lists) or "any list of the campaign", 80)
        screen.tell(f"Nobody is on {lists}; import contacts first.", failed=True)
        return None
    warnings = await screen.attempt(lambda: warnings_of(runtime, view.name))
    if warnings is FAILED:
        return None
    question = _start_question(screen.services, view, count, warnings)
    return view if await screen.app.push_screen_wait(question) else None


async def ask_to_run(screen: BaseScreen, task: TaskFields) -> bool | None:
    """Ask before a task starts its campaign by hand; whether it is sent again, None: not at all."""
    runtime, name, only = screen.services.runtime, task.campaign, task.parameters.get("only")

    def startable() -> Campaign:
        campaign = runtime.campaigns.get(name)
        runtime.runs.refuse_repeat(campaign, again=True)
        return campaign

    campaign = await screen.attempt(startable)
    if campaign is FAILED:
        return None
    if only not in list(Only):
        started = await ask_to_start(screen, name)
        return None if started is None else started.run is not None
    part = Only(only)
    size = await screen.attempt(lambda: runtime.runs.follow_up_size(campaign, part))
    if size is FAILED:
        return None
    question = follow_up_question(screen.services, name, part, size)
    return False if await screen.app.push_screen_wait(question) else None


def _start_question(
    services: ScreenServices, view: CampaignView, count: int, warnings: Sequence[str]
) -> ConfirmScreen:
    text = f"Subject: {shorten(view.subject, 120)}\nMail goes to {services.label.text}."
    if view.run is not None:
        text = (
            f"It has been sent before: run {view.run.number} with {view.run.counts.accepted:,} "
            f"accepted. Everyone gets it again.\n{text}"
        )
    if warnings:
        text += "".join(f"\n! {shorten(each, 160)}" for each in warnings[:_WARNINGS])
        more = len(warnings) - _WARNINGS
        text += f"\n  and {more} more warnings" if more > 0 else ""
    verb = "Send again" if view.run is not None else "Send"
    question = f"{verb} {shorten(view.name, 60)} to {recipients(count)}?"
    return ConfirmScreen(question, text, recipients=count, yes=f"{verb} to {count:,}")


def follow_up_question(services: ScreenServices, name: str, only: Only, size: int) -> ConfirmScreen:
    """Asks whether the campaign is to be sent to those ``size`` of its audience."""
    return ConfirmScreen(
        f"Send {shorten(name, 60)} to {recipients(size)}?",
        f"{WHOM[only]}. Mail goes to {services.label.text}.",
        recipients=size,
        yes=f"Send to {size:,}",
    )
