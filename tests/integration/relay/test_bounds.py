"""What keys may send as and call, by every field, path and spelling, with what SES heard of it.

Each row is one request over HTTP to the relay in front of the simulator. SES must have accepted
nothing from a sender that isn't the key's, and what was passed on is seen on the way to SES by a
header that the relay's own calls don't carry.
"""

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config

from sestui.core.relay.key import KeyFields
from tests.support.middle import Middle
from tests.support.relay import REGION, Relay, Ses, simple
from tests.support.relay_rows import (
    ACTIONS,
    CALLS,
    HEADERS,
    MARK,
    PASSED,
    PATHS,
    SENDERS,
    TAKEN,
    Keys,
    Row,
)


@pytest.fixture(scope="module")
def middle(ses: Ses) -> Iterator[Middle]:
    made = Middle(ses.process.endpoint_url, latency=0, spread=0)
    yield made
    made.close()


@pytest.fixture(scope="module")
def watched(ses: Ses, middle: Middle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    made = Relay(tmp_path_factory.mktemp("watched"), middle.url, ses.credentials)
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def keys(watched: Relay) -> Keys:
    senders = ["shop.example.com"]
    allow = ["GetEmailTemplate", "ListTemplates", "DeleteContactList"]
    return Keys(
        bound=watched.keys.add(KeyFields("bound", senders)),
        free=watched.key,
        named=watched.keys.add(KeyFields("named", senders, allow=allow)),
        sends_only=watched.keys.add(KeyFields("sends-only", send_only=True)),
    )


@pytest.fixture(autouse=True)
def _anew(watched: Relay, ses: Ses, middle: Middle) -> None:
    watched.until_idle()
    ses.account.reset()
    ses.account.configure(rate=1000, quota=-1)
    middle.heads.clear()


ROWS = [*SENDERS, *HEADERS, *PATHS, *ACTIONS, *CALLS]


def passed_on(middle: Middle) -> list[bytes]:
    return [head for head in middle.heads if f"\n{MARK}:".encode() in head.lower()]


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_nothing_is_sent_as_others_and_no_send_is_passed_on(
    watched: Relay, keys: Keys, ses: Ses, middle: Middle, row: Row
) -> None:
    answer = row.asked(watched, keys)
    assert answer.status == row.status
    assert row.says.encode() in answer.body
    watched.until_idle()
    assert ses.account.outbox() == []
    assert not passed_on(middle)


def test_there_are_enough_rows_of_every_kind() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for kind in (SENDERS, HEADERS, PATHS, ACTIONS, CALLS):
        assert len(kind) >= 20


@pytest.mark.parametrize("row", TAKEN, ids=[row.name for row in TAKEN])
def test_what_a_key_may_send_is_sent(
    watched: Relay, keys: Keys, ses: Ses, middle: Middle, row: Row
) -> None:
    answer = row.asked(watched, keys)
    assert (answer.status, answer.body) == (200, answer.body)
    assert ses.to() == [["a@x.org"]]
    assert not passed_on(middle)


@pytest.mark.parametrize("row", PASSED, ids=[row.name for row in PASSED])
def test_what_a_key_may_call_is_passed_on(
    watched: Relay, keys: Keys, middle: Middle, row: Row
) -> None:
    answer = row.asked(watched, keys)
    assert answer.status == row.status
    [head] = passed_on(middle)
    assert head.split(b" ")[1].decode() == row.path


@pytest.mark.parametrize("name", ["From", "sender", "X-SES-SOURCE-ARN", "Message-ID"])
def test_the_simulator_takes_no_reserved_header_either(ses: Ses, name: str) -> None:
    client = boto3.client(
        "sesv2",
        endpoint_url=ses.process.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ses.process.access_key_id,
        aws_secret_access_key="upstream",
        config=Config(proxies={}),
    )
    given = simple("a@x.org")
    given["Content"]["Simple"]["Headers"] = [{"Name": name, "Value": "x"}]
    with pytest.raises(client.exceptions.BadRequestException, match=name):
        client.send_email(**given)
    assert ses.account.outbox() == []
