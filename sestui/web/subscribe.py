"""The subscribe form over HTTP, and the links that confirm (double opt-in).

Whatever is known of an address, the form's answer is the same.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from sestui.core.clock import Clock
from sestui.core.contact.address_check import MAX_ADDRESS, Address, check_address
from sestui.core.content.headers import CONFIRM_PATH, FORM_PATH
from sestui.core.delivery.confirm_token import ConfirmLink, opened_confirmation
from sestui.core.delivery.unsubscribe_token import UnknownKeyError
from sestui.core.setting_rules import names_in
from sestui.core.text import printable
from sestui.errors import SettingsError
from sestui.settings import Settings
from sestui.store.db.database import Database
from sestui.store.web.confirming import Confirmations, ReceivedConfirmation
from sestui.store.web.subscriptions import AskedSubscription, SubscriptionRequests
from sestui.web.client_limit import ClientLimit, client_of
from sestui.web.forms import form_fields
from sestui.web.gathering import Gathering
from sestui.web.keyring import WebKeyring
from sestui.web.page import invalid_page, said_page, style_from, unavailable_page
from sestui.web.responses import html, plain, see_other
from sestui.web.subscribe_pages import FilledForm, confirm_page, consent_text, subscribe_page
from sestui.web.words import WORDS

_log = logging.getLogger(__name__)

_FORM = re.compile(re.escape(FORM_PATH) + r"(?:/(.*))?")
_LINK = re.compile(re.escape(CONFIRM_PATH) + r"([A-Za-z0-9_-]+)")
_SENT = "sent"
"""The query of the page that is shown after the form."""
_TRAP = "website"
"""A field that people don't see, and programs fill in."""
_LONGEST_NAME = 60
_HOUR = "3600"

_ORIGIN_TOLD = {"Referrer-Policy": "same-origin"}
"""With no-referrer, browsers don't say where a form comes from."""


@dataclass(frozen=True, slots=True)
class SubscribeOffer:
    """What the form offers, from the settings."""

    lists: tuple[str, ...]
    sender: str
    """From of the mails that ask to confirm."""
    origins: frozenset[str]
    """Origins whose forms are taken: the page's own, and sites with forms of their own."""
    hourly: int
    """Mails in an hour, at most."""

    @classmethod
    def of(cls, settings: Settings) -> "SubscribeOffer | None":
        """What the settings offer; None if that is nothing.

        Raises:
            SettingsError: they name no sender.
        """
        lists = names_in(settings.web_subscribe_lists)
        if not lists:
            return None
        if not settings.web_subscribe_from:
            raise SettingsError(
                "The subscribe form (web_subscribe_lists) needs a sender for the mails that ask to "
                "confirm: set web_subscribe_from."
            )
        own = urlsplit(settings.web_url)
        origins = {f"{own.scheme}://{own.netloc}", *names_in(settings.web_subscribe_sites)}
        return cls(
            lists, settings.web_subscribe_from, frozenset(origins), settings.web_subscribe_hourly
        )


class SubscribePages:
    """The pages of the form; ``queued`` is called once there is a mail to send."""

    def __init__(
        self,
        database: Database,
        keys: WebKeyring,
        offer: SubscribeOffer,
        *,
        clock: Clock,
        queued: Callable[[], object],
    ) -> None:
        requests = SubscriptionRequests(database)
        confirmations = Confirmations(database, offer.lists)
        self._requests = Gathering(partial(requests.take, sender=offer.sender, hourly=offer.hourly))
        self._links = Gathering(confirmations.read)
        self._confirmed = Gathering(_confirmer(confirmations))
        self._keys = keys
        self._offer = offer
        self._clients = ClientLimit(clock)
        self._clock = clock
        self._queued = queued

    async def answer(self, request: Request, lang: str) -> Response | None:
        """The answer to a request for one of these pages; None for any other."""
        path = request.scope["path"]
        if link := _LINK.fullmatch(path):
            return await self._confirmation(request, link[1], lang)
        form = _FORM.fullmatch(path)
        if form is None:
            return None
        name = form[1]
        offered = self._offer.lists if not name else (name,)
        if not set(offered) <= set(self._offer.lists):
            return html(invalid_page(lang, style=style_from(path)), lang, 404)
        if request.method == "POST":
            response = await self._take(request, offered, lang)
        elif request.scope["query_string"] == _SENT.encode():
            words = WORDS[lang]
            page = said_page(lang, words.sent_title, words.sent, style=style_from(path))
            response = html(page, lang)
        else:
            response = self._form(path, offered, FilledForm(), lang)
        response.headers.update(_ORIGIN_TOLD)
        return response

    def _form(
        self, path: str, offered: Sequence[str], filled: FilledForm, lang: str, status: int = 200
    ) -> Response:
        page = subscribe_page(lang, offered, self._offer.sender, filled, style=style_from(path))
        return html(page, lang, status)

    async def _take(self, request: Request, offered: Sequence[str], lang: str) -> Response:
        if not self._may_come_from(request):
            return plain("This form can't be sent from that site.", 403)
        path = request.scope["path"]
        sent = see_other(f"{quote(path.rpartition('/')[2])}?{_SENT}")
        given = await form_fields(request)
        if given.last(_TRAP):
            return sent
        address = check_address(given.last("email"))
        ticked = offered if len(offered) == 1 else [
            name for name in offered if name in given.every("list")
        ]  # fmt: skip
        name = _first_name(given.last("first_name"))
        bad_address = not isinstance(address, Address)
        if not isinstance(address, Address) or not ticked:
            email = printable(given.last("email")[:MAX_ADDRESS])
            filled = FilledForm(email, name, ticked, bad_address, unchosen=not ticked)
            return self._form(path, offered, filled, lang, 400)
        if not self._clients.allows(client_of(request)):
            return self._too_many(path, lang)
        asked = AskedSubscription(address, name, tuple(ticked), lang, self._clock.now())
        taken = await self._requests.ask(asked)
        if taken.full:
            _log.warning("The subscribe form has had all the mails of this hour.")
            return self._too_many(path, lang)
        if taken.queued:
            self._queued()
        return sent

    def _may_come_from(self, request: Request) -> bool:
        """Whether a form comes from a page that may have it, as far as the browser says."""
        origin = request.headers.get("origin")
        here = f"http://{request.headers.get('host', '')}"
        return origin is None or origin in self._offer.origins or origin == here

    def _too_many(self, path: str, lang: str) -> Response:
        response = html(unavailable_page(lang, style=style_from(path)), lang, 429)
        response.headers["Retry-After"] = _HOUR
        return response

    async def _confirmation(self, request: Request, token: str, lang: str) -> Response:
        style = style_from(request.scope["path"])
        link = await self._opened(token)
        found = await self._links.ask(link) if link is not None else None
        if link is None:
            return html(invalid_page(lang, style=style), lang, 404)
        words, now = WORDS[lang], self._clock.now()
        if found is not None and found.confirmed:
            return html(said_page(lang, words.confirm_title, words.subscribed, style=style), lang)
        if found is None or not found.lists or link.has_expired(now):
            return html(said_page(lang, words.invalid_title, words.expired, style=style), lang, 410)
        if found.suppressed:
            return html(said_page(lang, words.confirm_title, words.suppressed, style=style), lang)
        consent = consent_text(lang, found.email, found.lists)
        if request.method == "POST":
            await self._confirmed.ask(ReceivedConfirmation(link, consent, now))
            return see_other(token)
        return html(confirm_page(lang, consent, style=style), lang)

    async def _opened(self, token: str) -> ConfirmLink | None:
        """What the link confirms; None if it isn't one of ours."""
        try:
            return opened_confirmation(token, self._keys.held())
        except UnknownKeyError as error:
            await asyncio.to_thread(self._keys.check_unknown, error.key_id)
            return None


def _confirmer(
    confirmations: Confirmations,
) -> Callable[[Sequence[ReceivedConfirmation]], Sequence[None]]:
    def confirm(received: Sequence[ReceivedConfirmation]) -> Sequence[None]:
        confirmations.confirm(received)
        return [None] * len(received)

    return confirm


def _first_name(typed: str) -> str:
    return " ".join(printable(typed).split())[:_LONGEST_NAME].strip()
