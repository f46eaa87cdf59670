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
_NAME = "List-Unsubscribe"
_SUBJECT = "unsubscribe"
_TOKEN = "{token}"  # noqa: S105 # a place in a link, no secret

PAGE_PATH = "/u/"
"""Where sestui's page has the links, below ``web_url``."""
CONFIRM_PATH = f"{PAGE_PATH}confirm/"
"""Where the links are that confirm a subscription."""
FORM_PATH = "/subscribe"
"""Where the subscribe form is."""
PREVIEW_TOKEN = "preview"  # noqa: S105 # as above
"""Stands for a delivery's token where there is no delivery."""

SES_LINK = "{{amazonSESUnsubscribeUrl}}"
"""What SES replaces by a link of its own, in mail of a contact list; twice a mail at most."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MailWay:
    """How to unsubscribe by mail, as a ``mailto:`` URL (RFC 6068)."""

    _plain: str
    """Without a token."""
    _mailbox: tuple[str, str] | None
    """Local part and domain of the address that sestui reads; None for an address of people."""
    _address_token: Callable[[int, str], str] | None
    _subject_token: Callable[[int, str], str] | None

    @classmethod
    def of(cls, envelope: Envelope) -> "MailWay":
        """To sestui's mailbox, else to the configured address, else to the sender."""
        written = envelope.unsubscribe_mailbox or envelope.unsubscribe_email
        address = wire_address(mailbox(written or envelope.from_address).address)
        plain = f"mailto:{quote(address, safe='@')}?subject={_SUBJECT}".replace("{", "%7B")
        local, _, domain = address.rpartition("@")
        own = (local, domain) if envelope.unsubscribe_mailbox else None
        return cls(plain, own, envelope.mail_token, envelope.link_token)

    def url(self, email: str, delivery_id: int | None, *, short: bool = False) -> str:
        """The URL of a delivery; without one, as in previews, with a word for the token.

        The token in the address is enough; the one in the subject, which the page's link has too,
        holds the recipient's address as well. ``short`` leaves it out.
        """
        if self._mailbox is None:
            return self._plain
        local, domain = self._mailbox
        token, subject = PREVIEW_TOKEN, _SUBJECT
        if self._address_token is not None and delivery_id is not None:
            token = self._address_token(delivery_id, email)
            if self._subject_token is not None and not short:
                subject = f"{_SUBJECT}%20{self._subject_token(delivery_id, email)}"
        return f"mailto:{local}+{token}@{domain}?subject={subject}"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A campaign's unsubscribe links and headers."""

    _page: str
    """The page's address, with a place for a token or the address; '' where there is none."""
    _one_click: bool
    _mail: MailWay
    _mail_beside: bool
    """Whether the header names it besides the page."""
    _exempt: bool
    _token: Callable[[int, str], str] | None
    """Makes the token of a delivery's link to sestui's own page."""

    @classmethod
    def of(cls, envelope: Envelope) -> "Unsubscribe":
        """Use the configured page, else a mailto:.

        Raises:
            ContentError: the page's address is not ASCII, or too long.
        """
        if envelope.contact_list and not envelope.transactional:
            # SES puts its own headers in, and its own link for this word.
            return cls(SES_LINK, False, MailWay.of(envelope), False, True, None)
        # RFC 8058 requires https; any other page is linked in the mail but not in the header. The
        # settings let sestui's own page be without it on this machine only, to try it out.
        one_click = bool(envelope.web_url) or envelope.unsubscribe_url.lower().startswith(
            "https://"
        )
        own_page = f"{envelope.web_url}{PAGE_PATH}{_TOKEN}" if envelope.web_url else ""
        page = own_page or envelope.unsubscribe_url
        mail = MailWay.of(envelope)
        checked(_NAME, f"<{page if one_click else mail.url('', None)}>")
        beside = bool(envelope.unsubscribe_mailbox or envelope.unsubscribe_email)
        return cls(page, one_click, mail, beside, envelope.transactional, envelope.link_token)

    def url(self, email: str, delivery_id: int | None = None) -> str:
        """The unsubscribe link of a delivery; of sestui's page without one, as in a preview."""
        return self._filled(email, delivery_id) or self._mail.url(email, delivery_id)

    def headers(self, email: str, delivery_id: int | None = None) -> Headers:
        """List-Unsubscribe, and with a page List-Unsubscribe-Post (RFC 8058); none if exempt.

        Raises:
            ContentError: with this address the header is too long for SES.
        """
        if self._exempt:
            return ()
        if not self._one_click:
            return (checked(_NAME, f"<{self._mail.url(email, delivery_id)}>"),)
        value = f"<{self._filled(email, delivery_id)}>"
        if self._mail_beside:
            value = self._with_mail(value, email, delivery_id)
        header = checked(_NAME, value)
        return (header, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))

    def _with_mail(self, page: str, email: str, delivery_id: int | None) -> str:
        """The header's value with as much of the mailto: as it has room for."""
        for short in (False, True):
            value = f"{page}, <{self._mail.url(email, delivery_id, short=short)}>"
            if len(_NAME) + len(value) <= _MAX_LINE:
                return value
        return page

    def _filled(self, email: str, delivery_id: int | None) -> str:
        if not self._page.endswith(_TOKEN):
            return filled(self._page, email)
        token = PREVIEW_TOKEN
        if self._token is not None and delivery_id is not None:
            token = self._token(delivery_id, email)
        return f"{self._page.removesuffix(_TOKEN)}{token}"


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
