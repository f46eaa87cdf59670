"""The calls of SES's old API other than sends: identities, templates, statistics, settings."""

from collections.abc import Callable
from uuid import uuid4
from xml.sax.saxutils import escape

from sestui.core.clock import Instant, iso
from sestui.ses_api import wire_v1
from sestui.ses_api.wire import Json, ServiceError, bad_request
from sestui.ses_api.wire_v1 import Parameters
from sestui.simulator.account.identities import is_identity
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.paging import paged
from sestui.simulator.templates import templates

_STATISTICS_DAYS = 14
_KINDS = {"EmailAddress": "EMAIL_ADDRESS", "Domain": "DOMAIN"}
_PARTS = {"SubjectPart": "Subject", "TextPart": "Text", "HtmlPart": "Html"}
_CODES = {"AlreadyExistsException": "AlreadyExists", "LimitExceededException": "LimitExceeded"}
"""The old API's codes for version 2's, where they differ."""

Act = Callable[[SimulatorState, Parameters], Json | None]


def answered(state: SimulatorState, action: str, given: Parameters) -> bytes:
    """The XML answer to a call other than a send.

    Raises:
        ServiceError: SES would refuse it, or the simulator doesn't know it.
    """
    act = _ACTS.get(action)
    if act is None:
        raise ServiceError(400, "InvalidAction", f"The simulator has no action {action}.")
    try:
        result = act(state, given)
    except ServiceError as error:
        raise ServiceError(error.status, _CODES.get(error.code, error.code), error.text) from error
    inside = "" if result is None else _element(f"{action}Result", result)
    return (
        f'<{action}Response xmlns="{wire_v1.NAMESPACE}">{inside}<ResponseMetadata><RequestId>'
        f"{uuid4()}</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


# the account


def _quota(state: SimulatorState, _: Parameters) -> Json:
    account = state.account()
    return {
        "Max24HourSend": float(account.quota),
        "MaxSendRate": float(account.rate),
        "SentLast24Hours": float(account.used),
    }


def _statistics(state: SimulatorState, _: Parameters) -> Json:
    since = state.now() - _STATISTICS_DAYS * 86_400
    points = [
        {
            "Timestamp": _when(point.begins_at),
            "DeliveryAttempts": point.attempts,
            "Bounces": point.bounces,
            "Complaints": point.complaints,
            "Rejects": 0,  # of SES's virus scanner, which the simulator lacks
        }
        for point in state.send_statistics(since=since)
    ]
    return {"SendDataPoints": points}


def _sending_enabled(state: SimulatorState, _: Parameters) -> Json:
    return {"Enabled": state.account().sending_enabled}


def _switch(state: SimulatorState, given: Parameters) -> None:
    enabled = _text(given, "Enabled") or "false"
    if enabled not in {"true", "false"}:
        raise bad_request("Enabled is not a boolean.")
    state.configure(sending_enabled=enabled == "true")


# identities


def _verify_address(state: SimulatorState, given: Parameters) -> Json:
    address = _required(given, "EmailAddress")
    if "@" not in address or not is_identity(address):
        raise bad_request(f"Invalid email address<{address}>.")
    state.add_identity(address)  # verified at once, as there is no inbox
    return {}


def _verify_domain(state: SimulatorState, given: Parameters) -> Json:
    domain = _required(given, "Domain")
    if "@" in domain or not is_identity(domain):
        raise bad_request(f"Invalid domain name {domain}.")
    state.add_identity(domain)
    return {"VerificationToken": "simulator"}


def _identities(state: SimulatorState, given: Parameters) -> Json:
    kind = _text(given, "IdentityType")
    if kind and kind not in _KINDS:
        raise bad_request(f"IdentityType is one of {', '.join(_KINDS)}.")
    names = [name for name, of in state.identities() if not kind or of == _KINDS[kind]]
    start, limit = paged(
        _text(given, "NextToken"), _text(given, "MaxItems"), default=1000, most=1000
    )
    answer: Json = {"Identities": names[start : start + limit]}
    return answer if len(names) <= start + limit else {**answer, "NextToken": start + limit}


def _verifications(state: SimulatorState, given: Parameters) -> Json:
    known = dict(state.identities())
    entries = [
        {"key": name, "value": _verification(known[name.lower()])}
        for name in _list(given, "Identities")
        if name.lower() in known
    ]
    return {"VerificationAttributes": {"entry": _Repeated(entries)}}


def _verification(kind: str) -> Json:
    token = {"VerificationToken": "simulator"} if kind == "DOMAIN" else {}
    return {"VerificationStatus": "Success", **token}


def _delete_identity(state: SimulatorState, given: Parameters) -> Json:
    state.remove_identity(_required(given, "Identity"))
    return {}


# templates


def _create_template(state: SimulatorState, given: Parameters) -> Json:
    name, content = _template(given)
    _said_of_template(lambda: templates.create(state, name, content))
    return {}


def _update_template(state: SimulatorState, given: Parameters) -> Json:
    name, content = _template(given)
    _said_of_template(lambda: templates.update(state, name, content))
    return {}


def _get_template(state: SimulatorState, given: Parameters) -> Json:
    found = templates.stored(state, _required(given, "TemplateName"))
    parts = {old: found.content[new] for old, new in _PARTS.items() if new in found.content}
    return {"Template": {"TemplateName": found.name, **parts}}


def _list_templates(state: SimulatorState, given: Parameters) -> Json:
    page, token = templates.listed(state, _text(given, "NextToken"), _text(given, "MaxItems"))
    found = [{"Name": each.name, "CreatedTimestamp": _when(each.created_at)} for each in page]
    answer: Json = {"TemplatesMetadata": found}
    return answer if token is None else {**answer, "NextToken": token}


def _delete_template(state: SimulatorState, given: Parameters) -> Json:
    templates.remove(state, _required(given, "TemplateName"))
    return {}


def _test_render(state: SimulatorState, given: Parameters) -> Json:
    name, data = _required(given, "TemplateName"), _text(given, "TemplateData")
    try:
        return {"RenderedTemplate": templates.render_test(state, name, data)}
    except ServiceError as error:
        if error.code != "BadRequestException":
            raise
        missing = "MissingRenderingAttribute", "InvalidRenderingParameter"
        code = missing[0] if error.text.startswith("Attribute ") else missing[1]
        raise ServiceError(400, code, error.text) from error


def _template(given: Parameters) -> tuple[str, Json]:
    template = given.get("Template")
    if not isinstance(template, dict):
        raise bad_request("Template is required.")
    content = {new: _text(template, old) for old, new in _PARTS.items() if old in template}
    return _text(template, "TemplateName"), content


def _said_of_template(act: Callable[[], None]) -> None:
    try:
        act()
    except ServiceError as error:
        if error.code == "BadRequestException":
            raise ServiceError(400, "InvalidTemplate", error.text) from error
        raise


_ACTS: dict[str, Act] = {
    "GetSendQuota": _quota,
    "GetSendStatistics": _statistics,
    "GetAccountSendingEnabled": _sending_enabled,
    "UpdateAccountSendingEnabled": _switch,
    "VerifyEmailIdentity": _verify_address,
    "VerifyDomainIdentity": _verify_domain,
    "ListIdentities": _identities,
    "GetIdentityVerificationAttributes": _verifications,
    "DeleteIdentity": _delete_identity,
    "CreateTemplate": _create_template,
    "UpdateTemplate": _update_template,
    "GetTemplate": _get_template,
    "ListTemplates": _list_templates,
    "DeleteTemplate": _delete_template,
    "TestRenderTemplate": _test_render,
}


# parameters and XML


def _text(given: Parameters, name: str) -> str:
    found = given.get(name, "")
    return found if isinstance(found, str) else ""


def _required(given: Parameters, name: str) -> str:
    found = _text(given, name)
    if not found:
        raise bad_request(f"{name} is required.")
    return found


def _list(given: Parameters, name: str) -> list[str]:
    found = given.get(name)
    members = found.get("member") if isinstance(found, dict) else None
    if not isinstance(members, dict):
        return []
    return [value for value in members.values() if isinstance(value, str)]


def _when(instant: Instant) -> str:
    return iso(instant)


class _Repeated(list[Json]):
    """Elements that aren't wrapped in ``member``."""


def _element(name: str, value: object) -> str:
    if isinstance(value, _Repeated):
        return "".join(_element(name, each) for each in value)
    if isinstance(value, dict):
        inside = "".join(_element(key, each) for key, each in value.items())
    elif isinstance(value, list):
        inside = "".join(_element("member", each) for each in value)
    elif isinstance(value, bool):
        inside = "true" if value else "false"
    else:
        inside = _xml(str(value))
    return f"<{name}>{inside}</{name}>"


def _xml(text: str) -> str:
    """``text`` escaped for XML, including line ends."""
    kept = "".join(c if c.isprintable() or c in "\n\t\r" else " " for c in text)
    return escape(kept, {"\r": "&#13;"})
