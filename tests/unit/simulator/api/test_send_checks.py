import pytest

from sestui.core.contact.mailboxes import Mailbox
from sestui.simulator.api.send_checks import checked_raw, invalid_domain, without_bcc


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"To: a@x\r\nBCC : b@x,\r\n c@x\r\n\r\nBcc: body", b"To: a@x\r\n\r\nBcc: body"),
        (b"Bcc: b@x\nTo: a@x\n\nBcc: body\n", b"To: a@x\n\nBcc: body\n"),
        (b"To: a@x\nBcc: b@x", b"To: a@x\n"),
        (b"X-Bcc: b@x\nSubject: x\n Bcc: y\n\n", b"X-Bcc: b@x\nSubject: x\n Bcc: y\n\n"),
        (b"Bcc:\n\nx", b"\nx"),
    ],
)
def test_the_blind_copies_header_goes_and_nothing_else(before: bytes, after: bytes) -> None:
    assert without_bcc(before) == after


def test_a_domain_has_a_dot() -> None:
    assert invalid_domain(("a@x.org", "b@localhost")) == "Invalid domain name: 'localhost'."
    assert invalid_domain(("a@x.org", "b@münchen.example")) == ""


def test_the_name_is_the_one_that_recipients_see() -> None:
    data = b"From: =?utf-8?q?Caf=C3=A9?= <Shop@x.org>, b@x.org\r\nSender: s@x.org\r\n\r\n"
    assert checked_raw(data, Mailbox("", "shop@x.org")) == (
        "Café",
        ("Shop@x.org", "b@x.org", "s@x.org"),
    )
    assert checked_raw(data, Mailbox("Other", "o@x.org"))[0] == "Other"
