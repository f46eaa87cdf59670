"""What comes of a request that has left: an answer, whoever gave it, or none that can be read."""

from sestui.core.delivery.handover import AnswerKind, Reply
from sestui.ses.http_answer import HttpAnswer

Outcome = HttpAnswer | Reply
"""A reply where bytes of the request have left, and no answer that can be read came back."""


def lost(code: str, reason: str) -> Reply:
    """Nobody can say what became of the request's mails."""
    return Reply(AnswerKind.UNKNOWN, code=code, reason=reason)


def too_late(seconds: float) -> Reply:
    """Nothing whole came within so many seconds."""
    return lost("ReadTimeoutError", f"No whole answer came within {round(seconds, 1):g} seconds.")


def closed(error: OSError | None) -> Reply:
    """The connection ended first; with ``error``, where there was one."""
    why = f" ({error.strerror})" if error is not None and error.strerror else ""
    return lost(
        "ConnectionClosedError",
        f"The mail was handed over, and the connection was closed without an answer{why}.",
    )


def said_too_soon() -> Reply:
    """Whoever took the request hadn't got the whole of it: it can't have been SES."""
    return lost("Unreadable", "An answer came before the mail had left whole.")
