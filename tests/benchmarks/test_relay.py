"""What the relay costs: latency and sends a second beside direct calls, and beside nginx.

Upstream is a null SES that answers at once; it, the relay and the load are a process each. nginx
proxies to the same, if it is installed (``apt-get install nginx-light``, or any binary named by
SESTUI_BENCH_NGINX): it neither checks a signature nor signs, and keeps no ledger. What the relay
adds to one send are two commits, so what the disk takes for one is printed too.
"""

import itertools
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
import psutil
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.benchmarks.figures import show, size, times
from tests.benchmarks.load import load
from tests.benchmarks.null_ses import SINGLE_PATH, NullSes, null_ses
from tests.benchmarks.workload import as_ses
from tests.support.relay import REGION, Relay, simple

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

CALLS = size("RELAY_CALLS", 500)
SENDS = size("RELAY_SENDS", 5000)
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


def processor_seconds(process: subprocess.Popen[bytes] | None) -> float:
    assert process is not None
    used = psutil.Process(process.pid).cpu_times()
    return used.user + used.system


def test_sends_beside_direct_calls(ses: NullSes, relay: Relay, tmp_path: Path) -> None:
    key = (relay.key.access_key_id, relay.key.secret_access_key)
    numbers = itertools.count()

    def sends(port: int, count: int) -> list[bytes]:
        mails = (simple(f"r{next(numbers)}@example.com") for _ in range(count))
        return [
            request_bytes(port, key, "POST", SINGLE_PATH, json.dumps(mail).encode())
            for mail in mails
        ]

    load(relay.port, sends(relay.port, CALLS), tmp_path, connections=CONNECTIONS)
    rows = []
    medians = {}
    for connections, count in ((1, CALLS), (CONNECTIONS, SENDS)):
        for name, port in (("direct", ses.port), ("by the relay", relay.port)):
            requests = sends(port, count)
            before = processor_seconds(relay.process)
            took = load(port, requests, tmp_path, connections=connections)
            used = processor_seconds(relay.process) - before
            medians[name, connections] = statistics.median(took.answers)
            cost = f"{1e6 * used / count:.0f}" if port == relay.port else ""
            rows.append(
                (f"{name}, {connections}", f"{took.rate:,.0f}", *milliseconds(took.answers), cost)
            )
    show(
        f"Sends of one recipient; the disk takes {1000 * sync_seconds(tmp_path):.2f} ms a commit",
        ("to SES, connections", "a second", "p50 ms", "p95 ms", "processor us a send"),
        rows,
    )
    added = medians["by the relay", 1] - medians["direct", 1]
    print(f"added at p50: {1000 * added:.2f} ms (goal: 2); two commits lie in it")


def sync_seconds(folder: Path) -> float:
    """What the disk takes to have a few kilobytes for certain, at the median."""
    samples = []
    with (folder / "synced").open("wb") as file:
        for _ in range(100):
            file.write(bytes(16_384))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            samples.append(time.perf_counter() - began)
    return statistics.median(samples)


def test_requests_a_second_beside_nginx(ses: NullSes, relay: Relay, tmp_path: Path) -> None:
    key = (relay.key.access_key_id, relay.key.secret_access_key)

    def rate(port: int, method: str, path: str, bodies: list[bytes]) -> float:
        requests = [request_bytes(port, key, method, path, body) for body in bodies]
        requests = requests * SENDS if len(requests) == 1 else requests
        return load(port, requests, tmp_path, connections=CONNECTIONS).rate

    one = [b""]
    sends = [json.dumps(simple(f"n{number}@example.com")).encode() for number in range(SENDS)]
    passed = rate(relay.port, "GET", ACCOUNT_PATH, one)
    sent = rate(relay.port, "POST", SINGLE_PATH, sends)
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
    title = f"Requests a second, {CONNECTIONS} connections, {SENDS} requests, on one machine"
    show(title, ("what", "a second", "", ""), rows)
    assert relay.run().accepted > 0
