"""`sestui suppressions sync` and its task, over the simulator."""

from contextlib import closing

import pytest

from sestui.core.clock import SystemClock
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from tests.support.cli import Sestui


def list_at_ses(sestui: Sestui, address: str) -> None:
    """As a bounce that another program on the account has had."""
    with (
        closing(SimulatorState(sestui.data / FILE_NAME, SystemClock())) as state,
        state.changing() as connection,
    ):
        connection.execute(
            "INSERT INTO suppression (address, reason, updated_at) VALUES (?, 'BOUNCE', ?)",
            (address, state.clock.now()),
        )


@pytest.mark.long
@pytest.mark.ci
def test_the_difference_is_shown_then_made(sestui: Sestui) -> None:
    sestui.ok("account")
    list_at_ses(sestui, "ada@example.com")
    shown = sestui.run("suppressions", "sync", "--dry-run")
    assert shown.stdout == "would be added here      ada@example.com  bounced\n"
    assert shown.stderr.startswith("Nothing has been changed; a sync would come to: 1 added here,")
    done = sestui.json("suppressions", "sync")
    assert done["added_here"] == 1
    assert done["steps"] == [
        {"step": "added here", "address": "ada@example.com", "reason": "bounced"}
    ]
    assert sestui.json("suppressions", "sync")["steps"] == []


@pytest.mark.long
@pytest.mark.ci
def test_the_task_counts_and_names_nobody(sestui: Sestui) -> None:
    sestui.ok("account")
    list_at_ses(sestui, "ada@example.com")
    sestui.ok(
        "task", "add", "sync", "--type", "sync-suppressions", "--schedule", "@daily",
        "-p", "dry_run=true",
    )  # fmt: skip
    sestui.ok("task", "run", "sync")
    sestui.ok("task", "edit", "sync", "-p", "dry_run=false")
    sestui.ok("task", "run", "sync")
    runs = sestui.json("task", "log", "sync")
    assert ["1 added here" in each["log"] for each in runs] == [True, True]
    assert all("ada@" not in each["log"] for each in runs)
    assert sestui.json("suppressions", "sync")["added_here"] == 0
