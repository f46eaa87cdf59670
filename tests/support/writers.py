"""Every part of sestui that writes a file anew, to be failed or killed in the middle of it.

As a program (``python -m tests.support.writers WRITER failed|killed FOLDER``) it writes once, and
is not let write a file to its end: the second byte fails, or kills the process.
"""

import os
import resource
import signal
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sestui import settings_file
from sestui.audience.imports.rejects import RejectsFile
from sestui.audience.imports.rows import Reject
from sestui.compose.autosave import Autosave
from sestui.compose.save_file import save_campaign
from sestui.core.campaign.draft import Draft
from sestui.core.campaign.fields import CampaignFields
from sestui.core.clock import SystemClock
from sestui.core.content.message import MessageSource
from sestui.errors import SestuiError
from sestui.reports.output_file import output_file
from sestui.simulator.api import access
from sestui.store.backup.backup import copy_database
from sestui.store.db.database import Database, url_of
from sestui.store.db.lineage import Lineage, LineageMark
from sestui.store.db.schema import ensure_schema
from sestui.store.relay import secret

Ready = Callable[[], None]
"""Called once all is prepared, right before the file is written."""


@dataclass(frozen=True, slots=True)
class Writer:
    """One of them."""

    write: Callable[[Path, Ready], object]
    """Writes something new below a folder."""
    target: str
    """The file, as a pattern below the folder."""
    once: bool = False
    """Whether the file is never replaced."""


def _settings(folder: Path, ready: Ready) -> None:
    os.environ["SESTUI_CONFIG"] = str(folder / "config.toml")
    ready()
    settings_file.write({"aws_profile": uuid.uuid4().hex})


def _export(folder: Path, ready: Ready) -> None:
    with output_file(folder / "out.csv") as file:
        ready()
        file.write(uuid.uuid4().hex)


def _rejects(folder: Path, ready: Ready) -> None:
    with RejectsFile.at(folder / "rejects.csv", ["email"]) as file:
        ready()
        file.add(Reject(1, "email", uuid.uuid4().hex, "Why."))


def _campaign(folder: Path, ready: Ready) -> None:
    fields, message = (
        CampaignFields("news", "a@example.org", lists=("all",)),
        MessageSource("s", uuid.uuid4().hex),
    )
    ready()
    save_campaign(folder / "news.md", fields, message, overwrite=True)


def _draft(folder: Path, ready: Ready) -> None:
    editor = Autosave(folder, SystemClock())
    for left in editor.left():
        editor.adopt(left)
    ready()
    try:
        editor.keep(Draft(body=uuid.uuid4().hex), None)
    finally:
        editor.close()


def _backup(folder: Path, ready: Ready) -> None:
    database = Database(url_of(folder.parent / f"{uuid.uuid4().hex}.db"))
    try:
        ensure_schema(database)
        with database.read() as session:
            session.connection()  # the database's own files are there, and stay
            ready()
            copy_database(database, folder / "copy.db", SystemClock().now(), lambda: None)
    finally:
        database.close()


def _lineage(folder: Path, ready: Ready) -> None:
    database = Database(url_of(folder.parent / "never made.db"))
    mark = LineageMark("0" * 32, uuid.uuid1().time, 0.0, 0)
    ready()
    Lineage(database, folder).remember(mark)


def _access_key(folder: Path, ready: Ready) -> None:
    ready()
    access.access_key_of(folder)


def _relay_secret(folder: Path, ready: Ready) -> None:
    ready()
    secret.load_or_create(folder)


WRITERS = {
    "settings": Writer(_settings, "config.toml"),
    "export": Writer(_export, "out.csv"),
    "rejects": Writer(_rejects, "rejects.csv"),
    "campaign": Writer(_campaign, "news.md"),
    "draft": Writer(_draft, "compose/*/draft.json"),
    "backup": Writer(_backup, "copy.db"),
    "lineage": Writer(_lineage, "databases/*.json"),
    "access key": Writer(_access_key, access.FILE_NAME, once=True),
    "relay secret": Writer(_relay_secret, secret.FILE_NAME, once=True),
}


def _main(name: str, end: str, folder: str) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if end == "killed" else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    with suppress(SestuiError, OSError):
        WRITERS[name].write(Path(folder), limit)


if __name__ == "__main__":
    _main(*sys.argv[1:])
