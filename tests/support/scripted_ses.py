"""SES's API v2 on loopback, saying of one account whatever a test wants it to be."""

import json
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

ACCOUNT: dict[str, Any] = {
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 100.0},
    "SendingEnabled": True,
    "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    "VdmAttributes": {"VdmEnabled": "DISABLED"},
}


class ScriptedSes:
    """An account that is well until a test changes ``account``, ``identities`` or ``sets``."""

    def __init__(self) -> None:
        self.account = dict(ACCOUNT)
        self.identities: dict[str, dict[str, Any]] = {}
        self.sets: dict[str, dict[str, Any]] = {}
        """Configuration sets, each with its ``EventDestinations``."""
        self.recommendations: list[dict[str, Any]] = []
        self.waiting = 3
        """Messages in the queue of events."""
        self.forbidden: set[str] = set()
        """Paths that the credentials may not call."""
        self.ahead = 0.0
        """Seconds by which its clock is ahead."""
        self.calls: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a call."""
        self.calls.append(path)
        if path in self.forbidden:
            return 403, {"__type": "AccessDeniedException", "message": "not allowed"}
        place = path.removeprefix("/v2/email/").split("/")
        kind, name = place[0], unquote(place[1]) if len(place) > 1 else ""
        found: dict[str, Any] | None = None
        if kind == "account":
            found = self.account
        elif path == "/v2/email/list-identities" or (kind == "identities" and not name):
            found = {"EmailIdentities": [*map(_listed, self.identities.items())]}
        elif kind == "identities":
            found = self.identities.get(name)
        elif kind == "configuration-sets" and name in self.sets:
            both = self.sets[name]
            of_events = place[2:] == ["event-destinations"]
            found = {"EventDestinations": both["EventDestinations"]} if of_events else both
        elif path == "/v2/email/vdm/recommendations":
            found = {"Recommendations": self.recommendations}
        elif path == "/":  # SQS
            found = {"Attributes": {"ApproximateNumberOfMessages": str(self.waiting)}}
        if found is None:
            return 404, {"__type": "NotFoundException", "message": "there is none"}
        return 200, found


def _listed(identity: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    name, said = identity
    return {
        "IdentityName": name,
        "IdentityType": said.get("IdentityType", "DOMAIN"),
        "SendingEnabled": said.get("VerifiedForSendingStatus", True),
        "VerificationStatus": said.get("VerificationStatus", "SUCCESS"),
    }


def _handler(ses: ScriptedSes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, said = ses.answer(urlsplit(self.path).path)
            body = json.dumps(said).encode()
            self.send_response_only(status)
            self.send_header("Date", formatdate(time.time() + ses.ahead, usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("x-amzn-ErrorType", said.get("__type", ""))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for method in ("GET", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._any)
    return Handler
