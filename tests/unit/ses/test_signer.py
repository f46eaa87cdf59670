"""Our signature is botocore's, byte for byte, whatever is signed."""

from datetime import UTC, datetime
from unittest import mock

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from sestui.ses.signer import CONTENT_TYPE, Credentials, Signer

PATHS = st.lists(st.text("abz09-._~%20/ +:@&=$,;!*'()éß", min_size=1, max_size=12), max_size=4).map(
    lambda parts: "/".join(["", *parts])
)
HOSTS = st.sampled_from(
    [
        "https://email.eu-west-1.amazonaws.com",
        "https://email-fips.us-east-1.amazonaws.com:443",
        "https://email.eu-west-1.amazonaws.com:8443",
        "http://127.0.0.1:8025",
        "http://localhost:80",
        "http://[::1]:4566",
        "https://[fe80::1]",
        "http://[2001:db8::5]:80",
    ]
)
KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=", min_size=1, max_size=40)
SECONDS = st.integers(100_000, 4_102_444_800)


def headers_of(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")
    return dict(line.split(": ", 1) for line in lines[1:] if line)


def botocores(url: str, region: str, credentials: Credentials, body: bytes, now: float):
    """The headers that botocore adds to the same request, made at the same second."""
    request = AWSRequest("POST", url, headers={"Content-Type": CONTENT_TYPE}, data=body)
    keys = ReadOnlyCredentials(
        credentials.access_key, credentials.secret_key, credentials.token or None
    )
    at = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=at):
        SigV4Auth(keys, "ses", region).add_auth(request)
    return dict(request.headers.items())


def check_alike(signer: Signer, url: str, region: str, credentials, body: bytes, now: float):
    ours = headers_of(signer.head(credentials, body, now))
    for name, value in botocores(url, region, credentials, body, now).items():
        assert ours[name] == value
    assert int(ours["Content-Length"]) == len(body)


@given(
    host=HOSTS,
    path=PATHS,
    region=st.sampled_from(["eu-west-1", "us-gov-west-1", "cn-north-1"]),
    key=KEYS,
    secret=KEYS,
    token=st.one_of(st.just(""), KEYS),
    bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=3),
    now=SECONDS,
)
def test_the_signature_is_botocores(host, path, region, key, secret, token, bodies, now):
    url = host + path
    signer = Signer(url, region, target=path or "/", headers={"User-Agent": "sestui"})
    credentials = Credentials(key, secret, token)
    for body in bodies:
        check_alike(signer, url, region, credentials, body, now)


@given(instants=st.lists(SECONDS, min_size=2, max_size=6), jump=st.sampled_from([0, 1, 86_399]))
def test_what_is_kept_of_one_second_is_not_used_in_another(instants, jump):
    url = "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
    signer = Signer(url, "eu-west-1", target="/v2/email/outbound-emails", headers={})
    credentials = Credentials("AKID", "secret", "token")
    midnight = instants[0] - instants[0] % 86_400
    for now in [*instants, midnight - 1, midnight, midnight + jump, midnight - 0.001]:
        check_alike(signer, url, "eu-west-1", credentials, b"{}", now)


def test_new_credentials_sign_from_the_next_call_on():
    url = "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
    signer = Signer(url, "eu-west-1", target="/v2/email/outbound-emails", headers={})
    for credentials in (
        Credentials("AKID", "one"),
        Credentials("AKID", "two"),
        Credentials("AKID", "two", "token"),
        Credentials("OTHER", "three"),
    ):
        check_alike(signer, url, "eu-west-1", credentials, b"{}", 1_800_000_000)


@pytest.mark.parametrize("url", ["http://h/a", "http://h:8080/v2/%7Ex"])
def test_the_request_line_holds_what_a_proxy_wants(url):
    head = Signer(url, "eu-west-1", target=url, headers={"Proxy-Authorization": "Basic eA=="}).head(
        Credentials("AKID", "secret"), b"{}", 0
    )
    assert head.startswith(f"POST {url} HTTP/1.1\r\nHost: ".encode())
    assert head.endswith(b"\r\nContent-Length: 2\r\n\r\n")
    assert headers_of(head)["Proxy-Authorization"] == "Basic eA=="


def test_no_secret_shows():
    assert "secret" not in repr(Credentials("AKID", "secret", "secret-token"))
