"""The database's file, by its folder or by a URL, as SQLAlchemy reads it."""

import re
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from sestui.errors import SettingsError
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


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("https://n.example.com", "https://n.example.com"),
        ("https://n.example.com/mail/", "https://n.example.com/mail"),
        ("http://127.0.0.1:4582", "http://127.0.0.1:4582"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_where_the_page_is_reached(given, kept):
    assert load_settings(web_url=given).web_url == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://n.example.com", "must begin with https://"),
        ("http://localhost.example.com", "must begin with https://"),
        ("n.example.com", "such as https://news.example.com"),
        ("https://", "such as https://news.example.com"),
        ("https://n.example.com/?x=1", "without ? and #"),
        ("https://n.example.com/#x", "without ? and #"),
        ("https://n.example.com/<x>", "without ? and #"),
        ("https://n.example.com:x", "such as https://news.example.com"),
        ("https://n.example.com/" + "x" * 500, "such as https://news.example.com"),
        ("ftp://n.example.com", "such as https://news.example.com"),
    ],
)
def test_no_link_to_the_page_that_others_could_read(given, said):
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings(web_url=given)
