"""The pages over HTTP: GET shows them, and only POST changes anything."""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sestui.core.clock import Clock, Instant
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.content.headers import PAGE_PATH
from sestui.core.delivery.unsubscribe_token import LinkSubject, UnknownKeyError, opened
from sestui.errors import SestuiError
from sestui.store.web.preferences import Chosen, Preferences, ReceivedChoice
from sestui.web.forms import TooLongError, form_fields
from sestui.web.gathering import Gathering
from sestui.web.keyring import WebKeyring
from sestui.web.page import invalid_page, preferences_page, style_from, unavailable_page
from sestui.web.responses import html, plain, see_other
from sestui.web.subscribe import SubscribePages
from sestui.web.words import WORDS, language_of

_log = logging.getLogger(__name__)

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


class WebApp:
    """An ASGI app with starlette's requests and responses; so few pages need no router."""

    def __init__(
        self,
        preferences: Preferences,
        keys: WebKeyring,
        *,
        style: bytes,
        clock: Clock,
        zone: ZoneInfo | None,
        subscribe: SubscribePages | None = None,
    ) -> None:
        """``subscribe``: the pages of the subscribe form; None if there is none."""
        self._subscribe = subscribe
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
            response = plain("Too long.", 413)
        except SestuiError as error:
            _log.warning("The page can't answer: %s", error)
            page = unavailable_page(lang, style=style_from(scope["path"]))
            response = html(page, lang, 503)
        for name, value in _STRICT.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _answer(self, request: Request, lang: str) -> Response:
        path, method = request.scope["path"], request.method
        if method not in {"GET", "HEAD", "POST"}:
            return plain("Method not allowed.", 405, {"Allow": "GET, HEAD, POST"})
        if path == _STYLE_PATH and method != "POST":
            cached = {"Cache-Control": f"public, max-age={_STYLE_SECONDS}"}
            return Response(self._style, media_type="text/css", headers=cached)
        if self._subscribe is not None:
            response = await self._subscribe.answer(request, lang)
            if response is not None:
                return response
        found = _LINK.fullmatch(path)
        subject = await self._subject(found[1]) if found else None
        if subject is None:
            return html(invalid_page(lang, style=style_from(path)), lang, 404)
        if method == "POST":
            return await self._act(request, subject, lang)
        recipient = await self._recipients.ask(subject)
        return html(preferences_page(recipient, lang, self._clock.now(), self._zone), lang)

    async def _subject(self, token: str) -> LinkSubject | None:
        """Whom the link is about; None if it isn't one of ours."""
        try:
            return opened(token, self._keys.held())
        except UnknownKeyError as error:
            await asyncio.to_thread(self._keys.check_unknown, error.key_id)
            return None

    async def _act(self, request: Request, subject: LinkSubject, lang: str) -> Response:
        given = await form_fields(request)
        now = self._clock.now()
        one_click = given.last("List-Unsubscribe") == "One-Click"
        choice = ReaderChoice.ALL if one_click else _choice(given.last("choice"))
        if choice is None:
            recipient = await self._recipients.ask(subject)
            page = preferences_page(recipient, lang, now, self._zone, unchosen=True)
            return html(page, lang, 400)
        until = self._pause_end(now, choice.pause_days) if choice.pause_days else None
        chosen = Chosen(choice, Source.ONE_CLICK if one_click else Source.PAGE, until)
        await self._choices.ask(ReceivedChoice(subject, chosen, now))
        if one_click:
            return plain(WORDS[lang].unsubscribed, 200, {"Content-Language": lang})
        return see_other(request.scope["path"].rpartition("/")[2])

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
        choice = ReaderChoice(text)
    except ValueError:
        return None
    return None if choice is ReaderChoice.SUBSCRIBE else choice
