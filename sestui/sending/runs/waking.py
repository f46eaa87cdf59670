"""Wake runs that wait for the account or its quota."""

from sestui.core.delivery.states import RunState, WaitReason
from sestui.sending.shared_account import SharedAccount
from sestui.store.runs.runs import Runs


def wake_waiting(runs: Runs, account: SharedAccount) -> None:
    """Ask the account, and wake runs that wait for it, or for quota that it now has.

    Raises:
        AccountError: it doesn't answer.
    """
    waiting = [
        run
        for run in runs.in_states((RunState.WAITING,))
        if run.reason in {WaitReason.QUOTA, WaitReason.ACCOUNT}
    ]
    if not waiting:
        return
    account.poll()
    quota = account.quota()
    has_room = quota is not None and (quota.left is None or quota.left > 0)
    for run in waiting:
        if has_room or run.reason == WaitReason.ACCOUNT:
            runs.wake(run.id)
