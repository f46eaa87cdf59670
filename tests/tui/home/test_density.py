"""Three densities, on every panel alike."""

import time

import pytest
from textual.geometry import Size

from tests.support.finished_runs import settle
from tests.support.screens import add_campaign, fits, running, shown, until

LINES = {"compact": 1, "normal": 2, "roomy": 4}


@pytest.mark.parametrize("density", LINES)
async def test_every_panel_has_the_frame_of_the_density(open_runtime, still, density):
    runtime = open_runtime(density=density)
    now = time.time()
    settle(runtime, runtime.runs.start(add_campaign(runtime, "gone"), now).id, ["accepted"])
    runtime.starter.start(add_campaign(runtime, "going"), now)
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "Lately" in shown(app))
        panels = [panel for panel in app.screen.query(".panel") if panel.display]
        assert len(panels) == 2
        assert {panel.gutter.height for panel in panels} == {LINES[density]}
        fits(app.screen, Size(120, 40))
        assert "0.0/s now" in shown(app)  # the note below the frame, or beside the title


async def test_the_smallest_usual_terminal_shows_more_in_compact(open_runtime, still):
    seen = {}
    for density in LINES:
        runtime = open_runtime(density=density)
        if not seen:
            for number in range(4):
                runtime.starter.start(add_campaign(runtime, f"c{number}"), time.time())
        async with running(runtime, place="home") as (app, pilot):
            await until(pilot, lambda: "Sending · 4" in shown(app))
            seen[density] = shown(app).count("run 1")
    assert seen["compact"] >= seen["normal"] >= seen["roomy"] > 0
