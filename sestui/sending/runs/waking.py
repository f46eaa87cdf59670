"""Wake runs that wait for the account or its quota."""

from collections.abc import Callable

from sestui.core.delivery.states import RunState, WaitReason
from sestui.errors import StateError
from sestui.sending.shared_account import SharedAccount
from sestui.store.db.tables import Run
from sestui.store.runs.runs import Runs


def wake(runs: Runs, run_id: int) -> Run:
    """Resume a waiting run, unless its state has changed; returns the run as it is then."""
    try:
        return runs.resume(run_id)
    except StateError:
        return runs.get(run_id)


def wake_waiting(runs: Runs, account: SharedAccount, may_send: Callable[[Run], bool]) -> None:
    """Ask the account, and wake runs that wait for it, or for quota that it now has.

    Those that it ``may_send``: others belong to another account.

    Raises:
        AccountError: it doesn't answer.
    """
    waiting = [
        run
        for run in runs.in_states((RunState.WAITING,))
        if run.reason in {WaitReason.QUOTA, WaitReason.ACCOUNT} and may_send(run)
    ]
    if not waiting:
        return
    account.poll()
    quota = account.quota()
    has_room = quota is not None and (quota.left is None or quota.left > 0)
    for run in waiting:
        if has_room or run.reason == WaitReason.ACCOUNT:
            wake(runs, run.id)
