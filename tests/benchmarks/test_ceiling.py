"""The most mails a second that one sestui can hand over: nothing but the machine limits it.

Goal (docs/architecture.md): personalised mails of 8 kB, the ledger on disk, against a null SES: at
least 8 times a boto3 ``send_email`` loop over mails rendered beforehand, and half of bare
``send_bulk_email`` calls with constant content; single calls at least 4 times the loop.

``SESTUI_BENCH_BULK_MAILS`` (40,000) and ``SESTUI_BENCH_SINGLE_MAILS`` (20,000) are the sizes,
``SESTUI_BENCH_ROUNDS`` (3) how often all of it is measured.
"""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import pytest

from sestui.core.delivery.mail import Mail
from sestui.sender_setup import open_engine
from sestui.sending.engine.batching import MOST_ENTRIES, Mode
from sestui.sending.engine.loop import Limits
from sestui.ses.requests import bulk_request, single_request
from sestui.ses.signer import Credentials, Signer
from tests.benchmarks import figures
from tests.benchmarks.null_ses import BULK_PATH, SINGLE_PATH, NullSes, null_ses
from tests.benchmarks.workload import (
    LONG_BODY,
    add_contacts,
    address_of,
    as_ses,
    rendered,
    ses_at,
    start_run,
)
from tests.support.certificates import self_signed

_SOCKETS = 4
_REPLAY_SECONDS = 1.5


_LOOP = "boto3 send_email loop, rendered beforehand"
_ENTRIES = "bare send_bulk_email, one content in every entry"


@pytest.mark.benchmark
@pytest.mark.timeout(1_800)
def test_ceiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk_mails = figures.size("BULK_MAILS", 40_000)
    single_mails = figures.size("SINGLE_MAILS", 20_000)
    rounds = []
    with null_ses() as ses:
        mails = _mails(ses, tmp_path / "mails", monkeypatch)
        for number in range(figures.size("ROUNDS", 3)):
            folder = tmp_path / str(number)
            rounds.append(
                {
                    # Each beside what it is measured by: a machine changes its pace in a minute.
                    "sestui, single calls": _engine(
                        ses, Mode.SINGLE, single_mails, folder / "single", monkeypatch
                    ),
                    _LOOP: _send_email_loop(ses, mails, single_mails // 4, monkeypatch),
                    "sestui, auto": _engine(
                        ses, Mode.AUTO, bulk_mails, folder / "auto", monkeypatch
                    ),
                    _ENTRIES: _bulk_calls(_same_entries(mails[0]), bulk_mails),
                    "bare send_bulk_email, one content in the template": _bulk_calls(
                        _same_template(mails[0]), bulk_mails
                    ),
                    "the null SES itself, single requests": _replayed(
                        ses, SINGLE_PATH, single_request(mails[0]), 1
                    ),
                    "the null SES itself, bulk requests": _replayed(
                        ses, BULK_PATH, bulk_request(mails[:MOST_ENTRIES]), MOST_ENTRIES
                    ),
                }
            )
    figures.show(
        f"ceiling: {len(mails[0].html) / 1000:.1f} kB of HTML and {len(mails[0].text) / 1000:.1f} "
        f"kB of text a mail, {bulk_mails:,} mails in bulk, {single_mails:,} singly; medians of "
        f"{len(rounds)} rounds, and from least to most\n"
        "(goals: sestui auto ≥ 8 × the loop and ≥ 0.5 × bare bulk; single ≥ 4 × the loop)",
        ["", "mails/s", "× loop", "", "× bare bulk", ""],
        [
            [
                who,
                f"{median(each[who] for each in rounds):,.0f}",
                *_multiples(rounds, who, _LOOP),
                *_multiples(rounds, who, _ENTRIES),
            ]
            for who in rounds[0]
        ],
    )


@pytest.mark.benchmark
@pytest.mark.timeout(600)
def test_ceiling_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Single calls, as they go to Amazon; the key is an elliptic one, as Amazon's is."""
    count = figures.size("SINGLE_MAILS", 20_000)
    rounds = []
    with null_ses(self_signed(tmp_path)) as ses:
        mails = _mails(ses, tmp_path / "mails", monkeypatch)
        for number in range(figures.size("ROUNDS", 3)):
            folder = tmp_path / str(number)
            sestui = _engine(ses, Mode.SINGLE, count, folder, monkeypatch)
            loop = _send_email_loop(ses, mails, count // 4, monkeypatch)
            rounds.append({"sestui, single calls": sestui, _LOOP: loop})
    figures.show(
        "ceiling over TLS (goal: single ≥ 4 × the loop)",
        ["", "mails/s", "× loop", ""],
        [
            [
                who,
                f"{median(each[who] for each in rounds):,.0f}",
                *_multiples(rounds, who, _LOOP),
            ]
            for who in rounds[0]
        ],
    )


@pytest.mark.benchmark
@pytest.mark.timeout(600)
def test_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the processor time of a mail goes that is sent singly (budget: about 150 µs)."""
    count = figures.size("SINGLE_MAILS", 20_000)
    with null_ses() as ses, ses_at(ses.url, tmp_path / "sestui", monkeypatch) as runtime:
        add_contacts(runtime.database, count)
        run = start_run(runtime, LONG_BODY)
        rendering = _each(lambda: rendered(runtime, run, 2_000), 2_000)
        mails = rendered(runtime, run, 2_000)
        gateway = runtime.ses.gateway()
        writing = _each(lambda: [gateway.call([mail]) for mail in mails], 2_000)
        signer = Signer(f"{ses.url}{SINGLE_PATH}", "eu-west-1", target=SINGLE_PATH, headers={})
        body, key = gateway.call(mails[:1]).body, Credentials("A", "b")
        signing = _each(lambda: [signer.head(key, body) for _ in range(2_000)], 2_000)
        gateway.close()
        before = time.process_time()
        with open_engine(
            runtime, Limits(mode=Mode.SINGLE, senders=runtime.settings.senders)
        ) as engine:
            began = time.thread_time()
            engine.run()
            ledger = (time.thread_time() - began) / count
        whole = (time.process_time() - before) / count
    parts = {
        "rendering": rendering,
        "writing as JSON": writing,
        "signing": signing,
        "sending, reading, accounting": whole - ledger - rendering - writing - signing,
        "ledger and the engine's loop": ledger,
        "all": whole,
    }
    figures.show(
        "processor time of a mail sent singly",
        ["", "µs", "%"],
        [[part, f"{value * 1e6:.1f}", f"{value / whole:.0%}"] for part, value in parts.items()],
    )


def _each(work: Callable[[], object], count: int) -> float:
    """Processor seconds of one of ``count``, the best of three."""
    took = []
    for _ in range(3):
        began = time.thread_time()
        work()
        took.append((time.thread_time() - began) / count)
    return min(took)


def _multiples(rounds: list[dict[str, float]], who: str, baseline: str) -> tuple[str, str]:
    """``who`` as a multiple of the ``baseline`` of the same round: median and range."""
    found = [each[who] / each[baseline] for each in rounds]
    return figures.times(median(found), 1), f"{min(found):.2f}-{max(found):.2f}"


def _mails(ses: NullSes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    with ses_at(ses.url, folder, monkeypatch, trust=ses.certificate) as runtime:
        add_contacts(runtime.database, 1)
        return rendered(runtime, start_run(runtime, LONG_BODY), 1_000)


def _engine(
    ses: NullSes, mode: Mode, count: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> float:
    """Mails a second from the engine's start to the last answer in the ledger."""
    with ses_at(ses.url, folder, monkeypatch, trust=ses.certificate) as runtime:
        add_contacts(runtime.database, count)
        run = start_run(runtime, LONG_BODY)
        before = ses.mails()
        with open_engine(runtime, Limits(mode=mode, senders=runtime.settings.senders)) as engine:
            began = time.perf_counter()
            engine.run()
            took = time.perf_counter() - began
        counts = runtime.overview.run(run.id).counts
    assert counts.accepted == counts.audience == count
    assert ses.mails() - before == count
    return count / took


def _send_email_loop(
    ses: NullSes, mails: list[Mail], count: int, monkeypatch: pytest.MonkeyPatch
) -> float:
    as_ses(ses.url, monkeypatch, trust=ses.certificate)
    client = boto3.client("sesv2")
    requests = [single_request(mail) for mail in mails]
    client.send_email(**requests[0])
    return _rate(count, 1, lambda i: client.send_email(**requests[i % len(requests)]))


def _bulk_calls(request: dict[str, Any], count: int) -> float:
    client = boto3.client("sesv2")
    client.send_bulk_email(**request)
    return _rate(count, MOST_ENTRIES, lambda _: client.send_bulk_email(**request))


def _rate(count: int, each: int, call: Callable[[int], object]) -> float:
    began = time.perf_counter()
    for i in range(count // each):
        call(i)
    return count // each * each / (time.perf_counter() - began)


def _same_entries(mail: Mail) -> dict[str, Any]:
    """Fifty times the same finished mail, whole in each entry: what a plain caller would do."""
    return dict(bulk_request([replace(mail, pattern=None, pieces=())] * MOST_ENTRIES))


def _same_template(mail: Mail) -> dict[str, Any]:
    """The content once for all fifty: a tenth of the bytes, and nothing in them is personal."""
    return {
        "FromEmailAddress": mail.from_address,
        "DefaultContent": {
            "Template": {
                "TemplateContent": {"Subject": "News", "Html": mail.html, "Text": mail.text},
                "TemplateData": "{}",
            }
        },
        "BulkEmailEntries": [
            {"Destination": {"ToAddresses": [address_of(number)]}} for number in range(MOST_ENTRIES)
        ],
    }


def _replayed(ses: NullSes, path: str, request: Any, mails: int) -> float:
    """Mails a second that the null SES takes when the requests cost nothing to make."""
    body = json.dumps(request).encode()
    raw = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    before, until = ses.mails(), time.perf_counter() + _REPLAY_SECONDS
    threads = [threading.Thread(target=_replay, args=(ses, raw, until)) for _ in range(_SOCKETS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = ses.mails() - before
    assert accepted % mails == 0
    return accepted / (time.perf_counter() - began)


def _replay(ses: NullSes, raw: bytes, until: float) -> None:
    with socket.create_connection(("127.0.0.1", ses.port)) as connection:
        while time.perf_counter() < until:
            connection.sendall(raw)
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65_536)
