"""The door for SNS: events that are posted to ``/events/sns``, applied as those of the queue."""

import asyncio
import logging
import threading
from collections.abc import Collection

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sestui.core.clock import Clock, Instant
from sestui.errors import SestuiError
from sestui.feedback.puller import EventApplier, PullResult
from sestui.ses_api.events import QueueMessage
from sestui.ses_api.sns_message import MOST_BYTES, SnsFormatError, SnsMessage, SnsType, parse_sns
from sestui.web.publish import EVENTS_PATH
from sestui.web.sns_verifier import Fetch, SignatureError, SnsVerifier, fetch

_log = logging.getLogger(__name__)

_OLDEST_SECONDS = 3600.0
"""SNS tries to deliver a message for an hour at most, whatever the subscription's policy."""
_SKEW_SECONDS = 300.0
"""The clock here may be behind SNS's by as much."""
_MOST_REMEMBERED = 200_000
"""Message ids of the last hour; should there be more, the oldest are forgotten, and an event that
comes twice is still applied once."""


class ReplayGuard:
    """The ids of messages that were taken within the last hour. Any thread may use it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken: dict[tuple[str, str], Instant] = {}
        self._lock = threading.Lock()

    def is_stale(self, message: SnsMessage) -> bool:
        """Whether it is older than SNS delivers, from the future, or was taken already."""
        now = self._clock.now()
        if not now - _OLDEST_SECONDS <= message.at <= now + _SKEW_SECONDS:
            return True
        with self._lock:
            return (message.topic, message.message_id) in self._taken

    def took(self, message: SnsMessage) -> None:
        """Remember it."""
        oldest = self._clock.now() - _OLDEST_SECONDS
        with self._lock:
            self._taken[message.topic, message.message_id] = message.at
            while self._taken:
                first = next(iter(self._taken))
                if self._taken[first] >= oldest and len(self._taken) <= _MOST_REMEMBERED:
                    break
                del self._taken[first]


class EventsApp:
    """Bare ASGI: one path, POST alone."""

    def __init__(
        self,
        applier: EventApplier,
        topics: Collection[str],
        clock: Clock,
        fetched: Fetch = fetch,
    ) -> None:
        self._applier = applier
        self._topics = frozenset(topics)
        self._fetch = fetched
        self._verifier = SnsVerifier(clock, fetched)
        self._replays = ReplayGuard(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.scope["path"] != EVENTS_PATH:
            return _said("Not found.", 404)
        if request.method != "POST":
            return PlainTextResponse("Method not allowed.", 405, {"Allow": "POST"})
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return _said("Too long.", 413)
        return await asyncio.to_thread(self._take, bytes(body))

    def _take(self, body: bytes) -> Response:
        """Check and apply one message; SNS delivers again what is answered by 5xx."""
        try:
            message = parse_sns(body)
            if message.topic not in self._topics:
                return _refused("Its topic is not one of sns_topics.")
            self._verifier.check(message)
        except (SnsFormatError, SignatureError) as error:
            return _refused(str(error))
        except SestuiError as error:
            _log.warning("A message of SNS can't be checked: %s", error)
            return _said("Try again.", 503)
        if self._replays.is_stale(message):
            return _said("It was taken before, or is too old.", 409)
        try:
            self._act(message)
        except SestuiError as error:
            _log.warning("A message of SNS can't be taken: %s", error)
            return _said("Try again.", 503)
        self._replays.took(message)
        return _said("Taken.", 200)

    def _act(self, message: SnsMessage) -> None:
        if message.type is SnsType.NOTIFICATION:
            self._applier.apply([QueueMessage(message.message, "")], PullResult())
        elif message.type is SnsType.SUBSCRIBE:
            self._fetch(message.subscribe_url)
            _log.info("The subscription to %s is confirmed.", message.topic)
        else:
            _log.warning("The subscription to %s has ended.", message.topic)


def _refused(why: str) -> Response:
    _log.warning("A message to %s is refused: %s", EVENTS_PATH, why)
    return _said(why, 403)


def _said(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, {"Cache-Control": "no-store"})
