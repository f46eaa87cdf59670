"""Serve the pages in this process until a signal."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp
from uvicorn.config import Config

from sestui.core.installation import extra_command
from sestui.core.serving import listening
from sestui.core.text import printable
from sestui.errors import AccountUnreachableError, SettingsError
from sestui.http_server import QuietServer, quiet_config, serve_until_stopped
from sestui.runtime import Runtime
from sestui.ses_api.sns_message import is_topic
from sestui.settings import check_variables
from sestui.store.web.link_keys import LinkKeys
from sestui.store.web.preferences import Preferences
from sestui.web.app import WebApp
from sestui.web.keyring import WebKeyring
from sestui.web.page import STYLE
from sestui.web.prompt_sender import PromptSender
from sestui.web.subscribe import SubscribeOffer, SubscribePages

_HOST = "127.0.0.1"
"""A web server in front publishes the page, and has the certificate."""

_KEEP_ALIVE_SECONDS = 75
_MOST_CONNECTIONS = 500
_DRAIN_SECONDS = 10


def serve(
    runtime: Runtime,
    *,
    port: int,
    style: Path | None,
    announce: Callable[[int], None],
    warn: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then finish running requests.

    ``announce`` is called with the port once it listens; port 0 picks a free one. ``style``
    replaces the page's style sheet; ``warn`` is called with messages for the operator.

    Raises:
        SettingsError: there is no ``web_url``, the keys can't be used, ``style`` can't be read, or
            the subscribe form has no sender.
        AccountUnreachableError: the port is not available.
    """
    offer = SubscribeOffer.of(runtime.settings)
    if offer is None:
        app = create_app(runtime, style=style, warn=warn)
        _serve(app, port, announce, "The page can't be served")
        return
    check_variables()  # it sends
    sender = PromptSender(runtime, warn)
    app = create_app(runtime, style=style, warn=warn, queued=sender.send)
    sender.start()
    try:
        _serve(app, port, announce, "The page can't be served")
    finally:
        sender.close()


def serve_events(runtime: Runtime, *, port: int, announce: Callable[[int], None]) -> None:
    """Take SNS's messages until SIGINT or SIGTERM, then finish running requests.

    ``announce`` is called with the port once it listens; port 0 picks a free one.

    Raises:
        SettingsError: ``sns_topics`` names no topics, or what checks signatures is not installed.
        AccountUnreachableError: the port is not available.
    """
    topics = [each.strip() for each in runtime.settings.sns_topics.split(",") if each.strip()]
    if not topics:
        raise SettingsError(
            "No topic is allowed yet: set sns_topics to the ARN of the topic that carries SES's "
            "events."
        )
    for each in topics:
        if not is_topic(each):
            raise SettingsError(
                f"sns_topics: {printable(each)!r} is not the ARN of a topic, such as "
                "arn:aws:sns:eu-west-1:123456789012:sestui-events."
            )
    try:
        from sestui.web.events_app import EventsApp  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"Checking SNS's signatures needs the extra `sns` ({error.name} is missing): "
            f"{extra_command('sns')} installs it."
        ) from error
    app = EventsApp(runtime.feedback.applier(), topics, runtime.clock)
    _serve(app, port, announce, "Events can't be taken")


def _serve(app: Any, port: int, announce: Callable[[int], None], failure: str) -> None:
    """Serve until SIGINT or SIGTERM; ``failure`` says what a port that isn't available prevents."""

    def refused(why: str) -> Exception:
        return AccountUnreachableError(
            f"{failure} on port {port}: {why}.", by_option="Choose another with --port."
        )

    with listening(_HOST, port, refused) as listener:
        announce(listener.getsockname()[1])
        asyncio.run(serve_until_stopped(QuietServer(_config(app)), listener))


def create_app(
    runtime: Runtime,
    *,
    style: Path | None,
    warn: Callable[[str], None],
    queued: Callable[[], object] = lambda: None,
) -> WebApp:
    """The pages over this runtime's database.

    ``queued`` is called whenever the subscribe form has put a mail into the ledger.

    Raises:
        SettingsError: as :func:`serve`.
    """
    settings = runtime.settings
    if not settings.web_url:
        raise SettingsError(
            "No mail links to the page yet: set web_url to the address that readers reach it by "
            "(`sestui config set web_url https://news.example.com`)."
        )
    keys = LinkKeys(runtime.database, settings.data_dir)
    if not keys.known():
        keys.current()
    if missing := keys.missing():
        warn(
            f"Links with the key {', '.join(missing)} can't be opened: this host's "
            "unsubscribe-keys hasn't got it. Copy the file from the host where it was made."
        )
    ring = WebKeyring(keys, runtime.clock)
    offer = SubscribeOffer.of(settings)
    return WebApp(
        Preferences(runtime.database),
        ring,
        style=STYLE if style is None else _read(style),
        clock=runtime.clock,
        zone=settings.zone,
        subscribe=SubscribePages(runtime.database, ring, offer, clock=runtime.clock, queued=queued)
        if offer is not None
        else None,
    )


def _read(style: Path) -> bytes:
    try:
        return style.read_bytes()
    except OSError as error:
        raise SettingsError(f"{style} can't be read: {error.strerror}.") from error


def _config(app: ASGIApp) -> Config:
    return quiet_config(
        app,
        http="httptools",
        keep_alive=_KEEP_ALIVE_SECONDS,
        drain=_DRAIN_SECONDS,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
    )
