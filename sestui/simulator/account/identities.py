"""SES's v2 calls that read and change the account and its identities."""

import json
from typing import Any

from sestui.core.contact.mailboxes import AddressError, read_mailbox
from sestui.ses_api.wire import Json, ServiceError, bad_request, not_found
from sestui.ses_api.wire_parsing import parse_object
from sestui.simulator.account import suppression
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.paging import paged
from sestui.simulator.api.send_checks import invalid_domain

_IDENTITIES = "/v2/email/identities"
_PAGE = 1000


def answered(
    state: SimulatorState, method: str, path: str, query: dict[str, list[str]], body: bytes
) -> bytes | None:
    """The JSON answer to GetAccount and the identity calls; None if it is another call.

    Raises:
        ServiceError: SES would refuse it.
    """
    answer: Json
    if (method, path) == ("GET", "/v2/email/account"):
        answer = _account(state)
    elif (method, path) == ("POST", _IDENTITIES):
        answer = _create(state, parse_object(body))
    elif (method, path) == ("GET", _IDENTITIES):
        answer = _list(state, {name: values[0] for name, values in query.items()})
    elif (method, path) == ("POST", "/v2/email/list-identities"):
        answer = _list(state, parse_object(body))
    elif (method, path) == ("PUT", "/v2/email/account/sending"):
        answer = _switch(state, parse_object(body))
    elif method == "DELETE" and path.startswith(f"{_IDENTITIES}/"):
        answer = _delete(state, path.removeprefix(f"{_IDENTITIES}/"))
    elif method == "GET" and path.startswith(f"{_IDENTITIES}/"):
        answer = _get(state, path.removeprefix(f"{_IDENTITIES}/"))
    else:
        return None
    return json.dumps(answer).encode()


def _account(state: SimulatorState) -> Json:
    account = state.account()
    return {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": account.enforcement,
        "ProductionAccessEnabled": account.production_access,
        "SendQuota": {
            "Max24HourSend": float(account.quota),
            "MaxSendRate": account.rate,
            "SentLast24Hours": float(account.used),
        },
        "SendingEnabled": account.sending_enabled and account.enforcement != "SHUTDOWN",
        "SuppressionAttributes": suppression.attributes(account),
    }


def _switch(state: SimulatorState, given: Json) -> Json:
    enabled = given.get("SendingEnabled", False)
    if not isinstance(enabled, bool):
        raise bad_request("SendingEnabled is not a boolean.")
    state.configure(sending_enabled=enabled)
    return {}


def _delete(state: SimulatorState, name: str) -> Json:
    if not state.remove_identity(name):
        raise not_found(f"Email identity {name} does not exist.")
    return {}


def _create(state: SimulatorState, given: Json) -> Json:
    name = given.get("EmailIdentity")
    if not isinstance(name, str) or not is_identity(name):
        raise bad_request("EmailIdentity must be an email address or a domain.")
    if not state.add_identity(name):
        raise ServiceError(400, "AlreadyExistsException", f"Email identity {name} already exist.")
    kind = "EMAIL_ADDRESS" if "@" in name else "DOMAIN"
    # Verified at once, as there is no inbox or DNS to check.
    return {"IdentityType": kind, "VerifiedForSendingStatus": True, "DkimAttributes": _DKIM}


def _get(state: SimulatorState, name: str) -> Json:
    for known, kind in state.identities():
        if known == name.lower():
            return {
                "IdentityType": kind,
                "FeedbackForwardingStatus": True,
                "VerifiedForSendingStatus": True,
                "VerificationStatus": "SUCCESS",
                "DkimAttributes": _DKIM,
            }
    raise not_found(f"Email identity {name} does not exist.")


def _list(state: SimulatorState, given: dict[str, Any]) -> Json:
    start, size = paged(given.get("NextToken"), given.get("PageSize"), default=_PAGE, most=_PAGE)
    names = state.identities()
    answer: Json = {
        "EmailIdentities": [
            {
                "IdentityType": kind,
                "IdentityName": name,
                "SendingEnabled": True,
                "VerificationStatus": "SUCCESS",
            }
            for name, kind in names[start : start + size]
        ]
    }
    if start + size < len(names):
        answer["NextToken"] = str(start + size)
    return answer


def is_identity(name: str) -> bool:
    """Whether ``name`` is an address or a domain on the internet."""
    address = name if "@" in name else f"a@{name}"
    try:
        read = read_mailbox(address).address
    except AddressError:
        return False
    return read == address and address.isascii() and not invalid_domain((address,))


_DKIM: Json = {"SigningEnabled": True, "Status": "SUCCESS", "Tokens": []}
