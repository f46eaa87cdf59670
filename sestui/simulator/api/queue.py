"""The queue of the simulated account's events, behind SQS's wire format (JSON 1.0).

Just what a consumer needs: receive, delete, ask for its attributes. Every event is in it once it is
due, and comes again when it was received and not deleted in time.
"""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from sestui.ses_api.wire import ServiceError
from sestui.simulator.account.account_rows import read_account
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.launch import QUEUE_PATH
from sestui.simulator.outbox import outbox

TARGET = b"x-amz-target"
_SERVICE = "AmazonSQS."
_MOST = 10
_LONGEST_WAIT = 20
_VISIBILITY_SECONDS = 30.0
_POLL_SECONDS = 0.1


async def answer_queue(state: SimulatorState, target: str, body: bytes, *, let_in: bool) -> bytes:
    """The answer to a call of SQS's API, which ``target`` names; ``let_in`` has the account's key.

    Raises:
        ServiceError: as SQS would say it.
    """
    call = target.removeprefix(_SERVICE) if target.startswith(_SERVICE) else ""
    if not let_in:
        raise ServiceError(
            403, "InvalidClientTokenId", "The simulator takes its own access key only."
        )
    given = _parameters(body)
    _check_queue(given)
    if call == "ReceiveMessage":
        return _json(await _received(state, given))
    if call in {"DeleteMessage", "DeleteMessageBatch"}:
        return _json(await run_in_threadpool(_deleted, state, given, one=call == "DeleteMessage"))
    if call == "GetQueueAttributes":
        return _json({"Attributes": await run_in_threadpool(_attributes, state)})
    raise ServiceError(400, "InvalidAction", f"The simulated queue has no operation {target}.")


def queue_error_body(error: ServiceError) -> bytes:
    """The JSON of a refusal, as SQS has it."""
    return _json({"__type": f"com.amazonaws.sqs#{error.code}", "message": error.text})


def _parameters(body: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ServiceError(400, "SerializationException", "The request is not a JSON object.")
    return given


def _check_queue(given: Mapping[str, Any]) -> None:
    if not str(given.get("QueueUrl", "")).endswith(QUEUE_PATH):
        raise ServiceError(
            400, "QueueDoesNotExist", "The specified queue does not exist for this wsdl version."
        )


async def _received(state: SimulatorState, given: Mapping[str, Any]) -> dict[str, Any]:
    most = _number(given, "MaxNumberOfMessages", 1, _MOST, usual=1)
    waits = _number(given, "WaitTimeSeconds", 0, _LONGEST_WAIT, usual=0)
    hidden = _number(given, "VisibilityTimeout", 0, 43_200, usual=int(_VISIBILITY_SECONDS))
    until = asyncio.get_running_loop().time() + waits
    while True:
        found = await run_in_threadpool(_take, state, most, float(hidden))
        if found or asyncio.get_running_loop().time() >= until:
            return {"Messages": found} if found else {}
        await asyncio.sleep(_POLL_SECONDS)


def _take(state: SimulatorState, most: int, hidden: float) -> list[dict[str, Any]]:
    with state.changing() as connection:
        now = state.clock.now() + read_account(connection).clock_offset
        due = outbox.due_events(connection, now, limit=most)
        connection.executemany(
            "UPDATE event SET due_at = ? WHERE id = ?",
            [(now + hidden, number) for number, _ in due],
        )
    return [_message(number, event) for number, event in due]


def _message(number: int, event: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(event)
    return {
        "MessageId": str(uuid4()),
        "ReceiptHandle": f"{number}-{uuid4().hex}",
        "MD5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "Body": body,
    }


def _deleted(state: SimulatorState, given: Mapping[str, Any], *, one: bool) -> dict[str, Any]:
    entries = [{"Id": "", **given}] if one else given.get("Entries")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST:
        raise ServiceError(400, "EmptyBatchRequest", "A batch has 1 to 10 entries.")
    done, failed = [], []
    with state.changing() as connection:
        for entry in entries:
            name = entry.get("Id", "") if isinstance(entry, dict) else ""
            handle = entry.get("ReceiptHandle") if isinstance(entry, dict) else None
            if _delete(connection, handle):
                done.append({"Id": name})
            else:
                failed.append({"Id": name, "SenderFault": True, "Code": "ReceiptHandleIsInvalid"})
    if not one:
        return {"Successful": done, "Failed": failed}
    if failed:
        raise ServiceError(400, "ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
    return {}


def _delete(connection: sqlite3.Connection, handle: object) -> bool:
    number = handle.partition("-")[0] if isinstance(handle, str) else ""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return False
    connection.execute("UPDATE event SET due_at = NULL WHERE id = ?", (int(number),))
    return True


def _attributes(state: SimulatorState) -> dict[str, str]:
    with state.reading() as connection:
        now = state.clock.now() + read_account(connection).clock_offset
        waiting, later = connection.execute(
            "SELECT count(*) FILTER (WHERE due_at <= ?), count(*) FILTER (WHERE due_at > ?) "
            "FROM event WHERE due_at IS NOT NULL",
            (now, now),
        ).fetchone()
    return {
        "QueueArn": "arn:aws:sqs:eu-west-1:000000000000:sestui-events",
        "ApproximateNumberOfMessages": str(waiting),
        "ApproximateNumberOfMessagesNotVisible": str(later),
    }


def _number(given: Mapping[str, Any], name: str, least: int, most: int, *, usual: int) -> int:
    value = given.get(name, usual)
    if not isinstance(value, int) or not least <= value <= most:
        raise ServiceError(
            400, "InvalidParameterValue", f"{name} must be between {least} and {most}."
        )
    return value


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
