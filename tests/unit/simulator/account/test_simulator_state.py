import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sestui.errors import NotFoundError, StorageError, UsageError
from sestui.ses_api.wire import BulkStatus
from sestui.ses_api.wire_parsing import parse_send_email
from sestui.simulator.account.account import CallDecision, call_of
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.faults import checked_fault
from sestui.simulator.outbox.mails import packed
from sestui.simulator.templates import template_store
from tests.support.clocks import START, FakeClock
from tests.support.simulator import bulk, single

Send = Callable[[bytes], CallDecision]


def statuses(verdict: CallDecision) -> list[str]:
    return [result.status.value for result in verdict.results]


def test_one_call_may_overshoot_and_the_next_ones_pay(
    state: SimulatorState, send: Send, clock: FakeClock
) -> None:
    state.configure(rate=10)
    assert statuses(send(bulk(*(f"u{n}@example.org" for n in range(50))))) == ["SUCCESS"] * 50
    # 10 in the bucket, 50 taken: a debt of 40, four seconds long.
    clock.instant += 3.9
    assert statuses(send(single("x@example.org"))) == ["ACCOUNT_THROTTLED"]
    assert statuses(send(bulk("x@example.org", "y@example.org"))) == ["ACCOUNT_THROTTLED"] * 2
    clock.instant += 0.2
    assert statuses(send(single("x@example.org"))) == ["SUCCESS"]
    assert state.account().throttled == 3


def test_a_sender_at_the_rate_is_never_throttled(
    state: SimulatorState, send: Send, clock: FakeClock
) -> None:
    state.configure(rate=28)
    for number in range(300):
        clock.instant = START + number / 28
        assert statuses(send(single("x@example.org"))) == ["SUCCESS"]


def test_no_second_holds_more_than_burst_and_rate(
    state: SimulatorState, send: Send, clock: FakeClock
) -> None:
    state.configure(rate=14)
    for _ in range(400):
        clock.instant += 0.005
        send(single("x@example.org"))
    stats = state.stats()
    assert 14 <= stats["peak_per_second"] <= 14 + 14 + 1
    assert stats["accepted"] + stats["throttled"] == 400


def test_quota_is_exact_and_rolls_off_after_a_day(
    state: SimulatorState, send: Send, clock: FakeClock
) -> None:
    state.configure(rate=1000, quota=5)
    send(single("a@example.org", "b@example.org"))
    clock.instant += 3600
    send(single("c@example.org", "d@example.org"))
    assert statuses(send(single("e@example.org", "f@example.org"))) == [
        "ACCOUNT_DAILY_QUOTA_EXCEEDED"
    ]
    assert statuses(send(single("e@example.org"))) == ["SUCCESS"]
    assert statuses(send(single("f@example.org"))) == ["ACCOUNT_DAILY_QUOTA_EXCEEDED"]
    assert state.account().used == 5
    clock.instant = START + 86_400 - 1.5
    assert state.account().used == 5
    clock.instant = START + 86_400
    assert state.account().used == 3
    state.advance(3600)
    assert state.account().used == 0


def test_a_bulk_call_takes_what_the_quota_still_allows(state: SimulatorState, send: Send) -> None:
    state.configure(quota=2)
    verdict = send(bulk("a@example.org", "b@example.org", "c@example.org"))
    assert statuses(verdict) == ["SUCCESS", "SUCCESS", "ACCOUNT_DAILY_QUOTA_EXCEEDED"]
    assert sorted(state.addresses()) == ["a@example.org", "b@example.org"]


def test_mailbox_simulator_counts_in_the_rate_only(state: SimulatorState, send: Send) -> None:
    state.configure(rate=2, quota=0)
    verdicts = [send(single("Success+label@simulator.amazonses.com")) for _ in range(4)]
    assert [statuses(verdict)[0] for verdict in verdicts] == [
        *["SUCCESS"] * 3,
        "ACCOUNT_THROTTLED",
    ]
    assert state.account().used == 0
    assert statuses(send(single("success@example.org"))) == ["ACCOUNT_THROTTLED"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.floats(0, 50_000), st.integers(1, 4)), min_size=1, max_size=25))
def test_used_is_what_the_window_holds(
    state: SimulatorState, send: Send, clock: FakeClock, steps: list[tuple[float, int]]
) -> None:
    state.reset()
    clock.instant = START
    state.configure(rate=1000, quota=10)
    accepted: list[tuple[float, int]] = []
    for pause, number in steps:
        clock.instant += pause
        second = int(clock.instant)
        used = sum(count for at, count in accepted if at > second - 86_400)
        verdict = send(single(*(f"u{n}@example.org" for n in range(number))))
        fits = used + number <= 10
        assert (verdict.results[0].status is BulkStatus.SUCCESS) == fits
        if fits:
            accepted.append((second, number))


def test_unlimited_quota(state: SimulatorState, send: Send) -> None:
    state.configure(quota=-1, rate=1e6)
    assert statuses(send(single("a@example.org"))) == ["SUCCESS"]


def test_without_production_access_strangers_are_refused(state: SimulatorState, send: Send) -> None:
    state.configure(production_access=False)
    state.add_identity("Friend@example.org")
    state.add_identity("example.net")
    refused = send(single("x@example.org", "friend@EXAMPLE.org")).results[0]
    assert refused.as_error().text == (
        "Email address is not verified. The following identities failed the check in region "
        "EU-WEST-1: x@example.org"
    )
    assert refused.as_error().code == "MessageRejected"
    for address in ("friend@example.org", "any@example.net", "bounce@simulator.amazonses.com"):
        assert statuses(send(single(address))) == ["SUCCESS"]


def test_verify_identities_looks_at_the_sender(state: SimulatorState, send: Send) -> None:
    state.configure(verify_identities=True)
    error = send(single("x@example.org")).error
    assert error is not None
    assert error.text.endswith("EU-WEST-1: news@example.com")
    state.add_identity("example.com")
    assert statuses(send(single("x@example.org"))) == ["SUCCESS"]


@pytest.mark.parametrize("paused", [{"sending_enabled": False}, {"enforcement": "SHUTDOWN"}])
def test_a_paused_account_takes_nothing(
    state: SimulatorState, send: Send, paused: dict[str, object]
) -> None:
    state.configure(**paused)
    error = send(single("x@example.org")).error
    assert error is not None
    assert error.code == "SendingPausedException"
    assert state.stats()["accepted"] == 0


def test_events_follow_the_mailbox_simulator(state: SimulatorState, send: Send) -> None:
    send(
        single(
            "a@example.org",
            *(
                f"{name}@simulator.amazonses.com"
                for name in ("success", "bounce", "complaint", "ooto", "suppressionlist")
            ),
            EmailTags=[{"Name": "sestui-run", "Value": "7"}],
            ConfigurationSetName="main",
        )
    )
    events = [event for _, event in state.events()]
    assert [event["eventType"] for event in events] == [
        "Send",
        "Delivery",
        "Bounce",
        "Bounce",
        "Complaint",
    ]
    assert events[1]["delivery"]["recipients"] == [
        "a@example.org",
        "success@simulator.amazonses.com",
        "complaint@simulator.amazonses.com",
        "ooto@simulator.amazonses.com",
    ]
    assert events[2]["bounce"]["bounceType"] == "Permanent"
    assert events[3]["bounce"]["bounceSubType"] == "General"
    assert events[4]["complaint"]["complainedRecipients"] == [
        {"emailAddress": "complaint@simulator.amazonses.com"}
    ]
    mail = events[0]["mail"]
    assert mail["tags"]["sestui-run"] == ["7"]
    assert mail["tags"]["ses:configuration-set"] == ["main"]
    assert mail["messageId"] == state.outbox()[0]["message_id"]
    assert {"name": "Subject", "value": "Hi"} in mail["headers"]
    assert [number for number, _ in state.events(after=3)] == [4, 5]


def test_a_missing_variable_is_accepted_and_fails_to_render(
    state: SimulatorState, send: Send
) -> None:
    body = bulk("a@example.org").replace(b"{{x}}", b"{{y}}")
    assert statuses(send(body)) == ["SUCCESS"]
    [(_, event)] = state.events()
    assert event["eventType"] == "Rendering Failure"
    assert event["failure"]["errorMessage"] == (
        "Attribute 'y' is not present in the rendering data."
    )
    assert state.mail(state.outbox()[0]["message_id"])["html"] == "<p>{{y}}</p>"


def test_a_fault_with_a_count_ends(state: SimulatorState, send: Send) -> None:
    state.add_fault(checked_fault("throttle", count=2, match="*@example.org"))
    assert statuses(send(single("x@example.net"))) == ["SUCCESS"]
    for _ in range(2):
        error = send(single("X@EXAMPLE.ORG")).error
        assert error is not None
        assert error.status == 429
    assert statuses(send(single("x@example.org"))) == ["SUCCESS"]
    assert [(fault["count"], fault["fired"]) for fault in state.faults()] == [(0, 2)]
    assert state.clear_faults() == 1
    assert state.faults() == []


def test_probability_is_about_met(state: SimulatorState, send: Send) -> None:
    state.configure(rate=1e6)
    state.add_fault(checked_fault("error_503", probability=0.3))
    errors = sum(send(single("x@example.org")).error is not None for _ in range(300))
    assert 60 < errors < 120


def test_mixed_bulk_fails_entries_and_spares_singles(state: SimulatorState, send: Send) -> None:
    state.configure(rate=1e6)
    state.add_fault(checked_fault("mixed_bulk"))
    recipients = [f"u{n}@example.org" for n in range(50)]
    verdict = send(bulk(*recipients))
    counts = Counter(statuses(verdict))
    assert 10 < counts["SUCCESS"] < 40
    assert len(counts) > 3
    taken = {
        address
        for address, result in zip(recipients, verdict.results, strict=True)
        if result.message_id
    }
    assert set(state.addresses()) == taken
    assert statuses(send(single("x@example.org"))) == ["SUCCESS"]


def test_refuse_hits_one_entry_of_a_bulk_call(state: SimulatorState, send: Send) -> None:
    state.add_fault(checked_fault("refuse", match="b@example.org"))
    verdict = send(bulk("a@example.org", "b@example.org"))
    assert statuses(verdict) == ["SUCCESS", "MESSAGE_REJECTED"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("nonsense", {}),
        ("slow", {"probability": 0}),
        ("slow", {"count": 0}),
        ("slow", {"seconds": -1}),
    ],
)
def test_impossible_faults(kind: str, options: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        checked_fault(kind, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"rate": 0}, {"quota": -2}, {"quota": 2**63}, {"enforcement": "MAYBE"}]
)
def test_impossible_settings(state: SimulatorState, change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        state.configure(**change)


def test_the_clock_only_goes_forward(state: SimulatorState) -> None:
    with pytest.raises(UsageError):
        state.advance(-1)
    state.advance(10)
    assert state.now() == START + 10


def test_the_state_is_private_and_survives(
    state: SimulatorState, send: Send, tmp_path: Path, clock: FakeClock
) -> None:
    send(single("x@example.org"))
    state.close()
    assert (tmp_path / "simulator.db").stat().st_mode & 0o777 == 0o600
    again = SimulatorState(tmp_path / "simulator.db", clock)
    assert again.account().used == 1
    assert again.newest(limit=5)[0]["recipients"] == ["x@example.org"]
    again.reset()
    assert again.outbox() == []
    assert again.account().used == 0
    again.close()


def test_unknown_mail(state: SimulatorState) -> None:
    with pytest.raises(NotFoundError, match="outbox"):
        state.mail("nothing")


def test_a_folder_is_made_for_this_user_only(tmp_path: Path, clock: FakeClock) -> None:
    SimulatorState(tmp_path / "new" / "simulator.db", clock).close()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to look at\n" * 50, b"SQLite format 3\0x"]
)
def test_a_damaged_state_is_named(tmp_path: Path, clock: FakeClock, content: bytes) -> None:
    path = tmp_path / "simulator.db"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"simulator\.db is damaged"):
        SimulatorState(path, clock)


def test_a_state_of_the_version_before_goes_on(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "simulator.db"
    with closing(sqlite3.connect(path)) as before, before:
        for statement in VERSION_2.split(";"):
            before.execute(statement)
        before.execute(
            "INSERT INTO account VALUES (1, 28, 100, 1, 0, 1, 'HEALTHY', 0, 28, 0, 1, 2, 3, 4)"
        )
        before.execute("INSERT INTO call VALUES (1, 0, ?)", (packed(single("a@example.org")),))
        before.execute(
            "INSERT INTO outbox VALUES "
            """(1, 'id', ?, ?, 'news@example.com', '["a@example.org"]', 1, 'Hi', '[]', 1, 0)""",
            (clock.now(), clock.now()),
        )
        before.execute("INSERT INTO quota_second VALUES (?, 1)", (int(clock.now()),))
        before.execute("INSERT INTO template VALUES ('old', '{\"Subject\": \"x\"}')")
        before.execute("PRAGMA user_version=2")
    state = SimulatorState(path, clock)
    account = state.account()
    assert (account.rate, account.quota, account.used, account.throttled) == (28, 100, 1, 2)
    assert (account.suppressed_reasons, account.suppressing) == ("BOUNCE,COMPLAINT", False)
    [mail] = state.outbox()
    assert (mail["from"], mail["state"]) == ("news@example.com", "delivered")
    body = single("b@example.org")
    assert state.send(call_of(parse_send_email(body), "EU-WEST-1"), body, clock.now()).results
    assert [each["from"] for each in state.outbox()] == [
        "news@example.com",
        "Shop <news@example.com>",
    ]
    template = template_store.get(state, "old")
    assert template is not None
    assert template.content == {"Subject": "x"}
    state.close()


VERSION_2 = """
CREATE TABLE account (
    id INTEGER PRIMARY KEY CHECK (id = 1), rate REAL NOT NULL, quota INTEGER NOT NULL,
    production_access INTEGER NOT NULL, verify_identities INTEGER NOT NULL,
    sending_enabled INTEGER NOT NULL, enforcement TEXT NOT NULL, clock_offset REAL NOT NULL,
    level REAL NOT NULL, level_at REAL NOT NULL, used INTEGER NOT NULL, throttled INTEGER NOT NULL,
    over_quota INTEGER NOT NULL, refused INTEGER NOT NULL
);
CREATE TABLE quota_second (second INTEGER PRIMARY KEY, recipients INTEGER NOT NULL);
CREATE TABLE call (id INTEGER PRIMARY KEY, bulk INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE,
    accepted_at REAL NOT NULL, arrived_at REAL NOT NULL, sender TEXT NOT NULL,
    recipients TEXT NOT NULL, recipient_count INTEGER NOT NULL, subject TEXT NOT NULL,
    tags TEXT NOT NULL, call_id INTEGER NOT NULL REFERENCES call (id), entry INTEGER NOT NULL
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    kind TEXT NOT NULL, recipients TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE TABLE identity (name TEXT PRIMARY KEY, kind TEXT NOT NULL);
CREATE TABLE template (name TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE fault (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, probability REAL NOT NULL,
    remaining INTEGER, match TEXT NOT NULL, seconds REAL NOT NULL, fired INTEGER NOT NULL DEFAULT 0
);
"""
"""The tables as that version made them."""
