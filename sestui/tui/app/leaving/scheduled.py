"""What starts at a set time while nothing would start it: asked about, and told, on leaving."""

import asyncio
from dataclasses import dataclass
from typing import Any

from textual.app import App

from sestui.errors import SestuiError
from sestui.tasks.agenda import read_agenda_now
from sestui.tasks.crontab import Crontab
from sestui.tui.app.leaving.leaving_question import LeavingAnswer, LeavingQuestion
from sestui.tui.app.leaving.pending import Words
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.format import grouped, shorten

_NAME_CELLS = 60


@dataclass(frozen=True, slots=True)
class UnstartedSchedule:
    """Scheduled campaigns and tasks that won't start by themselves once these screens are gone."""

    first: str
    """The name of the next one."""
    at: str
    """When that is due, in the operator's time."""
    more: int
    """How many others there are."""
    crontab: Crontab | None
    """The line that would start them; None: there is no crontab here that could take it."""

    @property
    def called(self) -> str:
        """``november-news``, ``november-news and 2 more``."""
        return self.first + (f" and {grouped(self.more)} more" if self.more else "")

    @property
    def starts(self) -> str:
        """The beginning of what is said of them: ``it starts`` or ``they start``."""
        return "they start" if self.more else "it starts"


def read_unstarted(services: ScreenServices) -> UnstartedSchedule | None:
    """What nothing would start; None if something runs it, or nothing is scheduled. Blocking."""
    runtime = services.runtime
    try:
        agenda = read_agenda_now(runtime.database, runtime.clock, with_runs=False)
    except SestuiError:
        return None  # the database's own trouble has been told
    if not agenda.has_next or agenda.ran_lately:
        return None
    crontab = Crontab.of(runtime.settings)
    if (installed := crontab.is_installed()) is True:
        return None
    coming = [item for item in agenda.items if item.active and item.next_run_at is not None]
    return UnstartedSchedule(
        first=shorten(coming[0].name, _NAME_CELLS),
        at=services.at(coming[0].next_run_at or agenda.at),
        more=len(coming) - 1,
        crontab=None if installed is None else crontab,
    )


async def ask_to_leave_scheduled(app: App[Any], services: ScreenServices) -> Words | None:
    """Ask what to do; returns the message for the shell, or None to stay."""
    found = await asyncio.to_thread(read_unstarted, services)
    if found is None:
        return str
    return await app.push_screen_wait(_question(found, services))


def words_of_what_waits(services: ScreenServices) -> str:
    """What won't start by itself once these screens are gone, for the shell; '' for nothing."""
    found = read_unstarted(services)
    if found is None:
        return ""
    due = f"due at {found.at}" if not found.more else f"scheduled, the first for {found.at}"
    return (
        f"{found.called} {'are' if found.more else 'is'} {due}: {found.starts} only if sestui is "
        "open then, or once\n`sestui run-due` is in your crontab: `sestui task crontab` "
        "prints the line to add."
    )


def _question(found: UnstartedSchedule, services: ScreenServices) -> LeavingQuestion:
    leave = LeavingAnswer("Leave", lambda: lambda: words_of_what_waits(services))
    text = f"Once sestui is closed, {found.starts} only if a line in your crontab runs what is due"
    crontab = found.crontab
    if crontab is None:
        way = "`sestui task crontab` prints that line, and the same for systemd."
        return _asking(found, f"{text}. {way}", leave)
    lines = [f"{text}:", crontab.line, *(f"! {each}" for each in crontab.warnings)]
    install = LeavingAnswer(
        "Add this line to your crontab and leave", lambda: _installed(crontab), "Installing…"
    )
    return _asking(found, "\n".join(lines), leave, install)


def _asking(found: UnstartedSchedule, text: str, *answers: LeavingAnswer) -> LeavingQuestion:
    due = f"are scheduled, the first for {found.at}" if found.more else f"is due at {found.at}"
    return LeavingQuestion(f"{found.called} {due}", text, answers)


def _installed(crontab: Crontab) -> Words:
    done = crontab.install()
    return lambda: f"{done} It runs what is due, every minute."
