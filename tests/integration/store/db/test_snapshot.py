"""Reads that belong together see one state, and only they do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sestui.errors import StorageError
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database
from sestui.store.ledger.governor import Governor
from tests.support.seeding import add_contacts, tell_governor
from tests.support.statements import counted


@pytest.fixture
def contacts(database):
    add_contacts(database, ["a@example.com"])
    return Contacts(database)


def test_all_reads_are_of_one_moment(database, contacts):
    other = Database(database.url)
    with counted(database) as effort, database.snapshot():
        assert contacts.count() == 1
        add_contacts(other, ["b@example.com"])
        assert contacts.count() == 1
        assert contacts.get("b@example.com") is None
        with database.snapshot():
            assert [each.contacts for each in contacts.lists()] == [1]
        with database.read_connection() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM contact").scalar() == 1
    assert (effort.transactions, len(effort.statements)) == (1, 5)
    assert contacts.count() == 2
    other.close()


def test_other_threads_read_and_write_as_ever(database, contacts):
    with ThreadPoolExecutor(1) as pool, database.snapshot():
        assert contacts.count() == 1
        pool.submit(add_contacts, database, ["b@example.com"]).result()
        assert pool.submit(contacts.count).result() == 2
        assert contacts.count() == 1


def test_a_row_outlives_its_snapshot(database):
    tell_governor(database, account="one")
    with database.snapshot():
        row = Governor(database).row("one")
    assert row is not None
    assert row.max_send_rate == 10_000


def test_nothing_is_written_by_who_reads(database, contacts):
    with database.snapshot():
        contacts.count()
        with pytest.raises(RuntimeError, match="nothing can be written"):
            add_contacts(database, ["b@example.com"])
    add_contacts(database, ["b@example.com"])
    assert contacts.count() == 2


def test_what_goes_wrong_ends_it_and_is_told_as_ever(database, contacts):
    def wrong():
        with database.snapshot(), database.read_connection() as connection:
            connection.exec_driver_sql("SELECT nothing FROM nowhere")

    with pytest.raises(StorageError):
        wrong()
    add_contacts(database, ["b@example.com"])
    assert contacts.count() == 2
