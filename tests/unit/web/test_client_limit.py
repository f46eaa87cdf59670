"""Clients are told apart by what the web server in front says, and only so many remembered."""

import pytest
from starlette.requests import Request

from sestui.web.client_limit import ClientLimit, client_of
from tests.support.clocks import FakeClock


def request(peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request({"type": "http", "client": (peer, 1), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("::1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("127.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("127.0.0.1", ['198.51.100.1, "[2001:db8:1:2:3:4:5:6]:4711"'], "2001:db8:1:2::/64"),
        ("127.0.0.1", ["[2001:db8:1:2:3:4:5:6]"], "2001:db8:1:2::/64"),
        ("127.0.0.1", [], ""),
        ("127.0.0.1", ["unknown"], ""),
        ("127.0.0.1", ["unknown:4711"], ""),
        ("127.0.0.1", ["203.0.113.9, "], ""),
        ("192.0.2.7", ["203.0.113.9"], "192.0.2.7"),
    ],
)
def test_who_it_is(peer, forwarded, client):
    assert client_of(request(peer, *forwarded)) == client


def test_only_so_many_are_remembered():
    limit = ClientLimit(FakeClock())
    assert [limit.allows("first") for _ in range(21)] == [True] * 20 + [False]
    for number in range(9_999):
        assert limit.allows(f"c{number}")
    assert not limit.allows("first"), "it is still known, and now the newest"
    for number in range(10_000):
        limit.allows(f"d{number}")
    assert limit.allows("first")
    assert all(limit.allows("") for _ in range(100)), "nobody is not limited"
