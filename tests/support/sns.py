"""A certificate authority of one's own, and SNS's messages signed under it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sestui.core.clock import iso
from tests.support.ses_events import TOPIC

CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
SUBSCRIBE_URL = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
_HASHES = {"1": hashes.SHA1(), "2": hashes.SHA256()}


class SigningService:
    """Signs messages as SNS does, and answers for its URLs."""

    def __init__(self, now: float, days: int = 1) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        authority = rsa.generate_private_key(65537, 2048)
        at = datetime.fromtimestamp(now, UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(_name("sns.amazonaws.com"))
            .issuer_name(_name("Test CA"))
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=2))
            .not_valid_after(at + timedelta(days=days))
            .sign(authority, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
        self.fetched: list[str] = []

    def fetch(self, url: str) -> bytes:
        """As HTTPS would."""
        self.fetched.append(url)
        return self.certificate if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"

    def message(self, text: str, at: float, version: str = "1", **changes: str) -> dict[str, Any]:
        """A signed message; ``changes`` are made before it is signed."""
        given = {
            "Type": "Notification",
            "MessageId": "m-1",
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": text,
            "Timestamp": iso(at),
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE_URL,
        } | changes
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        if given["Type"] != "Notification":
            del given["Subject"]
            given |= {"Token": "t", "SubscribeURL": changes.get("SubscribeURL", SUBSCRIBE_URL)}
            names[2:3] = ["SubscribeURL"]
            names.insert(4, "Token")
        signed = "".join(f"{name}\n{given[name]}\n" for name in names)
        signature = self._key.sign(
            signed.encode(), padding.PKCS1v15(), _HASHES.get(version, hashes.SHA256())
        )
        return given | {"Signature": base64.b64encode(signature).decode()}


def body(message: dict[str, Any]) -> bytes:
    """As it is posted."""
    return json.dumps(message).encode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, text)])
