"""What starts at a set time, for the message on exit: not while nothing runs it."""

from sestui.errors import SestuiError
from sestui.tasks.agenda import read_agenda_now
from sestui.tasks.crontab import Crontab
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.format import shorten

_NAME_CELLS = 60


def words_of_what_waits(services: ScreenServices) -> str:
    """What won't start by itself once these screens are gone; '' if something runs it, or nothing
    is scheduled.
    """
    runtime = services.runtime
    try:
        agenda = read_agenda_now(runtime.database, runtime.clock, with_runs=False)
    except SestuiError:
        return ""  # the database's own trouble has been told
    if not agenda.has_next or agenda.ran_lately:
        return ""
    if Crontab.of(runtime.settings).is_installed():
        return ""
    first = agenda.items[0]
    at = services.at(first.next_run_at) if first.next_run_at is not None else ""
    return (
        f"{shorten(first.name, _NAME_CELLS)} is due at {at}: it starts only if sestui is open "
        "then, or once\n`sestui run-due` is in your crontab: `sestui task crontab` "
        "prints the line to add."
    )
