"""SES's old API: converts its sends to version 2's requests, and the answers back."""

import json
from collections.abc import Callable
from uuid import uuid4

from sestui.ses_api import wire_v1
from sestui.ses_api.wire import BulkStatus, EntryResult, Json, ServiceError


def parsed(query: str, body: bytes) -> tuple[str, wire_v1.Parameters, Json | None, bool]:
    """The action, its parameters, version 2's request if it is a send, and whether it is bulk.

    Raises:
        ServiceError: it isn't a call, or its parameters don't fit.
    """
    action, parameters = wire_v1.parse_form(query, body)
    convert: Callable[[wire_v1.Parameters], Json] | None = wire_v1.SENDS.get(action)
    given = None if convert is None else convert(parameters)
    return action, parameters, given, action == wire_v1.BULK


def as_xml(action: str, status: int, body: bytes, error_code: str) -> tuple[int, bytes]:
    """Version 2's answer to a send as the old API's: status and body."""
    said, request_id = json.loads(body or b"{}"), str(uuid4())
    if error_code:
        error = ServiceError(status, error_code, said["message"])
        return wire_v1.as_v1(error).status, wire_v1.error_xml(error, request_id)
    if action == wire_v1.BULK:
        results = [
            EntryResult(
                BulkStatus(entry["Status"]), entry.get("MessageId", ""), entry.get("Error", "")
            )
            for entry in said.get("BulkEmailEntryResults", [])
        ]
        return status, wire_v1.bulk_sent_xml(results, request_id)
    return status, wire_v1.sent_xml(action, said.get("MessageId", ""), request_id)
