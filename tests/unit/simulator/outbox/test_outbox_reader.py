"""Looking into the outbox: pages, what matches, one mail as it arrives."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sestui.errors import NotFoundError, StorageError
from sestui.simulator.account.account import CallDecision
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.faults import checked_fault
from sestui.simulator.outbox.outbox_reader import OpenedMail, OutboxReader
from tests.support.clocks import START, FakeClock
from tests.support.simulator import bulk, single

Send = Callable[[bytes], CallDecision]


@pytest.fixture
def reader(state: SimulatorState) -> OutboxReader:
    state.configure(rate=100_000, quota=-1)
    return OutboxReader(state.path)


def simple(to: str, subject: str, **body: str) -> bytes:
    content = {
        "Subject": {"Data": subject},
        "Body": {kind.title(): {"Data": text} for kind, text in body.items()},
    }
    return single(to, Content={"Simple": content})


def opened(reader: OutboxReader, verdict: CallDecision) -> OpenedMail:
    return reader.mail(verdict.results[0].message_id)


def test_looking_makes_no_account(tmp_path: Path) -> None:
    reader = OutboxReader(tmp_path / "nowhere" / "simulator.db")
    assert (reader.newest(), reader.page(limit=9), reader.find("x", upto=9)) == (0, [], [])
    with pytest.raises(NotFoundError):
        reader.mail("x")
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_account_is_named(tmp_path: Path) -> None:
    (tmp_path / "simulator.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError, match="damaged"):
        OutboxReader(tmp_path / "simulator.db").newest()


def test_pages_go_down_and_up_again(reader: OutboxReader, send: Send) -> None:
    for number in range(1, 26):
        send(simple(f"u{number}@example.org", f"mail {number}", text="x"))

    def numbers(**place: int) -> list[int]:
        return [mail.number for mail in reader.page(limit=10, **place)]

    assert reader.newest() == 25
    assert numbers() == list(range(25, 15, -1))
    assert numbers(before=16) == list(range(15, 5, -1))
    assert numbers(before=6) == list(range(5, 0, -1))
    assert numbers(after=5) == list(range(15, 5, -1))
    assert numbers(after=20) == list(range(25, 20, -1))
    assert [mail.number for mail in reader.numbered([3, 9, 99])] == [9, 3]
    assert reader.page(limit=1)[0].to == "u25@example.org"


def test_numbers_have_no_gap(
    state: SimulatorState, reader: OutboxReader, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(single("a@example.org"))
    with monkeypatch.context() as patched:

        def fail(*_: object) -> None:
            raise RuntimeError

        patched.setattr("sestui.simulator.account.state.count_faults", fail)
        with pytest.raises(RuntimeError):
            send(single("lost@example.org"))
    state.add_fault(checked_fault("throttle", count=1))
    assert not send(single("refused@example.org")).results
    send(bulk("b@example.org", "c@example.org"))
    assert [(mail.number, mail.to) for mail in reader.page(limit=9)] == [
        (3, "c@example.org"),
        (2, "b@example.org"),
        (1, "a@example.org"),
    ]
    state.reset()
    assert reader.newest() == 0
    send(single("a@example.org"))
    assert reader.newest() == 1


def test_the_state_is_what_the_events_say(reader: OutboxReader, send: Send) -> None:
    send(single("ada@example.org"))
    send(single("bounce+1@simulator.amazonses.com"))
    send(single("SuppressionList@simulator.amazonses.com"))
    send(single("complaint@simulator.amazonses.com", "bounce@simulator.amazonses.com"))
    send(single("ooto@simulator.amazonses.com"))
    content = {"Subject": "Hi {{name}}", "Text": "Hi {{name}}"}
    send(
        single(
            "eve@example.org",
            Content={"Template": {"TemplateContent": content, "TemplateData": "{}"}},
        )
    )
    send(single("last@example.org"))
    mails = reader.page(limit=9)
    assert [mail.outcome.state for mail in reversed(mails)] == [
        "delivered",
        "bounced",
        "bounced",
        "complained",
        "delivered",
        "not rendered",
        "delivered",
    ]
    assert "'name' is not present" in mails[1].outcome.reason
    assert reader.mail(mails[1].message_id).content.text == "Hi {{name}}"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("ADA", [3, 1]),
        ("@example.org", [3, 2, 1]),
        ("50%", [2]),
        ("%", [2]),
        ("_", []),
        ("\\", []),
        ("GRÜSSE", [3]),
        ("grüße", [3]),
        ("zzz", []),
        ("'; DROP TABLE outbox; --", []),
    ],
)
def test_find_by_address_and_subject(
    reader: OutboxReader, send: Send, wanted: str, found: list[int]
) -> None:
    send(simple("ada@example.org", "news", text="x"))
    send(simple("bob@example.org", "50% off", text="x"))
    send(simple("Ada.Sato@example.org", "Grüße", text="x"))
    assert reader.find(wanted, upto=3) == found
    assert [mail.number for mail in reader.page(limit=9, wanted=wanted)] == found
    assert reader.find(wanted, upto=2) == [number for number in found if number <= 2]


def test_a_simple_mail_arrives_as_mime(reader: OutboxReader, send: Send) -> None:
    content = {
        "Subject": {"Data": "Grüße\r\nBcc: evil@example.org"},
        "Body": {
            "Text": {"Data": "Wie geht's? ü = \ud800"},
            "Html": {"Data": "<p>Wie geht's? ü</p>"},
        },
        "Attachments": [
            {"FileName": "prix «1».txt", "ContentType": "text/plain", "RawContent": "ZmlsZQ=="}
        ],
        "Headers": [{"Name": "List-Unsubscribe", "Value": "<mailto:off@example.com>"}],
    }
    verdict = send(
        single(
            "Zoë <zoe@example.org>",
            FromEmailAddress="Ünal <news@example.com>",
            ReplyToAddresses=["help@example.com"],
            Content={"Simple": content},
            EmailTags=[{"Name": "sestui-run", "Value": "7"}],
        )
    )
    mail = opened(reader, verdict)
    headers = dict(mail.content.headers)
    assert headers["From"] == "Ünal <news@example.com>"
    assert headers["To"] == "Zoë <zoe@example.org>"
    assert headers["Subject"].startswith("Grüße  Bcc: evil@example.org")
    assert "Bcc" not in headers
    assert headers["Reply-To"] == "help@example.com"
    assert headers["List-Unsubscribe"] == "<mailto:off@example.com>"
    assert headers["Message-ID"].startswith(f"<{mail.listed.message_id}@")
    assert mail.content.text == "Wie geht's? ü = ?"
    assert mail.content.html == "<p>Wie geht's? ü</p>"
    (file,) = mail.content.files
    assert (file.name, file.content_type, file.content) == ("prix «1».txt", "text/plain", b"file")
    assert mail.tags == (("sestui-run", "7"),)
    assert mail.content.source.isascii()
    assert b"\r\n\r\n" in mail.content.source
    assert opened(reader, verdict) == mail  # the same at every look
    assert mail.listed.accepted_at == START


def test_each_mail_of_a_bulk_call_is_rendered(reader: OutboxReader, send: Send) -> None:
    verdict = send(bulk("a@example.org", "b@example.org", data=json.dumps({"x": "A & B"})))
    assert opened(reader, verdict).content.html == "<p>A &amp; B</p>"


def test_now_is_the_simulators_clock(
    state: SimulatorState, reader: OutboxReader, send: Send, clock: FakeClock
) -> None:
    state.advance(86_400)
    send(single("a@example.org"))
    assert reader.page(limit=1)[0].accepted_at == clock.now() + 86_400
