"""Send the mails that prove the way of events: to SES's mailbox simulator, tagged as probes."""

from botocore.exceptions import ClientError

from sestui.errors import AccountError
from sestui.ses.client import Clients
from sestui.ses.setup.denied import plain_errors_of
from sestui.ses_api.events import PROBE_TAG

_REFUSED = frozenset({"MessageRejected", "MailFromDomainNotVerifiedException"})
_THROTTLED = frozenset({"TooManyRequestsException", "Throttling", "ThrottlingException"})


class ProbeThrottledError(AccountError):
    """SES has not taken the mail, because too many were sent this second."""


class ProbeMailer:
    """Sends probes from one sender."""

    def __init__(self, clients: Clients, sender: str, configuration_set: str) -> None:
        """``configuration_set`` may be '' for the simulator, whose events need none."""
        self._clients = clients
        self._sender = sender
        self._configuration_set = configuration_set

    def send(self, to: str, probe: str) -> str:
        """Send one mail, with ``probe`` as its tag; its message id.

        Raises:
            ProbeThrottledError: it can be sent a little later.
            AccountError: SES refuses it.
        """
        text = "A test by sestui of the way that SES's events take. It needs no answer."
        named = {"ConfigurationSetName": self._configuration_set} if self._configuration_set else {}
        with plain_errors_of("ses"):
            try:
                answer = self._clients.sesv2.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [to]},
                    Content={
                        "Simple": {
                            "Subject": {"Data": "sestui: test of the way of events"},
                            "Body": {"Text": {"Data": text}},
                        }
                    },
                    EmailTags=[{"Name": PROBE_TAG, "Value": probe}],
                    **named,  # type: ignore[arg-type] # left out where there is none
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code", "") in _THROTTLED:
                    raise ProbeThrottledError("SES takes no more mail this second.") from error
                if error.response.get("Error", {}).get("Code", "") in _REFUSED:
                    raise AccountError(
                        f"SES refuses the test mail: {error.response['Error'].get('Message', '')}",
                        by_option="--from takes a verified address, or one of a verified domain.",
                    ) from error
                raise
        return answer["MessageId"]
