"""``/outbox``: the simulated account's outbox as web pages without JavaScript.

Mail is untrusted: it is escaped everywhere, and its own HTML is shown only in a sandboxed frame
(see ``sanitise``). The pages only read. A browser gets in by a link once and then by a cookie.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sestui.core.clock import Clock
from sestui.errors import NotFoundError, SestuiError
from sestui.simulator.api.access import COOKIE_SECONDS, Authenticator
from sestui.simulator.outbox.outbox_reader import OpenedMail, OutboxReader
from sestui.simulator.pages import sanitise, show

_PAGE = 50
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_FOR_ALL = frozenset({"/", "/outbox/style.css"})
_CLOSED = (
    "The outbox opens by a link: press w in sestui's Outbox, or take the link that `sestui "
    "simulator` prints when it starts."
)

Act = Callable[[Request], Response]


def create_pages(reader: OutboxReader, authenticator: Authenticator, clock: Clock) -> Starlette:
    """The pages of ``reader``, which run in threads so that sends go on meanwhile."""
    routes: list[tuple[str, Act]] = [
        ("/", _to_outbox),
        ("/outbox", lambda request: _list(reader, request)),
        ("/outbox/style.css", lambda _: Response(show.style(), media_type="text/css")),
        ("/outbox/{id}", lambda request: _mail(reader, request)),
        ("/outbox/{id}/frame", lambda request: _frame(_opened(reader, request))),
        ("/outbox/{id}/mail.eml", lambda request: _source(_opened(reader, request))),
        ("/outbox/{id}/file/{file:int}", lambda request: _file(reader, request)),
        ("/outbox/{id}/{view}", lambda request: _mail(reader, request)),
    ]
    door = _Door(authenticator, clock)
    return Starlette(
        routes=[Route(path, _endpoint(act, door), methods=["GET"]) for path, act in routes]
    )


def _to_outbox(request: Request) -> Response:
    query = request.url.query
    return RedirectResponse(f"/outbox?{query}" if query else "/outbox")


class _Door:
    """Checks a browser's access."""

    def __init__(self, authenticator: Authenticator, clock: Clock) -> None:
        self._authenticator = authenticator
        self._clock = clock

    def stops(self, request: Request) -> Response | None:
        """The response instead of the page; None if the browser may see it."""
        token = request.query_params.get("token", "")
        known = self._authenticator.has_cookie(request.cookies)
        if token and (known or self._authenticator.takes_link(token, self._clock.now())):
            return self._welcome(request)
        if known or request.url.path in _FOR_ALL:
            return None
        authorization = request.headers.get("authorization", "").encode("latin-1")
        return None if self._authenticator.holds_key(authorization) else _problem(_CLOSED, 403)

    def _welcome(self, request: Request) -> Response:
        """Set the cookie and lead to the page's address without the token.

        Not by a redirect: after a link on another site, it wouldn't send a strict cookie.
        """
        at = request.url.remove_query_params("token").replace(scheme="", netloc="")
        response = _html(show.page("welcome.html", at=str(at)))
        response.set_cookie(
            self._authenticator.cookie_name,
            self._authenticator.cookie_value,
            max_age=COOKIE_SECONDS,
            path="/outbox",
            httponly=True,
            samesite="strict",
        )
        return response


def _endpoint(act: Act, door: _Door) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        response = door.stops(request)
        if response is None:
            response = await run_in_threadpool(_answered, act, request)
        for name, value in {"Content-Security-Policy": _PAGE_POLICY, **_HEADERS}.items():
            response.headers.setdefault(name, value)
        return response

    return endpoint


def _answered(act: Act, request: Request) -> Response:
    try:
        return act(request)
    except NotFoundError as error:
        return _problem(str(error), 404)
    except SestuiError as error:
        return _problem(str(error), 503)


def _problem(sentence: str, status: int) -> Response:
    return _html(show.page("problem.html", sentence=sentence), status)


def _html(page: str, status: int = 200) -> Response:
    return Response(page.encode("utf-8", "replace"), status, media_type="text/html; charset=utf-8")


def _list(reader: OutboxReader, request: Request) -> Response:
    wanted = request.query_params.get("find", "").strip()
    before, after = (_number(request.query_params.get(name)) for name in ("before", "after"))
    # One more than is shown, to know whether there are more.
    mails = reader.page(before=before, after=after or 0, limit=_PAGE + 1, wanted=wanted)
    more = len(mails) > _PAGE
    shown = mails[-_PAGE:] if after else mails[:_PAGE]
    return _html(
        show.page(
            "list.html",
            mails=shown,
            wanted=wanted,
            count=reader.newest(),
            newer=shown[0].number if shown and (before if not after else more) else None,
            older=shown[-1].number if shown and (more or after) else None,
        )
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else None


def _opened(reader: OutboxReader, request: Request) -> OpenedMail:
    return reader.mail(request.path_params["id"])


def _mail(reader: OutboxReader, request: Request) -> Response:
    mail = _opened(reader, request)
    view = request.path_params.get("view") or ("html" if mail.content.html else "text")
    if view not in show.VIEWS:
        raise NotFoundError(f"There is no view {view!r} of a mail.")
    number = mail.listed.number
    near = {each.number: each for each in reader.numbered([number - 1, number + 1])}
    return _html(
        show.page(
            "mail.html",
            mail=mail,
            view=view,
            views=show.views(mail),
            shown=show.shown(mail, view),
            files=[show.file_row(number, file) for number, file in enumerate(mail.content.files)],
            newer=near.get(number + 1),
            older=near.get(number - 1),
        )
    )


def _frame(mail: OpenedMail) -> Response:
    response = _html(sanitise.framed(mail.content))
    response.headers["Content-Security-Policy"] = sanitise.POLICY
    return response


def _source(mail: OpenedMail) -> Response:
    return _download(mail.content.source, f"{mail.listed.message_id}.eml", "message/rfc822")


def _file(reader: OutboxReader, request: Request) -> Response:
    files = _opened(reader, request).content.files
    number = request.path_params["file"]
    if number >= len(files):
        raise NotFoundError("The mail has no such attachment.")
    name = sanitise.safe_name(files[number].name, number)
    # Never with the mail's own type, so that the browser saves it and doesn't open it.
    return _download(files[number].content, name, "application/octet-stream")


def _download(content: bytes, name: str, media_type: str) -> Response:
    disposition = sanitise.attachment(name)
    return Response(content, headers={"Content-Disposition": disposition}, media_type=media_type)
