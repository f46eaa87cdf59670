"""The app as an operator has it: a database on disk, a real sender, a real simulator process."""

import asyncio
import shutil
import time
from contextlib import asynccontextmanager

import pytest

from sestui.core.campaign import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.contacts import NewContact
from sestui.tui.app import SestuiApp
from sestui.tui.background import Background
from sestui.tui.places import PLACES


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    """Nothing of the machine's settings or AWS files gets in."""
    for name in ("SESTUI_ACCOUNT", "SESTUI_DATABASE_URL", "AWS_PROFILE", "AWS_ENDPOINT_URL_SESV2"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SESTUI_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def open_runtime(tmp_path, _migrated_file):
    """Open a runtime over the test's workspace; more than one is more than one process."""
    opened = []
    shutil.copy(_migrated_file, tmp_path / "sestui.db")

    def open_it(**settings):
        usual = {"simulator_rate": 500, "simulator_latency": 0.005, "senders": 8}
        runtime = Runtime.open(load_settings(data_dir=tmp_path, **usual | settings))
        opened.append(runtime)
        return runtime

    yield open_it
    for runtime in opened:
        runtime.close()


@pytest.fixture
def runtime(open_runtime):
    return open_runtime()


@pytest.fixture
def still(monkeypatch):
    """No sender behind the screens: what is looked at stands still."""
    monkeypatch.setattr(Background, "start", lambda self, runtime: None)


def add_campaign(runtime, name="news", *, contacts=20, audience="all", **fields):
    """A campaign to ``contacts`` contacts."""
    runtime.contacts.add(
        [
            NewContact(f"{audience}{i}@example.com", f"{audience}{i}@example.com")
            for i in range(contacts)
        ],
        list_name=audience,
        now=time.time(),
    )
    return runtime.campaigns.save(
        CampaignFields(name=name, from_address="shop@example.com", lists=(audience,), **fields),
        MessageSource("Hello", "Hi, [off]({{ unsubscribe_url }})"),
        now=time.time(),
        next_due_at=None,
    )


@asynccontextmanager
async def running(runtime, *, size=(80, 24), place="campaigns", **options):
    """The app under a pilot, gone to a place by its name."""
    app = SestuiApp(runtime.settings, lambda: runtime, **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.opened)
        await pilot.pause()
        if app.current_mode != place:
            await pilot.press(str([each.mode for each in PLACES].index(place) + 1))
            await pilot.pause()
        yield app, pilot


async def until(pilot, holds, seconds=20.0):
    """Wait until ``holds()``; the test fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "that took too long"
        await asyncio.sleep(0.04)
        await pilot.pause()


def shown(app):
    """What stands on the screen, as text."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


def toasts(app):
    return [note.message for note in app._notifications]
