"""SES's sending calls, made of botocore's own parts without the client that it puts around them.

A client resolves the endpoint anew for each call, walks through the API's whole model to write and
to read JSON, passes dozens of hooks and prepares to try again: as much processor time as signing,
sending and hearing the answer take (`tests/benchmarks/test_ceiling.py`). Sending needs none of it:
a call is tried once (DESIGN §4.3).
"""

import base64
import json
from collections.abc import Callable, Mapping
from enum import Enum
from hashlib import sha256
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserFactory

from sestui.ses.client import USER_AGENT, Clients


class Operation(Enum):
    """The calls, by their paths in SES's API v2."""

    SEND_EMAIL = "/v2/email/outbound-emails"
    SEND_BULK_EMAIL = "/v2/email/outbound-bulk-emails"


class WithdrawnError(Exception):
    """``leave`` said no, and nothing has left."""


class Calls:
    """Makes one attempt a call, for many threads at once."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        service = clients.sesv2.meta.service_model
        # Errors are read alike, whichever call they answer.
        self._shape: Any = service.operation_model("SendEmail").output_shape
        self._parser = ResponseParserFactory().create_parser(service.resolved_protocol)
        self._base = clients.endpoint_url.rstrip("/")

    def call(
        self, operation: Operation, arguments: Mapping[str, Any], leave: Callable[[], bool]
    ) -> Mapping[str, Any]:
        """SES's answer to ``operation``, as boto3 would give it; {} if it can't be read.

        ``leave`` is asked when the request is serialised and signed and its first byte is next.

        Raises:
            WithdrawnError: ``leave`` said no.
            ClientError: SES, or somebody in its place, answered with an error.
            BotoCoreError: there are no credentials, or the network failed.
        """
        prepared = self._prepared(self._base + operation.value, _written(arguments).encode("ascii"))
        if not leave():
            raise WithdrawnError
        answer = self._clients.http.send(prepared)
        if answer.status_code >= 300:
            said = {
                "status_code": answer.status_code,
                "headers": answer.headers,
                "body": answer.content,
            }
            raise ClientError(self._parser.parse(said, self._shape), operation.name)
        return _read(answer.content)

    def _prepared(self, url: str, body: bytes) -> AWSPreparedRequest:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            # Else the signer prepares the whole request once more, for its body only.
            "X-Amz-Content-SHA256": sha256(body).hexdigest(),
        }
        request = AWSRequest("POST", url, headers, data=body)
        self._clients.sign(request)
        signed: Any = dict(request.headers.items()) | {"Content-Length": str(len(body))}
        return AWSPreparedRequest("POST", url, signed, body, stream_output=False)


def _text_of(blob: Any) -> str:
    """How the API writes bytes in JSON."""
    return base64.b64encode(blob).decode("ascii")


_written = json.JSONEncoder(default=_text_of, separators=(",", ":")).encode


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:  # cut off on the way, or not SES's
        return {}
    return said if isinstance(said, dict) else {}
