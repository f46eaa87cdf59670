"""No address and no secret above DEBUG, whatever fails with them in its hands."""

import asyncio
import json
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import dns.resolver
import pytest
from botocore.exceptions import ClientError
from sqlalchemy import text

from sestui import log
from sestui.audience.deliverability import check_domain
from sestui.core.clock import SystemClock
from sestui.core.content import Composer
from sestui.core.content.message import Envelope, MessageSource
from sestui.core.delivery.handover import Claim
from sestui.errors import AccountError, ContentError, StorageError
from sestui.relay.proxy import open_proxy
from sestui.sending.engine.call_queue import rendered
from sestui.ses.client import Clients, Endpoint
from sestui.ses.gateway import Gateway
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import ServiceError
from tests.support.logs import logging_to
from tests.support.raw_server import RawServer

ADDRESS = "ada.lovelace@example.com"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BOTH = f"{ADDRESS} with password={SECRET}"


class BrokenError(Exception):
    """What some library raises, with all that it was given in its text."""


def held(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def check(path: Path, what: str) -> None:
    """The log has a traceback that names the fault, and nothing that is anybody's."""
    found = held(path)
    assert "Traceback" in found
    assert what in found
    for piece in ("ada.lovelace", "lovelace@", SECRET, SECRET[:20]):
        assert piece not in found


class FailingComposer:
    """A composer that meets what no composer should."""

    def mail(self, email, attributes, tags, delivery_id):
        raise BrokenError(f"{BOTH}: {attributes}")


def test_a_mail_that_cannot_be_made(tmp_path):
    claim = Claim(1, 1, ADDRESS, 1, {"email": ADDRESS, "token": SECRET})
    with logging_to(tmp_path) as path:
        ((_, why),) = rendered(FailingComposer(), [claim])
        assert isinstance(why, ContentError)
        check(path, "BrokenError: <address>")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT :email, :secret FROM nowhere",
        f"SELECT '{ADDRESS}', 'password={SECRET}' FROM nowhere",
        f"INSERT INTO nowhere VALUES ('{ADDRESS}', '{SECRET}', :email)",
    ],
)
def test_a_statement_that_the_database_refuses(tmp_path, database, statement):
    values = {"email": ADDRESS, "secret": SECRET}
    given = {name: each for name, each in values.items() if f":{name}" in statement}
    with logging_to(tmp_path / "state") as path:
        with pytest.raises(StorageError), database.write_connection() as connection:
            connection.execute(text(statement), given)
        check(path, "nowhere")


class Resolver(dns.resolver.Resolver):
    """A resolver whose server talks nonsense."""

    def __init__(self) -> None:
        super().__init__(configure=False)

    def resolve(self, *_given, **_more):
        raise BrokenError(BOTH)


def test_a_domain_whose_dns_cannot_be_read(tmp_path):
    with logging_to(tmp_path) as path:
        check_domain("example.com", Resolver())
        check(path, "BrokenError: <address>")


def test_credentials_that_cannot_be_fetched(tmp_path, monkeypatch):
    said = tmp_path / "said.sh"
    first = {
        "Version": 1,
        "AccessKeyId": "AKIDEXAMPLE",
        "SecretAccessKey": SECRET,
        "SessionToken": "token",
        "Expiration": (datetime.now(UTC) + timedelta(minutes=1)).isoformat(),
    }
    said.write_text(
        f"if mkdir {tmp_path / 'once'} 2>/dev/null; then echo '{json.dumps(first)}'\n"
        f"else echo 'no key for {ADDRESS}: SecretAccessKey={SECRET}' >&2; exit 1; fi\n"
    )
    config = tmp_path / "config"
    config.write_text(f"[profile odd]\nregion = eu-west-1\ncredential_process = sh {said}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with logging_to(tmp_path / "state") as path:
        gateway = Gateway(
            Clients(Endpoint("http://127.0.0.1:1", profile="odd")), SystemClock(), most=1
        )
        try:
            gateway.want(1)
            while gateway.trouble is None:
                gateway.poll(0.05)
        finally:
            gateway.close()
        check(path, "CredentialRetrievalError")


def test_what_fetches_credentials_says_no_secret_to_the_user(tmp_path, monkeypatch):
    config = tmp_path / "config"
    said = f"echo 'denied: SecretAccessKey={SECRET}' >&2; exit 1"
    program = tmp_path / "said.sh"
    program.write_text(said)
    config.write_text(f"[profile odd]\nregion = eu-west-1\ncredential_process = sh {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(AccountError) as failed:
        Clients(Endpoint("http://127.0.0.1:1", profile="odd"))
    assert str(failed.value).endswith("denied: SecretAccessKey=***.")


@dataclass
class Signer:
    """Signs nothing."""

    endpoint_url: str
    signs_at_once: bool = True

    def signed(self, method, url, headers, body):
        return headers


def test_a_call_that_is_passed_on_and_answered_with_nonsense(tmp_path):
    path_asked = f"/v2/email/identities/{ADDRESS.replace('@', '%40')}"
    received = Received("GET", path_asked, f"token={SECRET}", [], sha256(b"").hexdigest())

    async def ask(url):
        async with open_proxy(Signer(url), by_proxy=False) as way:
            await way.passed(received, b"", None)

    server = RawServer(lambda _: [f"NONSENSE for {BOTH}\r\n\r\n".encode()])
    try:
        with logging_to(tmp_path) as path:
            with pytest.raises(ServiceError):
                asyncio.run(ask(f"http://127.0.0.1:{server.port}"))
            check(path, "can't be read")
    finally:
        server.close()


def refused_by_ses() -> ClientError:
    said = f"Email address is not verified: {ADDRESS}; X-Amz-Security-Token:{SECRET}"
    return ClientError({"Error": {"Code": "MessageRejected", "Message": said}}, "SendEmail")


def test_an_error_of_botos_that_nothing_catches(tmp_path, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", log._Uncaught.in_thread)

    def fail():
        raise refused_by_ses()

    said = []
    with logging_to(tmp_path) as path, log.uncaught_to(said.append):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        check(path, "MessageRejected")
    assert len(said) == 1
    assert ADDRESS not in said[0]


def test_what_uvicorn_says_of_an_application_that_fails(tmp_path):
    with logging_to(tmp_path) as path:
        try:
            FailingComposer().mail(ADDRESS, {"Authorization": f"Bearer {SECRET}"}, (), 1)
        except BrokenError:
            logging.getLogger("uvicorn.error").exception("Of %s\n", BOTH)
        check(path, "BrokenError: <address>")


def test_a_template_that_fails_is_logged_for_debugging_only(tmp_path):
    source = MessageSource("s", "{{ first_name.nothing.there }}")
    composer = Composer(source, Envelope("news@example.com"))
    for level, logged in (("info", False), ("debug", True)):
        with logging_to(tmp_path / level, level) as path:
            with pytest.raises(ContentError):
                composer.mail(ADDRESS, {"first_name": ADDRESS}, ())
            assert ("A template has failed." in held(path)) is logged


def test_at_debug_addresses_are_there_and_secrets_still_are_not(tmp_path):
    with logging_to(tmp_path, "debug") as path:
        logging.getLogger("sestui.x").debug("Sent to %s by Bearer %s", ADDRESS, SECRET)
        logging.getLogger("sestui.x").info("Sent to %s by Bearer %s", ADDRESS, SECRET)
        debug, info = held(path).splitlines()
    assert debug.endswith(f"Sent to {ADDRESS} by Bearer ***")
    assert info.endswith("Sent to <address> by Bearer ***")
