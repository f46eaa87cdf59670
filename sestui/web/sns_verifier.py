"""Check the signatures of SNS's messages, versions 1 (SHA1) and 2 (SHA256)."""

import base64
import binascii
import threading
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sestui.core.clock import Clock
from sestui.errors import AccountUnreachableError
from sestui.ses_api.sns_message import SnsMessage

_HASHES: dict[str, hashes.HashAlgorithm] = {
    # SNS's default; the topic's owner chooses the version, not the sender of a forged message.
    "1": hashes.SHA1(),  # noqa: S303 - as above
    "2": hashes.SHA256(),
}
_MOST_CERTIFICATES = 16
_LARGEST_ANSWER = 64 * 1024
_FETCH_SECONDS = 10.0

Fetch = Callable[[str], bytes]
"""The body at an https URL of SNS; raises AccountUnreachableError."""


class SignatureError(ValueError):
    """The message is not SNS's."""


def fetch(url: str) -> bytes:
    """The body at ``url``, at most 64 KB, whose host TLS has proved.

    Raises:
        AccountUnreachableError: there is no answer.
    """
    try:
        with urllib.request.urlopen(url, timeout=_FETCH_SECONDS) as answer:  # noqa: S310 - https://sns.*, see parse_sns
            body: bytes = answer.read(_LARGEST_ANSWER)
    except (OSError, ValueError, HTTPException) as error:
        raise AccountUnreachableError("SNS can't be reached; check the network.") from error
    return body


class SnsVerifier:
    """Checks signatures; keeps the certificates it has fetched. Any thread may use it."""

    def __init__(self, clock: Clock, fetched: Fetch = fetch) -> None:
        self._clock = clock
        self._fetch = fetched
        self._known: dict[str, x509.Certificate] = {}
        self._lock = threading.Lock()

    def check(self, message: SnsMessage) -> None:
        """Check that SNS has signed it.

        Raises:
            SignatureError: it has not.
            AccountUnreachableError: the certificate can't be fetched.
        """
        algorithm = _HASHES.get(message.signature_version)
        if algorithm is None:
            raise SignatureError("The version of the signature is unknown.")
        key = self._certificate(message.certificate_url).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise SignatureError("The certificate has no RSA key.")
        try:
            signature = base64.b64decode(message.signature, validate=True)
            key.verify(signature, message.signed, padding.PKCS1v15(), algorithm)
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise SignatureError("The signature is wrong.") from error

    def _certificate(self, url: str) -> x509.Certificate:
        with self._lock:
            found = self._known.get(url)
        if found is None:
            try:
                found = x509.load_pem_x509_certificate(self._fetch(url))
            except ValueError as error:
                raise SignatureError("The certificate can't be read.") from error
            with self._lock:
                if len(self._known) >= _MOST_CERTIFICATES:
                    self._known.clear()
                self._known[url] = found
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            raise SignatureError("The certificate is not valid now.")
        return found
