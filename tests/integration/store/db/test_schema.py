"""Migrations against the tables they should make, on both engines."""

import importlib
import pkgutil
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, inspect, text
from sqlmodel import SQLModel

import sestui.store
from sestui.core.relay.calls import HARMLESS
from sestui.errors import StorageError
from sestui.store.db import schema
from sestui.store.db.database import Database
from sestui.store.ledger.governor import Governor, row_allowed
from sestui.store.relay.keys import RelayKeys

# So that the metadata has every table, whichever module declares it.
for _module in pkgutil.walk_packages(sestui.store.__path__, "sestui.store."):
    if ".migrations" not in _module.name:
        importlib.import_module(_module.name)


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parents[1] / "migrations"))
    return config


OLDER = sorted(
    each.revision for each in ScriptDirectory.from_config(migrations()).walk_revisions()
)[:-1]


def test_head_is_the_newest_migration():
    assert ScriptDirectory.from_config(migrations()).get_heads() == [schema.HEAD]


@pytest.mark.parametrize(
    "version",
    [
        OLDER[0],
        *(pytest.param(each, marks=(pytest.mark.long, pytest.mark.ci)) for each in OLDER[1:-1]),
        OLDER[-1],
    ],
)
def test_a_database_of_an_older_sestui_is_upgraded_with_what_is_in_it(database, version):
    config = migrations()
    with database.write_connection() as connection:
        SQLModel.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        _fill(connection)
    schema.ensure_schema(database)
    with database.read_connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    row = Governor(database).row("ses:123:eu-west-1")
    assert (row.tat, row.max_send_rate, row.taken, row.looked_at) == (5.5, 14, 7, 1_000)
    assert row.production_access
    assert row_allowed(row, 1_001).rate == 14  # what was cut before is not held against it
    [key] = RelayKeys(database).all()
    assert (key.senders, key.send_only, key.allow) == (["x.org"], False, [])
    assert key.permitted == set(HARMLESS)


def _fill(connection: Connection) -> None:
    """A governor's row, whatever columns it has in this version, and a key of the relay."""
    columns = inspect(connection).get_columns("governor")
    values = {
        "account": "ses:123:eu-west-1",
        "tat": 5.5,
        "max_send_rate": 14,
        "max_24_hour_send": 50_000,
        "sent_24_hours": 300,
        "looked_at": 1_000,
        "taken": 7,
        "taken_at_look": 3,
        "production_access": True,
        "sending_enabled": True,
        "enforcement_status": "HEALTHY",
        "rate_factor": 0.02,
        "rate_factor_at": 1_000,
    }
    names = [column["name"] for column in columns if column["name"] in values]
    connection.execute(
        text(
            f"INSERT INTO governor ({', '.join(names)})"
            f" VALUES ({', '.join(f':{name}' for name in names)})"
        ),
        {name: values[name] for name in names},
    )
    _insert(connection, "message", id=1)
    _insert(connection, "campaign", id=1, message_id=1)
    _insert(connection, "relay_key", id="SRLY1", campaign_id=1, senders=["x.org"])


def _insert(connection: Connection, name: str, **values: object) -> None:
    """A row with these values, and something of its type in every other column it has."""
    table = Table(name, MetaData(), autoload_with=connection)
    empty = {object: [], str: "", int: 0, float: 0.0, bool: False}
    others = {
        column.name: empty[column.type.python_type]
        for column in table.columns
        if not column.nullable and column.server_default is None
    }
    connection.execute(table.insert().values(others | values))


def test_the_migrated_schema_is_what_the_tables_say(database):
    with database.read_connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_database_at_head_is_left_alone(database):
    with database.read_connection() as connection:
        before = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    schema.ensure_schema(database)
    with database.read_connection() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == before


def test_a_database_of_a_newer_sestui_is_refused(database):
    with database.write_connection() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer sestui"):
        schema.ensure_schema(database)


def test_two_that_open_an_empty_database_at_once_migrate_it_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    begin = threading.Barrier(2)
    errors: list[BaseException] = []

    def open_it() -> None:
        begin.wait()
        try:
            database = Database(url)
            schema.ensure_schema(database)
            database.close()
        except BaseException as error:  # noqa: BLE001 # told to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    database = Database(url)
    with database.read_connection() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [
            (schema.HEAD,)
        ]
    database.close()
