"""Stored templates: made, told and removed as SES's v2 API does it, and put into sends."""

import json

from sestui.ses_api.wire import Json, ServiceError, bad_request, not_found
from sestui.ses_api.wire_parsing import parse_object
from sestui.simulator.state import SimulatorState

MAX_INLINE_BYTES = 1_000_000
"""SES takes 1 MB of JSON in a send that brings its template (SES.md)."""

_TEMPLATES = "/v2/email/templates"


def answered(state: SimulatorState, method: str, path: str, body: bytes) -> bytes | None:
    """The JSON answer to a template call; None if it is another call.

    Raises:
        ServiceError: SES would refuse it.
    """
    name = path.removeprefix(f"{_TEMPLATES}/") if path.startswith(f"{_TEMPLATES}/") else ""
    answer: Json = {}
    if (method, path) == ("POST", _TEMPLATES):
        _create(state, parse_object(body))
    elif method == "GET" and name:
        answer = {"TemplateName": name, "TemplateContent": _stored(state, name)}
    elif method == "DELETE" and name:
        state.remove_template(name)
    else:
        return None
    return json.dumps(answer).encode()


def filled(state: SimulatorState, body: bytes) -> bytes:
    """A send's request with what a stored template says in place of its name.

    Raises:
        ServiceError: there is no such template, or the request brings its own and is too large.
    """
    large = len(body) > MAX_INLINE_BYTES
    if not large and b'"TemplateName"' not in body and b'"TemplateArn"' not in body:
        return body
    given = parse_object(body)
    content = given.get("Content") or given.get("DefaultContent")
    template = content.get("Template") if isinstance(content, dict) else None
    if not isinstance(template, dict):
        return body
    if template.get("TemplateContent"):
        if large:
            raise bad_request(
                f"A request with an inline template has at most {MAX_INLINE_BYTES} bytes, not "
                f"{len(body)}."
            )
        return body
    name = template.pop("TemplateName", None) or template.pop("TemplateArn", None)
    if not isinstance(name, str):
        return body
    template["TemplateContent"] = _stored(state, name.rpartition("/")[2])
    return json.dumps(given).encode()


def _create(state: SimulatorState, given: Json) -> None:
    name, content = given.get("TemplateName"), given.get("TemplateContent")
    if not isinstance(name, str) or not name or not isinstance(content, dict):
        raise bad_request("TemplateName and TemplateContent are required.")
    if not state.add_template(name, json.dumps(content)):
        raise ServiceError(400, "AlreadyExistsException", f"Template {name} already exists.")


def _stored(state: SimulatorState, name: str) -> Json:
    content = state.template(name)
    if content is None:
        raise not_found(f"Template {name} does not exist.")
    stored: Json = json.loads(content)
    return stored
