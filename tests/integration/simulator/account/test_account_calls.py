"""The account behind the sends: identities, suppressions, figures, the switch, the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sestui.core.clock import SystemClock
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME

ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def fresh(simulator: Any, workspace: Path) -> None:
    state = SimulatorState(workspace / FILE_NAME, SystemClock())
    state.reset()
    state.configure(rate=100_000)
    state.close()


def send(ses: Any, *to: str, sender: str = "Shop <news@example.com>", **more: Any) -> str:
    content = {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "x"}}}}
    message_id: str = ses.send_email(
        **{
            "FromEmailAddress": sender,
            "Destination": {"ToAddresses": list(to)},
            "Content": content,
            **more,
        }
    )["MessageId"]
    return message_id


def raw(ses: Any, head: str, **more: Any) -> str:
    data = head.replace("\n", "\r\n").encode() + b"\r\n\r\nbody"
    message_id: str = ses.send_email(Content={"Raw": {"Data": data}}, **more)["MessageId"]
    return message_id


def refused(call: Callable[..., Any], *args: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*args, **given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def bounces(ask: Any) -> list[tuple[str, str, list[str]]]:
    events = [each["event"] for each in ask("/_simulator/events")]
    return [
        (
            each["bounce"]["bounceType"],
            each["bounce"]["bounceSubType"],
            [person["emailAddress"] for person in each["bounce"]["bouncedRecipients"]],
        )
        for each in events
        if each["eventType"] == "Bounce"
    ]


# suppressions


def test_a_suppressed_recipient_counts_and_bounces(ses: Any, ask: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="Ada@example.org", Reason="COMPLAINT")
    message_id = send(ses, ADA, "bob@example.org")
    assert bounces(ask) == [("Permanent", "OnAccountSuppressionList", [ADA])]
    events = [each["event"] for each in ask("/_simulator/events")]
    assert [each["eventType"] for each in events] == ["Send", "Delivery", "Bounce"]
    assert events[1]["delivery"]["recipients"] == ["bob@example.org"]
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 2
    assert ask(f"/_simulator/outbox/{message_id}")["state"] == "bounced"
    ses.delete_suppressed_destination(EmailAddress=ADA)
    send(ses, ADA)
    assert len(bounces(ask)) == 1
    assert refused(ses.delete_suppressed_destination, EmailAddress=ADA)[0] == "NotFoundException"


def test_a_bulk_calls_suppressed_recipient_bounces(ses: Any, ask: Any) -> None:
    ses.put_suppressed_destination(EmailAddress=ADA, Reason="BOUNCE")
    results = ses.send_bulk_email(
        FromEmailAddress="news@example.com",
        DefaultContent={
            "Template": {"TemplateContent": {"Subject": "x", "Text": "x"}, "TemplateData": "{}"}
        },
        BulkEmailEntries=[{"Destination": {"ToAddresses": [to]}} for to in (ADA, "b@example.org")],
    )["BulkEmailEntryResults"]
    assert [each["Status"] for each in results] == ["SUCCESS", "SUCCESS"]
    assert [people for *_, people in bounces(ask)] == [[ADA]]


def test_the_accounts_attributes_say_whom_the_list_stops(ses: Any, ask: Any) -> None:
    assert ses.get_account()["SuppressionAttributes"]["SuppressedReasons"] == [
        "BOUNCE",
        "COMPLAINT",
    ]
    ses.put_suppressed_destination(EmailAddress=ADA, Reason="BOUNCE")
    for reasons, stopped in ((["COMPLAINT"], 0), ([], 0), (["BOUNCE"], 1)):
        ses.put_account_suppression_attributes(SuppressedReasons=reasons)
        assert ses.get_account()["SuppressionAttributes"]["SuppressedReasons"] == reasons
        send(ses, ADA)
        assert len(bounces(ask)) == stopped
    validation = {"ConditionThreshold": {"ConditionThresholdEnabled": "ENABLED"}}
    ses.put_account_suppression_attributes(ValidationAttributes=validation)
    told = ses.get_account()["SuppressionAttributes"]
    assert told == {"SuppressedReasons": [], "ValidationAttributes": validation}
    ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"])
    assert "ValidationAttributes" not in ses.get_account()["SuppressionAttributes"]


def test_the_list_is_told(ses: Any, ask: Any) -> None:
    for number in range(5):
        reason = "BOUNCE" if number % 2 else "COMPLAINT"
        ses.put_suppressed_destination(EmailAddress=f"u{number}@example.org", Reason=reason)
        ask("/_simulator/clock", {"advance": 60})
    told = ses.get_suppressed_destination(EmailAddress="U3@example.org")["SuppressedDestination"]
    assert (told["EmailAddress"], told["Reason"]) == ("u3@example.org", "BOUNCE")
    page = ses.list_suppressed_destinations(PageSize=3)
    rest = ses.list_suppressed_destinations(PageSize=3, NextToken=page["NextToken"])
    found = [*page["SuppressedDestinationSummaries"], *rest["SuppressedDestinationSummaries"]]
    assert [each["EmailAddress"] for each in found] == [f"u{n}@example.org" for n in range(5)]
    bounced = ses.list_suppressed_destinations(Reasons=["BOUNCE"])["SuppressedDestinationSummaries"]
    assert [each["EmailAddress"] for each in bounced] == ["u1@example.org", "u3@example.org"]
    since = ses.list_suppressed_destinations(StartDate=told["LastUpdateTime"])
    assert [each["EmailAddress"] for each in since["SuppressedDestinationSummaries"]] == [
        "u3@example.org",
        "u4@example.org",
    ]
    gone = refused(ses.get_suppressed_destination, EmailAddress="x@example.org")
    assert gone[0] == "NotFoundException"
    bad = refused(ses.put_suppressed_destination, EmailAddress="no address", Reason="BOUNCE")
    assert bad[0] == "BadRequestException"
    assert refused(ses.put_suppressed_destination, EmailAddress=ADA, Reason="SPITE")[0] == (
        "BadRequestException"
    )


# identities, figures, the switch


def test_identities_through_the_old_api(ses: Any, old: Any) -> None:
    old.verify_email_identity(EmailAddress=ADA)
    assert old.verify_domain_identity(Domain="example.com")["VerificationToken"]
    assert old.list_identities()["Identities"] == [ADA, "example.com"]
    assert old.list_identities(IdentityType="Domain")["Identities"] == ["example.com"]
    page = old.list_identities(MaxItems=1)
    assert old.list_identities(MaxItems=1, NextToken=page["NextToken"])["Identities"] == [
        "example.com"
    ]
    told = old.get_identity_verification_attributes(Identities=[ADA, "example.com", "x@x.org"])
    assert {
        name: each["VerificationStatus"] for name, each in told["VerificationAttributes"].items()
    } == {ADA: "Success", "example.com": "Success"}
    old.delete_identity(Identity=ADA)
    ses.delete_email_identity(EmailIdentity="example.com")
    assert old.list_identities()["Identities"] == []
    assert refused(ses.delete_email_identity, EmailIdentity=ADA)[0] == "NotFoundException"
    for wrong in ("example.com", "ada@nowhere", "<ada@example.org>"):
        code, _ = refused(old.verify_email_identity, EmailAddress=wrong)
        assert code == "InvalidParameterValue"


def test_statistics_are_told_by_quarters_of_an_hour(ses: Any, old: Any, ask: Any) -> None:
    send(ses, ADA)
    send(ses, "bounce@simulator.amazonses.com")
    ask("/_simulator/clock", {"advance": 900})
    send(ses, "complaint@simulator.amazonses.com")
    points = old.get_send_statistics()["SendDataPoints"]
    assert [
        (each["DeliveryAttempts"], each["Bounces"], each["Complaints"], each["Rejects"])
        for each in points
    ] == [(2, 1, 0, 0), (1, 0, 1, 0)]
    assert (points[1]["Timestamp"] - points[0]["Timestamp"]).total_seconds() == 900
    ask("/_simulator/clock", {"advance": 15 * 86_400})
    assert old.get_send_statistics()["SendDataPoints"] == []


def test_sending_can_be_switched_off_and_on(ses: Any, old: Any) -> None:
    assert old.get_account_sending_enabled()["Enabled"] is True
    ses.put_account_sending_attributes(SendingEnabled=False)
    assert ses.get_account()["SendingEnabled"] is False
    assert old.get_account_sending_enabled()["Enabled"] is False
    assert refused(send, ses, ADA)[0] == "SendingPausedException"
    old.update_account_sending_enabled(Enabled=True)
    send(ses, ADA)
    old.update_account_sending_enabled(Enabled=False)
    assert refused(send, ses, ADA)[0] == "SendingPausedException"


# the sandbox


def test_in_the_sandbox_everybody_must_be_verified(ses: Any, ask: Any, connect: Any) -> None:
    ask("/_simulator/account", {"production_access": False, "verify_identities": True})
    failed = "Email address is not verified. The following identities failed the check in region "
    assert refused(send, ses, ADA) == (
        "MessageRejected",
        f"{failed}EU-WEST-1: news@example.com",
    )
    ses.create_email_identity(EmailIdentity="example.com")
    assert refused(send, ses, ADA) == ("MessageRejected", f"{failed}EU-WEST-1: {ADA}")
    send(ses, "success@simulator.amazonses.com")
    ses.create_email_identity(EmailIdentity=ADA)
    send(ses, ADA)
    head = f"From: CEO <ceo@other.example>\nTo: {ADA}"
    assert refused(raw, ses, head, FromEmailAddress="news@example.com") == (
        "MessageRejected",
        f"{failed}EU-WEST-1: ceo@other.example",
    )
    send_as = f"From: news@example.com\nSender: ceo@other.example\nTo: {ADA}"
    assert refused(raw, ses, send_as)[0] == "MessageRejected"


@pytest.mark.long
@pytest.mark.ci
def test_the_setting_puts_the_account_into_the_sandbox_and_out_of_it(tmp_path: Path) -> None:
    for given, access in ((True, False), (None, False), (False, True)):
        more = {} if given is None else {"simulator_sandbox": given}
        settings = load_settings(
            account="simulator", data_dir=tmp_path, state_dir=tmp_path / "state", **more
        )
        with Runtime.open(settings) as runtime:
            assert runtime.ses.reader.poll().production_access is access
            ses = runtime.ses.clients.sesv2
            if access:
                send(ses, ADA)
            else:
                assert refused(send, ses, "success@simulator.amazonses.com")[0] == "MessageRejected"


# raw mail


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("From: a@x.org\nFrom: b@x.org\nTo: c@x.org", "Duplicate header 'From'."),
        ("From: a@x.org\nTo: c@x.org\nSubject: 1\nsubject: 2", "Duplicate header 'Subject'."),
        ("From: a@x.org\nTo: c@x.org\nnot a header", "a line that is not a header"),
        ("From: a@x.org\nTo: c@x.org\nBad Name: x", "a line that is not a header"),
        ("From: a@x.org\nTo: c@x.org\nX: a\rb", "a NUL or a bare carriage return"),
        ("\nFrom: a@x.org\nTo: c@x.org", "does not begin with a header|FromEmailAddress"),
        ("To: c@x.org", "FromEmailAddress is required"),
        ("From: invalid@invalid\nTo: c@x.org", "Invalid domain name: 'invalid'."),
        ("From: a@x.org\nTo: c@invalid", "Invalid domain name: 'invalid'."),
    ],
)
def test_heads_that_ses_does_not_take(ses: Any, head: str, sentence: str) -> None:
    code, said = refused(raw, ses, head)
    assert code == "BadRequestException"
    assert any(each in said for each in sentence.split("|")), said


def test_a_raw_mail_has_a_from_header_whoever_sends_it(ses: Any, old: Any) -> None:
    assert refused(raw, ses, "To: c@x.org", FromEmailAddress="a@x.org") == (
        "BadRequestException",
        "Missing required header 'From'.",
    )
    code, _ = refused(
        old.send_raw_email, Source="a@x.org", RawMessage={"Data": b"To: c@x.org\r\n\r\nx"}
    )
    assert code == "InvalidParameterValue"


def test_an_address_without_a_domain_is_refused_alone(ses: Any, old: Any) -> None:
    said = ("BadRequestException", "Invalid domain name: 'invalid'.")
    assert refused(send, ses, "invalid@invalid") == said
    assert refused(send, ses, ADA, sender="invalid@invalid") == said
    results = ses.send_bulk_email(
        FromEmailAddress="news@example.com",
        DefaultContent={
            "Template": {"TemplateContent": {"Subject": "x", "Text": "x"}, "TemplateData": "{}"}
        },
        BulkEmailEntries=[
            {"Destination": {"ToAddresses": [to]}} for to in (ADA, "invalid@invalid")
        ],
    )["BulkEmailEntryResults"]
    assert [each["Status"] for each in results] == ["SUCCESS", "INVALID_PARAMETER"]
    code, _ = refused(
        old.send_email,
        Source="a@x.org",
        Destination={"ToAddresses": ["invalid@invalid"]},
        Message={"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}},
    )
    assert code == "InvalidParameterValue"


@pytest.mark.parametrize(
    "bcc", ["Bcc: eve@example.org", "bCC:eve@example.org,\n\tmallory@example.org"]
)
def test_nobody_sees_who_got_a_blind_copy(ses: Any, ask: Any, bcc: str) -> None:
    for head in (
        f"From: Shop <news@example.com>\n{bcc}\nTo: {ADA}\nSubject: Bcc: none",
        f"{bcc}\nFrom: Shop <news@example.com>\nTo: {ADA}\nSubject: Bcc: none",
        f"From: Shop <news@example.com>\nTo: {ADA}\nSubject: Bcc: none\n{bcc}",
    ):
        mail = ask(f"/_simulator/outbox/{raw(ses, head)}")
        assert "eve@" not in mail["raw"]
        assert "mallory@" not in mail["raw"]
        assert "bcc" not in {each["name"].lower() for each in mail["headers"]}
        assert mail["raw"].endswith("\r\n\r\nbody")
        assert (mail["subject"], mail["from"]) == ("Bcc: none", "Shop <news@example.com>")
        assert mail["bcc"][0] == "eve@example.org"
        assert "eve@example.org" in mail["recipients"]
