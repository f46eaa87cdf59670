"""The start of a run over 1,000,000 contacts: to the first mail, and the rate while it is checked.

Goal (docs/architecture.md): < 2 s from the start to the first mail, and the rate held within 1 % as
long as mails are checked beside the sending. Beside it: the bare INSERT … SELECT of everybody's
deliveries, which a start would take at least if it wrote them all, and what the check of all mails
would take before it, by the first 20,000.

``SESTUI_BENCH_ROWS`` (1,000,000) contacts, ``SESTUI_BENCH_SECONDS`` (30) of sending.
"""

import time
from pathlib import Path

import pytest
from sqlalchemy import text

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content import MessageSource
from sestui.errors import StoppedError
from sestui.runtime import Runtime
from sestui.sender_setup import open_engine
from sestui.sending.engine.loop import Limits
from sestui.simulator.launch import start_simulator
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign
from tests.benchmarks import figures
from tests.benchmarks.workload import LONG_BODY, add_contacts, ses_at
from tests.support.departures import note_departures

ROWS = figures.size("ROWS", 1_000_000)
_SETTLING_SECONDS = 2.0
_WINDING_DOWN_SECONDS = 3.0
_SECONDS = figures.seconds("SECONDS", 30)
_WHOLE_SECONDS = _SECONDS + _SETTLING_SECONDS + _WINDING_DOWN_SECONDS
_SAMPLE = 20_000
_PLAIN = text(
    "INSERT INTO delivery (run_id, contact_id, email, state, message_id, attempts, faults, code, "
    "reason, not_before, worker, queued_at, outcome, outcome_code) "
    "SELECT :run, contact.id, email, 'pending', '', 0, 0, '', '', 0, '', 0, '', '' FROM contact "
    "WHERE id IN (SELECT contact_id FROM membership WHERE list_id = 1) ORDER BY contact.id"
)


@pytest.mark.benchmark
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rate", [200, 500])
def test_start(
    rate: int, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "" if database.is_sqlite else database.url.render_as_string(hide_password=False)
    left: list[tuple[float, int]] = []
    note_departures(monkeypatch, lambda at, mails: left.append((at, mails)))
    with (
        start_simulator(tmp_path / "ses", rate=rate, quota=-1, latency=0.08, jitter=0.04) as ses,
        ses_at(
            ses.endpoint_url, tmp_path, monkeypatch, key=ses.access_key_id, database_url=url
        ) as runtime,
    ):
        add_contacts(runtime.database, ROWS)
        with runtime.database.write_connection() as connection:
            connection.execute(text("ANALYZE"))
        campaign = _campaign(runtime)
        began = time.monotonic()
        run = runtime.starter.start(campaign, runtime.clock.now())
        started = time.monotonic()
        beside = _sent(runtime, left)
        counts = runtime.overview.run(run.id).counts
        assert counts.audience == counts.accepted + counts.pending + counts.sending == ROWS
        runtime.runs.cancel(run.id, runtime.clock.now())
        plain = _plain(runtime.database, run.id)
        sample = _checked_before(runtime, campaign)
        assert runtime.runs.start(campaign, runtime.clock.now(), again=True)
        alone = _sent(runtime, left)
    engine = "SQLite" if database.is_sqlite else "PostgreSQL"
    figures.show(
        f"start over {ROWS:,} contacts at {rate}/s, {engine} (goal: first mail < 2 s)",
        ("", "s"),
        [
            ("the start", f"{started - began:.2f}"),
            ("from the start to the first mail", f"{left[0][0] - began:.2f}"),
            ("bare INSERT … SELECT of the deliveries", f"{plain:.2f}"),
            ("check of all mails before, by a sample", f"{sample:.1f}"),
        ],
    )
    checked = (counts.audience - counts.unchecked) / _WHOLE_SECONDS
    figures.show(
        "while mails are checked (goal: within 1 %, checks ahead)",
        ("", "/s"),
        [
            ("sent beside the checks", f"{beside:.1f}"),
            ("sent by a run that has checked all", f"{alone:.1f}"),
            ("ratio", figures.times(beside, alone)),
            ("checked", f"{checked:,.0f}"),
        ],
    )


def _sent(runtime: Runtime, left: list[tuple[float, int]]) -> float:
    """Send for a while; how many a second, of what is noted in ``left``."""
    before = len(left)
    limits = Limits(ends_at=runtime.clock.monotonic() + _WHOLE_SECONDS)
    with open_engine(runtime, limits) as engine:
        engine.run()
    since = left[before][0] + _SETTLING_SECONDS
    return sum(mails for at, mails in left if since <= at < since + _SECONDS) / _SECONDS


def _campaign(runtime: Runtime) -> Campaign:
    return runtime.campaigns.save(
        CampaignFields("news", "News <news@example.com>", lists=("all",)),
        MessageSource("{{ first_name }}, your news", LONG_BODY),
        now=runtime.clock.now(),
        next_due_at=None,
    )


def _plain(database: Database, run_id: int) -> float:
    """Seconds of the statement, in a database that knows the run; it is rolled back."""
    with database.write_connection() as connection:
        connection.execute(text("DELETE FROM delivery"))
    with database.write_connection() as connection:
        began = time.monotonic()
        connection.execute(_PLAIN, {"run": run_id})
        took = time.monotonic() - began
        connection.rollback()
    return took


def _checked_before(runtime: Runtime, campaign: Campaign) -> float:
    """Seconds that the check of all would take."""

    def looked_at(count: int) -> None:
        if count >= _SAMPLE:
            raise StoppedError("Enough.")

    began = time.monotonic()
    with pytest.raises(StoppedError):
        runtime.starter.check(campaign, progress=looked_at)
    return (time.monotonic() - began) * ROWS / _SAMPLE
