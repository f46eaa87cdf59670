"""SES's inline templates: simple substitutions only."""

import re
from typing import Any

from sestui.ses_api.wire import SimpleContent, TemplateContent, bad_request

_PLACE = re.compile(r"\{\{\{\s*([^{}]*?)\s*\}\}\}|\{\{\s*([^{}]*?)\s*\}\}")
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")
_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#x27;",
        "`": "&#x60;",
        "=": "&#x3D;",
    }
)


class MissingVariableError(Exception):
    """The data lacks a name the template uses; SES then accepts the mail and never delivers it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Attribute '{name}' is not present in the rendering data.")


def substitute(template: str, data: dict[str, Any], *, escape: bool) -> str:
    """``template`` with ``{{name}}`` replaced, escaped for HTML if asked; ``{{{name}}}`` never is.

    Raises:
        MissingVariableError: a name is not in ``data``.
        ServiceError: the template uses more than simple substitutions.
    """

    def replaced(match: re.Match[str]) -> str:
        raw, plain = match[1], match[2]
        name = plain if raw is None else raw
        if not _NAME.fullmatch(name):
            raise bad_request("Inline template content supports simple substitutions only.")
        value = _text_of(_looked_up(data, name))
        return value.translate(_ESCAPES) if escape and raw is None else value

    return _PLACE.sub(replaced, template) if "{{" in template else template


def rendered(content: TemplateContent) -> SimpleContent:
    """The mail an inline template yields.

    Raises:
        MissingVariableError: see :func:`substitute`.
        ServiceError: see :func:`substitute`.
    """
    return SimpleContent(
        subject=substitute(content.subject, content.data, escape=False),
        html=substitute(content.html, content.data, escape=True),
        text=substitute(content.text, content.data, escape=False),
        headers=content.headers,
        attachments=content.attachments,
    )


def _looked_up(data: dict[str, Any], name: str) -> object:
    found: object = data
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            raise MissingVariableError(name)
        found = found[part]
    return found


def _text_of(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
