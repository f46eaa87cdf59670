import subprocess
import sys
from pathlib import Path

import pytest

from sestui.compose.autosave import Autosave
from sestui.core.campaign.draft import Draft
from sestui.core.delivery.mail import MailAttachment
from sestui.errors import StorageError
from sestui.store.campaigns.campaigns import CampaignVersion
from tests.support.clocks import FakeClock

DRAFT = Draft(
    name="news", body="typed", attachments=(MailAttachment("a.pdf", "application/pdf", b"\xff"),)
)
SEEN = CampaignVersion(3, "news", (1.5, 9))

KILLED = """
import os, signal, sys
from pathlib import Path
from sestui.compose.autosave import Autosave
from sestui.core.clock import SystemClock
from sestui.core.campaign.draft import Draft
unsaved = Autosave(Path(sys.argv[1]), SystemClock())
unsaved.temporary_file("preview.html", "secret")
if sys.argv[2]:
    unsaved.keep(Draft(body=sys.argv[2]), None)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def open_editor(tmp_path):
    opened = []

    def open_it():
        opened.append(Autosave(tmp_path, FakeClock(100.0 + len(opened))))
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


def files(folder: Path):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_nothing_is_on_the_disk_before_it_has_to_be(open_editor, tmp_path):
    editor = open_editor()
    editor.forget()
    assert editor.left() == []
    editor.close()
    assert list(tmp_path.iterdir()) == []


def test_what_was_kept_is_for_its_owner_alone_and_goes_when_it_is_saved(open_editor, tmp_path):
    editor = open_editor()
    editor.keep(DRAFT, SEEN)
    preview = editor.temporary_file("preview.html", "half an emoji \ud83d")
    assert preview.read_text() == "half an emoji ?"
    assert len(files(tmp_path)) == 4
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
    editor.forget()
    editor.close()
    assert files(tmp_path) == []


def test_a_draft_that_was_left_is_offered_once(open_editor, tmp_path):
    one, two = open_editor(), open_editor()
    one.keep(DRAFT, SEEN)
    one.temporary_file("body.md", "x")
    assert two.left() == []  # its editor is still there
    one.close()
    (kept,) = two.left()
    assert (kept.draft, kept.seen, kept.at) == (DRAFT, SEEN, 100.0)
    third = open_editor()
    assert third.left() == []  # two holds it
    two.leave(kept)
    (kept,) = third.left()
    third.adopt(kept)
    third.keep(Draft(name="b"), None)
    third.close()
    (kept,) = two.left()
    assert kept.draft == Draft(name="b")
    two.discard(kept)
    assert files(tmp_path) == []


def test_a_killed_editor_leaves_its_draft_and_nothing_else(open_editor, tmp_path):
    for typed in ("news", ""):
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), typed], check=False)
    editor = open_editor()
    (kept,) = editor.left()
    assert kept.draft.body == "news"
    editor.adopt(kept)
    editor.forget()
    editor.close()
    assert files(tmp_path) == []


def test_what_is_no_draft_is_left_alone(open_editor, tmp_path):
    editor = open_editor()
    editor.keep(DRAFT, None)
    (draft,) = tmp_path.rglob("draft.json")
    editor.close()
    draft.write_text("{}")
    other = open_editor()
    assert other.left() == []
    assert draft.exists()


def test_a_disk_that_takes_nothing_is_an_error_in_a_sentence(tmp_path):
    (tmp_path / "compose").write_text("a file")
    with pytest.raises(StorageError, match="compose can't be written"):
        Autosave(tmp_path, FakeClock(0)).keep(DRAFT, None)
