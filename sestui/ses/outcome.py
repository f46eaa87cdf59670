"""The outcome of a request: an HTTP answer, or the reason why there is none."""

from sestui.core.delivery.handover import AnswerKind, Reply
from sestui.ses.http_answer import HttpAnswer

Outcome = HttpAnswer | Reply
"""A reply if no readable answer came to a request that was sent, at least in part."""


def lost(code: str, reason: str) -> Reply:
    """The result is unknown."""
    return Reply(AnswerKind.UNKNOWN, code=code, reason=reason)


def too_late(seconds: float) -> Reply:
    """No complete answer came in time."""
    return lost("ReadTimeoutError", f"No whole answer came within {round(seconds, 1):g} seconds.")


def closed(error: OSError | None) -> Reply:
    """The connection was closed, perhaps by ``error``, before an answer came."""
    why = f" ({error.strerror})" if error is not None and error.strerror else ""
    return lost(
        "ConnectionClosedError",
        f"The mail was handed over, and the connection was closed without an answer{why}.",
    )


def premature() -> Reply:
    """An answer came before the whole request was sent, so it can't be SES's."""
    return lost("Unreadable", "An answer came before the mail had left whole.")
