"""A count over a million contacts by two attributes, beside the plain SQL, on both engines.

Goal (docs/architecture.md): < 300 ms for conditions that a saved segment asks about. Beside it
stand a count that has no index, the time that saving the segment takes, and an import before and
after it, which the index makes slower.

``SESTUI_BENCH_ROWS`` (1,000,000) contacts.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from sestui.core.segments.parse import parse
from sestui.core.segments.present import Present
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.db.database import Database
from sestui.store.segments.segment_queries import count_segment
from sestui.store.segments.segments import Segments
from tests.benchmarks import figures

ROWS = figures.size("ROWS", 1_000_000)
ASKED = 'plan == "pro" and age >= 18'
ALSO = (
    'plan == "pro" and city == "Paris"',
    'plan == "pro" or not age >= 18',
    'list("all") and plan == "pro"',
    'not received() and plan == "pro"',
)
PLAIN = {
    True: "SELECT count(*) FROM contact WHERE json_extract(attributes, '$.plan') = 'pro'"
    " AND CAST(json_extract(attributes, '$.age') AS REAL) >= 18",
    False: "SELECT count(*) FROM contact WHERE attributes ->> 'plan' = 'pro'"
    " AND (attributes ->> 'age')::float >= 18",
}


def people(count: int, prefix: str) -> Iterator[NewContact]:
    for number in range(count):
        email = f"{prefix}{number}@d{number % 997}.example.org"
        attributes = {
            "first_name": f"Name{number}",
            "plan": ("pro", "free", "team")[number % 3],
            "age": str(number % 90),
            "city": ("Paris", "Lyon", "Köln", "Rome")[number % 4],
        }
        yield NewContact(email, email, attributes)


def best(work: Callable[[], object]) -> float:
    """Milliseconds of the quickest of five."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took) * 1_000


def rate(database: Database, prefix: str) -> str:
    count = ROWS // 10
    began = time.perf_counter()
    Contacts(database).add(people(count, prefix), list_name="more", now=1)
    return f"{count / (time.perf_counter() - began):,.0f}/s"


@pytest.mark.benchmark
@pytest.mark.timeout(1_800)
def test_counts_over_a_million_contacts(database: Database) -> None:
    segments, present = Segments(database), Present(time.time())
    Contacts(database).add(people(ROWS, "p"), list_name="all", now=1)
    with database.write_connection() as connection:
        connection.execute(text("ANALYZE"))

    def counted(asked: str) -> float:
        segment = segments.resolve(parse(asked))
        return best(lambda: count_segment(database, segment, present))

    def plain() -> object:
        with database.read_connection() as connection:
            return connection.execute(text(PLAIN[database.is_sqlite])).scalar_one()

    baseline = best(plain)
    before = {asked: counted(asked) for asked in (ASKED, *ALSO)}
    imported = rate(database, "q")
    began = time.perf_counter()
    segments.save("s", f"({ASKED}) or city == 'Paris'", 1)
    saved = time.perf_counter() - began
    after = {asked: counted(asked) for asked in (ASKED, *ALSO)}
    rows = [
        (asked, f"{before[asked]:.0f} ms", f"{after[asked]:.0f} ms") for asked in (ASKED, *ALSO)
    ]
    rows += [("plain SQL", f"{baseline:.0f} ms", ""), ("saving", "", f"{saved:.1f} s")]
    rows.append(("adding contacts", imported, rate(database, "r")))
    engine = "SQLite" if database.is_sqlite else "PostgreSQL"
    figures.show(f"{ROWS:,} contacts, {engine}", ("count", "no index", "index"), rows)
    segments.remove("s")
    assert after[ASKED] < 300, after
