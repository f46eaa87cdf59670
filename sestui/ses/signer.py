"""AWS Signature Version 4 for the two sending calls, without what a call has in common with others.

botocore's signer builds and sorts every header anew for each request, 150 µs of processor time; for
calls whose header names never change, all of that but a SHA-256 and two HMACs can be done once.
`tests/unit/ses/test_signer.py` holds its output against botocore's, byte for byte.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from botocore.utils import normalize_url_path

from sestui.ses_api.sigv4 import ALGORITHM, signing_key

CONTENT_TYPE = "application/json"

_SERVICE = "ses"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key with its secret, and the session token of temporary ones ('' for none)."""

    access_key: str
    secret_key: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.access_key!r})"  # logs and tracebacks hold no secret


class Signer:
    """Makes the head of a signed POST to one URL.

    ``target`` is what stands in the request line: the path, or the whole URL for a proxy that
    forwards; ``headers`` are sent unsigned (``User-Agent``, a proxy's authorization).
    """

    def __init__(self, url: str, region: str, *, target: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self._host = _host(parts.scheme, parts.hostname or "", parts.port)
        # As botocore does: what stands in the URL is escaped once more, but for the tilde.
        self._path = quote(normalize_url_path(parts.path), safe="/~")
        self._region = region
        self._start = (
            f"POST {target} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: {CONTENT_TYPE}\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        )
        self._credentials: Credentials | None = None
        self._key = b""
        self._second = -1
        self._canonical = self._to_sign = self._head = ""

    def head(self, credentials: Credentials, body: bytes, now: float | None = None) -> bytes:
        """Request line and headers for ``body``, signed at ``now`` (seconds since the epoch)."""
        second = int(time.time() if now is None else now)
        if second != self._second or credentials is not self._credentials:
            self._renew(credentials, second)
        canonical = self._canonical + hashlib.sha256(body).hexdigest()
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.digest(self._key, (self._to_sign + digest).encode(), "sha256").hex()
        return f"{self._head}{signature}\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1")

    def _renew(self, credentials: Credentials, second: int) -> None:
        """Everything that the requests of one second have in common."""
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        day = date[:8]
        self._key = signing_key(credentials.secret_key, day, self._region, _SERVICE)
        self._credentials = credentials
        signed = {"content-type": CONTENT_TYPE, "host": self._host, "x-amz-date": date}
        if credentials.token:
            signed["x-amz-security-token"] = credentials.token
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        scope = f"{day}/{self._region}/{_SERVICE}/aws4_request"
        self._canonical = f"POST\n{self._path}\n\n{lines}\n{names}\n"
        self._to_sign = f"{ALGORITHM}\n{date}\n{scope}\n"
        token = f"X-Amz-Security-Token: {credentials.token}\r\n" if credentials.token else ""
        self._head = (
            f"{self._start}X-Amz-Date: {date}\r\n{token}Authorization: {ALGORITHM} "
            f"Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature="
        )
        self._second = second


def _host(scheme: str, name: str, port: int | None) -> str:
    """The Host header: a port only where it isn't the scheme's own, brackets around IPv6."""
    name = f"[{name}]" if ":" in name else name
    usual = {"http": 80, "https": 443}[scheme]
    return name if port in {None, usual} else f"{name}:{port}"
