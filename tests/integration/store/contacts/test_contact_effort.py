"""What a look at many contacts costs SQLite: counted in its own steps, not in seconds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text

from sestui.core.delivery.states import Standing
from sestui.store.contacts.key_queries import Order, Which
from sestui.store.contacts.pages import ContactPages
from sestui.store.contacts.search import find_contacts
from tests.support.watched import Watched

CONTACTS = 120_000

FILL = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :contacts) "
    "INSERT INTO contact (email, email_key, attributes, tags, status, status_reason, created_at, "
    "updated_at) SELECT 'p' || i || '@x.co', 'p' || i || '@x.co', '{\"name\":\"P' || i || '\"}', "
    "'[]', CASE WHEN i % 100 = 0 THEN 'unsubscribed' ELSE 'active' END, '', 0, 0 FROM n",
    "INSERT INTO contact_list (name, created_at) VALUES ('all', 0), ('few', 0)",
    "INSERT INTO membership SELECT 1, id, 0 FROM contact",
    "INSERT INTO membership SELECT 2, id, 0 FROM contact WHERE id % 1000 = 0",
    "INSERT INTO suppression (email_key, reason, detail, created_at, kept) "
    "SELECT email_key, 'bounce', '', 0, 0 FROM contact WHERE id % 500 = 1",
)


@pytest.fixture(scope="module")
def watched(_migrated_file: Path, tmp_path_factory) -> Iterator[Watched]:
    path = tmp_path_factory.mktemp("many") / "sestui.db"
    shutil.copy(_migrated_file, path)
    made = Watched(path)
    with made.database.write_connection() as connection:
        for statement in FILL:
            connection.execute(text(statement), {"contacts": CONTACTS})
    yield made
    made.database.close()


EVERY = [Which(name, held) for name in (None, "all", "few") for held in (None, *Standing)]


@pytest.mark.parametrize("which", EVERY, ids=str)
def test_the_first_page_reads_a_page(watched, which):
    steps, plan = watched.look(lambda: ContactPages(watched.database, which).page(0, 100))
    assert steps < 50_000, plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("which", [Which(), Which("all"), Which(None, Standing.ACTIVE)], ids=str)
def test_the_last_page_is_reached_from_the_end_and_its_neighbour_from_it(watched, which):
    pages = ContactPages(watched.database, which)
    last = (pages.count() - 1) // 100 * 100
    for offset in (last, last - 100, last - 200, last - 100):
        steps, plan = watched.look(lambda offset=offset: pages.page(offset, 100))
        assert steps < 20_000, plan


@pytest.mark.parametrize("order", Order, ids=lambda order: order.name)
@pytest.mark.parametrize("which", [Which(), Which("all"), Which("few")], ids=str)
def test_every_order_has_its_first_and_last_page_at_once(watched, which, order):
    pages = ContactPages(watched.database, which, order)
    count = pages.count()
    for offset in (0, count - 100):
        steps, plan = watched.look(lambda offset=offset: pages.page(offset, 100))
        assert "USE TEMP B-TREE" not in plan or which == Which("few"), plan
        assert steps < 30_000, plan


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (Which(), "ix_contact_"),
        (Which("all"), "sqlite_autoindex_membership_1 (list_id=?)"),
        (Which(None, Standing.UNSUBSCRIBED), "ix_contact_not_active (status=?)"),
        (Which("all", Standing.UNSUBSCRIBED), "ix_contact_not_active (status=?)"),
        (Which(None, Standing.ACTIVE), "ix_contact_not_active (status=?)"),
        (Which(None, Standing.SUPPRESSED), "suppression"),
    ],
    ids=str,
)
def test_counts_go_along_an_index(watched, which, index):
    steps, plan = watched.look(ContactPages(watched.database, which).count)
    assert index in plan
    assert "AUTOMATIC" not in plan
    assert steps < 8 * CONTACTS


def test_the_start_of_an_address_is_found_at_once(watched):
    for which in (Which(), Which("all"), Which("few"), Which(None, Standing.SUPPRESSED)):
        steps, plan = watched.look(
            lambda which=which: next(find_contacts(watched.database, which, "p1000"))
        )
        assert steps < 50_000, plan
    _, plan = watched.look(lambda: next(find_contacts(watched.database, Which(), "p1000")))
    assert "USING COVERING INDEX ix_contact_email_key (email_key>? AND email_key<?)" in plan


def test_a_search_goes_in_strides_that_are_all_alike(watched):
    steps = find_contacts(watched.database, Which(), "nowhere")
    efforts = [watched.look(lambda: next(steps, None))[0] for _ in range(26)]
    assert max(efforts) < CONTACTS
    assert next(steps, None) is None


def test_postgresql_has_an_index_for_the_start_of_an_address(postgres_database):
    plans = []

    def explain(_connection, cursor, statement, parameters, *_rest):
        if "LIKE" in statement and not statement.startswith("EXPLAIN"):
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    with postgres_database.write_connection() as connection:
        connection.execute(
            text(
                "INSERT INTO contact (email, email_key, attributes, tags, status, status_reason, "
                "created_at, updated_at) SELECT e, e, '{}', '[]', 'active', '', 0, 0 "
                "FROM (SELECT 'p' || i || '@x.co' AS e FROM generate_series(1, 20000) AS i) AS made"
            )
        )
        connection.execute(text("ANALYZE contact"))
    event.listen(postgres_database.engine, "before_cursor_execute", explain)
    found = next(find_contacts(postgres_database, Which(), "p1999"))
    assert [line.email for line in found.lines][:2] == ["p19990@x.co", "p19991@x.co"]
    assert "Index Scan using ix_contact_email_key" in plans[0]
