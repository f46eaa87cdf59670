"""A bulk job is split where SES's limits of size demand it, by what really goes over the wire."""

import pytest

from sestui.core.delivery.handover import Claim
from sestui.core.delivery.mail import Mail, MailAttachment, Pattern
from sestui.sending.engine.bulk_split import split_calls

PATTERN = Pattern(("News",), ("",), ("x" * 1_000, ""))
FIRST = MailAttachment("a.pdf", "application/pdf", b"%PDF")
SAME = MailAttachment("a.pdf", "application/pdf", bytes([*b"%PDF"]))
OTHER = MailAttachment("a.pdf", "application/pdf", b"%PDF 2")


def mail(**more):
    """A mail of one message; ``more`` is what sets it apart."""
    given = {"pattern": PATTERN, "pieces": ("y",)} | more
    return Mail("n@example.com", "a@example.com", "News", "", "x" * 1_000 + "y", **given)


def sizes(mails):
    claims = [Claim(n, 1, mail.to, 1) for n, mail in enumerate(mails)]
    groups = list(split_calls(list(zip(claims, mails, strict=True))))
    assert sorted(claim.delivery_id for group in groups for claim, _ in group) == list(
        range(len(mails))
    )
    return [len(group) for group in groups]


@pytest.mark.parametrize(
    ("shared", "piece", "calls"),
    [
        (300_000, "y", [8]),
        (450_000, "y", [1] * 8),  # SES takes no such template
        (300_000, "y" * 190_000, [2, 2, 2, 2]),
        (300_000, "ÿ" * 30_000, [2, 2, 2, 2]),  # six bytes each on the wire
        (1, "y" * 210_000, [1] * 8),  # SES takes no such data
        (1, "y" * 190_000, [4, 4]),
    ],
)
def test_calls_keep_within_what_ses_takes(shared, piece, calls):
    pattern = Pattern(("News",), ("",), ("x" * shared, ""))
    assert sizes([mail(pattern=pattern, pieces=(piece,)) for _ in range(8)]) == calls


@pytest.mark.parametrize(
    ("files", "piece", "calls"),
    [
        ((400_000,), 1, [8]),
        ((200_000, 200_000), 1, [8]),
        ((400_000,), 100_000, [2, 2, 2, 2]),  # in base64 they take 533 kB of each call
        ((450_000,), 1, [1] * 8),
        ((150_000,) * 3, 1, [1] * 8),
    ],
)
def test_attachments_count_once_a_call_and_in_base64(files, piece, calls):
    attached = tuple(MailAttachment("a", "application/pdf", bytes(size)) for size in files)
    assert sizes([mail(attachments=attached, pieces=("y" * piece,)) for _ in range(8)]) == calls


def test_the_headers_of_each_mail_count():
    headers = tuple((f"X-{n}", "v" * 900) for n in range(15))
    assert sizes([mail(headers=headers, pieces=("y" * 30_000,)) for _ in range(20)]) == [18, 2]


@pytest.mark.parametrize(
    ("others", "calls"),
    [
        ({"attachments": (OTHER,)}, [2, 2, 1]),
        ({"attachments": ()}, [2, 2, 1]),
        ({"attachments": (FIRST, OTHER)}, [2, 2, 1]),
        ({"attachments": (SAME,)}, [5]),
        ({"reply_to": ("r@example.com",)}, [2, 2, 1]),
        ({"configuration_set": "c"}, [2, 2, 1]),
        ({"pattern": Pattern(("News",), ("",), ("", ""))}, [2, 2, 1]),
        ({"request": {"Content": {"Raw": {"Data": b""}}}}, [2, 1, 1, 1]),
        ({"headers": (("X-Own", "1"),), "tags": (("own", "1"),)}, [5]),
    ],
)
def test_a_call_has_mails_only_that_share_what_it_says_once(others, calls):
    own = {"attachments": (FIRST,)}
    differing = own | others
    assert sizes([mail(**each) for each in (own, own, differing, differing, own)]) == calls
