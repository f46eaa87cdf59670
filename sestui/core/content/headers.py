"""List-Unsubscribe headers, and SES's limits on header values."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from sestui.core.content.addresses import mailbox, wire_address
from sestui.core.content.message import Envelope
from sestui.errors import ContentError

_PRINTABLE_ASCII = re.compile(r"[ -~]*")
_SPACES = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_UNTIDY = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_VALUE = 995
_MAX_LINE = 996
_FRAME = len("List-Unsubscribe, <>") + 1
_TOKEN = "{token}"  # noqa: S105 # a place in a link, no secret

PAGE_PATH = "/u/"
"""Where sestui's page has the links, below ``web_url``."""
PREVIEW_TOKEN = "preview"  # noqa: S105 # as above
"""Stands for a delivery's token where there is no delivery."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A campaign's unsubscribe links and headers."""

    _pattern: str
    _one_click: bool
    _header_pattern: str
    _beside: str
    """A mailto: in the header besides the page; '' for none."""
    _token: Callable[[int, str], str] | None
    """Makes the token of a delivery's link to sestui's own page."""

    @classmethod
    def of(cls, envelope: Envelope) -> "Unsubscribe":
        """Use the configured page, else a mailto: to the configured address or the sender.

        Raises:
            ContentError: the page's address is not ASCII, or too long.
        """
        sender = mailbox(envelope.unsubscribe_email or envelope.from_address).address
        mailto = f"mailto:{quote(wire_address(sender), safe='@')}?subject=unsubscribe"
        mailto = mailto.replace("{", "%7B")
        # RFC 8058 requires https; any other page is linked in the mail but not in the header. The
        # settings let sestui's own page be without it on this machine only, to try it out.
        one_click = bool(envelope.web_url) or envelope.unsubscribe_url.lower().startswith(
            "https://"
        )
        own_page = f"{envelope.web_url}{PAGE_PATH}{_TOKEN}" if envelope.web_url else ""
        pattern = own_page or envelope.unsubscribe_url or mailto
        header_pattern = pattern if one_click else mailto
        checked("List-Unsubscribe", f"<{header_pattern}>")
        beside = mailto if one_click and envelope.unsubscribe_email else ""
        in_header = "" if envelope.transactional else header_pattern
        return cls(pattern, one_click, in_header, beside, envelope.link_token)

    def url(self, email: str, delivery_id: int | None = None) -> str:
        """The unsubscribe link of a delivery; of sestui's page without one, as in a preview."""
        return self._filled(self._pattern, email, delivery_id)

    def headers(self, email: str, delivery_id: int | None = None) -> Headers:
        """List-Unsubscribe, and with a page List-Unsubscribe-Post (RFC 8058); none if exempt.

        Raises:
            ContentError: with this address the header is too long for SES.
        """
        if not self._header_pattern:
            return ()
        value = f"<{self._filled(self._header_pattern, email, delivery_id)}>"
        if self._beside and len(value) + len(self._beside) + _FRAME <= _MAX_LINE:
            value = f"{value}, <{self._beside}>"
        header = checked("List-Unsubscribe", value)
        if self._one_click:
            return (header, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        return (header,)

    def _filled(self, pattern: str, email: str, delivery_id: int | None) -> str:
        if not pattern.endswith(_TOKEN):
            return filled(pattern, email)
        token = PREVIEW_TOKEN
        if self._token is not None and delivery_id is not None:
            token = self._token(delivery_id, email)
        return f"{pattern.removesuffix(_TOKEN)}{token}"


def needs_tidying(value: str) -> bool:
    """Whether a value holds line breaks or control characters."""
    return _UNTIDY.search(value) is not None


def tidied(value: str) -> str:
    """The value with tabs and line breaks as spaces, and without other control characters."""
    return _CONTROLS.sub("", _SPACES.sub(" ", value)) if needs_tidying(value) else value


def filled(pattern: str, email: str) -> str:
    """``pattern`` with ``{email}`` replaced by the percent-encoded address."""
    return pattern.replace("{email}", quote(email, safe="")) if "{email}" in pattern else pattern


def checked(name: str, value: str) -> tuple[str, str]:
    """The header's name and value, after checking SES's limits.

    Raises:
        ContentError: the value is longer than 995 characters or not printable ASCII.
    """
    if len(value) > _MAX_VALUE or len(name) + len(value) > _MAX_LINE:
        raise ContentError(
            f"The header {name} is {len(value)} characters long; SES takes {_MAX_VALUE}."
        )
    if not _PRINTABLE_ASCII.fullmatch(value):
        raise ContentError(f"The header {name} holds characters that are not printable ASCII.")
    return name, value
