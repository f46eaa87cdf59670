"""The log: private, bounded, never on the terminal, and never a reason to stop."""

import fcntl
import logging
import os
import re
import stat
import subprocess
import sys
import threading

import pytest

from sestui import log
from tests.support.environment import bare_environment
from tests.support.logs import logging_to


@pytest.fixture(autouse=True)
def _as_before():
    def close():
        for handler in logging.getLogger().handlers[:]:
            if isinstance(handler, log.LogFile):
                logging.getLogger().removeHandler(handler)
                handler.close()

    level = logging.getLogger("sestui").level
    close()
    yield
    close()
    logging.getLogger("sestui").setLevel(level)


def fail(error):
    raise error


def write(text, level=logging.WARNING):
    logging.getLogger("sestui.somewhere").log(level, text)


def test_it_appears_with_its_first_line_for_its_owner_only(tmp_path, capfd):
    log.set_up(tmp_path / "state")
    assert not (tmp_path / "state").exists()
    write("The dispatcher has failed.")
    path = tmp_path / "state" / log.FILE_NAME
    assert re.fullmatch(
        r"\S+ \S+ WARNING sestui\.somewhere \[\d+ MainThread\] The dispatcher has failed\.\n",
        path.read_text(),
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert capfd.readouterr() == ("", "")


def test_a_file_that_others_can_read_is_made_private(tmp_path):
    (tmp_path / log.FILE_NAME).touch(0o644)
    log.set_up(tmp_path)
    write("Private.")
    assert stat.S_IMODE((tmp_path / log.FILE_NAME).stat().st_mode) == 0o600


def unwritable(folder):
    (folder / "state").write_text("a file")


def full(folder):
    (folder / "state").mkdir()
    (folder / "state" / log.FILE_NAME).symlink_to("/dev/full")


def pipe_without_a_reader(folder):
    (folder / "state").mkdir()
    os.mkfifo(folder / "state" / log.FILE_NAME)


def folder_instead(folder):
    (folder / "state" / log.FILE_NAME).mkdir(parents=True)


@pytest.mark.parametrize("lack", [unwritable, full, pipe_without_a_reader, folder_instead])
def test_where_it_cannot_be_written_nobody_is_disturbed(tmp_path, capfd, lack):
    lack(tmp_path)
    log.set_up(tmp_path / "state")
    write("Lost.")
    assert capfd.readouterr() == ("", "")
    log.set_up(tmp_path / "other")
    write("Kept.")
    assert "Kept." in (tmp_path / "other" / log.FILE_NAME).read_text()


def test_what_cannot_be_formatted_keeps_its_traceback(tmp_path, capfd):
    with logging_to(tmp_path) as path:
        try:
            int("odd")
        except ValueError:
            logging.getLogger("sestui.somewhere").exception("%d of them", "many")
        assert "ValueError: invalid literal" in path.read_text()
    assert capfd.readouterr() == ("", "")


def test_set_up_again_it_is_one_file_still(tmp_path):
    for _ in range(3):
        log.set_up(tmp_path)
    write("Once.")
    assert (tmp_path / log.FILE_NAME).read_text().count("Once.") == 1
    log.set_up(tmp_path / "other")
    write("There.")
    assert "There." not in (tmp_path / log.FILE_NAME).read_text()


@pytest.mark.parametrize("level", log.LEVELS)
def test_it_holds_what_the_level_asks_for(tmp_path, level):
    log.set_up(tmp_path, level)
    for each in log.LEVELS:
        write(f"Of {each}.", logging.getLevelNamesMapping()[each.upper()])
    held = (tmp_path / log.FILE_NAME).read_text()
    wanted = log.LEVELS.index(level)
    assert [each for each in log.LEVELS if f"Of {each}." in held] == list(log.LEVELS[wanted:])


def test_other_libraries_warnings_are_in_it_and_no_more_of_them(tmp_path):
    log.set_up(tmp_path, "debug")
    for name in ("uvicorn.error", "asyncio", "botocore.auth", "urllib3.connectionpool"):
        logging.getLogger(name).warning("Warned by %s.", name)
        logging.getLogger(name).debug("Said by %s.", name)
    held = (tmp_path / log.FILE_NAME).read_text()
    assert held.count("Warned by") == 4
    assert "Said by" not in held


def test_nothing_passes_for_a_record_of_its_own(tmp_path):
    log.set_up(tmp_path)
    forged = "2026-01-01 00:00:00,000 INFO sestui [1 MainThread] All is well."
    try:
        fail(ValueError(f"bad\n{forged}\x1b[2J"))
    except ValueError:
        logging.getLogger("sestui.somewhere").exception("SES said\n%s", forged)
    first, *below = (tmp_path / log.FILE_NAME).read_text().splitlines()
    assert "SES said\\n2026-01-01" in first
    assert below
    assert all(line.startswith("    ") for line in below)
    assert "\\x1b[2J" in below[-1]


def test_an_exception_that_quotes_a_whole_mail_does_not_fill_it(tmp_path):
    log.set_up(tmp_path)
    try:
        fail(ValueError("line\n" * 1_000_000))
    except ValueError:
        log.exception("Odd.")
    assert (tmp_path / log.FILE_NAME).stat().st_size < 300_000


# growing


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(log, "_MOST_BYTES", 2_000)


def numbers(folder):
    files = [*(folder / f"{log.FILE_NAME}.{n}" for n in (3, 2, 1)), folder / log.FILE_NAME]
    text = "".join(file.read_text() for file in files if file.exists())
    return [int(found) for found in re.findall(r"Number (\d+)\.\n", text)]


def test_it_is_put_aside_while_it_grows_and_the_oldest_goes(tmp_path, small):
    log.set_up(tmp_path)
    for number in range(400):
        write(f"Number {number}.")
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["sestui.log", "sestui.log.1", "sestui.log.2", "sestui.log.3"]
    assert all(path.stat().st_size < 2_200 for path in tmp_path.iterdir())
    found = numbers(tmp_path)
    assert found == list(range(found[0], 400))


def test_another_process_that_puts_it_aside_is_followed(tmp_path):
    log.set_up(tmp_path)
    write("Before.")
    (tmp_path / "sestui.log").rename(tmp_path / "away")
    write("Followed.")
    assert "Followed." in (tmp_path / "sestui.log").read_text()
    assert "Followed." not in (tmp_path / "away").read_text()


WRITER = """\
import logging, sys
from pathlib import Path
from sestui import log
log._MOST_BYTES, log._KEPT = 20_000, 100
log.set_up(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(400):
    logging.getLogger("sestui.writer").warning("Line %s of %s: %s", number, sys.argv[2], "x" * 200)
"""


def test_processes_that_write_at_once_lose_and_break_no_line(tmp_path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name],
            stdin=subprocess.PIPE,
            env=bare_environment(tmp_path),
            cwd=os.getcwd(),
        )
        for name in "abcd"
    ]
    for each in writers:  # as near to at once as can be
        each.stdin.write(b"\n")
        each.stdin.flush()
    for each in writers:
        each.communicate(timeout=120)
        assert each.returncode == 0
    files = list(tmp_path.glob("sestui.log*"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    whole = re.compile(r"\S+ \S+ WARNING sestui\.writer \[\d+ \w+\] Line (\d+) of (.): x{200}")
    matches = [whole.fullmatch(line) for line in lines]
    assert all(matches)
    found = sorted((each[2], int(each[1])) for each in matches if each)
    assert found == [(name, number) for name in "abcd" for number in range(400)]
    assert len(files) > 2


def test_threads_and_children_by_fork_write_to_the_same_file(tmp_path):
    code = f"""
import logging, os, threading
from pathlib import Path
from sestui import log
log._MOST_BYTES, log._KEPT = 2_000, 1_000
log.set_up(Path({str(tmp_path)!r}))
logger = logging.getLogger("sestui.forked")
busy = threading.Thread(target=lambda: [logger.warning("Number %s.", n) for n in range(1000, 1200)])
busy.start()
children = []
for child in range(2, 6):
    if not (pid := os.fork()):
        for n in range(100):
            logger.warning("Number %s.", 1000 * child + n)
        os._exit(0)
    children.append(pid)
busy.join()
raise SystemExit(any(os.waitpid(pid, 0)[1] for pid in children))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=bare_environment(tmp_path), timeout=120, check=False
    )
    assert done.returncode == 0
    text = "".join(file.read_text() for file in tmp_path.glob("sestui.log*"))
    found = {int(number) for number in re.findall(r"Number (\d+)\.\n", text)}
    wanted = {1000 * child + n for child in range(2, 6) for n in range(100)}
    assert found == {*range(1000, 1200), *wanted}


def test_where_another_process_is_putting_it_aside_nobody_waits(tmp_path, small):
    path = tmp_path / log.FILE_NAME
    log.set_up(tmp_path)
    write("x" * 3_000)
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        write("Number 1.")
        assert not (tmp_path / f"{log.FILE_NAME}.1").exists()
    write("Number 2.")
    assert "Number 1." in (tmp_path / f"{log.FILE_NAME}.1").read_text()
    assert "Number 2." in path.read_text()


def test_of_a_fault_that_comes_a_million_times_a_few_are_held_and_the_rest_counted(tmp_path):
    log.set_up(tmp_path)

    def log_failure(created):
        try:
            fail(KeyError(created))
        except KeyError:
            record = logging.getLogger("sestui.somewhere").makeRecord(
                "sestui.somewhere", logging.WARNING, "a.py", 1, "It fails.", (), sys.exc_info()
            )
            record.created = created
            logging.getLogger("sestui.somewhere").handle(record)

    for number in range(1000):
        log_failure(1_000_000 + number / 100)
    write("Another.")
    log_failure(1_000_061)
    held = (tmp_path / log.FILE_NAME).read_text()
    assert held.count("It fails.") == 6
    assert held.count("It fails. (and 995 more like it)") == 1
    assert "Another." in held


def test_half_characters_are_written_all_the_same(tmp_path):
    with logging_to(tmp_path) as path:  # what pytest captures would break the workers' own wire
        write("\ud800")
        assert "\\ud800" in path.read_text()


def test_an_exception_before_any_set_up_goes_to_the_users_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SESTUI_STATE_DIR", str(tmp_path))
    try:
        int("odd")
    except ValueError:
        log.exception("A command has failed.")
    text = (tmp_path / log.FILE_NAME).read_text()
    assert "A command has failed." in text
    assert "ValueError: invalid literal" in text


def test_its_end_reaches_into_what_was_put_aside(tmp_path):
    path = tmp_path / log.FILE_NAME
    assert log.last_lines(path, 3) == []
    (tmp_path / f"{log.FILE_NAME}.1").write_text("one\ntwo\n")
    path.write_text("three\nfour\n")
    assert log.last_lines(path, 0) == []
    assert log.last_lines(path, 1) == ["four"]
    assert log.last_lines(path, 3) == ["two", "three", "four"]
    assert log.last_lines(path, 9) == ["one", "two", "three", "four"]


# what nothing catches

UNCAUGHT = """\
import sys, threading
from sestui import log
log.begin(lambda text: print(text, file=sys.stderr))
class Sore:
    def __del__(self): raise LookupError("in an end")
thread = threading.Thread(target=lambda: 1 / 0, name="sestui-odd")
thread.start(); thread.join()
Sore()
raise TypeError("at the end")
"""


def test_what_nothing_catches_is_in_it_and_the_user_reads_a_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", UNCAUGHT],
        env=bare_environment(tmp_path) | {"SESTUI_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "an unexpected error occurred in the thread sestui-odd (ZeroDivisionError, "
        "see the log: `sestui log`).",
        "an unexpected error occurred (TypeError, see the log: `sestui log`).",
    ]
    held = (tmp_path / "state" / log.FILE_NAME).read_text()
    for said in (
        "ZeroDivisionError: division by zero",
        "LookupError: in an end",
        "TypeError: at the",
    ):
        assert said in held


def test_while_a_screen_has_the_terminal_it_says_so(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", log._Uncaught.in_thread)
    heard = []
    with log.uncaught_to(heard.append):
        thread = threading.Thread(target=lambda: 1 / 0, name="sestui-odd")
        thread.start()
        thread.join()
    assert heard == [
        "an unexpected error occurred in the thread sestui-odd (ZeroDivisionError, "
        "see the log: `sestui log`)."
    ]
