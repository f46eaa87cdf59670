"""SES's sending calls made of botocore's own parts, without the client that it puts around them.

A client resolves the endpoint anew for each call, passes it by dozens of hooks and prepares to try
again: more processor time than serialising, signing, sending and reading the answer take together
(`tests/benchmarks/test_ceiling.py`). Sending needs none of it, and tries a call once (DESIGN §4.3).
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from botocore.awsrequest import AWSRequest
from botocore.endpoint import convert_to_response_dict
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserFactory
from botocore.serialize import create_serializer

from sestui.ses.client import USER_AGENT, Clients

Operation = Literal["SendEmail", "SendBulkEmail"]


class WithdrawnError(Exception):
    """``leave`` said no, and nothing has left."""


class Calls:
    """Makes one attempt a call, for many threads at once."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._service = clients.sesv2.meta.service_model
        protocol = self._service.resolved_protocol
        self._serializer = create_serializer(protocol, include_validation=False)
        self._parser = ResponseParserFactory().create_parser(protocol)

    def call(
        self, operation: Operation, arguments: Mapping[str, Any], leave: Callable[[], bool]
    ) -> dict[str, Any]:
        """SES's answer to ``operation``, as boto3 would give it.

        ``leave`` is asked when the request is serialised and signed and its first byte is next.

        Raises:
            WithdrawnError: ``leave`` said no.
            ClientError: SES, or somebody in its place, answered with an error.
            BotoCoreError: there are no credentials, or the network failed.
        """
        model = self._service.operation_model(operation)
        given = self._serializer.serialize_to_request(arguments, model)
        request = AWSRequest(
            method=given["method"],
            url=self._clients.endpoint_url.rstrip("/") + given["url_path"],
            headers={**given["headers"], "User-Agent": USER_AGENT},
            data=given["body"],
        )
        self._clients.sign(request)
        prepared = request.prepare()
        if not leave():
            raise WithdrawnError
        answer = convert_to_response_dict(self._clients.http.send(prepared), model)
        shape = model.output_shape
        parsed: dict[str, Any] = self._parser.parse(answer, shape)  # type: ignore[arg-type] # has one
        if answer["status_code"] >= 300:
            raise ClientError(parsed, operation)  # type: ignore[arg-type] # whatever was parsed
        return parsed
