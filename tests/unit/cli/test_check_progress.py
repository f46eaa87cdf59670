"""How far a check is: on a terminal a line that is taken back, elsewhere one that stays."""

import sys

import pytest

from sestui.cli.campaigns.checks import CheckProgress
from tests.support.clocks import FakeClock


def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, tty: bool) -> str:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: tty, raising=False)
    clock = FakeClock()
    progress = CheckProgress(1_000_000, clock)
    for looked_at in range(10_000, 1_000_001, 10_000):
        progress.report(looked_at)
        clock.advance(0.125)
    progress.close()
    return capsys.readouterr().err


def test_who_watches_sees_a_line_that_is_gone_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    head, *lines = told(capsys, monkeypatch, tty=True).split("\r\x1b[K")
    assert head == "Checking the mail of 1,000,000 recipients.\n"
    assert len(lines) == 50, "four times a second at most"
    assert lines[0] == "30,000 of 1,000,000 (3 %)"
    assert lines[-1] == "", "the line is free for what comes next"


def test_a_log_gets_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = told(capsys, monkeypatch, tty=False)
    assert said == "Checking the mail of 1,000,000 recipients.\n"


def test_nothing_is_said_of_a_check_that_never_began(capsys: pytest.CaptureFixture[str]) -> None:
    CheckProgress(5, FakeClock()).close()
    assert capsys.readouterr().err == ""
