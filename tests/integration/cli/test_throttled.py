"""What throttling has left of the rate is told under the same name everywhere."""

import json
import re
from contextlib import closing
from typing import Any

import pytest
from sqlmodel import update

from sestui.core.clock import SystemClock
from sestui.core.delivery.rate_control import RateControl
from sestui.settings import load_settings
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import GovernorRow
from tests.support.cli import Sestui

RATE = 40


@pytest.fixture
def throttled(ready: Sestui) -> Sestui:
    """A run that is held, on an account that throttled a moment ago."""
    ready.settings |= {"SESTUI_SIMULATOR_RATE": str(RATE)}
    ready.ok("account")
    ready.ok("campaign", "start", "news")
    ready.ok("campaign", "pause", "news")
    leave_half(ready)
    return ready


def leave_half(ready: Sestui) -> None:
    """As after answers which showed that others use half of the rate."""
    control = RateControl(limit=RATE / 2, since=SystemClock().now(), ceiling=RATE / 2)
    settings = load_settings(data_dir=ready.data)
    with (
        closing(Database(settings.sqlalchemy_url)) as database,
        database.write_connection() as connection,
    ):
        connection.execute(update(GovernorRow).values(rate_control=control.as_dict()))


def checked(said: dict[str, Any]) -> None:
    assert 0.5 <= said["rate_factor"] < 1  # it recovers while we look
    assert said["allowed_rate"] == pytest.approx(RATE * said["rate_factor"])


@pytest.mark.long
@pytest.mark.ci
def test_in_json(throttled: Sestui) -> None:
    checked(throttled.json("account"))
    shown = throttled.json("campaign", "show", "news")
    checked(shown["run"])
    checked(shown["runs"][0])
    (listed,) = throttled.json("campaign", "list")
    checked(listed["run"])


@pytest.mark.long
@pytest.mark.ci
def test_for_people(throttled: Sestui) -> None:
    told = r"\d\d\.\d a second: SES throttled, \d\d % of its rate is left"
    account, shown = throttled.ok("account"), throttled.ok("campaign", "show", "news")
    assert re.search(rf"^rate   {RATE} a second \(allowed now: {told}\)$", account, re.MULTILINE)
    assert re.search(rf"^rate      {told}$", shown, re.MULTILINE)


@pytest.mark.long
@pytest.mark.ci
def test_a_run_that_throttling_slowed_says_so(ready: Sestui) -> None:
    ready.settings |= {"SESTUI_SIMULATOR_RATE": str(RATE), "SESTUI_SIMULATOR_QUOTA": "40"}
    ready.ok("account")
    leave_half(ready)
    sent = ready.run("send", "news", "--json")
    run = json.loads(sent.stdout)
    assert (run["state"], run["reason"]) == ("waiting", "quota")
    assert run["rate_factor"] < 1
    assert run["allowed_rate"] == pytest.approx(RATE * run["rate_factor"])


@pytest.mark.long
@pytest.mark.ci
def test_nothing_is_told_where_nothing_is_known_or_left_to_send(ready: Sestui) -> None:
    ready.ok("campaign", "start", "news")
    run = ready.latest()
    assert (run["allowed_rate"], run["rate_factor"]) == (None, None)  # SES was never asked
    ready.ok("campaign", "cancel", "news", "--yes")
    ready.ok("account")
    run = ready.latest()
    assert (run["allowed_rate"], run["rate_factor"]) == (None, None)
    account = ready.json("account")
    assert (account["allowed_rate"], account["rate_factor"]) == (5_000, 1)
    assert "(allowed now: all of it)" in ready.ok("account")
