"""What comes of a request that has left: an answer, whoever gave it, or none that can be read."""

from dataclasses import dataclass

from sestui.ses.http_answer import HttpAnswer


@dataclass(frozen=True, slots=True)
class Lost:
    """Bytes of a request have left, and no answer that can be read came back."""

    code: str
    reason: str


Outcome = HttpAnswer | Lost


def too_late(seconds: float) -> Lost:
    """Nothing whole came within so many seconds."""
    return Lost("ReadTimeoutError", f"No whole answer came within {round(seconds, 1):g} seconds.")


def closed(error: OSError | None) -> Lost:
    """The connection ended first; with ``error``, where there was one."""
    why = f" ({error.strerror})" if error is not None and error.strerror else ""
    return Lost(
        "ConnectionClosedError",
        f"The mail was handed over and the connection was closed without an answer{why}.",
    )


def said_too_soon() -> Lost:
    """Whoever took the request hadn't got the whole of it: it can't have been SES."""
    return Lost("Unreadable", "An answer came before the mail had left whole.")
