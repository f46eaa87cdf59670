"""boto3 clients with a single attempt for each call, timeouts, and errors as sentences."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.endpoint import EndpointCreator
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.hooks import HierarchicalEmitter
from botocore.httpsession import URLLib3Session

from sestui import __version__
from sestui.core.redact import without_secrets
from sestui.core.text import printable
from sestui.errors import AccountError, AccountUnreachableError, SestuiError, SettingsError
from sestui.ses.connector import Connector
from sestui.ses.signer import Credentials

if TYPE_CHECKING:
    from botocore.client import ClientMeta
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

CONNECT_SECONDS = 5
READ_SECONDS = 20
"""SES answers within a second or two."""

_LONGEST_POLL_SECONDS = 20
"""For so long SQS lets a caller wait for a message."""

_NO_PROXIES: dict[str, str] = {}
"""The simulator is on this machine, so proxies are bypassed."""

USER_AGENT = f"sestui/{__version__} Boto3/{boto3.__version__}"

_SIMULATOR_REGION = "eu-west-1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The SES endpoint and credentials; the defaults are those of the AWS environment."""

    url: str | None = None
    """None for AWS's endpoint, or AWS_ENDPOINT_URL_SESV2 if set."""
    simulated: bool = False
    """Whether it is the simulator, for which the user's credentials are not read."""
    profile: str = ""
    """The AWS profile; '' for the environment's. The same goes for ``region``."""
    region: str = ""
    access_key_id: str = "SIMULATOR"
    """The simulator's key."""


class Clients:
    """A process's clients and connections to SES; thread-safe."""

    def __init__(self, endpoint: Endpoint) -> None:
        config = Config(
            # Retries would send accepted mail again when the answer is lost.
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            tcp_keepalive=True,
            proxies=_NO_PROXIES if endpoint.simulated else None,
            user_agent=USER_AGENT,
        )
        with plain_errors():
            self._session, core = (
                _simulated_session(endpoint.access_key_id)
                if endpoint.simulated
                else aws_session(endpoint.profile, endpoint.region)
            )
            self._config = config
            try:
                self.sesv2: SESV2Client = self._session.client(
                    "sesv2", endpoint_url=endpoint.url, config=config
                )
                _check_url(self.sesv2.meta.endpoint_url)
            except ValueError as error:
                raise SettingsError(
                    f"SES's endpoint is not a valid URL ({printable(str(error))}); "
                    "check AWS_ENDPOINT_URL_SESV2 (for example http://127.0.0.1:4579)."
                ) from error
            self.region = self.sesv2.meta.region_name
            self.endpoint_url = self.sesv2.meta.endpoint_url
            self.is_aws = self.endpoint_url.endswith((".amazonaws.com", ".api.aws"))
            self.connector = Connector(
                _http_session(
                    self.sesv2.meta,
                    simulated=endpoint.simulated,
                    verify=core.get_config_variable("ca_bundle"),
                ),
                self.endpoint_url,
            )
            """Opens connections for the sending calls."""

    @property
    def signs_at_once(self) -> bool:
        """Whether credentials are at hand, and don't have to be fetched or renewed."""
        return not isinstance(self._session.get_credentials(), RefreshableCredentials)

    def signed(self, method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """The headers of a signed request that is sent without boto3.

        Thread-safe; may block to fetch credentials.

        Raises:
            AccountError: there are no credentials.
        """
        request = AWSRequest(method=method, url=url, headers=headers, data=body)
        with plain_errors():
            SigV4Auth(self._frozen(), "ses", self.region).add_auth(request)
        return dict(request.headers.items())

    def credentials(self) -> Credentials:
        """The current credentials; may block to fetch them.

        Raises:
            BotoCoreError: there are none, or they can't be fetched.
        """
        frozen = self._frozen()
        return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token or "")

    def _frozen(self) -> "ReadOnlyCredentials":
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return credentials.get_frozen_credentials()

    def ses_v1(self) -> "SESClient":
        """A client of API v1 at the same endpoint."""
        url = None if self.is_aws else self.endpoint_url
        with plain_errors():
            return self._session.client("ses", endpoint_url=url, config=self._config)

    def sqs(self, region: str | None, endpoint_url: str | None) -> "SQSClient":
        """SQS with the same credentials; None: the account's region, AWS's own endpoint.

        Receiving and deleting may be tried again: what comes twice is applied once.
        """
        config = self._config.merge(
            Config(
                retries={"total_max_attempts": 4, "mode": "standard"},
                read_timeout=_LONGEST_POLL_SECONDS + READ_SECONDS,
            )
        )
        return self._session.client(
            "sqs", region_name=region or self.region, endpoint_url=endpoint_url, config=config
        )

    def service(self, name: Literal["sns", "sts", "resourcegroupstaggingapi"]) -> Any:
        """A client of another AWS service with the same credentials, in the account's region.

        Untyped, as types of these are not among what is installed. Only for calls that may be
        tried again.
        """
        config = self._config.merge(Config(retries={"total_max_attempts": 4, "mode": "standard"}))
        return self._session.client(name, config=config)


def _check_url(url: str) -> None:
    """Raise ValueError if ``url`` is not a usable HTTP(S) URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError(f"Invalid endpoint: {url}")


def _http_session(meta: "ClientMeta", *, simulated: bool, verify: Any) -> URLLib3Session:
    """A session for our own connections, with the client's proxies and certificates."""
    endpoint = EndpointCreator(HierarchicalEmitter()).create_endpoint(
        meta.service_model,
        meta.region_name,
        meta.endpoint_url,
        verify=verify,
        timeout=(CONNECT_SECONDS, READ_SECONDS),  # type: ignore[arg-type] # the stubs don't know the pair
        proxies=_NO_PROXIES if simulated else None,
        socket_options=[
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        ],
    )
    session: URLLib3Session = endpoint.http_session
    return session


_Sessions = tuple[boto3.Session, botocore.session.Session]
"""boto3's session and its botocore session."""


def aws_session(profile: str, region: str) -> _Sessions:
    """A session with the user's credentials; '' takes profile or region from the environment."""
    core = botocore.session.get_session()
    region_name = region or _named_region()
    session = boto3.Session(
        botocore_session=core, profile_name=profile or None, region_name=region_name
    )
    return session, core


def _named_region() -> str | None:
    """AWS_REGION, which boto3 ignores unlike other SDKs; None leaves it to boto3."""
    return os.environ.get("AWS_REGION") or None


def _simulated_session(access_key_id: str) -> _Sessions:
    """A session that ignores the user's AWS files and profile, which could be broken."""
    unread = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    core = botocore.session.Session(session_vars=unread)
    region = _named_region() or core.get_config_variable("region") or _SIMULATOR_REGION
    session = boto3.Session(
        botocore_session=core,
        aws_access_key_id=access_key_id,
        aws_secret_access_key="simulator",  # noqa: S106 - the simulator only reads the id
        region_name=region,
    )
    return session, core


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn botocore's exceptions into :class:`AccountError` sentences."""
    try:
        yield
    except ClientError as error:
        raise _refused(error) from error
    except BotoCoreError as error:
        raise _failed(error) from error


def _refused(error: ClientError) -> SestuiError:
    said = error.response.get("Error", {})
    code, message = said.get("Code", ""), said.get("Message", "")
    if code in CREDENTIAL_CODES and _SIMULATORS_WORD in message:
        return AccountError(f"The simulator refuses the credentials: {message}")
    if code in CREDENTIAL_CODES:
        return AccountError(
            f"SES refuses the credentials ({code}): check AWS_PROFILE or the access key and its "
            "permissions."
        )
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code.isdigit() or status >= 500:
        # Without an error code the answer isn't SES's; otherwise SES has failed.
        return AccountUnreachableError(
            f"SES is not available at the moment: it answered {code} "
            f"({message.rstrip('.') or 'without a reason'}); try again in a moment."
        )
    return AccountError(f"SES answered {code}: {message}")


_SIMULATORS_WORD = "`sestui simulator key`"
"""Found only in the simulator's refusals, which tell the remedy."""

CREDENTIAL_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Error codes about the caller rather than the mail."""


def _failed(error: BotoCoreError) -> SestuiError:
    if isinstance(error, NoRegionError):
        return AccountError("No AWS region is set; export AWS_REGION (for example eu-west-1).")
    if isinstance(error, NoCredentialsError):
        return AccountError(
            "No AWS credentials were found; set AWS_PROFILE, sign in with `aws sso login`, or use "
            "the simulator (SESTUI_ACCOUNT=simulator)."
        )
    if isinstance(error, ProfileNotFound):
        return AccountError(f"{error}; check AWS_PROFILE and the setting aws_profile.")
    if isinstance(error, BotoConnectionError | HTTPClientError):
        return AccountUnreachableError(_unreachable(error))
    # It may hold output of the operator's credential_process.
    return AccountError(f"AWS can't be used: {' '.join(without_secrets(str(error)).split())}.")


def _unreachable(error: BotoCoreError) -> str:
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return (
            f"Nothing answers at {error.kwargs.get('endpoint_url', 'the SES endpoint')}; check the "
            "network, AWS_REGION and AWS_ENDPOINT_URL_SESV2."
        )
    if isinstance(error, BotoConnectionError):
        return (
            f"No connection to SES: {str(error).rstrip('.')}. Check the network, the proxy, and "
            "AWS_CA_BUNDLE if the certificates are your own."
        )
    return "SES did not answer properly; try again in a moment."
