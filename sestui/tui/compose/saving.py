"""Saving a draft, with the questions that may come up."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sestui.compose.drafts import Opened
from sestui.core.campaign.draft import ReadDraft
from sestui.core.clock import Instant
from sestui.core.content.lint.findings import Finding
from sestui.errors import ConflictError, SestuiError
from sestui.store.campaigns.campaigns import CampaignVersion
from sestui.tui.app.base_screen import FAILED
from sestui.tui.compose.service import OpenDraft
from sestui.tui.dialogs.choose import ChooseScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import moment, recipients, shorten

if TYPE_CHECKING:
    from sestui.tui.compose.draft_screen import DraftScreen


async def save_draft(screen: "DraftScreen", *, ask_about_time: bool = True) -> bool:
    """Save what is on the screen into the database; False: it was not, and the screen says why.

    Without ``ask_about_time`` nothing new starts by itself.
    """
    read = screen.read_draft()
    if read.faults:
        fault = read.faults[0]
        screen.tell(f"Not saved: {Finding(fault.field, fault.problem).sentence}", failed=True)
        screen.form.go_to(fault.field, None)
        return False
    seen = screen.on_desk.seen
    if seen is not None and read.campaign.name != seen.name:
        answer = await _ask_about_name(screen, seen, read)
        if not answer:
            return False
        seen = seen if answer == "rename" else None
    scheduled: bool | None = None
    if ask_about_time:
        due = await screen.attempt(lambda: screen.drafts.would_start(seen, read))
        if due is FAILED:
            return False
        if due is not None:
            answer = await _ask_about_time(screen, read, due)
            if not answer:
                return False
            scheduled = True if answer == "start" else None
    opened = await _save(screen, seen, read, scheduled=scheduled)
    if opened is None:
        return False
    screen.laid(OpenDraft(screen.form.draft, opened))
    trouble = await screen.trouble() if opened.next_due_at is not None else ""
    screen.tell(f"{_said(screen, opened)} {trouble}".rstrip(), failed=bool(trouble))
    return True


def _said(screen: "DraftScreen", opened: Opened) -> str:
    name = shorten(opened.seen.name, 60)
    if opened.next_due_at is None:
        return f"Saved {name} as a draft; nothing is sent until you start it."
    return f"Saved {name}; it starts by itself {_at(screen, opened.next_due_at)}."


def _at(screen: "DraftScreen", instant: Instant) -> str:
    return f"at {moment(instant, screen.services.clock.now(), screen.services.zone)}"


async def _ask_about_name(screen: "DraftScreen", seen: CampaignVersion, read: ReadDraft) -> str:
    old, new = shorten(seen.name, 40), shorten(read.campaign.name, 40)
    return await screen.app.push_screen_wait(
        ChooseScreen(
            f"The name was {old}, and is {new} now",
            "Runs and their deliveries belong to a campaign whatever its name is.",
            {
                "rename": f"Rename {old} to {new}",
                "copy": f"Save {new} as another campaign; {old} stays as it was",
            },
        )
    )


async def _ask_about_time(screen: "DraftScreen", read: ReadDraft, due: Instant) -> str:
    """``start``, ``draft`` or '' for going back."""
    name = shorten(read.campaign.name, 40)
    count = await screen.attempt(lambda: screen.drafts.audience(read))
    if count is FAILED:
        return ""
    who = recipients(count)
    by_task = await screen.attempt(lambda: screen.drafts.in_the_way(read))
    if by_task is FAILED:
        return ""
    trouble = by_task or await screen.trouble()
    start = {} if trouble else {"start": f"Save it, and let it start by itself for {who}"}
    stands = f"As it is it can't: {trouble}" if trouble else f"It would go to {who}."
    answer = await screen.app.push_screen_wait(
        ChooseScreen(
            f"Is {name} to start by itself {_at(screen, due)}?",
            f"{shorten(stands, 300)}\nMail goes to {screen.services.label.text}.",
            {"draft": "Save it as a draft: nothing starts by itself", **start},
        )
    )
    if answer != "start":
        return answer
    question = f"Let {name} start by itself {_at(screen, due)}?"
    text = (
        f"`sestui run-due` or this app then sends it to {who}, without another question.\n"
        f"Subject: {shorten(read.message.subject, 120)}"
    )
    confirm = ConfirmScreen(question, text, recipients=count, yes="Let it start")
    return "start" if await screen.app.push_screen_wait(confirm) else ""


async def _save(
    screen: "DraftScreen", seen: CampaignVersion | None, read: ReadDraft, *, scheduled: bool | None
) -> Opened | None:
    while True:
        try:
            return await asyncio.to_thread(screen.drafts.save, seen, read, scheduled=scheduled)
        except ConflictError as conflict:
            if seen is None or not await _overwrite(screen, conflict):
                return None
            newest = await screen.attempt(partial(screen.drafts.newest, seen))
            if newest is FAILED:
                return None
            seen = newest.seen if newest is not None else None
        except SestuiError as error:
            screen.tell(f"Not saved: {error}", failed=True)
            return None


async def _overwrite(screen: "DraftScreen", conflict: ConflictError) -> bool:
    """Ask whose version is to stay; True: ours."""
    seen = screen.on_desk.seen
    assert seen is not None  # noqa: S101 - only what was opened can have been changed
    answer = await screen.app.push_screen_wait(
        ChooseScreen(
            str(conflict).rstrip("."),
            "`sestui apply` or another screen did that since you opened it. Which one is to stay?",
            {
                "theirs": "Theirs: show it, and throw away what is on this screen",
                "ours": "Ours: overwrite it with what is on this screen",
            },
        )
    )
    if answer == "theirs":
        newest = await screen.attempt(lambda: screen.drafts.newest(seen))
        if newest is not FAILED:
            screen.lay(newest or OpenDraft(screen.form.draft, unsaved=True))
    return answer == "ours"
