"""Things are found by a few letters of their names, and many cost hardly more than few."""

import shutil

import pytest
from sqlalchemy import text

from sestui.core.task.fields import TaskFields
from sestui.store.runs.finder import MOST, FoundObjects, ObjectFinder, Wanted
from sestui.store.runs.runs import Runs
from sestui.store.tasks.tasks import Tasks
from tests.support.seeding import add_contacts, make_campaign, start_run
from tests.support.statements import counted
from tests.support.watched import Watched

HOSTILE = "50%_off\\ [b]\x1b[31m' OR 1=1"
MANY = 10_000
CONTACTS = 200_000

FILL = (
    "INSERT INTO message (id, subject, body, body_format, text, preheader, digest, layout,"
    " layout_name, to_name, headers, created_at)"
    " VALUES (1, 's', 'b', 'markdown', '', '', 'd', '', '', '', '[]', 0)",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
    " INSERT INTO campaign (id, name, message_id, from_address, reply_to, lists, keywords,"
    " notify, transactional, skip_unrenderable, priority, send_window, schedule, timezone,"
    " next_occurrence, only, misfire_hours, is_campaign, created_at, updated_at)"
    " SELECT i, 'campaign-' || i, 1, 'a@b.co', '[]', '[]', '{}', '[]', 0, 0, 5, '', '', '', '', '',"
    " 1, 1, 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
    " INSERT INTO run (campaign_id, number, kind, message_id, from_address, reply_to, keywords,"
    " transactional, skip_unrenderable, priority, send_window, timezone, tat, state, reason,"
    " detail, completion, created_at, pending, sending, accepted, rejected, in_doubt, skipped)"
    " SELECT 7, i, 'campaign', 1, 'a@b.co', '[]', '{}', 0, 0, 5, '', '', 0, 'finished', '', '',"
    " '', 0, 0, 0, 0, 0, 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :contacts)"
    " INSERT INTO contact (email, email_key, attributes, tags, status, status_reason, created_at,"
    " updated_at) SELECT 'p' || i || '@x.co', 'p' || i || '@x.co', '{}', '[]', 'active', '', 0, 0"
    " FROM n",
)


@pytest.fixture
def some(database):
    """A database of either engine with some of everything."""
    for name in ("november-news", "Novelties", "winter 2026", HOSTILE, "Überblick"):
        make_campaign(database, name)
    add_contacts(database, ["Dora@example.com", "dan@example.com", "a_b@example.com"], "newsletter")
    add_contacts(database, ["axb@example.com"], HOSTILE)
    Tasks(database).add(TaskFields("nightly-backup", "backup", "0 3 * * *"), 0.0)
    news = make_campaign(database, "november-news")
    for number in range(1, 6):
        run = start_run(database, news, number) if number == 1 else None
        run = run or Runs(database).start(news, number, again=True)
        with database.write_connection() as connection:
            connection.exec_driver_sql(f"UPDATE run SET state = 'finished' WHERE id = {run.id}")
    start_run(database, make_campaign(database, "winter 2026"), 9)
    return database


def find(database, typed):
    return ObjectFinder(database).find(Wanted.of(typed))


def test_names_are_found_by_letters_that_follow_each_other(some):
    assert find(some, "novn").campaigns == ["november-news"]
    assert find(some, "NOV").campaigns == ["Novelties", "november-news"]
    assert find(some, "news nov").campaigns == ["november-news"]
    assert find(some, "nsl").lists == ["newsletter"]
    assert find(some, "backup").tasks == ["nightly-backup"]
    assert find(some, "zzz") == FoundObjects([], (), [], [], [])
    assert "Überblick" in find(some, "über").campaigns


def test_what_begins_with_the_letters_comes_first(some):
    make_campaign(some, "the-november-thing")
    assert find(some, "november").campaigns == ["november-news", "the-november-thing"]


def test_a_contact_is_found_by_how_the_address_begins_in_whatever_case(some):
    assert find(some, "D").contacts == ["dan@example.com", "Dora@example.com"]
    assert find(some, "dORA@").contacts == ["Dora@example.com"]
    assert find(some, "a_").contacts == ["a_b@example.com"]
    assert find(some, "dora example").contacts == ()


def test_runs_are_found_by_their_campaign_and_number(some):
    def runs(typed):
        return [(run.campaign, run.number) for run in find(some, typed).runs]

    newest = [("november-news", number) for number in (5, 4, 3)]
    assert sorted(runs("nov")) == sorted(newest)
    assert runs("nov 2") == [("november-news", 2)]
    assert runs("november run 1") == [("november-news", 1)]
    assert runs("run") == [("winter 2026", 1), *(("november-news", n) for n in (5, 4, 3, 2, 1))]
    assert runs("run 1") == [("winter 2026", 1), ("november-news", 1)]
    assert runs("run 99999999999999999999") == []


def test_the_name_of_a_kind_means_only_that_kind(some):
    found = find(some, "lists new")
    assert found.lists == ["newsletter"]
    assert not found.campaigns
    assert not found.runs


@pytest.mark.parametrize("typed", [HOSTILE, "50%_", "\\ [b]", "' OR 1=1", "\x1b[31m"])
def test_signs_of_patterns_and_sql_are_signs(some, typed):
    found = find(some, typed)
    assert found.campaigns == [HOSTILE]
    assert found.lists == [HOSTILE]


@pytest.mark.parametrize(
    "typed", ["\0", "\ud83d", "a\0b\udfff", "x" * 100_000, "%" * 300, "_" * 300]
)
def test_nothing_that_can_be_typed_breaks_it(some, typed):
    assert not find(some, typed).runs


def test_a_search_ends_as_soon_as_somebody_types_on(some):
    with counted(some) as effort:
        found = ObjectFinder(some).find(
            Wanted.of("nov"), goes_on=lambda: len(effort.statements) < 1
        )
    assert len(effort.statements) == 1
    assert found.campaigns
    assert not found.runs


def test_it_is_one_transaction_and_few_statements(some):
    for typed in ("nov", "nov 2", "run", "d", HOSTILE):
        with counted(some) as effort:
            find(some, typed)
        assert effort.transactions == 1
        assert len(effort.statements) <= 6, typed


@pytest.fixture(scope="module")
def many(_migrated_file, tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "sestui.db"
    shutil.copy(_migrated_file, path)
    watched = Watched(path)
    with watched.database.write_connection() as connection:
        for statement in FILL:
            connection.execute(text(statement), {"many": MANY, "contacts": CONTACTS})
    yield watched
    watched.database.close()


def test_contacts_and_runs_are_found_along_an_index_however_many_there_are(many):
    steps, plan = many.look(lambda: find(many.database, "contact p1"))
    assert steps < 2_000, plan
    assert "SEARCH contact USING INDEX ix_contact_email_key" in plan
    assert "TEMP B-TREE" not in plan
    steps, plan = many.look(lambda: find(many.database, "run"))
    assert steps < 5_000, plan


@pytest.mark.parametrize(
    "typed", ["campaign-7", "p1", "c", "a" * 60, "9 c", "run camp 5000", "cmp777"]
)
def test_ten_thousand_names_are_looked_through_once_and_nothing_else_is(many, typed):
    steps, plan = many.look(lambda: find(many.database, typed))
    # A name is looked at in some forty steps, twice where its runs are wanted as well.
    assert steps < 150 * MANY, plan
    assert "SCAN contact" not in plan.replace("SCAN contact_list", "")


def test_of_very_many_some_are_found(many):
    found = find(many.database, "campaign-7")
    assert len(found.campaigns) == MOST
    assert found.campaigns[0] == "campaign-7"
    assert [run.number for run in found.runs] == [MANY, MANY - 1, MANY - 2]
