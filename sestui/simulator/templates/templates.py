"""SES's calls for stored templates, and their use in sends."""

import json
import re
from typing import Any

from sestui.ses_api.wire import (
    Json,
    ServiceError,
    TemplateContent,
    bad_request,
    not_found,
)
from sestui.ses_api.wire_parsing import parse_object
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.paging import paged
from sestui.simulator.templates import handlebars, template_store
from sestui.simulator.templates.handlebars import HandlebarsError
from sestui.simulator.templates.rendering import RenderingError
from sestui.simulator.templates.template_store import PARTS, StoredTemplate
from sestui.simulator.templates.templating import rendered

MAX_INLINE_BYTES = 1_000_000
"""SES's limit for a send with an inline template, in JSON (docs/ses.md#shapes-and-limits)."""
MAX_TEMPLATE_BYTES = 500_000
MOST_LISTED = 100
FEWEST_LISTED = 10
"""The default size of a page."""

_TEMPLATES = "/v2/email/templates"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def answered(
    state: SimulatorState, method: str, path: str, query: dict[str, list[str]], body: bytes
) -> bytes | None:
    """The JSON answer to a template call; None if it is another call.

    Raises:
        ServiceError: SES would refuse it.
    """
    name = path.removeprefix(f"{_TEMPLATES}/") if path.startswith(f"{_TEMPLATES}/") else ""
    answer: Json = {}
    if (method, path) == ("POST", _TEMPLATES):
        given = parse_object(body)
        create(state, given.get("TemplateName"), given.get("TemplateContent"))
    elif (method, path) == ("GET", _TEMPLATES):
        answer = _list(state, {key: values[0] for key, values in query.items()})
    elif method == "POST" and name.endswith("/render"):
        data = parse_object(body).get("TemplateData")
        answer = {"RenderedTemplate": render_test(state, name.removesuffix("/render"), data)}
    elif method == "GET" and name:
        answer = {"TemplateName": name, "TemplateContent": stored(state, name).content}
    elif method == "PUT" and name:
        update(state, name, parse_object(body).get("TemplateContent"))
    elif method == "DELETE" and name:
        remove(state, name)
    else:
        return None
    return json.dumps(answer).encode()


def create(state: SimulatorState, name: object, content: object) -> None:
    """Store a new template.

    Raises:
        ServiceError: there is one, or SES would refuse it.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise bad_request("TemplateName must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -.")
    checked = _checked(content)
    if template_store.count(state) >= template_store.MOST:
        raise ServiceError(
            400,
            "LimitExceededException",
            f"An account has at most {template_store.MOST} templates.",
        )
    if not template_store.add(state, StoredTemplate(name, checked, state.now())):
        raise ServiceError(400, "AlreadyExistsException", f"Template {name} already exists.")


def update(state: SimulatorState, name: object, content: object) -> None:
    """Replace a template's content; accepted mails keep theirs.

    Raises:
        ServiceError: there is none, or SES would refuse the content.
    """
    checked = _checked(content)
    if not isinstance(name, str) or not template_store.replace(state, name, checked):
        raise not_found(f"Template {name} does not exist.")


def remove(state: SimulatorState, name: str) -> None:
    """Delete a template, if there is one."""
    template_store.remove(state, name)


def stored(state: SimulatorState, name: str) -> StoredTemplate:
    """A template.

    Raises:
        ServiceError: there is none of that name.
    """
    found = template_store.get(state, name)
    if found is None:
        raise not_found(f"Template {name} does not exist.")
    return found


def listed(
    state: SimulatorState, token: object, size: object
) -> tuple[list[StoredTemplate], str | None]:
    """A page of templates and the next page's token; None after the last.

    Raises:
        ServiceError: token or size is impossible.
    """
    start, limit = paged(token, size, default=FEWEST_LISTED, most=MOST_LISTED)
    found = template_store.page(state, after=start, limit=limit + 1)
    return found[:limit], str(start + limit) if len(found) > limit else None


def render_test(state: SimulatorState, name: str, data: object) -> str:
    """The MIME message of a template rendered with ``data``, the JSON of an object.

    Raises:
        ServiceError: there is no such template, or the data does not fit it.
    """
    from sestui.simulator.outbox.rendered_mail import mime_of  # noqa: PLC0415 - nearly nobody asks for this

    content = stored(state, name).content
    try:
        given = json.loads(data) if isinstance(data, str) else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise bad_request("TemplateData is not a JSON object.")
    template = TemplateContent(
        name=name,
        subject=content.get("Subject", ""),
        html=content.get("Html", ""),
        text=content.get("Text", ""),
        data=given,
    )
    try:
        simple = rendered(template)
    except RenderingError as error:
        raise bad_request(str(error)) from error
    return mime_of(simple, (("Subject", simple.subject),), mark=name).decode()


def filled(state: SimulatorState, body: bytes) -> bytes:
    """A send's request with the content of the stored template that it names.

    Raises:
        ServiceError: there is no such template, or the request has an inline one and is too large.
    """
    large = len(body) > MAX_INLINE_BYTES
    if not large and b'"TemplateName"' not in body and b'"TemplateArn"' not in body:
        return body
    given = parse_object(body)
    content = given.get("Content") or given.get("DefaultContent")
    template = content.get("Template") if isinstance(content, dict) else None
    if not isinstance(template, dict):
        return body
    name = template.pop("TemplateName", None) or template.pop("TemplateArn", None)
    if template.get("TemplateContent"):
        if name:
            raise bad_request("Template must have one of TemplateName and TemplateContent.")
        if large:
            raise bad_request(
                f"A request with an inline template has at most {MAX_INLINE_BYTES} bytes, not "
                f"{len(body)}."
            )
        return body
    if not isinstance(name, str):
        return body
    found = stored(state, name.rpartition("/")[2])
    template["TemplateName"], template["TemplateContent"] = found.name, found.content
    return json.dumps(given).encode()


def _list(state: SimulatorState, given: dict[str, Any]) -> Json:
    page, token = listed(state, given.get("NextToken"), given.get("PageSize"))
    answer: Json = {
        "TemplatesMetadata": [
            {"TemplateName": each.name, "CreatedTimestamp": each.created_at} for each in page
        ]
    }
    return answer if token is None else {**answer, "NextToken": token}


def _checked(content: object) -> dict[str, str]:
    """The parts of a template.

    Raises:
        ServiceError: SES would refuse them.
    """
    if not isinstance(content, dict):
        raise bad_request("TemplateContent is required.")
    parts = {part: content[part] for part in PARTS if content.get(part) is not None}
    if not all(isinstance(text, str) for text in parts.values()):
        raise bad_request("TemplateContent must have texts for Subject, Text and Html.")
    if not parts.get("Subject"):
        raise bad_request("The subject must be specified.")
    if not parts.get("Text") and not parts.get("Html"):
        raise bad_request("The template must have Text or Html.")
    if sum(len(text.encode("utf-8", "replace")) for text in parts.values()) > MAX_TEMPLATE_BYTES:
        raise bad_request(f"A template has at most {MAX_TEMPLATE_BYTES} bytes.")
    for part, text in parts.items():
        try:
            handlebars.parse(text)
        except HandlebarsError as error:
            raise bad_request(f"The template's {part} can't be parsed: {error}") from error
    return parts
