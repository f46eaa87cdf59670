"""The gateway against the real simulator, whose outbox says what truly happened."""

import socket
import threading

import pytest

from sestui.core.delivery.handover import AnswerKind, HoldBack
from sestui.core.delivery.mail import MailAttachment
from sestui.ses.client import Clients, Endpoint
from sestui.simulator.api.faults import checked_fault

ACCEPTED, REFUSED = AnswerKind.ACCEPTED, AnswerKind.REFUSED
NOT_SENT, UNKNOWN = AnswerKind.NOT_SENT, AnswerKind.UNKNOWN


def test_an_accepted_mail_has_the_message_id_of_the_outbox(gateway, mail, account):
    reply = gateway.send(mail(headers=(("List-Unsubscribe", "<mailto:x@example.com>"),)))
    assert reply.kind is ACCEPTED
    found = account.mail(reply.message_id)
    assert found["recipients"] == ["ada@example.com"]
    assert found["tags"] == {"sestui-run": "1", "sestui-delivery": "7"}
    assert {"name": "List-Unsubscribe", "value": "<mailto:x@example.com>"} in found["headers"]


def test_attachments_and_other_alphabets_arrive_whole(gateway, mail, account):
    file = MailAttachment("price list.pdf", "application/pdf", bytes(range(256)))
    reply = gateway.send(mail(subject="Größe 陽子", text="", attachments=(file,)))
    assert account.mail(reply.message_id)["subject"] == "Größe 陽子"


@pytest.mark.parametrize(
    ("fault", "kind", "code", "hold_back", "accepted"),
    [
        ("throttle", NOT_SENT, "TooManyRequestsException", HoldBack.RATE, 0),
        ("daily_quota", NOT_SENT, "LimitExceededException", HoldBack.QUOTA, 0),
        ("sending_paused", NOT_SENT, "SendingPausedException", HoldBack.PAUSED, 0),
        ("error_500", NOT_SENT, "InternalFailure", HoldBack.FAULT, 0),
        ("error_503", NOT_SENT, "ServiceUnavailable", HoldBack.FAULT, 0),
        ("refuse", REFUSED, "MessageRejected", None, 0),
        ("reset_before", UNKNOWN, "ConnectionClosedError", None, 0),
        ("reset_after", UNKNOWN, "ConnectionClosedError", None, 1),
        ("hang_after", UNKNOWN, "ReadTimeoutError", None, 1),
        ("truncated", UNKNOWN, None, None, 1),
        ("gateway_502", UNKNOWN, "502", None, 1),
    ],
)
def test_each_fault_is_read_for_what_it_is_after_one_attempt(
    gateway, mail, account, fault, kind, code, hold_back, accepted
):
    account.add_fault(checked_fault(fault))
    reply = gateway.send(mail())
    assert (reply.kind, reply.hold_back) == (kind, hold_back)
    assert code is None or reply.code == code
    assert reply.reason
    assert not reply.message_id
    assert account.addresses() == ({"ada@example.com": 1} if accepted else {})
    assert account.faults()[0]["fired"] == 1  # one attempt, whatever went wrong


def test_a_slow_answer_is_awaited(gateway, mail, account):
    account.add_fault(checked_fault("slow", seconds=0.2))
    assert gateway.send(mail()).kind is ACCEPTED


def test_the_gateway_goes_on_after_every_kind_of_broken_connection(gateway, mail, account):
    for fault in ("reset_before", "reset_after", "hang_after", "truncated", "gateway_502"):
        account.add_fault(checked_fault(fault, count=1))
    kinds = [gateway.send(mail(f"a{number}@example.com")).kind for number in range(7)]
    assert kinds == [UNKNOWN] * 5 + [ACCEPTED] * 2


def test_without_a_connection_nothing_leaves(gateway, mail, account):
    replies: list[object] = []
    call = gateway.gateway.call([mail()])
    assert not gateway.gateway.send(call, replies.extend)
    gateway.gateway.want(1)
    gateway.until(lambda: gateway.gateway.ready > 0)
    assert (replies, account.addresses()) == ([], {})
    assert gateway.gateway.send(call, replies.extend)
    gateway.until(lambda: bool(replies))
    assert account.addresses() == {"ada@example.com": 1}


def test_nobody_listening_is_not_sent(mail, sending):
    with socket.socket() as bound:  # bound and not listening: connections are refused
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        clients = Clients(Endpoint(url, simulated=True))
        reply = sending(clients).send(mail())
    assert (reply.kind, reply.hold_back) == (NOT_SENT, HoldBack.UNREACHABLE)
    assert reply.code == "EndpointConnectionError"


def test_a_second_gateway_over_the_same_clients_sends_as_the_first_did(
    clients, mail, account, sending
):
    assert sending(clients).send(mail("one@example.com")).kind is ACCEPTED
    reply: list[object] = []
    thread = threading.Thread(
        target=lambda: reply.append(sending(clients).send(mail("two@example.com")).kind)
    )
    thread.start()
    thread.join()
    assert reply == [ACCEPTED]
    assert account.addresses() == {"one@example.com": 1, "two@example.com": 1}


def test_no_reason_breaks_a_line_or_a_terminal(gateway, mail, account):
    account.add_fault(checked_fault("refuse", match="*"))
    reply = gateway.send(mail("evil\x1b[2J\n@example.com"))
    assert reply.reason.isprintable()


# bulk calls


def test_a_bulk_call_gives_each_entry_its_own_reply(gateway, mail, account):
    account.add_fault(checked_fault("refuse", match="b@example.com"))
    mails = [mail(f"{name}@example.com", subject=f"To {name}") for name in "abc"]
    replies = gateway.send_bulk(mails)
    assert [reply.kind for reply in replies] == [ACCEPTED, REFUSED, ACCEPTED]
    assert account.addresses() == {"a@example.com": 1, "c@example.com": 1}
    assert account.mail(replies[2].message_id)["recipients"] == ["c@example.com"]


@pytest.mark.parametrize("fault", ["reset_after", "truncated", "hang_after", "gateway_502"])
def test_a_bulk_call_without_an_answer_leaves_all_of_it_in_doubt(gateway, mail, account, fault):
    account.add_fault(checked_fault(fault))
    replies = gateway.send_bulk([mail("a@example.com"), mail("b@example.com")])
    assert [reply.kind for reply in replies] == [UNKNOWN, UNKNOWN]
    assert account.addresses() == {"a@example.com": 1, "b@example.com": 1}
    assert account.faults()[0]["fired"] == 1


def test_mixed_bulk_statuses_agree_with_the_outbox_entry_by_entry(gateway, mail, account):
    account.add_fault(checked_fault("mixed_bulk", probability=0.5))
    mails = [mail(f"m{number}@example.com") for number in range(50)]
    replies = gateway.send_bulk(mails)
    accepted = {m.to for m, reply in zip(mails, replies, strict=True) if reply.kind is ACCEPTED}
    assert accepted == set(account.addresses())
    assert 0 < len(accepted) < 50
    assert not [reply for reply in replies if reply.kind is UNKNOWN]
