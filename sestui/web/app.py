"""The page over HTTP: GET shows it, and only POST changes anything."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sestui.core.clock import Clock, Instant
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.content.headers import PAGE_PATH
from sestui.core.delivery.unsubscribe_token import LinkSubject, UnknownKeyError, opened
from sestui.errors import SestuiError
from sestui.store.web.preferences import Chosen, Preferences, ReceivedChoice
from sestui.web.gathering import Gathering
from sestui.web.keyring import WebKeyring
from sestui.web.page import invalid_page, preferences_page, unavailable_page
from sestui.web.words import WORDS, language_of

_log = logging.getLogger(__name__)

_LONGEST_BODY = 16_384
_LONGEST_HEADER = 200
_STYLE_SECONDS = 3600
_STYLE_PATH = f"{PAGE_PATH}style.css"
_LINK = re.compile(re.escape(PAGE_PATH) + r"([A-Za-z0-9_-]+)")

_STRICT = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class TooLongError(ValueError):
    """A request's body is too long."""


class WebApp:
    """An ASGI app with starlette's requests and responses; one page needs no router."""

    def __init__(
        self,
        preferences: Preferences,
        keys: WebKeyring,
        *,
        style: bytes,
        clock: Clock,
        zone: ZoneInfo | None,
    ) -> None:
        self._recipients = Gathering(preferences.read)
        self._choices = Gathering(_chooser(preferences))
        self._keys = keys
        self._style = style
        self._clock = clock
        self._zone = zone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        lang = language_of(request.headers.get("accept-language", ""))
        try:
            response = await self._answer(request, lang)
        except ClientDisconnect:
            return
        except TooLongError:
            response = _plain("Too long.", 413)
        except SestuiError as error:
            _log.warning("The unsubscribe page can't answer: %s", error)
            response = _html(unavailable_page(lang), lang, 503)
        response.headers.update(_STRICT)
        await response(scope, receive, send)

    async def _answer(self, request: Request, lang: str) -> Response:
        path, method = request.scope["path"], request.method
        if method not in {"GET", "HEAD", "POST"}:
            return _plain("Method not allowed.", 405, {"Allow": "GET, HEAD, POST"})
        if path == _STYLE_PATH and method != "POST":
            cached = {"Cache-Control": f"public, max-age={_STYLE_SECONDS}"}
            return Response(self._style, media_type="text/css", headers=cached)
        found = _LINK.fullmatch(path)
        subject = await self._subject(found[1]) if found else None
        if subject is None:
            return _html(invalid_page(lang), lang, 404)
        if method == "POST":
            return await self._act(request, subject, lang)
        recipient = await self._recipients.ask(subject)
        return _html(preferences_page(recipient, lang, self._clock.now(), self._zone), lang)

    async def _subject(self, token: str) -> LinkSubject | None:
        """Whom the link is about; None if it isn't one of ours."""
        try:
            return opened(token, self._keys.held())
        except UnknownKeyError as error:
            await asyncio.to_thread(self._keys.check_unknown, error.key_id)
            return None

    async def _act(self, request: Request, subject: LinkSubject, lang: str) -> Response:
        given = _fields(request.headers.get("content-type", ""), await _body(request))
        now = self._clock.now()
        one_click = given.get("List-Unsubscribe") == "One-Click"
        choice = ReaderChoice.ALL if one_click else _choice(given.get("choice", ""))
        if choice is None:
            recipient = await self._recipients.ask(subject)
            page = preferences_page(recipient, lang, now, self._zone, unchosen=True)
            return _html(page, lang, 400)
        until = self._pause_end(now, choice.pause_days) if choice.pause_days else None
        chosen = Chosen(choice, Source.ONE_CLICK if one_click else Source.PAGE, until)
        await self._choices.ask(ReceivedChoice(subject, chosen, now))
        if one_click:
            return _plain(WORDS[lang].unsubscribed, 200, {"Content-Language": lang})
        # Relative: the page may be below a path of the proxy's.
        return Response(
            status_code=303, headers={"Location": request.scope["path"].rpartition("/")[2]}
        )

    def _pause_end(self, now: Instant, days: int) -> Instant:
        """Midnight after so many days, so that a form sent twice has one result."""
        day = datetime.fromtimestamp(now, self._zone).date() + timedelta(days=days + 1)
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


def _chooser(preferences: Preferences) -> Callable[[Sequence[ReceivedChoice]], Sequence[None]]:
    def choose(choices: Sequence[ReceivedChoice]) -> Sequence[None]:
        preferences.choose(choices)
        return [None] * len(choices)

    return choose


def _choice(text: str) -> ReaderChoice | None:
    try:
        return ReaderChoice(text)
    except ValueError:
        return None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_BODY:
            raise TooLongError
    return bytes(body)


def _fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form, in either of the encodings that RFC 8058 lets mail programs use."""
    if content_type.lower().startswith("multipart/form-data"):
        if len(content_type) > _LONGEST_HEADER or not content_type.isprintable():
            return {}
        head = f"Content-Type: {content_type}\r\n\r\n".encode("ascii", "replace")
        parsed = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
        return dict(map(_part, parsed.iter_parts())) if parsed.is_multipart() else {}
    try:
        read = parse_qs(body.decode("ascii"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in read.items()}


def _part(part: MIMEPart) -> tuple[str, str]:
    name = part.get_param("name", "", header="content-disposition")
    content = part.get_payload(decode=True)
    value = content.decode("ascii", "replace") if isinstance(content, bytes) else ""
    return str(name), value.strip()


def _html(page: str, lang: str, status: int = 200) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": lang,
        "Vary": "Accept-Language",
    }
    return Response(page, status, headers, "text/html; charset=utf-8")


def _plain(text: str, status: int, more: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(text, status, {"Cache-Control": "no-store", **(more or {})})
