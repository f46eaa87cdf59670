"""Render a templated mail; inline templates have simple substitutions only, as in SES."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sestui.ses_api.wire import Pairs, SimpleContent, TemplateContent, bad_request
from sestui.simulator.templates.handlebars import HandlebarsError
from sestui.simulator.templates.rendering import MissingVariableError, escaped, render, text_of

_PLACE = re.compile(r"\{\{\{([^{}]*)\}\}\}|\{\{([^{}]*)\}\}")
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class _Hole:
    """A substitution."""

    name: str
    path: tuple[str, ...]
    raw: bool

    def value(self, data: dict[str, Any]) -> object:
        found: object = data
        for part in self.path:
            if not isinstance(found, dict) or part not in found:
                raise MissingVariableError(self.name)
            found = found[part]
        return found


def substitute(template: str, data: dict[str, Any], *, escape: bool) -> str:
    """Replace each ``{{name}}``, escaped for HTML if asked; ``{{{name}}}`` never is.

    Raises:
        MissingVariableError: a name is not in ``data``.
        ServiceError: the template uses more than simple substitutions.
    """
    if "{{" not in template:
        return template
    pieces = []
    for piece in _pieces(template):
        if isinstance(piece, str):
            pieces.append(piece)
        else:
            value = text_of(piece.value(data))
            pieces.append(escaped(value) if escape and not piece.raw else value)
    return "".join(pieces)


@lru_cache(maxsize=64)
def _pieces(template: str) -> tuple[str | _Hole, ...]:
    """Parse an inline template; cached, as campaigns send the same one in every call."""
    pieces: list[str | _Hole] = []
    at = 0
    for match in _PLACE.finditer(template):
        raw, plain = match[1], match[2]
        name = (plain if raw is None else raw).strip()
        if not _NAME.fullmatch(name):
            raise _not_simple()
        pieces.append(_literal(template[at : match.start()]))
        pieces.append(_Hole(name, tuple(name.split(".")), raw is not None))
        at = match.end()
    pieces.append(_literal(template[at:]))
    return tuple(pieces)


def _literal(text: str) -> str:
    if "{{" in text:
        raise _not_simple()
    return text


def _not_simple() -> Exception:
    return bad_request("Inline template content supports simple substitutions only.")


def rendered(content: TemplateContent) -> SimpleContent:
    """The rendered mail of a template, which is a stored one if it has a name.

    Raises:
    RenderingError: the data lacks a name that the template or a header uses, or the mail is too
    large.
        ServiceError: the template can't be parsed.
    """
    fill = _stored if content.name else substitute
    return SimpleContent(
        subject=fill(content.subject, content.data, escape=False),
        html=fill(content.html, content.data, escape=True),
        text=fill(content.text, content.data, escape=False),
        headers=_headers(content, fill),
        attachments=content.attachments,
    )


def checked_subject(content: TemplateContent) -> str:
    """The mail's subject; raises as :func:`rendered` does, but doesn't build the bodies.

    Raises:
        RenderingError: see :func:`rendered`.
        ServiceError: see :func:`rendered`.
    """
    if content.name:
        return rendered(content).subject
    for template in (content.html, content.text):
        if "{{" in template:
            for piece in _pieces(template):
                if not isinstance(piece, str):
                    piece.value(content.data)
    _headers(content, substitute)
    return substitute(content.subject, content.data, escape=False)


def _headers(content: TemplateContent, fill: Callable[..., str]) -> Pairs:
    if not any("{{" in value for _, value in content.headers):
        return content.headers
    return tuple((name, fill(value, content.data, escape=False)) for name, value in content.headers)


def _stored(template: str, data: dict[str, Any], *, escape: bool) -> str:
    try:
        return render(template, data, escape=escape)
    except HandlebarsError as error:
        raise bad_request(str(error)) from error
