"""``http-request``: request a URL, and check the status of the answer."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from sestui.core.text import printable
from sestui.errors import SestuiError
from sestui.tasks.context import TaskContext
from sestui.tasks.safe_http import (
    FetchAnswer,
    FetchRequest,
    RefusedError,
    RequestError,
    ask,
    checked_url,
)
from sestui.tasks.task_type import LongText, Outcome, TaskParameters, TaskType

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BREAKS = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_LONGEST_WAIT = 60.0
_SHOWN_BODY = 500
_PARTS = re.compile("[&=]")
_SECRET_LENGTH = 6
"""Characters; shorter values are taken for ordinary words."""


class HttpRequestParameters(TaskParameters):
    """The request, and the expected answer."""

    url: str
    """The URL to request."""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """The HTTP method."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Additional headers, one per line: name = value."""
    body: Annotated[str, LongText()] = ""
    """The request's body."""
    expected: list[int] = Field(default_factory=list)
    """Statuses that count as success; by default 200 to 299."""
    timeout: float = Field(30, gt=0, le=600)
    """Seconds for one attempt, redirects included."""
    retries: int = Field(0, ge=0, le=10)
    """Further attempts if there is no answer or the status is unexpected."""
    allow_private: bool = False
    """Also allow addresses of this machine and its local network."""

    @field_validator("url")
    @classmethod
    def _url(cls, given: str) -> str:
        try:
            return checked_url(given).url
        except RefusedError as error:
            raise ValueError(str(error)) from error

    @field_validator("headers")
    @classmethod
    def _headers(cls, given: dict[str, str]) -> dict[str, str]:
        for name, value in given.items():
            if not _TOKEN.fullmatch(name) or _BREAKS.search(value) or not value.isascii():
                raise ValueError(f"{name!r} can't be a header with that value")
            if name.lower() in {"host", "content-length", "transfer-encoding"}:
                raise ValueError(f"{name} can't be set")
        return given


class HttpRequest(TaskType[HttpRequestParameters]):
    """Requests the URL, follows redirects, and fails unless the status is expected."""

    summary = "Request a URL and check the status."
    Parameters = HttpRequestParameters

    def run(self, context: TaskContext[HttpRequestParameters]) -> Outcome:
        """See :meth:`TaskType.run`."""
        given = context.parameters
        body = given.body.encode() if given.body else None
        request = FetchRequest(given.method, given.url, given.headers, body)
        for attempt in range(given.retries + 1):
            if attempt:
                context.wait(min(_LONGEST_WAIT, 2.0**attempt))
            try:
                began = context.clock.monotonic()
                answer = ask(
                    request,
                    seconds=min(given.timeout, context.seconds_left),
                    allow_private=given.allow_private,
                    clock=context.clock,
                )
            except RequestError as error:
                context.go_on()
                context.log(str(error))
                trouble = str(error)
                continue
            seconds = context.clock.monotonic() - began
            context.log(f"{given.method} {answer.status} in {seconds:.2f} s")
            if _expected(given, answer.status):
                return Outcome(
                    f"The answer was {answer.status}.",
                    {"status": answer.status, "seconds": round(seconds, 3)},
                )
            context.log(_start_of(answer, given))
            trouble = f"The answer was {answer.status}, which is not expected."
        raise SestuiError(trouble)


def _expected(given: HttpRequestParameters, status: int) -> bool:
    return status in given.expected if given.expected else 200 <= status < 300


def _start_of(answer: FetchAnswer, given: HttpRequestParameters) -> str:
    """The start of the answer, without what was sent: hosts may repeat it, and it may be secret."""
    body = answer.body.decode("utf-8", "replace")
    query = given.url.partition("?")[2]
    sent = {given.body, query, *_PARTS.split(query)}
    for value in given.headers.values():
        sent |= {value, *value.split()}
    for each in sorted(sent, key=len, reverse=True):
        if len(each) >= _SECRET_LENGTH:
            body = body.replace(each, "(as sent)")
    return printable(body[:_SHOWN_BODY])
