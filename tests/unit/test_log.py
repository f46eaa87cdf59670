"""The log: private, bounded, never on the terminal, and never a reason to stop."""

import logging
import stat

import pytest

from sestui import log


@pytest.fixture(autouse=True)
def _as_before():
    logger = logging.getLogger("sestui")
    before, level = logger.handlers[:], logger.level
    logger.propagate = False  # half a character in what is captured breaks the workers' own wire
    yield
    logger.propagate = True
    for handler in set(logger.handlers) - set(before):
        handler.close()
    logger.handlers, logger.level = before, level


def write(text):
    logging.getLogger("sestui.somewhere").warning(text)


def test_it_appears_with_its_first_line_for_its_owner_only(tmp_path, capfd):
    log.set_up(tmp_path / "state")
    assert not (tmp_path / "state").exists()
    write("The dispatcher has failed.")
    path = tmp_path / "state" / log.FILE_NAME
    assert "The dispatcher has failed." in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path, capfd):
    (tmp_path / "state").write_text("a file")
    log.set_up(tmp_path / "state")
    write("Lost.")
    assert capfd.readouterr() == ("", "")


def test_set_up_again_it_is_one_file_still(tmp_path):
    for _ in range(3):
        log.set_up(tmp_path)
    write("Once.")
    assert (tmp_path / log.FILE_NAME).read_text().count("Once.") == 1
    log.set_up(tmp_path / "other")
    write("There.")
    assert "There." not in (tmp_path / log.FILE_NAME).read_text()


def test_what_has_grown_large_is_put_aside_at_a_start_and_others_follow(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "_MOST_BYTES", 10)
    for number in range(6):
        log.set_up(tmp_path / "elsewhere")
        log.set_up(tmp_path)
        write(f"Start {number}.")
    kept = sorted(path.name for path in tmp_path.glob("sestui.log*"))
    assert kept == ["sestui.log", "sestui.log.1", "sestui.log.2", "sestui.log.3"]
    assert "Start 5." in (tmp_path / "sestui.log").read_text()
    assert "Start 2." in (tmp_path / "sestui.log.3").read_text()
    (tmp_path / "sestui.log").rename(tmp_path / "away")  # as another process's start does
    write("Followed.")
    assert "Followed." in (tmp_path / "sestui.log").read_text()


def test_half_characters_are_written_all_the_same(tmp_path):
    log.set_up(tmp_path)
    write("\ud800")
    assert "\\ud800" in (tmp_path / log.FILE_NAME).read_text()


def test_an_exception_before_any_set_up_goes_to_the_users_state_folder(tmp_path, monkeypatch):
    logging.getLogger("sestui").handlers = []
    monkeypatch.setenv("SESTUI_STATE_DIR", str(tmp_path))
    try:
        int("odd")
    except ValueError:
        log.exception("A command has failed.")
    text = (tmp_path / log.FILE_NAME).read_text()
    assert "A command has failed." in text
    assert "ValueError: invalid literal" in text
