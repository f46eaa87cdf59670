from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sestui.core.delivery.handover import ClaimRequest
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.runs.runs import Runs
from sestui.store.web.link_keys import LinkKeys
from sestui.web.serve import create_app
from tests.support.clocks import FakeClock
from tests.support.page import Asker, serving
from tests.support.seeding import (
    accepted,
    add_contacts,
    make_campaign,
    open_ledger,
    rows_of,
    start_run,
    tell_governor,
)

WEB_URL = "https://news.example.com"


class Scene:
    """A database with a campaign to two lists, and links to the page about its mails."""

    def __init__(self, runtime: Runtime, clock: FakeClock) -> None:
        self.runtime = runtime
        self.database: Database = runtime.database
        self.clock = clock
        self.keys = LinkKeys(self.database, runtime.settings.data_dir)
        self.ledger = open_ledger(self.database, clock)
        tell_governor(self.database, now=clock.now())

    def mailed(self, *emails: str, lists: tuple[str, ...] = ("news",), name: str = "news") -> Any:
        """A run that has mailed these new contacts."""
        for list_name in lists[:1]:
            add_contacts(self.database, emails, list_name)
        run = start_run(
            self.database, make_campaign(self.database, name, lists=lists), self.clock.now()
        )
        self.send(run)
        return run

    def send(self, run: Any) -> list[str]:
        """Claim and accept all that may be sent; to whom it went."""
        went: list[str] = []
        for _ in range(3):
            claims = self.ledger.exchange([], ClaimRequest(run.id, 100)).claims
            self.ledger.exchange([accepted(each) for each in claims], None)
            went += [each.email for each in claims]
            self.clock.advance(1)
        return went

    def again(self, name: str = "news", lists: tuple[str, ...] = ("news",)) -> dict[str, str]:
        """One more run of a campaign over the lists: state and code of each recipient."""
        if name != "news":
            make_campaign(self.database, name, lists=lists)
        run = self.start(name)
        self.send(run)
        return {row.email: row.code or row.state for row in rows_of(self.database, run.id)}

    def start(self, name: str = "news") -> Run:
        """One more run, not sent yet."""
        runs = Runs(self.database)
        run = runs.start(self.runtime.campaigns.get(name), self.clock.now(), again=True)
        assert run is not None
        return run

    def link(self, run: Any, email: str) -> str:
        """The token of a delivery's link."""
        [row] = [each for each in rows_of(self.database, run.id) if each.email == email]
        return self.keys.current().sealed(row.id, email.lower())

    def state(self) -> list[Any]:
        """All that the page could change."""
        tables = (
            "contact", "membership", "list_refusal", "suppression", "preference_change",
            "delivery", "run", "subscription_request",
        )  # fmt: skip
        with self.database.read() as session:
            return [
                sorted(map(str, session.execute(text(f"SELECT * FROM {table}")).all()))
                for table in tables
            ]

    def contact(self, email: str) -> Any:
        return self.runtime.contacts.get(email)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def made_scene(database: Database, folder: Path, clock: FakeClock, **settings: Any) -> Scene:
    given = load_settings(
        data_dir=folder / "workspace",
        database_url=database.url.render_as_string(hide_password=False),
        web_url=WEB_URL,
        timezone="UTC",
        **settings,
    )
    return Scene(Runtime(given, database, clock), clock)


@pytest.fixture
def scene(database: Database, tmp_path: Path, clock: FakeClock) -> Scene:
    return made_scene(database, tmp_path, clock)


@pytest.fixture
def page(scene: Scene) -> Iterator[Asker]:
    with serving(create_app(scene.runtime, style=None, warn=pytest.fail)) as port:
        asker = Asker(port)
        yield asker
        asker.close()
