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


@pytest.mark.long
@pytest.mark.ci
def test_it_serves_and_says_how_to_publish(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "sestui", "web", "--port", "0"],
        env=bare_environment(
            tmp_path,
            SESTUI_DATA_DIR=str(tmp_path / "data"),
            SESTUI_WEB_URL="https://example.com/mail",
        ),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = []
        while not said or "Ctrl-C stops it" not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], "it ended"
        assert "    location /mail/u/ {\n" in said
        assert "        handle /mail/u/* {\n" in said
        port = int(said[0].split("http://127.0.0.1:")[1].partition("/")[0])
        asker = Asker(port)
        assert asker.get("forged").status == 404
        asker.close()
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(30) == 0
        process.stderr.close()
    assert "no longer served" in rest


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
    with sns_by_https(service, tmp_path) as environment:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sestui", "web", "events", "--port", "0"],
            env=bare_environment(
                tmp_path,
                SESTUI_DATA_DIR=str(tmp_path / "data"),
                SESTUI_SNS_TOPICS=TOPIC,
                **environment,
            ),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said = []
            while not said or "Ctrl-C stops it" not in said[-1]:
                said.append(process.stderr.readline())
                assert said[-1], "it ended"
            assert "    location = /events/sns {\n" in said
            port = int(said[0].split("http://127.0.0.1:")[1].partition("/")[0])
            with closing(Asker(port)) as sns:
                message = service.message(json.dumps(ses_event("Bounce")), time.time(), "2")
                forged = message | {"Message": json.dumps(ses_event("Bounce", "bob@example.com"))}
                for given, status in ((forged, 403), (message, 200), (message, 409)):
                    answer = sns.ask("POST", "/events/sns", body(given), "text/plain")
                    assert answer.status == status
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait(30) == 0
            process.stderr.close()
    assert "no longer taken" in rest
    with Runtime.open(load_settings(data_dir=tmp_path / "data")) as runtime:
        assert runtime.suppressions.get("ada@example.com").reason == "bounced"
        assert runtime.suppressions.get("bob@example.com") is None
