"""The index of attributes that saved segments ask about: used, exact, and gone with them."""

import random

import pytest
from sqlalchemy import event, text

from sestui.core.segments.expression import quoted
from sestui.core.segments.parse import parse
from sestui.core.segments.present import Present
from sestui.store.segments.segment_indexes import indexed_attributes
from sestui.store.segments.segment_queries import count_segment
from sestui.store.segments.segments import Segments
from tests.support.seeding import add_contacts

NOW = 1_000.0
PREFIX = "ix_contact_asked_"


@pytest.fixture
def segments(database):
    """300 contacts; the index that a test leaves would be another's in PostgreSQL."""
    for plan in ("pro", "free", "team"):
        emails = [f"{plan}{number}@example.com" for number in range(100)]
        add_contacts(database, emails, attributes={"plan": plan, "age": str(len(plan) * 7)})
    made = Segments(database)
    yield made
    for each in made.all():
        made.remove(each.name)
    assert names(database) == []


def names(database):
    catalog = "name FROM sqlite_master" if database.is_sqlite else "indexname FROM pg_indexes"
    with database.read_connection() as connection:
        return [each for each in connection.scalars(text(f"SELECT {catalog}")) if PREFIX in each]


def count(database, asked):
    segment = Segments(database).resolve(parse(asked))
    return count_segment(database, segment, Present(NOW))


def plan_of(database, asked):
    """The count, and how the database came to it."""
    statements = []

    def note(_connection, _cursor, statement, parameters, *_more):
        if "count(*)" in statement:
            statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        found = count(database, asked)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    ((statement, parameters),) = statements
    with database.read_connection() as connection:
        if not database.is_sqlite:  # 300 rows are read at once, whatever indexes there are
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
        return found, str(rows.all())


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ('plan == "pro"', 100),
        ('plan in ("pro", "free")', 200),
        ('plan == "pro" and age >= 18', 100),
        ("age >= 18 and age < 28", 100),
    ],
)
def test_a_count_reads_the_index_only_while_a_segment_asks_for_it(database, segments, asked, size):
    assert PREFIX not in plan_of(database, asked)[1]
    segments.save("s", f"({asked}) and plan == 'x' and age > 3", NOW)
    found, how = plan_of(database, asked)
    assert found == size
    assert names(database)[0] in how
    segments.save("t", "plan == 'y' and age > 4", NOW)
    segments.remove("s")
    assert names(database)[0] in plan_of(database, asked)[1]
    segments.save("t", 'list("all")', NOW, replace=True)
    assert names(database) == []
    assert plan_of(database, asked)[0] == size


@pytest.mark.parametrize(
    "name", ["a'b", 'a"b', "a\\b", "100%", "%s", "a:b", "?", "é ü", "$.x", "*/"]
)
def test_attributes_of_any_name_are_asked_with_an_index(database, segments, name):
    add_contacts(database, ["odd@example.com"], "odd", attributes={name: "it's 5% \\ ü"})
    asked = f'attribute({quoted(name)}) == "it\'s 5% \\\\ ü"'
    segments.save("s", asked, NOW)
    segments.save("t", f"plan == 'pro' or attribute({quoted(name)}) > 5", NOW)
    with database.read_connection() as connection:
        assert len(indexed_attributes(connection)) >= 1
    assert count(database, asked) == 1
    assert count(database, f"not ({asked})") == 300
    assert count(database, 'segment("t")') == 100


def test_long_texts_fit_and_are_told_apart(database, segments):
    chance = random.Random(1)
    common = "".join(chr(chance.randrange(0x4E00, 0x9F00)) for _ in range(4_000))
    attributes = [f"a{number}" for number in range(10)]
    segments.save("s", " and ".join(f"{each} == 'x'" for each in attributes), NOW)
    for last in "xy":
        texts = dict.fromkeys(attributes, common + last)
        add_contacts(database, [f"{last}@example.com"], last, attributes=texts)
    for length in (58, 59, 60, 61, 200, 4_000):
        begun = common[:length]
        add_contacts(database, [f"n{length}@example.com"], "n", attributes={"a1": begun})
        assert count(database, f"a1 == {quoted(begun)}") == 1
    assert count(database, f"a1 == {quoted(common + 'x')}") == 1
    assert count(database, f"a1.startswith({quoted(common[:60])})") == 6
