"""The relay when one of its own threads dies: it says so, answers what is on its way, and ends."""

import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sestui.core.clock import SystemClock
from sestui.core.relay.key import KeyFields
from sestui.errors import SestuiError
from sestui.relay.serve import Listening, Options, serve
from sestui.runtime import Runtime
from sestui.sending.sender import Sender
from sestui.settings import load_settings
from sestui.store.relay.key_maker import KeyMaker
from tests.support.between import Between
from tests.support.relay import REGION, simple
from tests.support.workspaces import until


class Failing(Runtime):
    """A runtime of which a part fails once it is told which."""

    fails = ""

    def sender(self, **options: Any) -> Any:
        return FailingSender(super().sender(**options), self)

    def let_the_dispatcher_fail(self) -> None:
        """From now on the gateways that are opened obey ``fails``."""
        gateway = self.ses.gateway

        def failing() -> Any:
            made = gateway()
            poll = made.poll

            def polling(seconds: float) -> None:
                poll(seconds)
                if self.fails == "dispatcher":
                    raise ZeroDivisionError("the dispatcher's thread")

            made.poll = polling
            return made

        self.ses.gateway = failing


class FailingSender:
    """A sender whose supervisor can't look after it any more."""

    def __init__(self, sender: Sender, runtime: Failing) -> None:
        self._sender = sender
        self._runtime = runtime

    @property
    def alive(self) -> bool:
        if self._runtime.fails == "keeper":
            raise ZeroDivisionError("the keeper's thread")
        return self._sender.alive

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sender, name)


class Served:
    """A relay in a thread of this process."""

    def __init__(
        self, folder: Path, ses_url: str, ses_key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", ses_url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ses_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "upstream")
        settings = load_settings(data_dir=folder, account="ses", aws_region=REGION)
        self.runtime = Failing.open(settings)
        self.runtime.let_the_dispatcher_fail()
        key = KeyMaker(self.runtime.database, folder, SystemClock()).add(KeyFields("shop"))
        self.where: Listening | None = None
        self.error: SestuiError | None = None
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        until(lambda: self.where is not None or not self.thread.is_alive())
        assert self.where is not None, self.error
        self.client = boto3.client(
            "sesv2",
            endpoint_url=self.where.url,
            region_name=REGION,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    def _serve(self) -> None:
        def announce(where: Listening) -> None:
            self.where = where

        try:
            serve(self.runtime, Options(metrics_port=0), announce=announce, warn=lambda _: None)
        except SestuiError as error:
            self.error = error

    def health(self) -> tuple[int, str]:
        """Its status and what it says is wrong."""
        assert self.where is not None
        try:
            with urllib.request.urlopen(f"{self.where.metrics_url}/healthz") as answer:
                return answer.status, json.load(answer).get("detail", "")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)["detail"]

    def fails_with(self, what: str) -> bool:
        """Whether it says that it has failed, with this in its sentence."""
        code, detail = self.health()
        return code == 503 and what in detail

    def closed(self) -> bool:
        """Whether its door is closed to new clients."""
        assert self.where is not None
        try:
            urllib.request.urlopen(f"{self.where.url}/").close()
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return True
        return False

    def close(self) -> None:
        self.runtime.fails = self.runtime.fails or "keeper"
        self.thread.join(60)
        self.runtime.close()


@pytest.fixture
def between(ses):
    with Between(ses.process.endpoint_url) as made:
        yield made


@pytest.fixture
def served(tmp_path, ses, between, monkeypatch):
    ses.account.reset()
    ses.account.configure(rate=1000, quota=-1)
    made = Served(tmp_path / "relay", between.url, ses.process.access_key_id, monkeypatch)
    yield made
    made.close()


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("thread", ["keeper", "dispatcher"])
def test_a_thread_that_dies_ends_the_relay_with_a_sentence(served, ses, between, thread):
    assert served.client.send_email(**simple("before@x.org"))["MessageId"]
    assert served.health() == (200, "")
    between.answers.clear()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(served.client.send_email, **simple("r@x.org"))
        until(lambda: "r@x.org" in ses.account.addresses())
        served.runtime.fails = thread
        if thread == "keeper":  # as long as something is in flight, the relay can be asked
            until(served.closed)
            assert served.fails_with("ZeroDivisionError, see the log")
        between.answers.set()
        assert call.result(30)["MessageId"]  # what was in flight is answered all the same
    served.thread.join(60)
    assert not served.thread.is_alive()
    assert "ZeroDivisionError, see the log" in str(served.error)
    assert "start the relay again" in str(served.error)
    assert served.error.exit_code == 1
