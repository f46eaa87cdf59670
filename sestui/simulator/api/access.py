"""Access to the simulator, by an access key that only this user can read.

The key is in a file of its own (0600) beside the account's, so that all servers of one account
share it and a restart keeps it. Programs send it as their AWS access key id; a browser opens a link
once and then has a cookie.
"""

import base64
import hashlib
import hmac
import re
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

from sestui.atomic_write import write_atomically
from sestui.core.clock import Instant
from sestui.errors import StorageError

FILE_NAME = "simulator.key"
SECRET_ACCESS_KEY = "simulator"  # noqa: S105 - a constant, as only the id is checked
COOKIE_SECONDS = 30 * 86_400

_LINK_SECONDS = 600
"""How long a link for the browser is valid."""
_KEY = re.compile(r"SIM[A-Z2-7]{32}")
_HOSTS = frozenset({b"127.0.0.1", b"localhost"})
_SIGNED = b"AWS4-HMAC-SHA256 Credential="

Headers = list[tuple[bytes, bytes]]


def access_key_of(folder: Path) -> str:
    """The access key id of the simulated account in ``folder``; created if there is none.

    Raises:
        StorageError: it can't be read or written, or the file holds something else.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise StorageError(
            f"The simulator's access key {path} can't be read or written: {why}; give this user "
            "access, or choose another folder with SESTUI_DATA_DIR."
        ) from error
    if not _KEY.fullmatch(key):
        raise StorageError(f"{path} holds no access key of the simulator; delete it for a new one.")
    return key


def _create(path: Path) -> None:
    """Write a new key atomically, unless another process has."""
    key = b"SIM" + base64.b32encode(secrets.token_bytes(20))
    with suppress(FileExistsError):
        write_atomically(path, key + b"\n", overwrite=False)


def link_token(key: str, now: Instant) -> str:
    """A token for a link to the outbox: valid once, for ten minutes.

    It isn't the key, as every user of the machine can read a browser's command line.
    """
    return _signed_link(key, f"{int(now) + _LINK_SECONDS}-{secrets.token_hex(8)}")


def _signed_link(key: str, text: str) -> str:
    return f"{text}-{_derived(key, f'link {text}')}"


def _derived(key: str, purpose: str) -> str:
    return hmac.digest(key.encode(), purpose.encode(), "sha256").hex()


class Authenticator:
    """Checks the keys, cookies and links of requests."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._signed = b"%b%b/" % (_SIGNED, key.encode())
        self._bearer = f"Bearer {key}".encode()
        # Cookies ignore ports, so each account on this machine needs a name of its own.
        self.cookie_name = f"sestui-simulator-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        self.cookie_value = _derived(key, "cookie")
        self._spent: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def signed_query(self) -> str:
        """The query of a URL that has the key, as a presigned one has."""
        return f"X-Amz-Credential={self._key}"

    def holds_key(self, authorization: bytes, query: bytes = b"") -> bool:
        """Whether a request has the key, in its signature or as a bearer token."""
        signed = self._signed
        if hmac.compare_digest(authorization[: len(signed)], signed):
            return True
        if authorization:
            return hmac.compare_digest(authorization, self._bearer)
        if b"X-Amz-Credential" not in query:
            return False
        [credential] = parse_qs(query.decode("latin-1")).get("X-Amz-Credential", [""])[:1]
        given, key = credential.partition("/")[0].encode(), self._key.encode()
        return hmac.compare_digest(given, key)

    def has_cookie(self, cookies: dict[str, str]) -> bool:
        """Whether a browser has this account's cookie."""
        given = cookies.get(self.cookie_name, "").encode()
        return hmac.compare_digest(given, self.cookie_value.encode())

    def takes_link(self, token: str, now: Instant) -> bool:
        """Whether ``token`` opens the pages; each :func:`link_token` does once, the key always."""
        if hmac.compare_digest(token.encode(), self._key.encode()):
            return True
        text = token.rpartition("-")[0]
        if not hmac.compare_digest(token.encode(), _signed_link(self._key, text).encode()):
            return False
        expires = int(text.partition("-")[0])
        with self._lock:
            self._spent = {known: until for known, until in self._spent.items() if until > now}
            if now >= expires or token in self._spent:
                return False
            self._spent[token] = expires
        return True


def caller(headers: Headers) -> tuple[bool, bytes]:
    """Whether a request is foreign to this machine, and its Authorization header.

    Another site's page has an Origin that is not ours, or a host name rebound to this machine.
    """
    host = origin = authorization = b""
    for name, value in headers:
        if name == b"host":
            host = value
        elif name == b"authorization":
            authorization = value
        elif name == b"origin":
            origin = value
    foreign = host.partition(b":")[0] not in _HOSTS
    if origin and origin not in {b"http://" + host, b"https://" + host}:
        foreign = True
    return foreign, authorization
