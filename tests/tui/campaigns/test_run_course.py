"""How a run went: its plot, what did not go well, its domains; and played again."""

import time

import pytest

from sestui.tui.campaigns.run_screen import RunScreen
from tests.support.screens import add_campaign, running, shown, until

SECONDS = 120
SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.fixture
def ended(runtime):
    """A finished run of two minutes: 1,200 recipients, some of whom it did not reach."""
    campaign = add_campaign(runtime, contacts=1_200)
    began = int(time.time()) - 600
    run = runtime.runs.start(campaign, began)
    with runtime.database.write_connection() as connection:
        write = connection.exec_driver_sql
        write(
            f"UPDATE delivery SET state = 'accepted', claimed_at = {began} + id / 10.0,"
            " message_id = 'm' || id, email = id || CASE WHEN id % 4 THEN '@example.org'"
            " ELSE '@Example.NET' END"
        )
        write(
            "UPDATE delivery SET state = 'rejected', code = 'MessageRejected',"
            " reason = 'Not verified.' WHERE id % 100 = 0"
        )
        write(
            "UPDATE delivery SET state = 'in_doubt', code = 'ReadTimeoutError',"
            " reason = 'No answer.' WHERE id % 400 = 1"
        )
        write(
            "UPDATE delivery SET outcome = 'bounced', outcome_code = 'Permanent/NoEmail'"
            " WHERE id % 300 = 2"
        )
        write(
            "UPDATE run SET pending = 0, accepted = 1185, rejected = 12, in_doubt = 3,"
            f" bounced = 4, delivered = 1100, state = 'finished', finished_at = {began + SECONDS}"
        )
        for second in range(SECONDS):
            if not 60 <= second < 80:
                write(
                    "INSERT INTO answered_slice (run_id, at, accepted, rejected, in_doubt,"
                    f" throttled) VALUES ({run.id}, {began + second}, 12, 0, 0,"
                    f" {int(100 <= second < 105)})"
                )
        write(f"INSERT INTO run_hold (run_id, at, label) VALUES ({run.id}, {began + 60}, 'paused')")
        write(f"INSERT INTO answer_time (run_id, step, count) VALUES ({run.id}, 24, 1200)")
    return run.id


@pytest.mark.parametrize("size", SIZES)
async def test_the_whole_run_is_on_the_screen(runtime, ended, still, size):
    async with running(runtime, follow=ended, size=size) as (app, pilot):
        await until(pilot, lambda: "example.org" in shown(app))
        said = shown(app).replace("\xa0", " ")
        for text in (
            "1,185 of 1,200 accepted (99 %)",
            "█ delivered 1,100 ▚ bounced 4",
            "? in doubt 3",
            "░ pending 0",
            "10.0/s on average",
            "p50 64 ms",
            "paused",
            "throttled",
            "75 %",
            "MessageRejected: Not verified.",
            "suppressed: the address doesn't exist (Permanent",
            "What did not go well · 19",
            "Next: r decides on 3 in doubt · f follows up on those it did not reach",
            "v shows every delivery",
            "y copies this",
            "1,185 accepted · last ",
        ):
            assert text in said, text
        assert ("Bounces: 4 suppressed" in said) is (size[1] > 24)
        assert "…" not in app.screen.query_one("RunSummary").render().plain
        assert all(len(line) <= size[0] for line in said.splitlines())
        assert app.screen.max_scroll_x == app.screen.max_scroll_y == 0


async def test_a_low_screen_holds_it_too(runtime, ended, still):
    async with running(runtime, follow=ended, size=(60, 16)) as (app, pilot):
        await until(pilot, lambda: "MessageRejected" in shown(app))
        assert app.screen.max_scroll_x == app.screen.max_scroll_y == 0


@pytest.mark.parametrize(
    ("row", "found"),
    [(0, {"bounced"}), (1, {"rejected"}), (2, {"in_doubt"})],
)
async def test_enter_shows_whom_it_happened_to(runtime, ended, still, row, found):
    async with running(runtime, follow=ended, size=(120, 40)) as (app, pilot):
        table = app.screen.troubles
        await until(pilot, lambda: table.count == 3)
        await pilot.press(*["down"] * row, "enter")
        count = {0: 4, 1: 12, 2: 3}[row]
        panel = app.screen.panel
        await until(pilot, lambda: panel.table.count == count and panel.selected is not None)
        delivery = panel.selected.delivery
        assert {delivery.outcome or delivery.state} == found
        await pilot.press("escape")
        assert not panel.finding
        await pilot.press("escape")
        assert table.has_focus
        assert isinstance(app.screen, RunScreen)


@pytest.mark.long
@pytest.mark.ci
async def test_an_ended_run_is_played_again(runtime, ended, still):
    async with running(runtime, follow=ended, size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "space Replay" in shown(app))
        assert ". Speed" not in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: "replay ×10" in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: "‖ replay" in shown(app))
        replay = app.screen.player.replay
        replay.seek(-100)
        await pilot.press("right", "right", "right", "right", "right")
        await until(pilot, lambda: " 30 %" in shown(app) and "30 s after its start" in shown(app))
        assert "▓ accepted\xa0360" in shown(app).replace("▓\xa0", "▓ ")
        assert "Next:" not in shown(app)
        await pilot.press("full_stop")
        await until(pilot, lambda: "replay ×100" in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: replay.is_over and "100 %" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "finished" in shown(app) and "Next:" in shown(app))


async def test_a_run_of_before_says_so_and_cannot_be_played(runtime, ended, still):
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql("DELETE FROM answered_slice")
    async with running(runtime, follow=ended, size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "No rates are known of this run" in shown(app))
        assert "space Replay" not in shown(app)
