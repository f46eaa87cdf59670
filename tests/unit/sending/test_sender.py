"""The thread around an engine: whoever waits for it learns how it ended, whatever ended it."""

from contextlib import contextmanager

import pytest

from sestui.core.clock import SystemClock
from sestui.errors import StorageError
from sestui.sending.sender import Sender
from tests.support.threads import refuse_threads


def ended(error):
    """A sender whose engine has met that."""

    @contextmanager
    def engine():
        raise error
        yield

    sender = Sender(engine, SystemClock())
    sender.start()
    assert sender.join(10)
    return sender


def test_an_error_is_told_as_it_is():
    error = StorageError("The database is gone.")
    assert ended(error).error is error


@pytest.mark.parametrize("error", [ZeroDivisionError("oops"), MemoryError(), SystemExit(3)])
def test_what_nobody_foresaw_is_a_sentence_and_in_the_log(error, caplog):
    sender = ended(error)
    assert f"({type(error).__name__}, see the log: `sestui log`); nothing is lost" in str(
        sender.error
    )
    assert sender.error.__cause__ is error
    assert "Traceback" in caplog.text
    assert not sender.alive


def test_a_thread_that_cannot_be_started_yet_is_started_later(monkeypatch):
    refused = refuse_threads(monkeypatch, "sestui-sender", 2)
    assert isinstance(ended(StorageError("x")).error, StorageError)
    assert refused() == 2
