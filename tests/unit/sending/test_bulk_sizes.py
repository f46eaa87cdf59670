"""A bulk job is split where SES's limits of size demand it, by what really goes over the wire."""

import pytest

from sestui.core.clock import SystemClock
from sestui.core.delivery import AnswerKind, Claim
from sestui.core.mail import Mail, Pattern
from sestui.sending.engine.dispatch import Dispatcher, Job
from sestui.ses.replies import Reply

ACCEPTED = Reply(AnswerKind.ACCEPTED, message_id="m")


class Composer:
    """Mails with ``shared`` in common and a piece each."""

    has_attachments = False

    def __init__(self, shared, piece):
        self.pattern = Pattern(("News",), ("",), (shared, ""))
        self.piece = piece

    def mail(self, email, attributes, tags):
        text = self.pattern.text[0] + self.piece
        return Mail(
            "n@example.com", email, "News", "", text, pattern=self.pattern, pieces=(self.piece,)
        )


class Gateway:
    """Notes how many mails each call has."""

    single_cost = 0.0

    def __init__(self):
        self.calls = []

    def send(self, mail, leave):
        return self.send_bulk([mail], leave)[0]

    def send_bulk(self, mails, leave):
        leave()
        self.calls.append(len(mails))
        return [ACCEPTED] * len(mails)


@pytest.mark.parametrize(
    ("shared", "piece", "calls"),
    [
        ("x" * 300_000, "y", [8]),
        ("x" * 450_000, "y", [1] * 8),  # SES takes no such template
        ("x" * 300_000, "y" * 190_000, [2, 2, 2, 2]),
        ("x" * 300_000, "ÿ" * 30_000, [2, 2, 2, 2]),  # six bytes each on the wire
        ("x", "y" * 210_000, [1] * 8),  # SES takes no such data
        ("x", "y" * 190_000, [4, 4]),
    ],
)
def test_calls_keep_within_what_ses_takes(shared, piece, calls):
    clock, gateway = SystemClock(), Gateway()
    dispatcher = Dispatcher(gateway, clock, most=1)
    claims = tuple(Claim(n, 1, f"a{n}@example.com", 1) for n in range(8))
    dispatcher.hand_over([Job(claims, Composer(shared, piece), clock.monotonic(), 10_000, True)])
    answered = 0
    while answered < len(claims):
        assert dispatcher.answered.wait(10)
        answered += len(dispatcher.collect())
    dispatcher.close()
    assert gateway.calls == calls
