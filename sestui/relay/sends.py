"""Handle the sends of both APIs: parse requests to mails, and turn results into answers."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sestui.relay.admission import RelayAdmission
from sestui.relay.answers import RelayAnswer, bulk_sent, refusal, sent
from sestui.relay.requests import Caller, call_name
from sestui.relay.results import SendResult, as_entry, of_whole_call
from sestui.ses_api import wire_v1
from sestui.ses_api.relay_admission import Incoming
from sestui.ses_api.relay_shape_v1 import check_parameters
from sestui.ses_api.relayed import (
    RelayedMail,
    allowed_sender,
    mail_of,
    mails_of_bulk,
    packed,
    sender_denied,
)
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import Json, ServiceError
from sestui.ses_api.wire_parsing import parse_object


@dataclass(frozen=True, slots=True)
class Rules:
    """The operator's settings."""

    most_recipients: int
    """Recipients of one mail; SES allows 50 in a call."""
    configuration_set: str
    """The default configuration set; '' for none."""


@dataclass(frozen=True, slots=True)
class SendCall:
    """A send of either API, single or bulk."""

    given: Json
    """The request in the form of API v2."""
    bulk: bool
    action: str
    """v1's action; '' for a v2 call."""

    @property
    def v1(self) -> bool:
        """Whether it is a v1 call."""
        return bool(self.action)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call's validated mails."""

    call: SendCall
    mails: tuple[tuple[Incoming, RelayedMail] | ServiceError, ...]
    """Errors stand for invalid entries of a bulk call."""
    warnings: tuple[str, ...]


def send_call_v1(action: str, parameters: "wire_v1.Parameters") -> SendCall:
    """Parse a v1 send.

    Raises:
        ServiceError: a parameter is invalid or can't be passed on.
    """
    check_parameters(action, parameters)
    return SendCall(wire_v1.SENDS[action](parameters), action == wire_v1.BULK, action)


def send_call_v2(body: bytes, *, bulk: bool) -> SendCall:
    """Parse a v2 send.

    Raises:
        ServiceError: the body is not a JSON object.
    """
    return SendCall(parse_object(body), bulk, "")


def prepared(call: SendCall, received: Received, caller: Caller, rules: Rules) -> Prepared:
    """Validate a call's mails without the ledger.

    Raises:
        ServiceError: SES would refuse it, or the key may not send it.
    """
    requests: list[Json | ServiceError] = [call.given]
    if call.bulk:
        requests = mails_of_bulk(call.given)
    invocation = call_name(received)
    mails: list[tuple[Incoming, RelayedMail] | ServiceError] = []
    warnings = []
    for number, given in enumerate(requests):
        try:
            if isinstance(given, ServiceError):
                raise given
            mail = mail_of(
                given,
                most=rules.most_recipients,
                configuration_set=rules.configuration_set,
                bounded=bool(caller.key.senders),
            )
        except ServiceError as error:
            if not call.bulk:
                raise
            mails.append(error)
            continue
        for sender in mail.senders:
            if not allowed_sender(caller.key.senders, sender):
                raise sender_denied(sender)
        if mail.warning:
            warnings.append(mail.warning)
        tries = (caller.key_id, invocation or caller.signature, received.body_hash, str(number))
        incoming = Incoming(
            terms=caller.key.terms,
            recipients=mail.recipients,
            payload=packed(mail),
            retry_key=_hashed(*tries),
            replay_key=_hashed(caller.key_id, caller.signature, str(number)),
            own_call=bool(invocation) and caller.fresh,
        )
        mails.append((incoming, mail))
    return Prepared(call, tuple(mails), tuple(warnings))


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def carried_out(
    prepared: Prepared, admission: RelayAdmission, note: Callable[[SendResult], None]
) -> RelayAnswer:
    """Admit the mails and answer the call; ``note`` is called with each result."""
    call = prepared.call
    if len(prepared.mails) == 1:  # without tasks, which would cost more
        settled = [await _taken(prepared.mails[0], admission)]
    else:
        settled = await asyncio.gather(*(_taken(each, admission) for each in prepared.mails))
    for each in settled:
        note(each)
    if call.bulk:
        whole = of_whole_call(settled)
        if whole is not None:
            return refusal(whole, v1=call.v1)
        return bulk_sent([as_entry(each) for each in settled], v1=call.v1)
    [only] = settled
    if only.error is not None:
        return refusal(only.error, v1=call.v1)
    return sent(only.message_id, action=call.action)


async def _taken(
    each: tuple[Incoming, RelayedMail] | ServiceError, admission: RelayAdmission
) -> SendResult:
    if isinstance(each, ServiceError):
        return SendResult(error=each)
    return await admission.take(*each)
