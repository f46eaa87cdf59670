"""Migrations against the tables they should make, on both engines."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel

from sestui.errors import StorageError
from sestui.store import schema
from sestui.store.database import Database


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


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
