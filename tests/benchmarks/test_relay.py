"""What the relay costs: latency beside a direct call, requests a second beside nginx.

Upstream is a null SES that answers at once. nginx proxies to the same, if it is installed (or named
by SESTUI_BENCH_NGINX); it neither checks a signature nor signs, and keeps no ledger.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.benchmarks.figures import seconds, show, size, times
from tests.benchmarks.null_ses import SINGLE_PATH, NullSes, null_ses
from tests.benchmarks.workload import as_ses
from tests.support.relay import REGION, Relay, simple

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

CALLS = size("RELAY_CALLS", 500)
SECONDS = seconds("RELAY_SECONDS", 5.0)
CONNECTIONS = size("RELAY_CONNECTIONS", 16)
ACCOUNT_PATH = "/v2/email/account"


@pytest.fixture(scope="module")
def ses() -> Iterator[NullSes]:
    with null_ses() as made:
        yield made


@pytest.fixture(scope="module")
def relay(ses: NullSes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    patch = pytest.MonkeyPatch()
    as_ses(ses.url, patch)
    made = Relay(tmp_path_factory.mktemp("relay"), ses.url, {})
    made.start()
    yield made
    made.close()
    patch.undo()


def milliseconds(samples: list[float]) -> tuple[str, str]:
    """Median and 95th percentile."""
    cuts = statistics.quantiles(samples, n=20)
    return f"{1000 * statistics.median(samples):.2f}", f"{1000 * cuts[18]:.2f}"


def timed(call: Callable[[], object]) -> list[float]:
    for _ in range(20):
        call()
    samples = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        samples.append(time.perf_counter() - began)
    return samples


def direct(ses: NullSes) -> Any:
    config = Config(retries={"total_max_attempts": 1}, proxies={})
    return boto3.client(
        "sesv2",
        endpoint_url=ses.url,
        region_name=REGION,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=config,
    )


def test_added_latency(ses: NullSes, relay: Relay) -> None:
    rows = []
    mail = simple("a@example.com")
    for name, call in (
        ("passed on (GetAccount)", lambda client: client.get_account()),
        ("one recipient (SendEmail)", lambda client: client.send_email(**mail)),
    ):
        straight, relayed = direct(ses), relay.client("sesv2")
        without = timed(lambda client=straight, call=call: call(client))
        through = timed(lambda client=relayed, call=call: call(client))
        added = statistics.median(through) - statistics.median(without)
        rows.append((name, *milliseconds(without), *milliseconds(through), f"{1000 * added:.2f}"))
    show(
        f"Latency of {CALLS} calls by boto3, one after the other, ms",
        ("call", "direct p50", "p95", "by the relay p50", "p95", "added p50"),
        rows,
    )


# requests a second


def request_bytes(port: int, key: tuple[str, str], method: str, path: str, body: bytes) -> bytes:
    """A signed request as it goes over the wire."""
    url = f"http://127.0.0.1:{port}{path}"
    request = AWSRequest(method=method, url=url, data=body, headers={"host": f"127.0.0.1:{port}"})
    SigV4Auth(Credentials(*key), "ses", REGION).add_auth(request)
    headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return (
        f"{method} {path} HTTP/1.1\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body
    )


async def per_second(port: int, requests: list[bytes], lasting: float) -> float:
    """Answers a second with a few connections that ask again at once."""
    asked = iter(requests)
    until = time.perf_counter() + lasting
    answered = 0

    async def work() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in asked:
            if time.perf_counter() > until:
                break
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            lengths = [
                line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
            ]
            await reader.readexactly(int(lengths[0].split(b":")[1]))
            answered += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return answered / (time.perf_counter() - began)


NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream ses {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 10000000;
    location / {{ proxy_pass http://ses; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


@contextmanager
def nginx(ses: NullSes, folder: Path) -> Iterator[int | None]:
    """nginx in front of the null SES: its port; None where there is none."""
    command = os.environ.get("SESTUI_BENCH_NGINX") or shutil.which("nginx")
    if command is None:
        yield None
        return
    port = ses.port + 1
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, upstream=ses.port, port=port))
    with subprocess.Popen(
        [command, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)],
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(1)
        try:
            yield port
        finally:
            process.terminate()


def test_requests_a_second(ses: NullSes, relay: Relay, tmp_path: Path) -> None:
    key = (relay.key.access_key_id, relay.key.secret_access_key)

    def rate(port: int, method: str, path: str, bodies: list[bytes]) -> float:
        requests = [request_bytes(port, key, method, path, body) for body in bodies]
        if len(requests) == 1:
            requests *= 1_000_000
        return asyncio.run(per_second(port, requests, SECONDS))

    one = [b""]
    sends = [
        json.dumps(simple(f"r{number}@example.com")).encode()
        for number in range(int(3000 * SECONDS))
    ]
    passed = rate(relay.port, "GET", ACCOUNT_PATH, one)
    sent = rate(relay.port, "POST", SINGLE_PATH, sends[: int(1000 * SECONDS)])
    with nginx(ses, tmp_path) as port:
        proxied = rate(port, "GET", ACCOUNT_PATH, one) if port else 0.0
        proxied_sends = rate(port, "POST", SINGLE_PATH, sends) if port else 0.0
    rows = [
        ("direct, nothing between", f"{rate(ses.port, 'GET', ACCOUNT_PATH, one):,.0f}", "", ""),
        ("nginx, calls as they are", f"{proxied:,.0f}" if port else "not installed", "", ""),
        ("the relay, passed on", f"{passed:,.0f}", times(passed, proxied), "of nginx"),
        ("nginx, sends as they are", f"{proxied_sends:,.0f}" if port else "not installed", "", ""),
        ("the relay, sends of one", f"{sent:,.0f}", times(sent, proxied_sends), "of nginx"),
    ]
    title = f"Requests a second, {CONNECTIONS} connections, {SECONDS:g} s each, on one machine"
    show(title, ("what", "a second", "", ""), rows)
    assert relay.run().accepted > 0
