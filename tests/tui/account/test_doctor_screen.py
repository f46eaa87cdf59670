"""The doctor on screen: the same findings as the command's, with what to do next."""

import pytest

from sestui.store.events.doctor_verdicts import DoctorVerdict, DoctorVerdicts
from sestui.tui.account.doctor_screen import DoctorScreen
from tests.support.screens import add_campaign, running, shown, until


@pytest.mark.long
@pytest.mark.ci
async def test_the_findings_are_the_commands_and_each_says_what_to_do(runtime, still):
    add_campaign(runtime, schedule="0 9 1 * *")
    expected = runtime.doctor().check()
    needed = next(each for each in expected.findings if each.step)
    async with running(runtime, place="account", size=(120, 40)) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DoctorScreen))
        await until(pilot, lambda: expected.sentence in shown(app))
        table = app.screen.query_one("#findings")
        assert table.count == len(expected.findings)
        table.cursor = expected.findings.index(needed)
        await until(pilot, lambda: f"→ {needed.step[:30]}" in shown(app))
        assert needed.severity.value in shown(app)
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == needed.step)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, DoctorScreen))


@pytest.mark.long
@pytest.mark.ci
async def test_home_says_the_worst_until_the_doctor_finds_otherwise(runtime, still):
    add_campaign(runtime)
    runtime.starter.start(runtime.campaigns.get("news"), runtime.clock.now())
    runtime.account.poll()
    found = DoctorVerdict("error", "SES has paused sending.", runtime.clock.now())
    verdicts = DoctorVerdicts(runtime.database, runtime.ses.reader.key)
    verdicts.keep(found)
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        app.services.account_open = True
        await until(pilot, lambda: "SES has paused sending." in shown(app))
        await until(pilot, lambda: app.screen._home._verdict.value == found)
        worst = runtime.doctor().check().findings[0]
        assert verdicts.last().sentence == worst.sentence
        assert not worst.severity.needs_doing
        app.screen._home._verdict.renew(float("-inf"))  # ten seconds later
        await until(pilot, lambda: "SES has paused sending." not in shown(app))
