"""Who gets into the simulator, and who doesn't: by every path, with real clients."""

import http.client
import json
import re
import stat
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sestui.core.clock import SystemClock
from sestui.errors import StorageError
from sestui.simulator.api.access import FILE_NAME, access_key_of, link_token
from sestui.simulator.launch import SimulatorProcess, start_simulator

MAIL = {
    "FromEmailAddress": "news@example.com",
    "Destination": {"ToAddresses": ["ada@example.org"]},
    "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
}
PATHS = [
    ("GET", "/"),
    ("GET", "/outbox"),
    ("GET", "/outbox/style.css"),
    ("GET", "/outbox/none/frame"),
    ("GET", "/healthz"),
    ("GET", "/_simulator/outbox"),
    ("GET", "/_simulator/account"),
    ("POST", "/_simulator/faults"),
    ("POST", "/"),
    ("POST", "/v2/email/outbound-emails"),
    ("GET", "/v2/email/account"),
    ("GET", "/nowhere"),
]
OPEN = {"/", "/outbox/style.css", "/healthz"}
"""Without the key: a redirection, a style sheet and a sign of life."""

Answered = tuple[int, dict[str, str], str]


def asked(
    simulator: SimulatorProcess, method: str, path: str, body: bytes = b"", **headers: str
) -> Answered:
    connection = http.client.HTTPConnection(urlsplit(simulator.endpoint_url).netloc, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text
    finally:
        connection.close()


def bearer(simulator: SimulatorProcess) -> dict[str, str]:
    return {"Authorization": f"Bearer {simulator.access_key_id}"}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_the_key_nothing_is_told(
    simulator: SimulatorProcess, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer SIM"}, {"Authorization": "Basic x"}):
        status = asked(simulator, method, path, **headers)[0]
        if path in OPEN and method == "GET":
            assert status in {200, 307}
        else:
            assert status == 403


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example:4579"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_foreign_names_and_sites_are_refused_everywhere(
    simulator: SimulatorProcess, method: str, path: str, headers: dict[str, str]
) -> None:
    status, told, body = asked(simulator, method, path, **bearer(simulator), **headers)
    assert (status, "on this machine" in body) == (403, True)
    assert "access-control-allow-origin" not in told


def test_our_own_origin_is_none_that_is_foreign(simulator: SimulatorProcess) -> None:
    own = simulator.endpoint_url
    assert asked(simulator, "GET", "/outbox", **bearer(simulator), Origin=own)[0] == 200


@pytest.mark.parametrize("key", ["SIMULATOR", "AKIAIOSFODNN7EXAMPLE"])
def test_a_wrong_key_gets_ses_error_and_the_way_out(
    simulator: SimulatorProcess, connect: Any, key: str
) -> None:
    for service, code in (
        ("sesv2", "UnrecognizedClientException"),
        ("ses", "InvalidClientTokenId"),
    ):
        client = connect(simulator, service, key)
        with pytest.raises(ClientError) as caught:
            client.send_email(**MAIL) if service == "sesv2" else client.get_send_quota()
        said = caught.value.response
        assert said["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert said["Error"]["Code"] == code
        assert "`sestui simulator key` prints" in said["Error"]["Message"]
        client.close()


def test_a_key_that_begins_like_ours_is_not_ours(simulator: SimulatorProcess) -> None:
    key = simulator.access_key_id
    for given in (key[:-1], key + "A", key.lower(), f"x{key}"):
        for header in (
            f"Bearer {given}",
            f"AWS4-HMAC-SHA256 Credential={given}/20261122/eu-west-1/ses/aws4_request, x",
        ):
            assert asked(simulator, "GET", "/_simulator/account", Authorization=header)[0] == 403


def test_a_large_mail_without_the_key_gets_its_answer(simulator: SimulatorProcess) -> None:
    status, _, body = asked(simulator, "POST", "/v2/email/outbound-emails", bytes(5_000_000))
    assert (status, "security token" in body) == (403, True)


def test_presigned_requests_carry_the_key_in_the_query(simulator: SimulatorProcess) -> None:
    for key, status in ((simulator.access_key_id, 200), ("AKIDEXAMPLE", 403)):
        client = boto3.client(
            "sesv2",
            endpoint_url=simulator.endpoint_url,
            region_name="eu-west-1",
            aws_access_key_id=key,
            aws_secret_access_key="any",
            config=Config(proxies={}),
        )
        url = client.generate_presigned_url("get_account")
        parts = urlsplit(url)
        assert asked(simulator, "GET", f"{parts.path}?{parts.query}")[0] == status
        client.close()


# the browser


def link(simulator: SimulatorProcess, ahead: float = 0.0) -> str:
    return link_token(simulator.access_key_id, SystemClock().now() + ahead)


def test_a_link_lets_a_browser_in_once(simulator: SimulatorProcess) -> None:
    token = link(simulator)
    status, told, page = asked(simulator, "GET", f"/outbox?find=x&token={token}")
    assert status == 200
    assert re.search(r'http-equiv="refresh" content="0;url=/outbox\?find=x"', page)
    assert token not in page
    cookie = told["set-cookie"]
    for attribute in ("httponly", "samesite=strict", "path=/outbox"):
        assert attribute in cookie.lower()
    assert simulator.access_key_id not in cookie
    pair = cookie.partition(";")[0]
    assert asked(simulator, "GET", "/outbox", Cookie=pair)[0] == 200
    assert asked(simulator, "GET", f"/outbox?token={token}", Cookie=pair)[0] == 200
    assert asked(simulator, "GET", f"/outbox?token={token}")[0] == 403
    # It opens the pages, and nothing else.
    for path in ("/_simulator/account", "/v2/email/account"):
        assert asked(simulator, "GET", path, Cookie=pair)[0] == 403


def test_links_that_let_nobody_in(simulator: SimulatorProcess) -> None:
    token = link(simulator)
    for wrong in (link(simulator, -601), token[:-1], "x", "1-2-3", "", f"9{token}", "%C3%BC"):
        status, told, page = asked(simulator, "GET", f"/outbox?token={wrong}")
        assert (status, "set-cookie" in told) == (403, False)
        assert "sestui simulator" in page.replace("&#39;", "'")


def test_the_key_itself_is_a_link_that_stays_good(simulator: SimulatorProcess) -> None:
    for _ in range(2):
        told = asked(simulator, "GET", f"/?token={simulator.access_key_id}")[1]
        assert "set-cookie" in told


# the key


@pytest.mark.long
@pytest.mark.ci
def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    with (
        start_simulator(tmp_path, latency=0) as one,
        start_simulator(tmp_path, latency=0) as same,
        start_simulator(tmp_path / "other", latency=0) as other,
    ):
        assert one.access_key_id == same.access_key_id
        assert one.access_key_id != other.access_key_id
        assert asked(same, "GET", "/_simulator/account", **bearer(one))[0] == 200
        assert asked(other, "GET", "/_simulator/account", **bearer(one))[0] == 403
        cookies = [
            asked(each, "GET", f"/outbox?token={link(each)}")[1]["set-cookie"].partition("=")[0]
            for each in (one, other)
        ]
        assert cookies[0] != cookies[1]  # cookies know no ports: neither puts the other out
        before = one.access_key_id
    file = tmp_path / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)  # as a backup may give it back
    with start_simulator(tmp_path, latency=0) as again:
        assert again.access_key_id == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_all_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    gate = threading.Barrier(16)

    def start() -> None:
        gate.wait(10)
        found.append(access_key_of(tmp_path / "new"))

    threads = [threading.Thread(target=start) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    assert len(found) == 16
    assert len(set(found)) == 1
    assert [each.name for each in (tmp_path / "new").iterdir()] == [FILE_NAME]


def test_a_key_file_with_something_else_in_it_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("hello\n")
    with pytest.raises(StorageError, match="delete it for a new one"):
        start_simulator(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(StorageError, match="it is not text"):
        access_key_of(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StorageError, match="can't be read"):
        access_key_of(tmp_path)


def test_healthz_tells_nothing_but_life(simulator: SimulatorProcess) -> None:
    assert json.loads(asked(simulator, "GET", "/healthz")[2]) == {"status": "ok"}
