"""What the tests of Compose share: people to write to, and a word or two for the screen."""

import time

from textual.events import Paste
from textual.widgets import OptionList

from sestui.compose import apply
from sestui.compose.checks import Checker
from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.settings import load_settings
from sestui.store.campaigns.campaigns import fields_of
from sestui.store.contacts.contacts import NewContact
from sestui.tui.dialogs.choose import ChooseScreen
from tests.support.clocks import FakeClock
from tests.support.screens import until

BODY = "Hi {{ first_name or 'you' }}\n\n[off]({{ unsubscribe_url }})"


def add_people(runtime, name="newsletter", people=(("ada", "Ada"), ("bob", ""), ("cleo", "Cléo"))):
    rows = [
        NewContact(f"{who}@example.com", f"{who}@example.com", {"first_name": first})
        for who, first in people
    ]
    runtime.contacts.add(rows, list_name=name, now=time.time())


def add_news(runtime, name="news", *, body=BODY, lists=("newsletter",), **fields):
    return runtime.campaigns.save(
        CampaignFields(name=name, from_address="shop@example.com", lists=lists, **fields),
        MessageSource("Hello", body),
        now=time.time(),
        next_due_at=None,
    )


def stored(runtime, name):
    """The campaign as it is in the database: its fields and its message."""
    campaign = runtime.campaigns.get(name)
    return fields_of(campaign), runtime.campaigns.message(campaign.message_id)


def found(app):
    """The sentences of the findings, worst first."""
    return [each.sentence for each in app.screen.query_one("#findings").findings]


async def ready(app, pilot):
    """Wait until the draft that is there has been looked at."""
    await until(pilot, lambda: app.screen.drawn is not None and not looking(app))


async def load(app, pilot, loaded):
    """Open the news, once the draft that is there has been looked at, to write in it.

    Then wait for ``loaded()``.
    """
    await ready(app, pilot)
    app.screen.load("news")
    await until(pilot, lambda: app.screen.opened_draft.seen is not None and app.settled)
    if not app.screen.typing:
        await press(pilot, "@i")
    await until(pilot, loaded)


def looking(app):
    timer = app.screen._timer
    due = timer is not None and not timer._task.done()
    return due or any(
        w.group in {"check", "open", "deed"} and w.is_running for w in app.screen.workers
    )


async def press(pilot, *keys):
    """Keys, whose names stand behind an @, single letters, and longer texts as terminals paste."""
    for key in keys:
        if key.startswith("@") or len(key) == 1:
            await pilot.press(key.removeprefix("@"))
        else:
            pilot.app.post_message(Paste(key))
            await pilot.pause()


async def answer(app, pilot, part):
    """Choose the answer with that part in it."""
    await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
    answers = app.screen.query_one(OptionList)
    wanted = [str(option.prompt) for option in answers.options]
    (index,) = [number for number, text in enumerate(wanted) if part in text]
    await press(pilot, *["@down"] * index, "@enter")
    await until(pilot, lambda: not isinstance(app.screen, ChooseScreen))


def plan(campaigns, loaded, now):
    """What a campaign file would do, checked as `apply` checks it."""
    checker = Checker(campaigns._database, load_settings(), FakeClock(now))
    return apply.plan(campaigns, loaded, now, checker)
