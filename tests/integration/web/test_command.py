"""`sestui web` as a process: it says how to publish what it serves, and ends quietly."""

import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sestui.runtime import Runtime
from sestui.settings import load_settings
from tests.support.certificates import self_signed
from tests.support.environment import bare_environment
from tests.support.page import Asker
from tests.support.ses_events import TOPIC, ses_event
from tests.support.sns import SigningService, body
from tests.support.tunnel import Tunnel


class Served:
    """A server of sestui: its port, what it said when it came up, and when it ended."""

    port = 0
    said: list[str]
    last = ""


@contextmanager
def served(folder, *command, **environment):
    """A server with a workspace below ``folder``, told to end afterwards, which it does quietly."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "sestui", *command, "--port", "0"],
        env=bare_environment(folder, SESTUI_DATA_DIR=str(folder / "data"), **environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = Served()
    found.said = []
    try:
        while not found.said or "Ctrl-C stops it" not in found.said[-1]:
            found.said.append(process.stderr.readline())
            assert found.said[-1], "it ended"
        found.port = int(found.said[0].split("http://127.0.0.1:")[1].partition("/")[0])
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        found.last = process.stderr.read()
        assert process.wait(30) == 0
        process.stderr.close()


@pytest.mark.long
@pytest.mark.ci
def test_it_serves_and_says_how_to_publish(tmp_path):
    with served(tmp_path, "web", SESTUI_WEB_URL="https://example.com/mail") as page:
        assert "    location /mail/u/ {\n" in page.said
        assert "        handle /mail/u/* {\n" in page.said
        with closing(Asker(page.port)) as asker:
            assert asker.get("forged").status == 404
    assert "no longer served" in page.last


@pytest.mark.long
@pytest.mark.ci
def test_it_says_where_the_form_is(tmp_path):
    form = {"SESTUI_WEB_SUBSCRIBE_LISTS": "news", "SESTUI_WEB_SUBSCRIBE_FROM": "a@example.com"}
    with served(tmp_path, "web", SESTUI_WEB_URL="https://n.example.com", **form) as page:
        assert "The subscribe form is at https://n.example.com/subscribe, for news.\n" in page.said
        assert "    location /subscribe {\n" in page.said
        with closing(Asker(page.port)) as asker:
            assert asker.ask("GET", "/subscribe").status == 200
    assert "Traceback" not in page.last


@contextmanager
def sns_by_https(service, folder):
    """The environment in which SNS's host is a server of ours, by a proxy and a CA of ours."""
    certificate, key = self_signed(folder, "sns.eu-west-1.amazonaws.com")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer = service.fetch(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tunnel = Tunnel(only_to=server.server_address[1])
        try:
            yield {
                "HTTPS_PROXY": f"http://127.0.0.1:{tunnel.port}",
                "SSL_CERT_FILE": str(certificate),
            }
        finally:
            tunnel.die()
            server.shutdown()


@pytest.mark.long
@pytest.mark.ci
def test_it_takes_events_from_sns(tmp_path):
    service = SigningService(time.time())
    with (
        sns_by_https(service, tmp_path) as environment,
        served(tmp_path, "web", "events", SESTUI_SNS_TOPICS=TOPIC, **environment) as door,
    ):
        assert "    location = /events/sns {\n" in door.said
        with closing(Asker(door.port)) as sns:
            message = service.message(json.dumps(ses_event("Bounce")), time.time(), "2")
            forged = message | {"Message": json.dumps(ses_event("Bounce", "bob@example.com"))}
            for given, status in ((forged, 403), (message, 200), (message, 409)):
                answer = sns.ask("POST", "/events/sns", body(given), "text/plain")
                assert answer.status == status
    assert "no longer taken" in door.last
    with Runtime.open(load_settings(data_dir=tmp_path / "data")) as runtime:
        assert runtime.suppressions.get("ada@example.com").reason == "bounced"
        assert runtime.suppressions.get("bob@example.com") is None
