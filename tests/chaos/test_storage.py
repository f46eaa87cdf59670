"""The database stops taking anything in mid-run: full, failing, locked by somebody.

What SES has answered by then is kept as long as the process lives. Only if it dies before the
database takes it is somebody in doubt, and nobody but whose answer was under way.
"""

import resource
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sestui.core.delivery.handover import RunCounts
from sestui.errors import EXIT_DONE, EXIT_FAILED
from tests.support.processes import locked
from tests.support.seeding import checked_counts
from tests.support.workspaces import until

RATE = 100
UNDER_WAY = RATE * 0.25 + 2
"""Mails that may be between claim and ledger at any instant (docs/architecture.md)."""

SMALL = 100_000
"""No file may be longer: the database's log is, what a process says isn't."""

GOES_ON = "Until then nothing is sent"


def mounted(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)


def unmounted(folder: Path) -> None:
    subprocess.run(["umount", folder], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 6 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mounted("-t", "tmpfs", "-o", "size=6m", "tmpfs", folder)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root can mount a small disk")
    yield folder
    unmounted(folder)


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None], Callable[[], None]]]:
    """A folder on a disk of its own, what makes the disk fail, and what repairs it.

    The system turns a disk that fails read-only at once, open files included.
    """
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    try:
        with image.open("wb") as file:
            file.truncate(32 << 20)
        subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)
        mounted("-o", "loop", image, folder)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root can mount a disk that fails, and needs mkfs.ext4 and a loop device")

    def repair() -> None:
        unmounted(folder)
        mounted("-o", "loop", image, folder)

    yield folder, lambda: mounted("-o", "remount,abort", folder), repair
    unmounted(folder)


def sending(made, *command, accepted=40):
    """A process in mid-run."""
    made.serve()
    process = made.process(*command)
    until(lambda: made.accepted() >= accepted or process.poll() is not None, 30)
    return process


def stands_still(made, process, sentence):
    """The process has said what is wrong, once, and nothing leaves any more."""
    until(lambda: sentence in made.said() or process.poll() is not None, 30)
    threading.Event().wait(0.7)
    before = made.accepted()
    threading.Event().wait(0.7)
    assert process.poll() is None, made.said()
    assert made.accepted() == before < len(made.emails)
    assert made.said().count(sentence) == made.said().count(GOES_ON) == 1


def all_is_well(made):
    made.check_accounts()
    assert checked_counts(made.runtime.database, made.run.id) == RunCounts(
        accepted=len(made.emails)
    )


def some_in_doubt(made):
    """The next process finds what the dead one could not write, and finishes."""
    made.finish()
    made.check_accounts()
    assert 0 < checked_counts(made.runtime.database, made.run.id).in_doubt <= UNDER_WAY


def no_room(process, size=SMALL):
    """The process can't make any file larger; what it has open fails to grow too."""
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


def room(process):
    no_room(process, resource.RLIM_INFINITY)


REFUSED = "no longer accepts writes"


@pytest.mark.long
def test_a_disk_that_takes_nothing_for_a_while(scene, tmp_path):
    made = scene(150, rate=RATE, workspace=tmp_path / "workspace")
    process = sending(made, "send", "news")
    no_room(process)
    stands_still(made, process, REFUSED)
    room(process)
    assert process.wait(30) == EXIT_DONE, made.said()
    all_is_well(made)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_process_ends_while_the_disk_takes_nothing(scene, tmp_path, number):
    made = scene(150, rate=RATE, workspace=tmp_path / "workspace")
    process = sending(made, "send", "news")
    no_room(process)
    stands_still(made, process, REFUSED)
    process.send_signal(number)
    code = process.wait(20)
    if number == signal.SIGTERM:
        assert code == EXIT_FAILED
        last = made.said().splitlines()[-1]
        assert REFUSED in last
        assert "in doubt" in last
    some_in_doubt(made)


@pytest.mark.long
def test_a_disk_that_takes_nothing_from_the_start(scene, tmp_path):
    made = scene(20, rate=RATE, workspace=tmp_path / "workspace")
    made.serve()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    process = made.process("run-due")
    no_room(process, 4_096)
    assert process.wait(30) == EXIT_FAILED
    (said,) = made.said().splitlines()
    assert said.startswith("sestui: ")
    assert REFUSED in said
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before
    assert made.accepted() == 0
    made.finish()
    all_is_well(made)


@pytest.mark.long
@pytest.mark.ci
def test_a_full_disk_and_room_again(small_disk, scene):
    made = scene(150, rate=RATE, workspace=small_disk / "workspace")
    process = sending(made, "send", "news")
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4_096)):
            pass
    stands_still(made, process, "is full; make room")
    filler.unlink()
    assert process.wait(30) == EXIT_DONE, made.said()
    all_is_well(made)


@pytest.mark.long
def test_a_disk_that_fails_and_turns_read_only(failing_disk, scene):
    folder, fail, repair = failing_disk
    made = scene(150, rate=RATE, workspace=folder / "workspace")
    process = sending(made, "send", "news")
    fail()
    stands_still(made, process, REFUSED)
    process.terminate()
    assert process.wait(20) == EXIT_FAILED, made.said()
    made.runtime.close()
    repair()
    some_in_doubt(made)


def swapped(database: Path) -> None:
    """What `cp backup.db new && mv new sestui.db` does."""
    with (
        closing(sqlite3.connect(database)) as live,
        closing(sqlite3.connect(database.with_name("new"))) as copy,
    ):
        live.backup(copy)
    database.with_name("new").rename(database)


def moved(database: Path) -> None:
    database.rename(database.with_name("elsewhere.db"))


def without_log(database: Path) -> None:
    database.with_name("sestui.db-wal").unlink()


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("happens", [swapped, moved, without_log])
def test_files_that_change_under_the_sender(scene, tmp_path, happens):
    made = scene(400, rate=RATE, workspace=tmp_path / "workspace")
    process = sending(made, "send", "news")
    made.runtime.close()
    happens(tmp_path / "workspace" / "sestui.db")
    before = made.accepted()
    assert process.wait(30) == EXIT_FAILED
    assert made.accepted() <= before + UNDER_WAY + RATE / 2, "it was slow to notice"
    (said,) = [line for line in made.said().splitlines() if line.startswith("sestui: ")]
    assert "Nothing more is sent or written." in said
    assert "they are in doubt" in said
    assert "start again" in said


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(3, marks=[pytest.mark.long, pytest.mark.ci]),
        pytest.param(10, marks=pytest.mark.long),
        pytest.param(60, marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("send", "news"),
        pytest.param(("run-due", "--max-seconds", "120"), marks=pytest.mark.long),
    ],
)
def test_another_program_locks_the_database_for_a_while(scene, tmp_path, seconds, command):
    made = scene(150, rate=RATE, workspace=tmp_path / "workspace")
    process = sending(made, *command)
    with locked(made):
        threading.Event().wait(seconds)
        assert process.poll() is None, made.said()
    assert process.wait(60) == EXIT_DONE, made.said()
    all_is_well(made)
