"""``sestui relay key …``, and what the relay says before it serves."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Sestui


@pytest.fixture
def sestui(tmp_path: Path) -> Iterator[Sestui]:
    made = Sestui(tmp_path)
    yield made
    made.close()


def test_keys_are_made_listed_and_revoked(sestui):
    made = sestui.json(
        *("relay", "key", "add", "shop", "--sender", "example.com", "--sender", "a@example.org"),
        *("--rate-share", "0.5", "--quota-share", "0.25", "--send-only"),
    )
    assert set(made) == {"name", "access_key_id", "secret_access_key"}
    assert len(made["access_key_id"]) == 20
    assert len(made["secret_access_key"]) == 40
    [key] = sestui.json("relay", "key", "list")
    assert key["access_key_id"] == made["access_key_id"]
    assert key["senders"] == ["example.com", "a@example.org"]
    assert (key["rate_share"], key["quota_share"], key["send_only"]) == (0.5, 0.25, True)
    assert "already an active relay key" in sestui.refused(1, "relay", "key", "add", "shop")
    assert made["access_key_id"] in sestui.run("relay", "key", "revoke", "shop").stderr
    [key] = sestui.json("relay", "key", "list")
    assert key["revoked_at"]
    assert "revoked" in sestui.ok("relay", "key", "list")
    assert "There is no active relay key 'shop'" in sestui.refused(
        1, "relay", "key", "revoke", "shop"
    )


def test_calls_are_allowed_by_name_and_shown(sestui):
    made = sestui.json(
        *("relay", "key", "add", "shop", "--sender", "example.com"),
        *("--allow", "ListTemplates,GetSendQuota", "--allow", "GetTemplate"),
    )
    sestui.json("relay", "key", "add", "blog", "--sender", "example.org")
    sestui.json("relay", "key", "add", "any")
    every, usual, named = sestui.json("relay", "key", "list")
    assert every["calls"] is None
    assert usual["calls"] == [
        *("GetAccount", "GetAccountSendingEnabled", "GetSendQuota", "GetSendStatistics"),
    ]
    assert named["calls"] == ["GetSendQuota", "GetTemplate", "ListTemplates"]
    table = sestui.ok("relay", "key", "list")
    assert "sends, ListTemplates, GetSendQuota, GetTemplate" in table
    assert "every call" in table
    for name in ("shop", made["access_key_id"]):
        assert sestui.json("relay", "key", "show", name) == named
        assert "may call        sends, ListTemplates" in sestui.ok("relay", "key", "show", name)
    sestui.run("relay", "key", "revoke", "shop")
    assert "revoked" in sestui.ok("relay", "key", "show", made["access_key_id"])
    assert "There is no active relay key 'shop'" in sestui.refused(
        1, "relay", "key", "show", "shop"
    )


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        ("GetSendQuotas", "did you mean GetSendQuota?"),
        ("GetSendQuota,SendBounce", "can't be allowed 'SendBounce'"),
        ("DeleteSuppressedDestination", "can't be allowed 'DeleteSuppressedDestination'"),
        ("SendRawEmail", "Every key may make SendRawEmail"),
    ],
)
def test_calls_that_cannot_be_allowed_are_refused_in_a_sentence(sestui, allow, said):
    bound = ("relay", "key", "add", "x", "--sender", "example.com", "--allow", allow)
    assert said in sestui.refused(2, *bound)
    assert sestui.json("relay", "key", "list") == []


def test_no_secret_is_in_the_database(sestui):
    made = sestui.json("relay", "key", "add", "shop")
    secret = sestui.data / "relay-secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    told = {made["secret_access_key"], secret.read_text().strip()}
    for path in sestui.data.glob("sestui.db*"):
        content = path.read_bytes()
        assert not [text for text in told if text.encode() in content]


def test_keys_that_cannot_be_are_refused(sestui):
    assert "can't be a key's name" in sestui.refused(2, "relay", "key", "add", "a b")
    said = sestui.refused(2, "relay", "key", "add", "x", "--sender", "not a sender")
    assert "neither an address nor a domain" in said
    for option, share in (("--rate-share", "1.5"), ("--quota-share", "0"), ("--rate-share", "nan")):
        said = sestui.refused(2, "relay", "key", "add", "x", option, share)
        assert f"The share of the {option[2:].split('-')[0]} can't be" in said
        assert f"({share})" in said
    assert sestui.json("relay", "key", "list") == []


def test_without_a_key_it_does_not_serve(sestui):
    assert "`sestui relay key add NAME`" in sestui.refused(1, "relay", "--port", "0")


@pytest.mark.parametrize("how", ["missing", "another", "open", "broken"])
def test_without_its_secret_it_does_not_serve(sestui, how):
    sestui.json("relay", "key", "add", "shop")
    secret = sestui.data / "relay-secret"
    if how == "missing":
        secret.unlink()
    elif how == "another":
        secret.write_text("ab" * 32)
    elif how == "open":
        os.chmod(secret, 0o644)
    else:
        secret.write_text("nonsense")
    said = sestui.refused(2, "relay", "--port", "0")
    assert "relay-secret" in said


def test_half_of_tls_is_refused(sestui, tmp_path):
    sestui.json("relay", "key", "add", "shop")
    assert "both files" in sestui.refused(2, "relay", "--port", "0", "--tls-cert", "x.pem")


def test_what_is_relayed_is_a_campaign_like_others(sestui):
    sestui.json("relay", "key", "add", "shop")
    [campaign] = sestui.json("campaign", "list")
    assert (campaign["name"], campaign["run"]) == ("relay:shop", None)
    assert sestui.run("campaign", "show", "relay:shop").returncode == 0
