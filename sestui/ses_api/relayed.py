"""A mail that a client has handed to the relay, and the SES calls that send it.

Each To address gets its own mail, so that recipients don't see each other. Cc and Bcc go along with
the first. Everything but the recipients is passed to SES unchanged.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from sestui.core.contact.mailboxes import Mailbox
from sestui.ses_api.addresses import mailbox_of
from sestui.ses_api.raw_mail import RawMail
from sestui.ses_api.raw_senders import raw_senders
from sestui.ses_api.relay_shape import checked_bulk, checked_send
from sestui.ses_api.template_data import merged
from sestui.ses_api.wire import (
    Destination,
    Json,
    Pairs,
    RawContent,
    SendEmailRequest,
    ServiceError,
    TemplateContent,
    bad_request,
)
from sestui.ses_api.wire_parsing import bulk_defaults_of, bulk_entry_of, send_email_of

MOST_IN_A_CALL = 50
"""Recipients that SES accepts in one call."""

_SPLIT_WARNING = (
    "It carries a DKIM signature, which another To header would break: it was passed whole, and "
    "its recipients see each other."
)


class Role(StrEnum):
    """The header in which a recipient stands."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


_FIELDS = {Role.TO: "ToAddresses", Role.CC: "CcAddresses", Role.BCC: "BccAddresses"}


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of a relayed mail."""

    email: str
    """The bare address."""
    role: Role
    written: str
    """As written in the mail to them: ``Ada <ada@example.org>``."""
    rides: bool = False
    """Sent in the same call as the first recipient, if possible."""


@dataclass(frozen=True, slots=True)
class RelayedMail:
    """One mail from a client."""

    request: Json
    """SendEmail's request without Destination; blobs in base64."""
    recipients: tuple[Recipient, ...]
    """Without duplicates; a recipient's index is its place."""
    senders: tuple[str, ...]
    """Bare addresses of senders and bounces; those in raw headers other than From only if the mail
    was parsed as ``bounded``."""
    rewrites: bool = False
    """Whether its raw To header is replaced for each recipient."""
    warning: str = ""


def mail_of(
    given: Json, *, most: int, configuration_set: str = "", bounded: bool = False
) -> RelayedMail:
    """Parse SendEmail's request, with up to ``most`` recipients.

    ``configuration_set`` is the default; '' for none. ``bounded``: the senders will be checked, so
    they must be unambiguous. Raises: ServiceError: the request is invalid, or it is bounded and its
    senders are ambiguous.
    """
    parsed = send_email_of(given, most=most)
    request = _written_anew(checked_send(given), parsed)
    request.pop("Destination", None)
    senders = dict.fromkeys((parsed.sender.address, *_bounces_to(request)))
    if not isinstance(parsed.content, RawContent):
        if configuration_set:
            request.setdefault("ConfigurationSetName", configuration_set)
        if bounded and parsed.content.headers:
            senders |= dict.fromkeys(raw_senders(_head_of(parsed.content.headers)))
        people = [
            Recipient(each.address, role, each.written, rides=role is not Role.TO)
            for role, each in _by_role(parsed.destination)
        ]
        return RelayedMail(request, _each_once(people), _checked(senders, bounded=bounded))
    raw = RawMail(parsed.content.data)
    _take_over_headers(request, raw, configuration_set)
    in_to = {each.address.lower(): each.written for each in raw.mailboxes("To")}
    whole = raw.is_signed and len(in_to) > 1
    senders |= dict.fromkeys(each.address for each in raw.mailboxes("From"))
    if bounded:
        senders |= dict.fromkeys(raw_senders(raw))
    return RelayedMail(
        request,
        _each_once(_of_raw(parsed.destination, in_to, whole=whole)),
        _checked(senders, bounded=bounded),
        rewrites=len(in_to) > 1 and not whole,
        warning=_SPLIT_WARNING if whole else "",
    )


def _head_of(headers: Pairs) -> RawMail:
    """A call's headers as a raw mail with one line for each."""
    return RawMail("".join(f"{name}: {value}\r\n" for name, value in headers).encode())


def _checked(senders: Iterable[str], *, bounded: bool) -> tuple[str, ...]:
    """The senders; refuses encoded words in them if ``bounded``."""
    checked = tuple(senders)
    if bounded and any("=?" in address for address in checked):
        raise bad_request("The sender can be read as another address: it has an encoded word.")
    return checked


def _written_anew(request: Json, parsed: SendEmailRequest) -> Json:
    """The request with its addresses rewritten from the parsed ones."""
    if "FromEmailAddress" in request:
        request["FromEmailAddress"] = parsed.sender.written
    if "ReplyToAddresses" in request:
        request["ReplyToAddresses"] = [each.written for each in parsed.reply_to]
    if request.get("FeedbackForwardingEmailAddress"):
        request["FeedbackForwardingEmailAddress"] = mailbox_of(
            request["FeedbackForwardingEmailAddress"]
        ).written
    return request


def _bounces_to(request: Json) -> Iterator[str]:
    if request.get("FeedbackForwardingEmailAddress"):
        yield mailbox_of(request["FeedbackForwardingEmailAddress"]).address


def _by_role(destination: Destination) -> Iterator[tuple[Role, Mailbox]]:
    named = (destination.to, destination.cc, destination.bcc)
    for role, mailboxes in zip(Role, named, strict=True):
        for each in mailboxes:
            yield role, each


def _of_raw(
    destination: Destination, in_to: Mapping[str, str], *, whole: bool
) -> Iterator[Recipient]:
    """A raw mail's recipients; those who are not in its To header ride along."""
    for role, each in _by_role(destination):
        own = in_to.get(each.address.lower())
        rides = whole or own is None
        yield Recipient(each.address, role, each.address if own is None else own, rides)


def _each_once(recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    found: dict[str, Recipient] = {}
    for recipient in recipients:
        found.setdefault(recipient.email.lower(), recipient)
    return tuple(found.values())


def _take_over_headers(request: Json, raw: RawMail, configuration_set: str) -> None:
    """Copy settings that SES reads from raw headers only if the request lacks them."""
    if configuration_set and not raw.values("X-SES-CONFIGURATION-SET"):
        request.setdefault("ConfigurationSetName", configuration_set)
    if "EmailTags" in request:
        return
    tags = [
        {"Name": name.strip(), "Value": value.strip()}
        for text in raw.values("X-SES-MESSAGE-TAGS")
        for name, equals, value in (pair.partition("=") for pair in text.split(","))
        if equals and name.strip() and value.strip()
    ]
    if tags:
        request["EmailTags"] = tags


def first_call(recipients: Sequence[Recipient], places: Sequence[int]) -> tuple[int, ...]:
    """The places in the first call: the first To, and everybody who rides along."""
    alone = [place for place in places if not recipients[place].rides]
    riders = [place for place in places if recipients[place].rides]
    return tuple((alone[:1] + riders)[:MOST_IN_A_CALL])


def arguments(
    mail: RelayedMail, places: Sequence[int], tags: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """SendEmail's arguments for a call to these recipients; ``tags`` are added to the client's."""
    request = dict(mail.request)
    people = [mail.recipients[place] for place in places]
    request["Destination"] = {
        field: [each.email if "Raw" in request["Content"] else each.written for each in chosen]
        for role, field in _FIELDS.items()
        if (chosen := [each for each in people if each.role is role])
    }
    ours = [{"Name": name, "Value": value} for name, value in tags]
    names = {name for name, _ in tags}
    theirs = [tag for tag in request.get("EmailTags", []) if tag.get("Name") not in names]
    request["EmailTags"] = [*theirs, *ours]
    alone = [each for each in people if not each.rides]
    to = alone[0].written if mail.rewrites and alone else None
    request["Content"] = dict(_with_bytes(request["Content"], to))
    return request


def _with_bytes(content: Json, to: str | None) -> Iterator[tuple[str, Any]]:
    """The content with base64 decoded, and a raw mail addressed to ``to``."""
    for kind, part in content.items():
        if kind == "Raw":
            data = base64.b64decode(part["Data"])
            yield kind, {"Data": data if to is None else RawMail(data).addressed_to(to)}
        elif "Attachments" in part:
            files = [
                {**file, "RawContent": base64.b64decode(file.get("RawContent", ""))}
                for file in part["Attachments"]
            ]
            yield kind, {**part, "Attachments": files}
        else:
            yield kind, part


def mails_of_bulk(given: Json) -> list[Json | ServiceError]:
    """Convert each entry of SendBulkEmail's request to an equivalent SendEmail request.

    Invalid entries become their errors; the others can be sent.

    Raises:
        ServiceError: the whole call is invalid.
    """
    given = checked_bulk(given)
    defaults = bulk_defaults_of(given)
    shared = {
        name: value
        for name, value in given.items()
        if name not in {"DefaultContent", "DefaultEmailTags", "BulkEmailEntries"}
    }
    mails: list[Json | ServiceError] = []
    for entry in given["BulkEmailEntries"]:
        try:
            own = replace(defaults, entries=(bulk_entry_of(entry),)).single(0)
        except ServiceError as error:
            mails.append(error)
        else:
            mails.append({**shared, **_single(given, entry, own)})
    return mails


def _single(given: Json, entry: Json, own: SendEmailRequest) -> Json:
    """The members of an entry's single call that are not shared by all."""
    template: Json = dict(given["DefaultContent"]["Template"])
    replacement = entry.get("ReplacementEmailContent", {}).get("ReplacementTemplate", {})
    default, data = template.get("TemplateData", ""), replacement.get("ReplacementTemplateData", "")
    template["TemplateData"] = merged(default, data) or "{}"
    if isinstance(own.content, TemplateContent) and own.content.headers:
        template["Headers"] = _pairs(own.content.headers)
    mail: Json = {"Destination": entry["Destination"], "Content": {"Template": template}}
    if own.tags:
        mail["EmailTags"] = _pairs(own.tags)
    return mail


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"Name": name, "Value": value} for name, value in pairs]


_WORTH_COMPRESSING = 2048
"""Bytes; compressing smaller mails isn't worth the time."""


def packed(mail: RelayedMail) -> bytes:
    """The mail as stored, once for all its recipients."""
    people = [[each.email, each.role.value, each.written, each.rides] for each in mail.recipients]
    said = [mail.request, people, mail.rewrites]
    try:
        text = orjson.dumps(said)
    except orjson.JSONEncodeError:  # a lone surrogate can only be stored as an escape
        text = json.dumps(said).encode()
    return text if len(text) < _WORTH_COMPRESSING else zlib.compress(text, 1)


def unpacked(stored: bytes) -> RelayedMail:
    """The inverse of :func:`packed`, without senders and warning."""
    text = stored if stored.startswith(b"[") else zlib.decompress(stored)
    request, people, rewrites = json.loads(text)
    recipients = tuple(
        Recipient(email, Role(role), written, rides) for email, role, written, rides in people
    )
    return RelayedMail(request, recipients, (), rewrites)


def allowed_sender(rules: Sequence[str], address: str) -> bool:
    """Whether ``rules`` (addresses, and domains with their subdomains) include ``address``.

    No rules allow every address.
    """
    lowered = address.lower()
    domain = lowered.rpartition("@")[2]
    return not rules or any(
        lowered == rule if "@" in rule else domain == rule or domain.endswith(f".{rule}")
        for rule in map(str.lower, rules)
    )


def sender_denied(address: str) -> ServiceError:
    """The error for a key that may not send as ``address``."""
    return ServiceError(
        403,
        "AccessDeniedException",
        f"User is not authorized to perform `ses:SendEmail' on resource `identity/{address}'",
    )
