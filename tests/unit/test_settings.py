"""The database's file, by its folder or by a URL, as SQLAlchemy reads it."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from sestui.settings import load_settings


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/mail/sestui.db",
        "sqlite:///here.db",
        "sqlite+pysqlite:////srv/with space/ü.db",
    ],
)
def test_a_sqlite_file_named_by_url_is_known_without_sqlalchemy(url: str) -> None:
    assert load_settings(database_url=url).sqlite_file == Path(str(make_url(url).database))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ada@db/mail",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
        "sqlite:////srv/x.db?timeout=5",
        "sqlite:////srv/x%20y.db",
    ],
)
def test_one_that_only_sqlalchemy_can_read_is_left_to_it(url: str) -> None:
    assert load_settings(database_url=url).sqlite_file is None
