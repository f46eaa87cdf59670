"""What the benchmarks send, and the sestui they send it with."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content import MessageSource
from sestui.core.delivery.mail import Mail
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, ContactList, Membership, Run

REGION = "eu-west-1"
_LIST = "all"
_BATCH = 10_000

SHORT_BODY = "Hello {{ first_name }}, [leave]({{ unsubscribe_url }})"

_PARAGRAPH = (
    "The workshop has been busy all autumn: new benches, a kiln that holds its temperature, and "
    "shelves that reach the ceiling. Members may book the large table on any day of the week; the "
    "smaller ones are free for everybody who comes by before the evening courses begin.\n\n"
)
LONG_BODY = (
    "# Hi {{ first_name }} {{ last_name }}\n\n"
    + _PARAGRAPH * 5
    + "See you in {{ city }}.\n\n"
    + "| what | when |\n|---|---|\n| Glazing | Monday |\n| Throwing | Friday |\n\n"
    + _PARAGRAPH * 6
    + "You are on the {{ plan }} plan and have **{{ points }} points**.\n\n"
    "[Leave this list]({{ unsubscribe_url }})\n"
)
"""About 5 kB of HTML, five attributes of the recipient in it."""


def attributes_of(number: int) -> dict[str, Any]:
    """The attributes of the ``number``-th contact."""
    return {
        "first_name": f"Ada{number}",
        "last_name": "O'Brien",
        "city": "Århus" if number % 7 == 0 else "Lisbon",
        "plan": "pro" if number % 2 else "free",
        "points": str(number),
    }


def address_of(number: int) -> str:
    """The address of the ``number``-th contact."""
    return f"reader{number:07d}@example.com"


@contextmanager
def ses_at(
    url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    trust: str = "",
    key: str = "BENCHMARK",
    **settings: Any,
) -> Iterator[Runtime]:
    """A sestui in ``folder`` that takes what answers at ``url`` for Amazon SES.

    ``trust`` is the file of the certificate that it shows; '' without TLS. ``key`` is the access
    key id that it takes.
    """
    as_ses(url, monkeypatch, trust=trust, key=key)
    given = {"account": "ses", "data_dir": folder, "state_dir": folder / "state", **settings}
    with Runtime.open(load_settings(**given)) as runtime:
        yield runtime


def as_ses(
    url: str, monkeypatch: pytest.MonkeyPatch, *, trust: str = "", key: str = "BENCHMARK"
) -> None:
    """Point the standard AWS chain at ``url``, and keep the user's own settings out."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SESTUI_"))]:
        if not name.startswith("SESTUI_BENCH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SESTUI_CONFIG", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "benchmark")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", url)
    if trust:
        monkeypatch.setenv("AWS_CA_BUNDLE", trust)


def add_contacts(database: Database, count: int) -> None:
    """``count`` contacts on one list, a batch a statement."""
    with database.write_connection() as connection:
        connection.execute(insert(ContactList).values(id=1, name=_LIST, created_at=0))
        for first in range(1, count + 1, _BATCH):
            numbers = range(first, min(first + _BATCH, count + 1))
            connection.execute(insert(Contact), [_contact(number) for number in numbers])
            connection.execute(
                insert(Membership),
                [{"list_id": 1, "contact_id": number, "joined_at": 0} for number in numbers],
            )


def _contact(number: int) -> dict[str, Any]:
    email = address_of(number)
    return {
        "id": number,
        "email": email,
        "email_key": email,
        "attributes": attributes_of(number),
        "tags": [],
        "status": "active",
        "status_reason": "",
        "created_at": 0,
        "updated_at": 0,
    }


_names = itertools.count(1)


def start_run(runtime: Runtime, body: str) -> Run:
    """A campaign over all contacts, and a run of it that is sending."""
    now = runtime.clock.now()
    campaign = runtime.campaigns.save(
        CampaignFields(f"campaign-{next(_names)}", "News <news@example.com>", lists=(_LIST,)),
        MessageSource("{{ first_name }}, your news", body),
        now=now,
        next_due_at=None,
    )
    run = runtime.runs.start(campaign, now)
    assert run is not None
    return run


def rendered(runtime: Runtime, run: Run, count: int) -> list[Mail]:
    """The mails to the first ``count`` contacts, as the sender would render them."""
    composer = runtime.composers.of_run(run)
    return [
        composer.mail(
            address_of(number), attributes_of(number), (("sestui-run", str(run.id)),), None
        )
        for number in range(1, count + 1)
    ]
