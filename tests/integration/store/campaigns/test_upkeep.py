"""Campaigns copied, renamed, archived and deleted, with all that names them, on both engines."""

import threading
from dataclasses import replace

import pytest

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.states import RunKind
from sestui.core.schedule.cron import Occurrence
from sestui.core.task.fields import TaskFields
from sestui.errors import ConflictError, NotFoundError, SestuiError, StateError, UsageError
from sestui.store.campaigns.campaigns import Campaigns, CampaignVersion, fields_of
from sestui.store.campaigns.upkeep import CampaignUpkeep
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Delivery, Run
from sestui.store.relay.keys import RelayKeys
from sestui.store.runs.runs import Runs
from sestui.store.tasks.tasks import Tasks
from tests.support.clocks import START
from tests.support.seeding import add_contacts, addresses, make_campaign, start_run

LATER = START + 60
WEEKLY = TaskFields(
    "weekly", "campaign", "0 9 * * 1", timezone="UTC", parameters={"campaign": "news"}
)


@pytest.fixture
def campaigns(database: Database) -> Campaigns:
    add_contacts(database, addresses(3))
    return Campaigns(database)


@pytest.fixture
def upkeep(database: Database) -> CampaignUpkeep:
    return CampaignUpkeep(database)


def scheduled(campaigns: Campaigns, database: Database) -> Campaign:
    """The news, every morning at nine."""
    campaign = make_campaign(database, schedule="0 9 * * *", keywords={"season": "autumn"})
    campaigns.set_next(campaign.id, Occurrence(LATER, "named"))
    return campaigns.get("news")


def sent(database: Database) -> Run:
    """A run of the news, which has ended."""
    run = start_run(database, make_campaign(database), START)
    return Runs(database).cancel(run.id, START)


def after_test(database: Database, *, ended: bool) -> Run:
    runs = Runs(database)
    run = runs.start_test(make_campaign(database), [("me@example.com", None)], START)
    return runs.cancel(run.id, START) if ended else run


def rows(database: Database) -> tuple[int, int, int]:
    with database.read_connection() as connection:
        campaign, run, delivery = (
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in (Campaign.__tablename__, Run.__tablename__, Delivery.__tablename__)
        )
    return campaign, run, delivery


# copying


def test_a_copy_says_the_same_and_starts_nothing(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    original = scheduled(campaigns, database)
    copied = upkeep.copy("news", upkeep.free_name("news"), LATER)
    assert copied.name == "news-copy"
    assert fields_of(copied) == replace(fields_of(original), name="news-copy", schedule="")
    assert copied.message_id == original.message_id
    assert (copied.next_due_at, copied.next_occurrence) == (None, "")
    assert upkeep.free_name("news") == "news-copy-2"
    assert campaigns.get("news").next_due_at == LATER


def test_a_copy_of_what_was_sent_or_archived_is_neither(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    sent(database)
    upkeep.archive("news", LATER)
    copied = upkeep.copy("news", "again", LATER)
    assert copied.archived_at is None
    assert not campaigns.has_run(copied.id)
    assert Runs(database).start(copied, LATER) is not None


# renaming


def test_a_renamed_campaign_keeps_its_history_and_its_schedule(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    run = sent(database)
    campaigns.set_next(run.campaign_id, Occurrence(LATER, "named"))
    assert upkeep.rename("news", "journal", LATER) == ()
    assert campaigns.find("news") is None
    renamed = campaigns.get("journal")
    assert (renamed.next_due_at, renamed.next_occurrence) == (LATER, "named")
    assert [each.id for each in Runs(database).of_campaign(renamed.id)] == [run.id]
    assert Runs(database).named(run.id)[1] == "journal"
    followed = Runs(database).start(renamed, LATER, only=Only.UNRECEIVED)
    assert followed is not None
    assert followed.number == 2


def test_tasks_start_it_by_its_new_name(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    make_campaign(database)
    make_campaign(database, "other")
    tasks = Tasks(database)
    tasks.add(replace(WEEKLY, parameters={"campaign": "news", "only": "joined"}), START)
    tasks.add(replace(WEEKLY, name="off", active=False), START)
    tasks.add(replace(WEEKLY, name="else", parameters={"campaign": "other"}), START)
    assert upkeep.rename("news", "journal", LATER) == ("off", "weekly")
    assert tasks.get("weekly").parameters == {"campaign": "journal", "only": "joined"}
    assert tasks.get("off").parameters == {"campaign": "journal"}
    assert tasks.get("else").parameters == {"campaign": "other"}
    assert "scheduled already, by the task weekly" in campaigns.started_by_task("journal")


def test_whoever_edits_it_by_the_old_name_learns_of_it(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    campaign = make_campaign(database)
    seen, message = CampaignVersion.of(campaign), campaigns.message(campaign.message_id)
    upkeep.rename("news", "journal", LATER)
    with pytest.raises(ConflictError, match="journal has been changed"):
        campaigns.save_seen(seen, fields_of(campaign), message, now=LATER, next_due_at=None)


@pytest.mark.parametrize(
    ("new_name", "error", "said"),
    [
        ("other", StateError, "There is already a campaign other"),
        ("a b", UsageError, "can't be a campaign's name"),
        ("relay:shop", UsageError, "can't be a campaign's name"),
        ("", UsageError, "can't be a campaign's name"),
    ],
)
def test_names_that_cannot_be_given(
    campaigns: Campaigns,
    upkeep: CampaignUpkeep,
    database: Database,
    new_name: str,
    error: type[SestuiError],
    said: str,
) -> None:
    make_campaign(database)
    make_campaign(database, "other")
    for change in (upkeep.rename, upkeep.copy):
        with pytest.raises(error, match=said):
            change("news", new_name, LATER)
    assert campaigns.names() == ["news", "other"]


def test_the_same_name_changes_nothing(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    before = make_campaign(database)
    assert upkeep.rename("news", "news", LATER) == ()
    assert campaigns.get("news").updated_at == before.updated_at


# archiving


def test_an_archived_campaign_is_hidden_and_nothing_starts_it(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    campaign = scheduled(campaigns, database)
    tasks = Tasks(database)
    tasks.add(replace(WEEKLY, active=False), START)
    assert upkeep.archive("news", LATER) == ()
    archived = campaigns.get("news")
    assert (archived.archived_at, archived.next_due_at) == (LATER, None)
    assert archived.schedule == "0 9 * * *", "it is off, not forgotten"
    assert campaigns.names() == []
    assert campaigns.all() == []
    assert [each.name for each in campaigns.all(archived=True)] == ["news"]
    assert not campaigns.due(LATER + 1)
    runs = Runs(database)
    occurrence = Occurrence(LATER, "named")
    starts = (
        lambda: runs.start(campaign, LATER),
        lambda: runs.start(campaign, LATER, again=True),
        lambda: runs.start(campaign, LATER, only=Only.UNRECEIVED),
        lambda: runs.start(campaign, LATER, scheduled_for=occurrence),
        lambda: runs.refuse_repeat(campaign, again=True),
        lambda: runs.start_test(campaign, [("me@example.com", None)], LATER),
    )
    for start in starts:
        with pytest.raises(StateError, match="news is archived; bring it back first"):
            start()
    assert rows(database)[1:] == (0, 0)


def test_an_archived_campaign_is_not_changed_by_accident(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    fields = fields_of(scheduled(campaigns, database))
    upkeep.archive("news", LATER)
    archived = campaigns.get("news")
    message = campaigns.message(archived.message_id)
    with pytest.raises(StateError, match="news is archived"):
        campaigns.save(fields, message, now=LATER, next_due_at=LATER)
    seen = CampaignVersion.of(archived)
    with pytest.raises(StateError, match="news is archived"):
        campaigns.save_seen(seen, fields, message, now=LATER, next_due_at=None)


def test_its_tasks_are_off_and_stay_off_when_it_comes_back(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    make_campaign(database)
    tasks = Tasks(database)
    tasks.add(WEEKLY, START)
    assert upkeep.archive("news", LATER) == ("weekly",)
    task = tasks.get("weekly")
    assert (task.active, task.next_run_at, task.next_occurrence) == (False, None, "")
    use = upkeep.bring_back("news", LATER)
    assert (use.tasks, use.active_tasks) == (("weekly",), ())
    assert campaigns.names() == ["news"]
    assert not tasks.get("weekly").active
    assert Runs(database).start(campaigns.get("news"), LATER) is not None
    with pytest.raises(StateError, match="news is not archived"):
        upkeep.bring_back("news", LATER)


def test_what_is_being_sent_is_not_archived(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    run = start_run(database, make_campaign(database), START)
    with pytest.raises(StateError, match="Run 1 of news is sending"):
        upkeep.archive("news", LATER)
    Runs(database).cancel(run.id, START)
    upkeep.archive("news", LATER)
    assert [each.id for each in Runs(database).of_campaign(run.campaign_id)] == [run.id]


# deleting


def test_what_was_never_sent_is_deleted_with_its_tests(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    after_test(database, ended=True)
    other = start_run(database, make_campaign(database, "other"), START)
    assert upkeep.delete("news") == 1
    assert campaigns.find("news") is None
    assert rows(database) == (1, 1, 3)
    assert Runs(database).get(other.id).pending == 3
    make_campaign(database)  # the name is free again


def test_what_was_sent_is_never_deleted(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    sent(database)
    before = rows(database)
    with pytest.raises(StateError, match="archive it instead"):
        upkeep.delete("news")
    assert rows(database) == before


def test_a_test_that_is_under_way_or_in_doubt_keeps_it(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    run = after_test(database, ended=False)
    with pytest.raises(StateError, match="The test of news is sending"):
        upkeep.delete("news")
    with database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET state = 'finished', in_doubt = 1")
    with pytest.raises(StateError, match="The test of news has mail in doubt"):
        upkeep.delete("news")
    assert Runs(database).get(run.id).kind == RunKind.TEST


@pytest.mark.parametrize("active", [True, False])
def test_what_a_task_starts_is_not_deleted(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database, active: bool
) -> None:
    make_campaign(database)
    Tasks(database).add(replace(WEEKLY, active=active), START)
    with pytest.raises(StateError, match="started by the task weekly; remove that first"):
        upkeep.delete("news")


def test_a_start_that_comes_after_the_deletion_says_so(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    campaign = make_campaign(database)
    upkeep.delete("news")
    with pytest.raises(NotFoundError, match="The campaign news has been deleted"):
        Runs(database).start(campaign, LATER)


def test_of_a_start_and_a_deletion_at_once_one_wins(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    for number in range(8):
        campaign = make_campaign(database, f"news{number}")
        refused: list[SestuiError] = []

        def attempt(action, refused=refused):
            try:
                action()
            except SestuiError as error:
                refused.append(error)

        actions = (
            lambda campaign=campaign: Runs(database).start(campaign, LATER),
            lambda campaign=campaign: upkeep.delete(campaign.name),
        )
        threads = [threading.Thread(target=attempt, args=(action,)) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1, refused
        assert (campaigns.find(campaign.name) is None) == isinstance(refused[0], NotFoundError)


# what is not the operator's


def test_sestuis_own_campaigns_stay_as_they_are(
    campaigns: Campaigns, upkeep: CampaignUpkeep, database: Database
) -> None:
    RelayKeys(database).add("id", "shop", proof="", now=START)
    changes = (
        lambda: upkeep.copy("relay:shop", "mine", LATER),
        lambda: upkeep.rename("relay:shop", "mine", LATER),
        lambda: upkeep.archive("relay:shop", LATER),
        lambda: upkeep.delete("relay:shop"),
    )
    for change in changes:
        with pytest.raises(StateError, match="relay:shop is sestui's own"):
            change()


def test_a_campaign_that_is_not_there(upkeep: CampaignUpkeep) -> None:
    changes = (
        lambda: upkeep.use("gone"),
        lambda: upkeep.copy("gone", "mine", LATER),
        lambda: upkeep.rename("gone", "mine", LATER),
        lambda: upkeep.archive("gone", LATER),
        lambda: upkeep.bring_back("gone", LATER),
        lambda: upkeep.delete("gone"),
    )
    for change in changes:
        with pytest.raises(NotFoundError, match="There is no campaign 'gone'"):
            change()
