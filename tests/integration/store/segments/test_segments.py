"""Segments on both engines: what SQL finds is what plain Python finds."""

import random
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from sestui.core.segments.expression import quoted
from sestui.core.segments.parse import parse
from sestui.core.segments.present import Present
from sestui.store.contacts.key_queries import CONTACT
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, ContactList, Delivery, Membership, Run
from sestui.store.events.event_tables import EventRow
from sestui.store.segments.segment_queries import count_segment
from sestui.store.segments.segments import Segments
from sestui.store.segments.segments_sql import SegmentSql
from tests.support.seeding import make_campaign
from tests.support.segment_oracle import Mailed, Oracle, Person

ZONE = ZoneInfo("Europe/Paris")
NOW = 1_796_000_000.0
DAY = 86_400.0
PRESENT = Present(NOW, ZONE)
LINKS = ("https://a.example/", "https://a.example/?x=%27")

ODD = 'we"ird \\ näme'
TEXTS = ["pro", "free", "Pro", "pro plan", "true", "5", "Ä%_", "ä", "'; --", '"', "\\", "[1]", "z"]
PLANS = [*TEXTS, "", None, True, False, 5, 2.5, ["pro"], {"pro": 1}]
AGES = ["18", "17.5", "+20", "-3", "007", "1e3", "old", "", " 18", "1.2.3", ".5", "5.", "9" * 21]
AGES += [18, 18.0, -2.25, 1e16, 10**18, True, None, ["18"]]
DAYS = ["2026-11-28", "2026-11-29T10:00", "2026-02-31", "2026-13-01", "28.11.2026", "2026-11-28x"]
DAYS += ["2000-02-29 08:00", "20261128", 20261128, "1990-12-05\n", "", None, "2026-12-01T"]
NAMES = {"plan": PLANS, "age": AGES, "since": DAYS, "first name": PLANS, ODD: PLANS, "naïve": PLANS}
DOMAINS = ["gmail.com", "example.org", "mail.example.org", "xn--mnchen-3ya.de"]


def people(seed: int, count: int = 90) -> list[Person]:
    chance = random.Random(seed)
    found = []
    for number in range(count):
        local = chance.choice([f"P{number}", f"p{number}.x", "info", "sales"])
        attributes = {
            name: chance.choice(values) for name, values in NAMES.items() if chance.random() < 0.8
        }
        person = Person(
            f"{local}+{number}@{chance.choice(DOMAINS)}",
            attributes,
            tuple(chance.sample(["vip", "Vip", "a,b", "'"], chance.randrange(3))),
            {
                name: NOW - chance.random() * 60 * DAY
                for name in ("a", "b")
                if chance.random() < 0.5
            },
            chance.choice(["active", "active", "unsubscribed", "invalid"]),
            NOW - chance.random() * 60 * DAY,
        )
        if local in {"info", "sales"}:
            person.email = f"{local}@{number}.{chance.choice(DOMAINS)}"
        person.mail = [mailed(chance, run) for run in (1, 2, 3, 4) if chance.random() < 0.5]
        found.append(person)
    return found


def mailed(chance: random.Random, run: int) -> Mailed:
    campaign, kind = {1: ("a", "campaign"), 2: ("a", "campaign"), 3: ("b", "campaign")}.get(
        run, ("a", "test")
    )
    state = chance.choice(["pending", "sending", "accepted", "accepted", "rejected", "in_doubt"])
    ago = NOW - chance.random() * 120 * DAY
    mail = Mailed(run, campaign, kind, state)
    if state in {"sending", "accepted", "in_doubt"}:
        mail.claimed_at = ago
    if state == "accepted":
        mail.sent_at = ago + 1
        mail.outcome = chance.choice(["", "delivered", "bounced", "complained", "not_rendered"])
        mail.opened_at = ago + 60 if chance.random() < 0.5 else None
        if mail.opened_at and chance.random() < 0.7:
            mail.clicked_at = ago + 90
            mail.links = ((chance.choice(LINKS), chance.random() < 0.3),)
    return mail


def seed(database, persons: list[Person]) -> None:
    campaigns = {name: make_campaign(database, name) for name in ("a", "b")}
    with database.write() as session:
        lists = {name: ContactList(name=name, created_at=0) for name in ("a", "b")}
        session.add_all(lists.values())
        rows = [
            Contact(
                email=each.email,
                email_key=each.email.lower(),
                attributes=each.attributes,
                tags=list(each.tags),
                status=each.status,
                created_at=each.created_at,
                updated_at=0,
            )
            for each in persons
        ]
        session.add_all(rows)
        runs = [
            Run(
                campaign_id=campaigns[name].id,
                number=number,
                kind=kind,
                message_id=campaigns[name].message_id,
                from_address="a@example.com",
                created_at=0,
            )
            for number, (name, kind) in enumerate(
                [("a", "campaign"), ("a", "campaign"), ("b", "campaign"), ("a", "test")], 1
            )
        ]
        session.add_all(runs)
        session.flush()
        for row, person in zip(rows, persons, strict=True):
            session.add_all(
                Membership(list_id=lists[name].id, contact_id=row.id, joined_at=at)
                for name, at in person.lists.items()
            )
            for mail in person.mail:
                delivery = Delivery(
                    run_id=runs[mail.run - 1].id,
                    contact_id=row.id,
                    email=row.email,
                    queued_at=0,
                    **{
                        name: getattr(mail, name)
                        for name in (
                            "state",
                            "outcome",
                            "sent_at",
                            "claimed_at",
                            "opened_at",
                            "clicked_at",
                        )
                    },
                )
                session.add(delivery)
                session.flush()
                for link, by_machine in mail.links:
                    session.exec(
                        insert(EventRow.__table__).values(
                            key=str(delivery.id).encode(),
                            delivery_id=delivery.id,
                            message_id="",
                            kind="Click",
                            occurred_at=NOW,
                            mailed_at=0,
                            received_at=0,
                            type="",
                            sub_type="",
                            detail=link,
                            by_machine=by_machine,
                        )
                    )


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(TEXTS).map(quoted)


def numbers() -> st.SearchStrategy[str]:
    return st.sampled_from(["18", "17.5", "-3", "0", "20", "7.0", "1e15", "5", "2.5", "-2.25"])


def days() -> st.SearchStrategy[str]:
    return st.sampled_from(
        ['date("2026-11-28")', 'date("2000-02-29")', "days_ago(0)", "in_days(3)", "days_ago(2.5)"]
    )


ATTRIBUTES = st.sampled_from(
    ["plan", "age", "since", 'attribute("first name")', f"attribute({quoted(ODD)})", "naïve"]
)
OPS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
ORDERED = st.sampled_from(["<", "<=", ">", ">="])
IN = st.sampled_from(["in", "not in"])
CAMPAIGN = st.sampled_from(["", '"a"', '"b"'])


def joined(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    fixed = [st.just(each) if isinstance(each, str) else each for each in parts]
    return st.tuples(*fixed).map(" ".join)


def several(one: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(one, min_size=1, max_size=3).map(lambda all_: f"({', '.join(all_)},)")


LEAVES = st.one_of(
    st.sampled_from(
        [
            'list("a")',
            'list("b")',
            'tag("vip")',
            'tag("\'")',
            'tag("a,b")',
            'segment("s")',
            "valid()",
            "role_address()",
            'domain("example.org")',
            'domain("münchen.de")',
            "missing(last_opened)",
            'missing(joined("a"))',
            "missing(since.month)",
        ]
    ),
    joined(ATTRIBUTES, OPS, st.one_of(texts(), numbers(), days())),
    joined(texts(), OPS, ATTRIBUTES),
    joined(numbers(), ORDERED, ATTRIBUTES, ORDERED, numbers()),
    joined(ATTRIBUTES, st.sampled_from(["==", "!="]), st.sampled_from(["True", "False"])),
    joined(ATTRIBUTES, IN, st.one_of(several(texts()), several(numbers()), several(days()))),
    joined(texts(), IN, ATTRIBUTES),
    ATTRIBUTES.map(lambda each: f"missing({each})"),
    st.tuples(ATTRIBUTES, st.sampled_from(["startswith", "endswith"]), texts()).map(
        lambda each: f"{each[0]}.{each[1]}({each[2]})"
    ),
    joined(ATTRIBUTES.map(lambda each: f"{each}.lower()"), OPS, texts()),
    joined(
        st.sampled_from(["since.year", "since.month", "since.day"]),
        OPS,
        st.sampled_from(["11", "2026", "28", "today().month", "today().day"]),
    ),
    joined("email", OPS, st.sampled_from(['"P1+1@gmail.com"', '"m"'])),
    st.sampled_from(['"+1" in email', 'email.endswith(".ORG")']),
    st.tuples(
        st.sampled_from(["received", "failed", "opened", "clicked", "bounced", "complained"]),
        CAMPAIGN,
    ).map(lambda each: f"{each[0]}({each[1]})"),
    st.sampled_from(LINKS).map(lambda link: f'clicked("a", {quoted(link)})'),
    joined(
        st.sampled_from(["joined", "last_received", "last_opened", "last_clicked", 'joined("a")']),
        ORDERED,
        st.sampled_from(["days_ago(30)", 'date("2026-11-01T09:00")', "in_days(1)"]),
    ),
    joined("mails_in(days=60)", OPS, st.sampled_from(["0", "1", "2"])),
)


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sign = st.sampled_from([" and ", " or ", " | ", " & ", " - "])
    both = st.tuples(inner, sign, inner).map(lambda each: f"({each[0]}){each[1]}({each[2]})")
    return st.one_of(both, inner.map(lambda each: f"not ({each})"))


EXPRESSIONS = st.recursive(LEAVES, combined, max_leaves=6)
S = 'plan == "pro" or not age >= 18'
INDEXED = 'since.month == 3 and naïve == "ä" and age in ("1", "2") and since == "x"'


@dataclass(frozen=True)
class Populated:
    """A database, and who is in it."""

    database: Database = field(repr=False)
    persons: list[Person] = field(repr=False)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def populated(request, new_database, tmp_path_factory):
    persons = people(17)
    with new_database(request.param, tmp_path_factory.mktemp("segments")) as database:
        seed(database, persons)
        Segments(database).save("s", S, NOW)
        Segments(database).save("indexed", INDEXED, NOW)
        yield Populated(database, persons)


@settings(max_examples=80)
@given(text=EXPRESSIONS)
def test_sql_finds_whom_plain_python_finds(populated, text):
    database, persons = populated.database, populated.persons
    expression = parse(text)
    oracle = Oracle(NOW, ZONE, {"s": parse(S).root})
    expected = {each.email: oracle.holds(expression.root, each) for each in persons}
    segment = Segments(database).resolve(expression)
    sql = SegmentSql(segment, PRESENT, sqlite=database.is_sqlite)
    with database.read_connection() as connection:
        rows = connection.execute(select(CONTACT.c.email, sql.holds(segment.root)))
        held = {row.email: row[1] for row in rows}
        found = set(connection.execute(select(CONTACT.c.email).where(sql.where())).scalars())
    assert held == expected  # never None either
    assert found == {email for email, is_in in expected.items() if is_in}
    assert count_segment(database, segment, PRESENT) == len(found)  # along the index, if it can


def test_every_person_is_in_an_expression_or_in_its_complement(populated):
    database, persons = populated.database, populated.persons
    for text in ("age > 18", 'plan in ("pro", "free")', "last_opened < days_ago(90)", S):
        segments = Segments(database)
        counts = [
            count_segment(database, segments.resolve(parse(each)), PRESENT)
            for each in (text, f"not ({text})")
        ]
        assert sum(counts) == len(persons)


def test_the_history_of_one_run_can_be_left_out(populated):
    database, persons = populated.database, populated.persons
    expression = parse('received("a") or mails_in(365) > 2')
    with database.read() as session:
        run = session.exec(select(Run.id).where(Run.number == 1)).scalars().one()
    oracle = Oracle(NOW, ZONE, without_run=1)
    segment = Segments(database).resolve(expression)
    sql = SegmentSql(segment, PRESENT, sqlite=database.is_sqlite, without_run=run)
    with database.read_connection() as connection:
        found = set(connection.execute(select(CONTACT.c.email).where(sql.where())).scalars())
    assert found == {each.email for each in persons if oracle.holds(expression.root, each)}
