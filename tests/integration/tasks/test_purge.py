"""Old logs are forgotten, and nothing else is."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert
from sqlmodel import SQLModel, select

from sestui.core.contact.address_verdict import AddressVerdict, Checked
from sestui.core.delivery.states import RunKind
from sestui.core.task.fields import TaskFields
from sestui.errors import UsageError
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.contacts.address_checks import AddressChecks
from sestui.store.contacts.tables import ListRefusal
from sestui.store.db.tables import Campaign, Contact, Delivery
from sestui.store.relay.keys import RelayKeys
from sestui.store.relay.tables import RelayedMailRow, RelayedPayload
from sestui.store.runs.new_runs import new_run, number_run
from sestui.store.tasks.tables import Task, TaskRun
from tests.support.seeding import add_contacts, addresses, make_campaign, start_run, suppress
from tests.support.tasks import ran

DAY = 86_400.0
A_BATCH = 2_000

Everything = dict[str, dict[str, str]]


@pytest.fixture
def runtime(database, tmp_path) -> Iterator[Runtime]:
    """Over a database of either engine."""
    url = database.url.render_as_string(hide_password=False)
    with Runtime.open(load_settings(data_dir=tmp_path, database_url=url)) as opened:
        yield opened


def everything(runtime: Runtime) -> Everything:
    """Each row of each table, by its key; tasks apart, as the purge is one that has run."""
    with runtime.database.read_connection() as connection:
        return {
            table.name: {
                "/".join(str(row._mapping[column]) for column in table.primary_key): str(row)
                for row in connection.execute(table.select())
            }
            for table in SQLModel.metadata.sorted_tables
            if table.name != "task"
        }


def gone(before: Everything, after: Everything) -> dict[str, set[str]]:
    """The keys that are missing, by table; what is still there is as it was."""
    for table, rows in before.items():
        for key in rows.keys() & after[table].keys():
            assert after[table][key] == rows[key], (table, key)
    return {
        table: missing
        for table, rows in before.items()
        if (missing := rows.keys() - after[table].keys())
    }


def a_bit_of_everything(runtime: Runtime) -> None:
    """All of it older than anything is kept."""
    long_ago = runtime.clock.now() - 1_000 * DAY
    ids = add_contacts(runtime.database, addresses(5))
    suppress(runtime.database, "r00001@example.com")
    start_run(runtime.database, make_campaign(runtime.database, now=long_ago), long_ago)
    AddressChecks(runtime.database).write([(ids[0], Checked(AddressVerdict.VALID))], long_ago)


def log(runtime: Runtime, task: str, *runs: tuple[float, str]) -> list[str]:
    """Runs of the task, the oldest first: how many days ago, and how they ended; their keys."""
    runtime.tasks.add(TaskFields(task, "backup", "@yearly"))
    now = runtime.clock.now()
    with runtime.database.write() as session:
        task_id = session.exec(select(Task.id).where(Task.name == task)).one()
        rows = [
            TaskRun(
                task_id=task_id,
                state=state,
                queued_at=now - days * DAY,
                finished_at=None if state == "queued" else now - days * DAY,
                log="old\n",
            ).model_dump(exclude={"id"})
            for days, state in runs
        ]
        session.execute(insert(TaskRun), rows)
        found = session.exec(
            select(TaskRun.id).where(TaskRun.task_id == task_id).order_by(TaskRun.id)
        )
        return list(map(str, found))


def test_old_logs_go_and_nothing_else(runtime):
    a_bit_of_everything(runtime)
    old = [(100.0, state) for state in ("failed", "missed", *["succeeded"] * A_BATCH)]
    busy = log(runtime, "busy", *old, (100, "queued"), (89.9, "killed"))
    log(runtime, "seldom", (400, "succeeded"))
    before = everything(runtime)
    purged = ran(runtime, "purge", {})
    assert gone(before, everything(runtime)) == {"task_run": set(busy[: len(old)])}
    assert purged.detail == f"Deleted: {len(old):,} task runs."
    assert purged.result == {"task runs": len(old)}


def test_how_long_is_said_in_days_and_0_is_never(runtime):
    keys = log(runtime, "t", (9, "succeeded"), (7.9, "succeeded"), (0, "succeeded"))
    assert ran(runtime, "purge", {"task_runs": 0}).detail == "Deleted: nothing."
    before = everything(runtime)
    ran(runtime, "purge", {"task_runs": 8})
    assert gone(before, everything(runtime)) == {"task_run": {keys[0]}}
    with pytest.raises(UsageError, match="task_runs: input should be greater than or equal to 0"):
        ran(runtime, "purge", {"task_runs": -1})


def test_relayed_mails_are_emptied_once_they_are_settled(runtime):
    long_ago = runtime.clock.now() - 8 * DAY
    settled, _ = (_relayed(runtime, state, long_ago) for state in ("accepted", "in_doubt"))
    _relayed(runtime, "accepted", runtime.clock.now() - 6 * DAY)
    before = everything(runtime)
    purged = ran(runtime, "purge", {"relayed": 7})
    assert gone(before, everything(runtime)) == {"relayed_payload": {settled}}
    assert purged.detail == "Deleted: 0 task runs, 1 relayed mails."


def _relayed(runtime: Runtime, state: str, at: float) -> str:
    """A mail that the relay took over then; its key."""
    keys = RelayKeys(runtime.database)
    key = keys.find("shop") or keys.add("SRLYTEST", "shop", proof="", now=at)
    with runtime.database.write() as session:
        run = new_run(session.get_one(Campaign, key.campaign_id), at, RunKind.RELAY, None)
        number_run(session, run)
        mail = RelayedMailRow(run_id=run.id, key_id=key.id, created_at=at, first_place=0)
        session.add(mail)
        session.flush()
        session.add(RelayedPayload(mail_id=mail.id, content=b"..."))
        session.add(
            Delivery(
                run_id=run.id,
                email="a@x.org",
                state=state,
                queued_at=at,
                relayed_id=mail.id,
                place=0,
            )
        )
        return str(mail.id)


def test_contacts_without_mail_are_forgotten_and_runs_keep_their_counts(runtime):
    """Kept is who has left, whom a run is not done with, and who got mail or changed lately."""
    database, now = runtime.database, runtime.clock.now()
    names = ("old", "idle", "left", "gone", "waiting", "mailed")
    add_contacts(database, [f"{name}@x.org" for name in names], "all")
    add_contacts(database, ["open@x.org"], "open")
    start_run(database, make_campaign(database, lists=("all",)), now - 300 * DAY)
    start_run(database, make_campaign(database, "late", lists=("open",)), now - DAY)
    with database.write() as session:
        people = {each.email.partition("@")[0]: each for each in session.exec(select(Contact))}
        people["gone"].status = "unsubscribed"
        people["idle"].updated_at = now - DAY
        session.add(ListRefusal(list_id=1, contact_id=people["left"].id, at=0))
        for delivery in session.exec(select(Delivery)):
            name = delivery.email.partition("@")[0]
            if name == "open":
                continue
            delivery.state = "in_doubt" if name == "waiting" else "accepted"
            delivery.queued_at = now - (10 if name == "mailed" else 300) * DAY
            session.add(delivery)
        session.add_all(people.values())
        ids = {name: each.id for name, each in people.items()}
    before = everything(runtime)

    purged = ran(runtime, "purge", {"contacts_unmailed": 365})
    assert purged.result["contacts"] == 0, "they were mailed 300 days ago"
    purged = ran(runtime, "purge", {"contacts_unmailed": 200})

    assert purged.result["contacts"] == 1
    after = everything(runtime)
    assert before["contact"].keys() - after["contact"].keys() == {str(ids["old"])}
    assert len(after["delivery"]) == len(before["delivery"])
    assert before["run"] == after["run"]
    assert len(after["membership"]) == len(before["membership"]) - 1
    assert not [row for rows in after.values() for row in rows.values() if "old@x.org" in row]
