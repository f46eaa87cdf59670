"""Finished runs for the screens that show them, written straight into a database."""

import time

from sestui.core.delivery.states import DeliveryState
from tests.support.screens import add_campaign

STATES = ("accepted", "accepted", "rejected", "in_doubt", "skipped")

HOSTILE = [
    "[bold red]x[/] [/]",
    "\x1b[31mred",
    "\u202eabc",
    "日本語" * 40,
    "e\u0301" * 90,
    "z" * 10_000,
]


def sent(runtime, name="news", contacts=20, states=STATES, **fields):
    """A campaign with a finished run, its deliveries in ``states`` by turns."""
    campaign = add_campaign(runtime, name, contacts=contacts, **fields)
    run = runtime.starter.start(campaign, time.time())
    settle(runtime, run.id, states)
    return run.id


def settle(runtime, run_id, states, *, ended="finished"):
    rows = runtime.deliveries.of_run(run_id, limit=100_000)
    counts = dict.fromkeys(DeliveryState, 0)
    with runtime.database.write_connection() as connection:
        for number, row in enumerate(rows):
            state = states[number % len(states)]
            counts[state] += 1
            connection.exec_driver_sql(
                "UPDATE delivery SET state = ?, claimed_at = 1e9, code = ?, reason = ?, "
                "message_id = ? WHERE id = ?",
                (
                    state,
                    "MessageRejected" if state == "rejected" else "",
                    "No such thing." if state in ("rejected", "in_doubt") else "",
                    f"id-{row.id}" if state == "accepted" else "",
                    row.id,
                ),
            )
        figures = ", ".join(f"{state} = {count}" for state, count in counts.items())
        connection.exec_driver_sql(
            f"UPDATE run SET {figures}, state = '{ended}', finished_at = started_at + 5 "
            f"WHERE id = {run_id}"
        )
