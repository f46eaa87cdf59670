"""Mails that ask to confirm leave by `sestui web` itself, and whatever a stop left behind."""

from urllib.parse import urlencode

import pytest

from sestui.core.delivery.states import PauseReason, RunState
from sestui.web.prompt_sender import PromptSender
from sestui.web.serve import create_app
from tests.support.page import Asker, serving
from tests.support.seeding import add_contacts, make_campaign, start_run
from tests.support.workspaces import World, until

pytestmark = [pytest.mark.long, pytest.mark.ci]


def fill(port: int, email: str) -> None:
    asker = Asker(port)
    assert asker.ask("POST", "/subscribe", urlencode({"email": email})).status == 303
    asker.close()


def test_they_leave_at_once_and_nothing_else_does(tmp_path):
    world = World(
        tmp_path / "w",
        simulator_latency=0,
        web_url="https://news.example.com",
        web_subscribe_lists="news",
        web_subscribe_from="news@example.com",
    )
    try:
        runtime = world.runtime()
        add_contacts(runtime.database, ["member@example.com"])
        start_run(runtime.database, make_campaign(runtime.database), runtime.clock.now())
        with serving(create_app(runtime, style=None, warn=pytest.fail)) as port:
            fill(port, "before@example.com")
        sender = PromptSender(runtime, pytest.fail)
        sender.start()
        try:
            until(lambda: world.outbox() == {"before@example.com": 1})
            app = create_app(runtime, style=None, warn=pytest.fail, queued=sender.send)
            with serving(app) as port:
                for name in ("one", "two"):
                    fill(port, f"{name}@example.com")
                    until(lambda name=name: f"{name}@example.com" in world.outbox())
        finally:
            sender.close()
        assert "member@example.com" not in world.outbox()
    finally:
        world.close()


def test_it_says_what_holds_them_back(tmp_path):
    world = World(
        tmp_path / "w",
        web_url="https://news.example.com",
        web_subscribe_lists="news",
        web_subscribe_from="news@example.com",
    )
    try:
        runtime = world.runtime()
        with serving(create_app(runtime, style=None, warn=pytest.fail)) as port:
            fill(port, "ada@example.com")
        [run] = runtime.runs.in_states([RunState.SENDING])
        runtime.runs.pause(run.id, PauseReason.ERRORS, "SES refused 10 in a row.")
        said = []
        sender = PromptSender(runtime, said.append)
        sender.start()
        try:
            until(lambda: bool(said))
        finally:
            sender.close()
        assert said == [
            "Mails that ask to confirm a subscription are waiting: SES refused 10 in a row."
        ]
        assert world.outbox() == {}
    finally:
        world.close()
