"""SES's message insights (Virtual Deliverability Manager): which mails it took, and their tags.

A search is an export job: it is created, prepared by SES in its own time, and its result downloaded
from a URL of five minutes. Sources: CreateExportJob, GetExportJob and GetMessageInsights in SES's
API reference (v2).
"""

import csv
import io
import json
import re
import threading
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from http.client import HTTPException
from typing import Any

from sestui.core.clock import Clock, Instant
from sestui.errors import AccountError, AccountUnreachableError, SestuiError
from sestui.ses.client import Clients
from sestui.ses.paced_calls import PacedCalls, code_of

MOST_ADDRESSES = 5
"""Recipients that a job can be narrowed to."""
MOST_RESULTS = 10_000
"""Mails that the result of a job can hold."""

_DESTINATION = ("destination", "destinationaddress", "recipient", "recipientaddress", "to")
"""Names of the column for the recipient, letters and digits only."""
_LARGEST_FILE = 32 * 1024 * 1024
_DOWNLOAD_SECONDS = 30.0


class JobState(Enum):
    """How far a job has got."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"
    """SES knows it no more."""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """A job as SES reports it."""

    state: JobState
    url: str = ""
    """Of the result, for five minutes."""
    records: int | None = None
    """How many records the result has; None: SES doesn't say."""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ExportedMail:
    """A mail in the result of a job."""

    message_id: str
    """'' if the result names none."""
    destinations: frozenset[str]
    """Empty if the result names none."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job has found."""

    mails: tuple[ExportedMail, ...]
    is_whole: bool
    """False: it may have found more than the result says."""


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that SES has taken."""

    message_id: str
    sender: str
    destinations: tuple[str, ...]
    tags: Mapping[str, str]
    sent_at: Instant
    """Of its first event."""


class MessageInsights:
    """Asks SES for mails it has taken, a call a second; for one thread.

    Every method may raise AccountError, or StoppedError if ``stop`` is set before its turn.
    """

    def __init__(
        self, clients: Clients, clock: Clock, *, simulated: bool, stop: threading.Event
    ) -> None:
        self._sesv2 = clients.sesv2
        self._simulated = simulated
        self._calls = PacedCalls(clock, simulated=simulated, stop=stop)

    def wait(self, seconds: float) -> None:
        """Wait for SES; StoppedError if it is stopped meanwhile."""
        self._calls.wait(seconds)

    def create(self, addresses: Sequence[str], since: Instant, until: Instant) -> str:
        """Ask for the mails to at most ``MOST_ADDRESSES`` in that time; the id of the job."""
        return self._create({"Destination": [_literally(each) for each in addresses]}, since, until)

    def create_for_sender(self, sender: str, since: Instant, until: Instant) -> str:
        """Ask for all mails from the address in that time; the id of the job."""
        # Whether SES lists a sender with its name is not documented: both are found.
        return self._create({"FromEmailAddress": [f"*{_literally(sender)}*"]}, since, until)

    def _create(self, include: Mapping[str, Sequence[str]], since: Instant, until: Instant) -> str:
        wanted: Any = {
            "MessageInsightsDataSource": {
                "StartDate": datetime.fromtimestamp(since, UTC),
                "EndDate": datetime.fromtimestamp(until, UTC),
                "Include": include,
                "MaxResults": MOST_RESULTS,
            }
        }
        said = self._calls.ask(
            lambda: self._sesv2.create_export_job(
                ExportDataSource=wanted, ExportDestination={"DataFormat": "CSV"}
            )
        )
        return str(said["JobId"])

    def job(self, job_id: str) -> ExportJob:
        """How far the job has got."""
        try:
            said = self._calls.ask(lambda: self._sesv2.get_export_job(JobId=job_id))
        except SestuiError as error:
            if code_of(error) != "NotFoundException":
                raise
            return ExportJob(JobState.GONE)
        status = said.get("JobStatus", "")
        if status in {"CREATED", "PROCESSING"}:
            return ExportJob(JobState.OPEN)
        if status != "COMPLETED":
            failure = (said.get("FailureInfo") or {}).get("ErrorMessage", "") or status.lower()
            return ExportJob(JobState.FAILED, failure=failure)
        return ExportJob(
            JobState.DONE,
            url=(said.get("ExportDestination") or {}).get("S3Url", ""),
            records=(said.get("Statistics") or {}).get("ExportedRecordsCount"),
        )

    def result(self, job: ExportJob) -> JobResult:
        """The mails that a job has found."""
        local = self._simulated and job.url.startswith("http://127.0.0.1:")
        if not job.url.startswith("https://") and not local:
            raise AccountError("SES gave no https URL for the result of its search; try again.")
        return read_result(_download(job.url).decode("utf-8-sig", "replace"), job)

    def mail(self, message_id: str) -> SentMail | None:
        """What SES knows of a mail; None: nothing."""
        try:
            said = self._calls.ask(lambda: self._sesv2.get_message_insights(MessageId=message_id))
        except SestuiError as error:
            if code_of(error) != "NotFoundException":
                raise
            return None
        insights = said.get("Insights") or []
        times = [
            event["Timestamp"].timestamp()
            for each in insights
            for event in each.get("Events") or []
            if "Timestamp" in event and event.get("Type") != "REJECT"
        ]
        if not times:
            return None
        return SentMail(
            message_id=message_id,
            sender=said.get("FromEmailAddress", ""),
            destinations=tuple(each["Destination"] for each in insights if "Destination" in each),
            tags={each["Name"]: each["Value"] for each in said.get("EmailTags") or []},
            sent_at=min(times),
        )


def read_result(text: str, job: ExportJob) -> JobResult:
    """The mails in the text of a job's result.

    Raises:
        AccountError: it can't be read.
    """
    rows = list(_rows(text))
    found: dict[str, set[str]] = {}
    for message_id, destination in rows:
        found.setdefault(message_id, set()).add(destination)
    return JobResult(
        mails=tuple(
            ExportedMail(message_id, frozenset(given) if all(given) else frozenset())
            for message_id, given in found.items()
        ),
        is_whole=len(rows) < MOST_RESULTS and len(rows) >= (job.records or 0),
    )


def _literally(address: str) -> str:
    """The address as a filter that matches nothing else: ``*`` stands for any characters."""
    return re.sub(r"([\\*])", r"\\\1", address)


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_DOWNLOAD_SECONDS) as answer:  # noqa: S310 - checked by the caller
            text = bytes(answer.read(_LARGEST_FILE + 1))
            is_cut = bool(answer.length) and len(text) <= _LARGEST_FILE
    except (OSError, ValueError, HTTPException) as error:
        raise _no_download() from error
    if is_cut:  # a bounded read says nothing of a connection that ended early
        raise _no_download()
    if len(text) > _LARGEST_FILE:
        raise AccountError("The result of SES's search is larger than 32 MB.")
    return text


def _no_download() -> AccountUnreachableError:
    return AccountUnreachableError(
        "The result of SES's search can't be downloaded; check the network and try again."
    )


def _rows(text: str) -> Iterator[tuple[str, str]]:
    """Message id and destination of each row, however their columns or members are written.

    '' for what a row doesn't say: it is a mail all the same.
    """
    for names, record in _records(text):
        columns = {_plain(name): name for name in names}
        if "messageid" not in columns:  # never to be taken for a mail that SES doesn't know
            raise _unreadable()
        if record:
            to = next((columns[each] for each in _DESTINATION if each in columns), "")
            yield _text(record.get(columns["messageid"])), _text(record.get(to))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(name: Any) -> str:
    return "".join(filter(str.isalnum, str(name))).lower()


def _unreadable() -> AccountError:
    return AccountError("The result of SES's search can't be read.")


def _records(text: str) -> Iterator[tuple[Iterable[str], Mapping[str, Any]]]:
    """The records of a table in CSV, or of JSON: a list of objects, or an object a line.

    Each with the names that it should have; the first of a table is empty, so that a table without
    rows has names too.
    """
    start = text.lstrip()[:1]
    if start not in {"[", "{"}:
        table = csv.DictReader(io.StringIO(text))
        names = table.fieldnames or ()
        yield from ((names, record) for record in ({}, *table))
        return
    try:
        found: list[Any] = (
            json.loads(text)
            if start == "["
            else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
    except ValueError as error:
        raise _unreadable() from error
    if not all(isinstance(each, dict) for each in found):
        raise _unreadable()
    yield from ((each, each) for each in found)
