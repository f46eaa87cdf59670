"""`sestui send-pending`: send the pending mail of unfinished runs, then end."""

import logging

from sestui.cli.shared.common import opened, say

_log = logging.getLogger(__name__)


def send_pending_command() -> None:
    """Send the pending mail of unfinished runs until none is left, then end."""
    from sestui.cli.shared.progress import stopped_by_signals  # noqa: PLC0415 - the sender is slow to import
    from sestui.errors import SestuiError  # noqa: PLC0415 - with the rest
    from sestui.sending.background import PendingWork, background_sender  # noqa: PLC0415 - as above

    with opened() as runtime:
        if (other := background_sender(runtime.database, runtime.clock)) is not None:
            say(f"Already running: {other.process} is sending what is pending.")
            return
        if not runtime.campaign_scheduler.unfinished():
            say("Nothing is pending.")
            return
        runtime.account.poll()  # an error of the account comes before this counts as sending
        work = PendingWork(runtime, lambda: _log.info("The background sender is running."))
        try:
            with stopped_by_signals(work):
                work.run()
        except SestuiError as error:
            _log.error("The background sender has ended: %s", error)
            raise
        _log.info("The background sender has ended: %s.", "stopped" if work.stopped else "all sent")
