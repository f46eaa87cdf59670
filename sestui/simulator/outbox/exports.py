"""SES's v2 calls that search accepted mails: export jobs over message insights, and their result.

A job's id says all about it, so nothing is stored; it is done a moment after its creation.
"""

import base64
import csv
import io
import json
import re
import sqlite3
from functools import lru_cache
from typing import Any

from sestui.core.clock import Instant, iso
from sestui.ses_api.wire import Json, bad_request, not_found
from sestui.ses_api.wire_parsing import parse_object
from sestui.simulator.account.state import SimulatorState

_JOBS = "/v2/email/export-jobs"
_INSIGHTS = "/v2/email/insights/"
_RESULT = "/result"
_MOST_ADDRESSES = 5
_MOST_RESULTS = 10_000
_USUAL_RESULTS = 1_000
_FILTERS = ("Destination", "FromEmailAddress")
_KINDS = {"Rendering Failure": "RENDERING_FAILURE", "DeliveryDelay": "DELIVERY_DELAY"}
_COLUMNS = ("Message ID", "Destination", "From email address", "Subject", "Send timestamp")


def answered(
    state: SimulatorState, method: str, path: str, body: bytes, result_url: tuple[str, str]
) -> bytes | None:
    """The answer to a call about export jobs or message insights; None if it is another call.

    ``result_url`` is what stands before and after the path in the URL of a result.

    Raises:
        ServiceError: SES would refuse it.
    """
    if (method, path) == ("POST", _JOBS):
        return json.dumps({"JobId": _create(state, parse_object(body))}).encode()
    if method != "GET":
        return None
    if path.startswith(_INSIGHTS):
        return json.dumps(_insights(state, path.removeprefix(_INSIGHTS).strip("/"))).encode()
    if not path.startswith(f"{_JOBS}/"):
        return None
    job_id = path.removeprefix(f"{_JOBS}/").rstrip("/")
    if job_id.endswith(_RESULT):
        return _result(state, _job(job_id.removesuffix(_RESULT)))
    job = _job(job_id)
    before, after = result_url
    return json.dumps(
        {
            "JobId": job_id,
            "ExportSourceType": "MESSAGE_INSIGHTS",
            "JobStatus": "COMPLETED",
            "ExportDestination": {
                "DataFormat": "CSV",
                "S3Url": f"{before}{_JOBS}/{job_id}{_RESULT}{after}",
            },
            "CreatedTimestamp": job["created"],
            "CompletedTimestamp": job["created"],
        }
    ).encode()


def _create(state: SimulatorState, given: Json) -> str:
    source = (given.get("ExportDataSource") or {}).get("MessageInsightsDataSource")
    if not isinstance(source, dict):
        raise bad_request("The simulator exports MessageInsightsDataSource only.")
    if (given.get("ExportDestination") or {}).get("DataFormat") != "CSV":
        raise bad_request("The simulator exports as CSV only.")
    include = source.get("Include") or {}
    if set(include) - set(_FILTERS) or source.get("Exclude"):
        raise bad_request("The simulator filters by Destination and FromEmailAddress only.")
    start, end = source.get("StartDate"), source.get("EndDate")
    if not isinstance(start, int | float) or not isinstance(end, int | float) or start >= end:
        raise bad_request("StartDate must be before EndDate.")
    most = source.get("MaxResults") or _USUAL_RESULTS
    if not isinstance(most, int) or not 1 <= most <= _MOST_RESULTS:
        raise bad_request("1 validation error: MaxResults must be between 1 and 10000.")
    job = {
        "start": start,
        "end": end,
        "to": _patterns(include, "Destination"),
        "from": _patterns(include, "FromEmailAddress"),
        "most": most,
        "created": round(state.clock.now(), 3),
    }
    return base64.urlsafe_b64encode(json.dumps(job).encode()).decode().rstrip("=")


def _patterns(include: Json, name: str) -> list[str]:
    given = include.get(name) or []
    if not isinstance(given, list) or len(given) > _MOST_ADDRESSES:
        raise bad_request(f"1 validation error: Include.{name} has at most 5 members.")
    return [str(each) for each in given]


def _job(job_id: str) -> dict[str, Any]:
    try:
        job = json.loads(base64.urlsafe_b64decode(job_id + "=" * (-len(job_id) % 4)))
        return {each: job[each] for each in ("start", "end", "to", "from", "most", "created")}
    except (ValueError, KeyError, TypeError) as error:
        raise not_found(f"Export job {job_id[:80]} does not exist.") from error


def _result(state: SimulatorState, job: dict[str, Any]) -> bytes:
    with state.reading() as connection:
        rows = connection.execute(
            "SELECT message_id, recipients, sender, subject, accepted_at FROM outbox "
            "WHERE accepted_at >= ? AND accepted_at <= ? ORDER BY id",
            (job["start"], job["end"]),
        )
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(_COLUMNS)
        written = 0
        for message_id, recipients, sender, subject, accepted_at in rows:
            if written >= job["most"]:
                break
            if not _is_wanted(sender, job["from"]):
                continue
            for address in json.loads(recipients):
                if written < job["most"] and _is_wanted(address, job["to"]):
                    writer.writerow((message_id, address, sender, subject, iso(accepted_at)))
                    written += 1
    return text.getvalue().encode()


def _is_wanted(value: str, patterns: list[str]) -> bool:
    """Whether a filter lets it through: case counts, ``*`` at an end stands for any characters,
    and ``\\`` makes a character literal."""
    return not patterns or any(_expression(each).fullmatch(value) for each in patterns)


@lru_cache(maxsize=64)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    ends = {0, len(parts) - 1}
    return re.compile(
        "".join(
            ".*" if part == "*" and place in ends else re.escape(part[-1])
            for place, part in enumerate(parts)
        ),
        re.DOTALL,
    )


def _insights(state: SimulatorState, message_id: str) -> Json:
    with state.reading() as connection:
        row = connection.execute(
            "SELECT id, sender, recipients, subject, tags, accepted_at FROM outbox "
            "WHERE message_id = ?",
            (message_id,),
        ).fetchone()
        if row is None:
            raise not_found(f"Message ID {message_id[:80]} does not exist.")
        number, sender, recipients, subject, tags, accepted_at = row
        events = _events(connection, number, accepted_at)
    return {
        "MessageId": message_id,
        "FromEmailAddress": sender,
        "Subject": subject,
        "EmailTags": [{"Name": name, "Value": value} for name, value in json.loads(tags)],
        "Insights": [
            {
                "Destination": address,
                "Events": [
                    {"Timestamp": at, "Type": kind}
                    for kind, about, at in events
                    if address in about
                ],
            }
            for address in json.loads(recipients)
        ],
    }


def _events(
    connection: sqlite3.Connection, number: int, accepted_at: Instant
) -> list[tuple[str, list[str], Instant]]:
    rows = connection.execute(
        "SELECT kind, recipients, after FROM event WHERE outbox_id = ? ORDER BY id", (number,)
    )
    return [
        (_KINDS.get(kind, kind.upper()), json.loads(about), accepted_at + after)
        for kind, about, after in rows
    ]
