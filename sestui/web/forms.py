"""What a form was sent with, in either encoding, within bounds."""

from collections.abc import Mapping, Sequence
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs

from starlette.requests import Request

LONGEST_BODY = 16_384
_LONGEST_HEADER = 200
_MOST_FIELDS = 50


class TooLongError(ValueError):
    """A request's body is too long."""


class FormFields:
    """The fields of a form, each with all its values."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def last(self, name: str) -> str:
        """The field's last value; '' if it has none."""
        return (self._values.get(name) or ("",))[-1]

    def every(self, name: str) -> Sequence[str]:
        """All values of the field, in their order."""
        return self._values.get(name, ())


async def form_fields(request: Request) -> FormFields:
    """Read the fields of a request; none if the body is no form.

    RFC 8058 lets mail programs use either of the encodings.

    Raises:
        TooLongError: the body is too long.
    """
    body = await _body(request)
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        return FormFields(_multipart(content_type, body))
    try:
        return FormFields(parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS))
    except ValueError:
        return FormFields({})


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            raise TooLongError
    return bytes(body)


def _multipart(content_type: str, body: bytes) -> Mapping[str, Sequence[str]]:
    if len(content_type) > _LONGEST_HEADER or not content_type.isprintable():
        return {}
    head = f"Content-Type: {content_type}\r\n\r\n".encode("ascii", "replace")
    parsed = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
    found: dict[str, list[str]] = {}
    if parsed.is_multipart():
        for part in parsed.iter_parts():
            name, value = _part(part)
            found.setdefault(name, []).append(value)
    return found


def _part(part: MIMEPart) -> tuple[str, str]:
    name = part.get_param("name", "", header="content-disposition")
    content = part.get_payload(decode=True)
    value = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return str(name), value.strip()
