"""Draw the screenshots: the real app, without a terminal, over a simulated account.

    python screenshots/make.py

writes one SVG a screen beside this file. The workspace is thrown away.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content import MessageSource
from sestui.core.task.fields import TaskFields
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.contacts.contacts import NewContact
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.tabs import TABS

HERE = Path(__file__).parent
SIZE = (120, 36)
RATE = 500
"""Recipients a second; the featured run is held to 28, as a young account's would be."""

BEHIND = {
    "campaigns": ("campaign", ("j", "j", "enter")),
    "contacts": ("contact", ("j", "enter")),
    "schedule": ("task", ("e",)),
    "outbox": ("mail", ("enter",)),
}
"""What is drawn behind a place: the picture's name, and the keys that lead there."""

FIRST = ("ada", "alan", "barbara", "dennis", "dora", "edsger", "emmy", "grace", "hedy", "margaret")
LAST = (
    "berg",
    "costa",
    "diaz",
    "evans",
    "hopper",
    "ito",
    "jones",
    "kay",
    "moreau",
    "okafor",
    "sato",
)


def contacts(count: int, domain: str) -> list[NewContact]:
    """``count`` invented people."""
    emails = (
        f"{FIRST[i % len(FIRST)]}.{LAST[i * 7 % len(LAST)]}{i}@{domain}" for i in range(count)
    )
    return [NewContact(email, email) for email in emails]


def add_campaign(runtime: Runtime, name: str, subject: str, audience: str, **more: object) -> None:
    """A campaign to one list."""
    fields = CampaignFields(
        name=name,
        from_address="Ada's Shop <news@example.com>",
        lists=(audience,),
        **more,  # type: ignore[arg-type]
    )
    source = MessageSource(subject, "Hello! [No more of this]({{ unsubscribe_url }})")
    runtime.campaigns.save(fields, source, now=time.time(), next_due_at=None)


def prepare(runtime: Runtime) -> int:
    """Campaigns in several states; returns the id of the run that is watched."""
    for name, count in (("newsletter", 2_000), ("customers", 900), ("beta", 240)):
        runtime.contacts.add(contacts(count, "example.org"), list_name=name, now=time.time())
    add_campaign(runtime, "beta-invitation", "You are in", "beta")
    add_campaign(runtime, "customer-survey", "Two questions", "customers")
    add_campaign(runtime, "november-news", "Your November news", "newsletter", max_rate=28)
    add_campaign(runtime, "october-news", "Your October news", "newsletter")
    add_campaign(runtime, "welcome", "Welcome!", "newsletter")
    for name in ("october-news", "beta-invitation"):
        runtime.starter.start(runtime.campaigns.get(name), runtime.clock.now())
    sender = runtime.sender()
    sender.start()
    sender.join()
    runtime.starter.start(runtime.campaigns.get("customer-survey"), runtime.clock.now())
    runtime.run_control.pause("customer-survey")
    for task in (
        TaskFields("nightly-backup", "backup", "0 3 * * *", description="Copy the database"),
        TaskFields(
            "addresses", "verify-contacts", "0 4 */15 * *", description="Check every address"
        ),
        TaskFields(
            "monday-report",
            "report",
            "0 8 * * 1",
            parameters={"to": ["ada@example.com"], "sender": "news@example.com"},
        ),
    ):
        runtime.tasks.add(task)
    run = runtime.starter.start(runtime.campaigns.get("november-news"), runtime.clock.now())
    if run is None:
        raise RuntimeError("the run to be watched was not started")
    return run.id


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the app work until ``holds()``."""
    while not holds():
        await asyncio.sleep(0.1)
        await pilot.pause()


async def draw(runtime: Runtime, run_id: int) -> None:
    """Every place and the screens behind them, in both themes."""
    app = SestuiApp(runtime.settings, lambda: runtime, follow=run_id)

    def sent(number: int) -> Callable[[], bool]:
        return lambda: runtime.overview.run(run_id).counts.accepted >= number

    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, sent(1_000))
        await both(app, pilot, "run")
        await pilot.press("escape")
        for number, place in enumerate(TABS, 1):
            await pilot.press("escape", str(number))
            await pilot.pause(2)
            await both(app, pilot, place.mode)
            if place.mode in BEHIND:
                await pilot.press(*BEHIND[place.mode][1])
                await pilot.pause(2)
                await both(app, pilot, BEHIND[place.mode][0])
                await pilot.press("escape")
        await pilot.press("escape", "1", "ctrl+p")
        await pilot.pause(2)
        await both(app, pilot, "palette")
        await pilot.press("escape")


async def both(app: SestuiApp, pilot: Pilot[None], name: str) -> None:
    """The screen as it is now, dark and light."""
    for theme, suffix in (("textual-light", "-light"), ("textual-dark", "")):
        app.theme = theme
        await pilot.pause(0.5)
        svg = app.export_screenshot(title="sestui")
        (HERE / f"{name}{suffix}.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    """Prepare and draw."""
    with tempfile.TemporaryDirectory(prefix="sestui-screenshots-") as folder:
        settings = load_settings(
            account="simulator",
            data_dir=Path(folder),
            database_url="",
            simulator_rate=RATE,
            theme="textual-dark",
            timezone="Europe/Paris",
        )
        with Runtime.open(settings) as runtime:
            asyncio.run(draw(runtime, prepare(runtime)))


if __name__ == "__main__":
    main()
