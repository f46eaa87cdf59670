"""What boto3 sees of the simulated account."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions

from sestui.core.clock import SystemClock
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.launch import SimulatorProcess
from sestui.simulator.outbox.outbox_reader import OutboxReader


@pytest.fixture(autouse=True)
def fresh(simulator: SimulatorProcess, workspace: Path) -> None:
    state = SimulatorState(workspace / FILE_NAME, SystemClock())
    state.reset()
    state.configure(rate=100_000)
    state.close()


def send(ses: Any, to: str = "ada@example.org", **more: Any) -> str:
    request = {
        "FromEmailAddress": "Shop <news@example.com>",
        "Destination": {"ToAddresses": [to]},
        "Content": {
            "Simple": {"Subject": {"Data": "Hello"}, "Body": {"Html": {"Data": "<p>Hi</p>"}}}
        },
        **more,
    }
    message_id: str = ses.send_email(**request)["MessageId"]
    return message_id


def refused(error: exceptions.ClientError) -> tuple[int, str, str]:
    said = error.response
    status = said["ResponseMetadata"]["HTTPStatusCode"]
    return status, said["Error"]["Code"], said["Error"]["Message"]


@pytest.mark.long
@pytest.mark.ci
def test_get_account(ses: Any, ask: Any) -> None:
    send(ses)
    ask("/_simulator/account", {"rate": 14.5, "quota": 200, "production_access": False})
    account = ses.get_account()
    assert account["SendQuota"] == {
        "Max24HourSend": 200.0,
        "MaxSendRate": 14.5,
        "SentLast24Hours": 1.0,
    }
    assert account["ProductionAccessEnabled"] is False
    assert account["SendingEnabled"] is True
    assert account["EnforcementStatus"] == "HEALTHY"


def test_a_simple_mail_is_read_back(ses: Any, ask: Any) -> None:
    message_id = send(
        ses,
        to="Ada <ada@example.org>",
        ReplyToAddresses=["help@example.com"],
        EmailTags=[{"Name": "sestui-run", "Value": "3"}],
        Content={
            "Simple": {
                "Subject": {"Data": "Günstig [bold red]!"},
                "Body": {"Html": {"Data": "<p>Ü</p>"}, "Text": {"Data": "Ü"}},
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<mailto:u@example.com>"}],
                "Attachments": [{"FileName": "price.pdf", "RawContent": b"\x00\xff"}],
            }
        },
    )
    [listed] = ask("/_simulator/outbox")
    assert listed["message_id"] == message_id
    assert listed["recipients"] == ["ada@example.org"]
    assert (listed["from"], listed["sender"]) == ("Shop <news@example.com>", "news@example.com")
    assert listed["state"] == "delivered"
    assert listed["tags"] == {"sestui-run": "3"}
    mail = ask(f"/_simulator/outbox/{message_id}")
    assert mail["subject"] == "Günstig [bold red]!"
    assert (mail["html"], mail["text"]) == ("<p>Ü</p>", "Ü")
    assert mail["headers"] == [{"name": "List-Unsubscribe", "value": "<mailto:u@example.com>"}]
    assert mail["attachments"] == ["price.pdf"]
    assert mail["reply_to"] == ["help@example.com"]
    assert ask("/_simulator/outbox?after=1") == []
    assert ask("/_simulator/outbox/unknown")[0] == 404


def test_a_raw_mail_is_read_back(ses: Any, ask: Any) -> None:
    boundary = "b"
    mime = (
        "From: news@example.com\r\nTo: ada@example.org, bob@example.org\r\nSubject: Raw\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\nContent-Type: text/html\r\n\r\n<p>raw</p>\r\n"
        f"--{boundary}\r\nContent-Type: text/plain\r\n"
        'Content-Disposition: attachment; filename="a.txt"\r\n\r\nfile\r\n'
        f"--{boundary}--\r\n"
    )
    answer = ses.send_email(Content={"Raw": {"Data": mime.encode()}})
    mail = ask(f"/_simulator/outbox/{answer['MessageId']}")
    assert mail["subject"] == "Raw"
    assert mail["recipients"] == ["ada@example.org", "bob@example.org"]
    assert mail["html"].strip() == "<p>raw</p>"
    assert mail["attachments"] == ["a.txt"]
    assert mail["raw"] == mime


def test_templates(ses: Any, ask: Any) -> None:
    content = {
        "TemplateContent": {"Subject": "For {{who}}", "Html": "{{who}} {{{html}}}"},
        "TemplateData": json.dumps({"who": "A&B", "html": "<i>x</i>"}),
    }
    message_id = send(ses, Content={"Template": content})
    mail = ask(f"/_simulator/outbox/{message_id}")
    assert (mail["subject"], mail["html"]) == ("For A&B", "A&amp;B <i>x</i>")
    with pytest.raises(ses.exceptions.NotFoundException):
        send(ses, Content={"Template": {"TemplateName": "stored", "TemplateData": "{}"}})


def test_the_old_api_sends_too(old: Any, ask: Any) -> None:
    message_id = old.send_email(
        Source="news@example.com",
        Destination={"ToAddresses": ["ada@example.org"]},
        Message={"Subject": {"Data": "Hé"}, "Body": {"Text": {"Data": "x & y"}}},
    )["MessageId"]
    mail = ask(f"/_simulator/outbox/{message_id}")
    assert (mail["subject"], mail["text"]) == ("Hé", "x & y")
    assert old.get_send_quota()["SentLast24Hours"] == 1
    ask("/_simulator/faults", {"kind": "throttle", "count": 1})
    with pytest.raises(exceptions.ClientError) as caught:
        old.send_raw_email(RawMessage={"Data": b"From: a@x.org\r\nTo: b@x.org\r\n\r\nx"})
    assert refused(caught.value)[1] == "Throttling"
    with pytest.raises(exceptions.ClientError) as caught:
        old.list_receipt_rule_sets()
    assert refused(caught.value)[1] == "InvalidAction"


def test_a_bulk_call(ses: Any, ask: Any) -> None:
    ask("/_simulator/account", {"quota": 2})
    entries = [
        {
            "Destination": {"ToAddresses": [f"u{number}@example.org"]},
            "ReplacementEmailContent": {
                "ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"n": number})}
            },
            "ReplacementTags": [{"Name": "sestui-delivery", "Value": str(number)}],
            "ReplacementHeaders": [{"Name": "X-Number", "Value": str(number)}],
        }
        for number in range(3)
    ]
    template = {"TemplateContent": {"Subject": "{{n}}", "Text": "{{n}}"}, "TemplateData": "{}"}
    answer = ses.send_bulk_email(
        FromEmailAddress="news@example.com",
        DefaultContent={"Template": template},
        BulkEmailEntries=entries,
    )
    results = answer["BulkEmailEntryResults"]
    assert [result["Status"] for result in results] == [
        "SUCCESS",
        "SUCCESS",
        "ACCOUNT_DAILY_QUOTA_EXCEEDED",
    ]
    assert results[2]["Error"] == "Daily message quota exceeded."
    mail = ask(f"/_simulator/outbox/{results[1]['MessageId']}")
    assert (mail["subject"], mail["text"], mail["tags"]) == ("1", "1", {"sestui-delivery": "1"})
    assert mail["headers"] == [{"name": "X-Number", "value": "1"}]
    with pytest.raises(ses.exceptions.BadRequestException, match="at most 50"):
        ses.send_bulk_email(
            FromEmailAddress="news@example.com",
            DefaultContent={"Template": template},
            BulkEmailEntries=entries * 17,
        )


def test_a_bulk_calls_files_and_headers_are_in_each_mail_of_it(
    ses: Any, ask: Any, workspace: Path
) -> None:
    content = bytes(range(256))
    template = {
        "TemplateContent": {"Subject": "x", "Text": "x"},
        "Headers": [{"Name": "X-All", "Value": "all"}, {"Name": "X-Own", "Value": "default"}],
        "Attachments": [
            {"FileName": "a.pdf", "ContentType": "application/pdf", "RawContent": content}
        ],
    }
    own = [{"Name": "x-own", "Value": "mine"}]
    entries: list[dict[str, Any]] = [
        {"Destination": {"ToAddresses": ["a@example.org"]}},
        {"Destination": {"ToAddresses": ["b@example.org"]}, "ReplacementHeaders": own},
    ]
    answer = ses.send_bulk_email(
        FromEmailAddress="news@example.com",
        DefaultContent={"Template": template},
        BulkEmailEntries=entries,
    )
    for result, expected in zip(answer["BulkEmailEntryResults"], ("default", "mine"), strict=True):
        told = ask(f"/_simulator/outbox/{result['MessageId']}")
        assert told["attachments"] == ["a.pdf"]
        mail = OutboxReader(workspace / FILE_NAME).mail(result["MessageId"]).content
        assert [(file.name, file.content_type, file.content) for file in mail.files] == [
            ("a.pdf", "application/pdf", content)
        ]
        assert mail.header("X-All") == "all"
        found = [value for name, value in mail.headers if name.lower() == "x-own"]
        assert found == [expected]


def test_a_request_with_an_inline_template_has_a_size(ses: Any, ask: Any) -> None:
    entry = {"Destination": {"ToAddresses": ["a@example.org"]}}
    inline = {"TemplateContent": {"Subject": "x", "Text": "x"}, "TemplateData": "{}"}
    ses.create_email_template(TemplateName="stored", TemplateContent=inline["TemplateContent"])
    stored = {"TemplateName": "stored", "TemplateData": "{}"}

    def bulk(template: dict[str, Any], size: int) -> None:
        file = {"FileName": "a.bin", "RawContent": bytes(size)}
        ses.send_bulk_email(
            FromEmailAddress="news@example.com",
            DefaultContent={"Template": {**template, "Attachments": [file]}},
            BulkEmailEntries=[entry],
        )

    bulk(inline, 740_000)
    bulk(stored, 760_000)
    send(ses, Content={"Template": inline})
    with pytest.raises(ses.exceptions.BadRequestException, match="1000000 bytes"):
        bulk(inline, 760_000)
    file = {"FileName": "a.bin", "RawContent": bytes(760_000)}
    with pytest.raises(ses.exceptions.BadRequestException, match="1000000 bytes"):
        send(ses, Content={"Template": {**inline, "Attachments": [file]}})
    simple = {"Subject": {"Data": "TemplateContent"}, "Body": {"Text": {"Data": "TemplateName"}}}
    send(ses, Content={"Simple": {**simple, "Attachments": [file]}})


def test_rate_and_quota_have_ses_words(ses: Any, ask: Any) -> None:
    ask("/_simulator/account", {"rate": 1, "quota": 3})
    with pytest.raises(ses.exceptions.TooManyRequestsException) as throttled:
        [send(ses) for _ in range(4)]
    assert refused(throttled.value) == (
        429,
        "TooManyRequestsException",
        "Maximum sending rate exceeded.",
    )
    ask("/_simulator/clock", {"advance": 10})
    ask("/_simulator/account", {"rate": 100_000})
    with pytest.raises(ses.exceptions.LimitExceededException) as caught:
        [send(ses) for _ in range(4)]
    assert refused(caught.value) == (
        400,
        "LimitExceededException",
        "Daily message quota exceeded.",
    )
    ask("/_simulator/clock", {"advance": 86_400})
    send(ses)
    stats = ask("/_simulator/stats")
    assert (stats["accepted"], stats["throttled"], stats["over_quota"]) == (4, 1, 1)


def test_identities(ses: Any) -> None:
    assert ses.list_email_identities()["EmailIdentities"] == []
    assert ses.create_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]
    ses.create_email_identity(EmailIdentity="ada@example.org")
    with pytest.raises(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity="example.com")
    assert ses.get_email_identity(EmailIdentity="ada@example.org")["IdentityType"] == (
        "EMAIL_ADDRESS"
    )
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.get_email_identity(EmailIdentity="nobody@example.org")
    page = ses.list_email_identities(PageSize=1)
    names = [page["EmailIdentities"][0]["IdentityName"]]
    rest = ses.list_email_identities(PageSize=1, NextToken=page["NextToken"])
    assert "NextToken" not in rest
    assert [*names, rest["EmailIdentities"][0]["IdentityName"]] == [
        "ada@example.org",
        "example.com",
    ]


def test_the_region_in_a_refusal_is_the_clients(ses: Any, ask: Any) -> None:
    ask("/_simulator/account", {"production_access": False})
    with pytest.raises(ses.exceptions.MessageRejected, match=r"EU-WEST-1: ada@example\.org"):
        send(ses)


def test_an_unknown_operation_is_refused_like_ses_does(ses: Any) -> None:
    with pytest.raises(exceptions.ClientError) as caught:
        ses.list_dedicated_ip_pools()
    assert refused(caught.value)[:2] == (404, "UnknownOperationException")


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("kind", "expected", "accepted"),
    [
        ("throttle", (429, "TooManyRequestsException"), 0),
        ("daily_quota", (400, "LimitExceededException"), 0),
        ("sending_paused", (400, "SendingPausedException"), 0),
        ("refuse", (400, "MessageRejected"), 0),
        ("error_500", (500, "InternalFailure"), 0),
        ("error_503", (503, "ServiceUnavailable"), 0),
        ("gateway_502", (502, "502"), 1),
        ("reset_before", exceptions.ConnectionClosedError, 0),
        ("reset_after", exceptions.ConnectionClosedError, 1),
        # botocore makes an answer without a message id of half a JSON body, and says nothing.
        ("truncated", KeyError, 1),
        ("hang_after", exceptions.ReadTimeoutError, 1),
    ],
)
def test_faults(ses: Any, ask: Any, kind: str, expected: Any, accepted: int) -> None:
    ask("/_simulator/faults", {"kind": kind, "count": 1, "match": "ada@*"})
    send(ses, to="bob@example.org")
    if isinstance(expected, tuple):
        with pytest.raises(exceptions.ClientError) as caught:
            send(ses)
        assert refused(caught.value)[:2] == expected
    else:
        with pytest.raises(expected):
            send(ses)
    assert ask("/_simulator/outbox/addresses").get("ada@example.org", 0) == accepted
    send(ses)
    assert [fault["fired"] for fault in ask("/_simulator/faults")] == [1]
    assert ask("/_simulator/faults", method="DELETE") == {"removed": 1}


def test_slow_answers_come_late(ses: Any, ask: Any) -> None:
    ask("/_simulator/faults", {"kind": "slow", "seconds": 0.3, "count": 1})
    before = SystemClock().monotonic()
    send(ses)
    assert SystemClock().monotonic() - before >= 0.3


def test_a_hang_ends_by_itself(ses: Any, ask: Any) -> None:
    ask("/_simulator/faults", {"kind": "hang_after", "seconds": 0.2, "count": 1})
    with pytest.raises(exceptions.ConnectionClosedError):
        send(ses)


def test_events_are_told_in_order(ses: Any, ask: Any) -> None:
    message_id = send(ses, to="bounce+1@simulator.amazonses.com")
    events = ask("/_simulator/events")
    assert [event["event"]["eventType"] for event in events] == ["Send", "Bounce"]
    assert events[1]["event"]["mail"]["messageId"] == message_id
    assert ask(f"/_simulator/events?after={events[-1]['id']}") == []


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_web_pages_are_kept_out(ask: Any, headers: dict[str, str]) -> None:
    assert ask("/_simulator/outbox", **headers)[0] == 403


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("account", {"rate": "fast"}),
        ("account", {"rate": True}),
        ("account", {"unknown": 1}),
        ("account", []),
        ("faults", {}),
        ("faults", {"kind": "nonsense"}),
        ("clock", {"advance": -1}),
        ("clock", {"advance": "soon"}),
    ],
)
def test_wrong_control_requests_are_named(ask: Any, path: str, given: Any) -> None:
    status, said = ask(f"/_simulator/{path}", given)
    assert status == 400
    assert said["error"]


def test_healthz(ask: Any) -> None:
    assert ask("/healthz") == {"status": "ok"}


def test_a_ten_megabyte_mail(ses: Any, ask: Any) -> None:
    content = base64.b64encode(bytes(range(256)) * 20_000).decode()
    message_id = send(
        ses,
        Content={"Simple": {"Subject": {"Data": "big"}, "Body": {"Text": {"Data": content}}}},
    )
    assert ask(f"/_simulator/outbox/{message_id}")["text"] == content
