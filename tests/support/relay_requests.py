"""Requests to a relay, byte for byte as a test wants them, signed as botocore signs."""

import http.client
import json
import socket
import time
from datetime import UTC, datetime
from unittest.mock import patch

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.relay import REGION, simple

V2, BULK = "/v2/email/outbound-emails", "/v2/email/outbound-bulk-emails"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def code(self):
        return self.headers.get("x-amzn-errortype", "")


def ask(relay, method, path, body=b"", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", relay.port, timeout=30)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (headers or {}).items():
        if name.lower() != "host":
            connection.putheader(name, value)
    if "content-length" not in {name.lower() for name in headers or {}}:
        connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def signed(
    relay, method, path, body=b"", *, at=None, query=False, key=None, service="ses", **headers
):
    """What is to be asked, signed as botocore signs; ``at`` is the signer's clock."""
    own = key or relay.key
    url = f"{relay.url}{path}"
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers["host"] = f"127.0.0.1:{relay.port}"
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    now = datetime.fromtimestamp(at or time.time(), UTC)
    with patch("botocore.auth.get_current_datetime", lambda: now):
        credentials = Credentials(own.access_key_id, own.secret_access_key)
        (SigV4QueryAuth if query else SigV4Auth)(credentials, service, REGION).add_auth(request)
    return method, request.url.removeprefix(relay.url), body, dict(request.headers.items())


def mail(*to, **more):
    return json.dumps(simple(*to, **more)).encode()


def spoken(relay, *pieces, pause=0.0, ended=False):
    """What the relay says to these bytes before it hangs up; ``ended``: nothing more will come."""
    with socket.create_connection(("127.0.0.1", relay.port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        if ended:
            connection.shutdown(socket.SHUT_WR)
        heard = b""
        while chunk := connection.recv(65536):
            heard += chunk
        return heard
