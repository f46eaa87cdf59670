"""The unsubscribe page beside a bare starlette page: requests a second, on one core.

Each is served by a thread of this process, which the GIL keeps to one core; the load is a process
of its own. Every request is about another recipient of a list, by a link of its own.
"""

import sqlite3
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.web.link_keys import LinkKeys
from sestui.web.serve import create_app
from tests.benchmarks.figures import show, size, times
from tests.benchmarks.load import Took, load
from tests.support.page import serving
from tests.support.seeding import add_contacts, addresses, make_campaign, rows_of, start_run

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

REQUESTS = size("WEB_REQUESTS", 10_000)
RECIPIENTS = size("WEB_RECIPIENTS", 10_000)
CONNECTIONS = 8
MANY_CONNECTIONS = 32
"""One-click comes from many mail programs at once; what waits for the disk is written together."""
GOAL = 1_000
ONE_CLICK = "List-Unsubscribe=One-Click"


async def bare(_request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>Page</title><p>Hello</p>" + " " * 900)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: n\r\nAccept-Language: de\r\n\r\n".encode()


def post(path: str) -> bytes:
    head = "Host: n\r\nContent-Type: application/x-www-form-urlencoded"
    return (
        f"POST {path} HTTP/1.1\r\n{head}\r\nContent-Length: {len(ONE_CLICK)}\r\n\r\n{ONE_CLICK}"
    ).encode()


def bare_commits(path: Path, count: int) -> float:
    """Commits a second of bare SQLite, as durable as the database's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (x INTEGER)"
    )
    began = time.perf_counter()
    for number in range(count):
        connection.execute("INSERT INTO t VALUES (?)", (number,))
    took = time.perf_counter() - began
    connection.close()
    return count / took


def row(name: str, took: Took, baseline: float) -> tuple[str, ...]:
    slowest = sorted(took.answers)[int(len(took.answers) * 0.99)]
    return (name, f"{took.rate:,.0f}/s", times(took.rate, baseline), f"{slowest * 1000:.1f} ms")


def test_requests_a_second(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "w", web_url="https://news.example.com")
    with Runtime.open(settings) as runtime:
        database, now = runtime.database, runtime.clock.now()
        add_contacts(database, addresses(RECIPIENTS))
        run = start_run(database, make_campaign(database), now)
        key = LinkKeys(database, runtime.settings.data_dir).current()
        links = [f"/u/{key.sealed(each.id, each.email)}" for each in rows_of(database, run.id)] * -(
            -REQUESTS // RECIPIENTS
        )
        links = links[:REQUESTS]
        commits = bare_commits(tmp_path / "bare.db", 500)
        with serving(Starlette(routes=[Route("/{path:path}", bare)])) as port:
            plain = load(port, map(get, links), tmp_path, connections=CONNECTIONS)
        with serving(create_app(runtime, style=None, warn=print)) as port:
            asked = load(port, map(get, links), tmp_path, connections=CONNECTIONS)
            acted = load(port, map(post, links[:2_000]), tmp_path, connections=CONNECTIONS)
            many = links[2_000:6_000]
            acted_by_many = load(port, map(post, many), tmp_path, connections=MANY_CONNECTIONS)
    show(
        f"The unsubscribe page, {CONNECTIONS} connections (goal: {GOAL:,}/s)",
        ("", "requests", "of bare", "p99"),
        [
            row("a bare starlette page", plain, plain.rate),
            row("the page (GET)", asked, plain.rate),
            row("one-click (POST), on disk", acted, plain.rate),
            row(f"the same, {MANY_CONNECTIONS} connections", acted_by_many, plain.rate),
            ("a commit of one row, one after another", f"{commits:,.0f}/s", "", ""),
        ],
    )
