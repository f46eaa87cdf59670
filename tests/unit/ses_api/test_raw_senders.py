from email.parser import BytesHeaderParser
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.ses_api.raw_mail import RawMail
from sestui.ses_api.raw_senders import raw_senders
from sestui.ses_api.wire import ServiceError

OURS, THEIRS = "n@shop.example.com", "ceo@other.com"


def senders(*lines: str) -> tuple[str, ...]:
    return raw_senders(RawMail("\r\n".join([*lines, "To: x@y.org", "", "x"]).encode()))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([f"From: Shop <{OURS}>"], (OURS,)),
        ([f"From: {OURS}, {THEIRS}"], (OURS, THEIRS)),
        ([f"From: Shop: {OURS}, {THEIRS};"], (OURS, THEIRS)),
        ([f"From: {OURS}", f"sender: {THEIRS}"], (OURS, THEIRS)),
        ([f"From: {OURS}", f"return-PATH: <{THEIRS}>"], (OURS, THEIRS)),
        ([f"From: {OURS}", f"Sender: {OURS}", f"Reply-To: {THEIRS}"], (OURS,)),
        ([f"From: =?utf-8?b?RG9lLCDDiQ==?= <{OURS}>"], (OURS,)),
        ([f"From: {'long ' * 15}", f" <{OURS}>"], (OURS,)),
        ([f"From: [Staging] Shop <{OURS}>"], (OURS,)),
        ([f'From: "{THEIRS}" <{OURS}>'], (OURS,)),
        ([f"From: Doé ({THEIRS}) <{OURS}>"], (OURS,)),
        (["Subject: nobody"], ()),
    ],
)
def test_everybody_whom_it_is_from_is_found(lines, found):
    assert senders(*lines) == found


@pytest.mark.parametrize("name", ["From", "Sender"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"{THEIRS} <{OURS}>", "can be read as another address"),
        (f"support@b.org via Shop <{OURS}>", "can be read as another address"),
        (f"=?utf-8?q?x?={OURS}", "can be read as another address"),
        (f"<{THEIRS}>é:,;", "can be read as another address"),
        (f"=?utf-8?q?=00=0a?=?={OURS}", "can't be read"),
        (f".?=b <{OURS}>", "can't be read"),
        pytest.param(f"{'(' * 500}{')' * 500} {OURS}", "can't be read", id="deep"),
        (":;\t ", "can't be read"),
        pytest.param(f"{'a ' * 1_000} <{OURS}>", "is longer than", id="long"),
    ],
)
def test_what_others_read_otherwise_is_refused(name, value, said):
    with pytest.raises(ServiceError, match=f"The mail's {name} {said}"):
        senders(f"{name}: {value}")


PIECES = st.sampled_from(
    [
        *(OURS, THEIRS, f"<{OURS}>", f"<{THEIRS}>", '"', "(", ")", "<", ">", ",", ";", ":", "@"),
        *("=?utf-8?q?x?=", "=?x", "?=", " ", "\t", "\\", "[", "]", "é", "\r\n ", '"b"', "b", "."),
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_whatever_is_taken_pythons_reader_finds_nobody_else_in(value):
    data = f"From: {value}\r\n\r\n".encode()
    try:
        found = raw_senders(RawMail(data))
    except ServiceError:
        return
    headers = BytesHeaderParser(policy=SMTP).parsebytes(data).get_all("From", [])
    theirs = {each.addr_spec for header in headers for each in header.addresses}
    assert {each.lower() for each in theirs if "@" in each} <= {each.lower() for each in found}
