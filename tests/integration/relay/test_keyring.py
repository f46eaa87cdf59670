"""Which keys the door knows: new ones at once, revoked ones soon no more, at a bounded cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from sestui.core.relay.key import KeyFields
from sestui.relay.keyring import Keyring
from sestui.store.db.database import Database
from sestui.store.relay.key_maker import KeyMaker
from tests.support.clocks import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def maker(database: Database, tmp_path: Path, clock: FakeClock) -> KeyMaker:
    made = KeyMaker(database, tmp_path, clock)
    made.add(KeyFields("first"))
    return made


@pytest.fixture
def ring(database: Database, tmp_path: Path, clock: FakeClock, maker: KeyMaker) -> Keyring:
    return Keyring(database, tmp_path, clock)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_new_key_works_at_once_however_lately_all_were_read(
    maker: KeyMaker, ring: Keyring
) -> None:
    for number in range(10):
        key = maker.add(KeyFields(f"key{number}"))
        known = ring.find(key.access_key_id)
        assert known is not None
        assert (known.name, known.secret) == (key.name, key.secret_access_key)


def test_a_new_key_works_at_once_beside_some_that_nobody_knows(
    maker: KeyMaker, ring: Keyring
) -> None:
    for number in range(10):
        assert ring.find(f"SRLYUNKNOWN{number:09}") is None
        assert ring.find(maker.add(KeyFields(f"key{number}")).access_key_id) is not None


def test_a_revoked_key_works_two_seconds_more_at_most_and_never_again(
    maker: KeyMaker, ring: Keyring, clock: FakeClock
) -> None:
    key = maker.add(KeyFields("shop")).access_key_id
    assert ring.find(key) is not None
    maker.revoke("shop")
    clock.advance(2.01)
    for _ in range(3):
        assert ring.find(key) is None
        clock.advance(2.01)
    assert ring.find(maker.add(KeyFields("shop")).access_key_id) is not None


def test_unknown_keys_can_not_keep_the_database_busy(
    database: Database, maker: KeyMaker, ring: Keyring, clock: FakeClock
) -> None:
    with statements(database) as asked:
        for _ in range(1000):
            assert ring.find("SRLYUNKNOWNUNKNOWN22") is None
        assert len(asked) == 1
        for number in range(1000):
            assert ring.find(f"SRLYUNKNOWN{number:09}") is None
        assert len(asked) <= 50
    late = maker.add(KeyFields("late")).access_key_id
    clock.advance(2.01)
    assert ring.find(late) is not None
