"""Compile a message once and render a mail for each recipient; thread-safe."""

import copy
import logging
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from jinja2 import Template, UndefinedError

from sestui.core.contact.mailboxes import Mailbox
from sestui.core.content import headers
from sestui.core.content.addresses import wire_address, wire_mailbox
from sestui.core.content.attachments import with_pictures
from sestui.core.content.markup.body import body_sources, plain_source
from sestui.core.content.message import (
    BUILT_INS,
    MEMBERSHIP,
    Envelope,
    MessageSource,
    TemplateError,
    TooHeavyError,
)
from sestui.core.content.template.budget import OverBudgetError, with_meter
from sestui.core.content.template.parts import NOT_TEXT, MessagePart
from sestui.core.content.template.sandbox import GLOBALS, RangeBudget, compiled, variables_of
from sestui.core.content.template.strict import ValueFault
from sestui.core.delivery.bulk_limits import shared_bytes
from sestui.core.delivery.mail import TOPIC_TAG, Mail, Pattern
from sestui.core.schedule.zones import zone_named
from sestui.core.text import printable
from sestui.errors import ContentError

_log = logging.getLogger(__name__)

MAX_MAIL_BYTES = 40_000_000
"""The largest mail that SES v2 takes, after base64."""
_HEADER_BYTES = 4_096  # room for the headers SES and we add
_LONGEST_PROBLEM = 200
_LONGEST_NAME = 200
"""Characters of a recipient's name: SES limits the length of a header line."""


class Composer:
    """Renders a message for recipients.

    A variable is, in this order: a built-in (``email``, ``unsubscribe_url``, ``view_url`` if
    configured, ``now``, ``tags``, ``lists``, ``keywords``), the recipient's attribute, or the
    campaign's keyword. So a keyword is the default for a missing or empty attribute; ``keywords.x``
    is always the keyword.

    Raises:
        TemplateError: a part is not a valid template; names part and line.
        ContentError: a sender or reply address, or the unsubscribe page, is invalid.
    """

    def __init__(self, source: MessageSource, envelope: Envelope) -> None:
        self._envelope = envelope
        self._from = wire_mailbox(envelope.from_address)
        self._reply_to = tuple(wire_mailbox(address) for address in envelope.reply_to)
        self._unsubscribe = headers.Unsubscribe.of(envelope)
        self._attached_bytes = sum(_base64_bytes(len(a.content)) for a in source.attachments)
        self.variables = _variables(source, envelope.subjects)
        """Names of all variables that the message uses."""
        self._lookups = tuple(sorted(self.variables - (BUILT_INS - MEMBERSHIP) - {"range"}))
        self._constants = (
            GLOBALS
            | dict.fromkeys(MEMBERSHIP, ())
            | {name: envelope.keywords[name] for name in self._lookups if name in envelope.keywords}
            | {"keywords": envelope.keywords}
        )
        lang = envelope.keywords.get("lang", "")
        sources = body_sources(
            source.body, source.body_format, source.preheader, lang, source.layout
        )
        html, self._attachments = with_pictures(sources.html, source.attachments)
        self._html, self._text = _parts(source, html, sources.text)
        self._subjects = _subjects(source, envelope.subjects)
        self._use(self._subjects[0])
        self._to_name = _line(source.to_name, "to_name") if source.to_name else None
        self._headers = tuple((name, _line(value, "headers")) for name, value in source.headers)
        self._zone = zone_named(envelope.timezone) if "now" in self.variables else None
        self._subscription = _subscription(envelope)
        topic = self._subscription[1] if self._subscription else ""
        self._own_tags = ((TOPIC_TAG, topic),) if topic else ()
        self.bulk_capable = (
            self._subscription is None
            and shared_bytes(self._pattern, self._attachments) is not None
        )
        """Whether bulk calls can carry its mails: they know no contact lists, and the shared
        content must not be too large."""

    def variants(self) -> tuple[Self, ...]:
        """A composer for each of the envelope's subjects, in their order; one without any."""
        found = []
        for subject in self._subjects:
            variant = copy.copy(self)
            variant._use(subject)
            found.append(variant)
        return tuple(found)

    def _use(self, subject: MessagePart) -> None:
        self._subject = subject
        self._pattern = Pattern(subject.constants, self._html.constants, self._text.constants)

    def mail(
        self,
        email: str,
        attributes: Mapping[str, Any],
        tags: tuple[tuple[str, str], ...] = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail to one recipient; ``delivery_id`` is None where it isn't sent, as in previews.

        Raises:
            TemplateError: a variable is missing or can't be used as the template does.
            ContentError: the mail would break a rule of SES (size, headers, address).
        """
        values = self._values(email, attributes, delivery_id)
        subject, html, text, pieces, _ = self._rendered(values)
        to, own = wire_address(email), self._unsubscribe.headers(email, delivery_id)
        if self._to_name or self._headers:
            name, more = self._address_lines(values)
            to, own = Mailbox(name, to).written, (*own, *more)
        return Mail(
            from_address=self._from,
            to=to,
            subject=subject,
            html=html,
            text=text,
            reply_to=self._reply_to,
            headers=own,
            tags=tags + self._own_tags,
            attachments=self._attachments,
            configuration_set=self._envelope.configuration_set,
            pattern=self._pattern,
            pieces=pieces,
            subscription=self._subscription,
        )

    def check_envelope(self, email: str) -> None:
        """Check everything that depends on the address alone: its form, and its headers' length.

        Raises:
            ContentError: as :meth:`mail`.
        """
        wire_address(email)
        self._unsubscribe.headers(email)

    def check_content(self, email: str, attributes: Mapping[str, Any]) -> int:
        """Check the rest of a mail, which depends only on :meth:`key`, by rendering it.

        Returns the size of its HTML in bytes.

        Raises:
            TemplateError, ContentError: as :meth:`mail`.
        """
        values = self._values(email, attributes)
        *_, size = self._rendered(values)
        for subject in self._subjects[1:]:
            self._subject_line(subject, values)
        self._address_lines(values)
        return size

    def key(self, email: str, attributes: Mapping[str, Any]) -> tuple[str | None, ...] | None:
        """A key that is equal for recipients with equal content; None if there is no safe key.

        Only strings compare safely: 1, 1.0 and True are equal in Python but print differently.
        """
        if "email" in self.variables or "unsubscribe_url" in self.variables:
            return None
        values = tuple(map(attributes.get, self._lookups))
        if all(value is None or type(value) is str for value in values):
            return values
        return None

    def _values(
        self, email: str, attributes: Mapping[str, Any], delivery_id: int | None = None
    ) -> dict[str, Any]:
        values = with_meter(dict(self._constants))
        for name in self._lookups:
            value = attributes.get(name)
            if value is not None and value != "":
                values[name] = value
        values["email"] = email
        if "unsubscribe_url" in self.variables:
            values["unsubscribe_url"] = self._unsubscribe.url(email, delivery_id)
        if self._envelope.view_url:
            values["view_url"] = headers.filled(self._envelope.view_url, email)
        if self._zone is not None:
            values["now"] = datetime.fromtimestamp(int(self._envelope.now()), self._zone)
        return values

    def _address_lines(self, values: dict[str, Any]) -> tuple[str, headers.Headers]:
        """The recipient's name for To, and the author's own headers."""
        name = ""
        if self._to_name is not None:
            name = headers.tidied(self._line_text(self._to_name, values))[:_LONGEST_NAME]
        found = []
        for header, line in self._headers:
            value = headers.tidied(self._line_text(line, values))
            if value:
                found.append(headers.checked(header, value))
        return name, tuple(found)

    def _line_text(self, line: MessagePart, values: dict[str, Any]) -> str:
        return line.whole(self._render(line, values)).strip()

    def _rendered(self, values: dict[str, Any]) -> tuple[str, str, str, tuple[str, ...], int]:
        """Subject, HTML, text, their variable pieces, and the HTML's size in bytes."""
        subject, in_subject = self._subject_line(self._subject, values)
        in_html = self._render(self._html, values)
        in_text = self._render(self._text, values)
        html, text = self._html.whole(in_html), self._text.whole(in_text)
        size = self._checked_size(subject, html, text)
        return subject, html, text, (*in_subject, *in_html, *in_text), size

    def _subject_line(self, part: MessagePart, values: dict[str, Any]) -> tuple[str, list[str]]:
        """A subject, and its variable pieces."""
        pieces = self._render(part, values)
        subject = part.whole(pieces)
        if headers.needs_tidying(subject):
            # A line break in somebody's name must not keep them from getting the mail.
            pieces = [headers.tidied(piece) for piece in pieces]
            subject = part.whole(pieces)
        if not subject.strip():
            raise TemplateError(part.written[0][0], None, "it is empty")
        return subject, pieces

    def _render(self, part: MessagePart, values: dict[str, Any]) -> list[str]:
        try:
            return part.pieces(self._with_range(values))
        except TemplateError:
            raise
        except Exception as error:
            _log.debug("A template has failed.", exc_info=True)  # usually an author's mistake
            raise self._fault(part, values, error) from error

    def _with_range(self, values: dict[str, Any]) -> dict[str, Any]:
        if "range" in self.variables and "range" not in values:
            return values | {"range": RangeBudget()}
        return values

    def _fault(self, part: MessagePart, values: dict[str, Any], error: Exception) -> TemplateError:
        """The error with the author's own line, which differs from the compiled template's."""
        kind = TooHeavyError if isinstance(error, OverBudgetError) else TemplateError
        for where, template in part.written:
            try:
                own = values | {"content": ""} if where == "layout" else dict(values)
                template.render(with_meter(self._with_range(own)))
            except Exception as again:  # noqa: BLE001 - as above
                _log.debug("A part of it has failed.", exc_info=True)
                return kind(where, _line_of(again, where), _problem(again))
        return kind(part.written[-1][0], None, _problem(error))

    def _checked_size(self, subject: str, html: str, text: str) -> int:
        """Check the size of the whole mail; returns the bytes of its HTML."""
        try:
            sizes = [len(part.encode()) for part in (subject, html, text)]
        except UnicodeEncodeError as error:
            raise TemplateError("", None, NOT_TEXT) from error
        size = sum(map(_base64_bytes, sizes)) + self._attached_bytes + _HEADER_BYTES
        if size > MAX_MAIL_BYTES:
            raise ContentError(
                f"The mail is {size / 1e6:.1f} MB once encoded; SES takes "
                f"{MAX_MAIL_BYTES / 1e6:.0f} MB. Link to large files instead of attaching them."
            )
        return sizes[1]


def _subscription(envelope: Envelope) -> tuple[str, str] | None:
    """SES's contact list and topic; transactional mail belongs to none."""
    if not envelope.contact_list or envelope.transactional:
        return None
    return envelope.contact_list, envelope.contact_topic


def _variables(source: MessageSource, subjects: Sequence[str]) -> frozenset[str]:
    written = {
        "preheader": source.preheader,
        "body": source.body,
        "text": source.text,
        "to_name": source.to_name,
    }
    found = [variables_of(text, where) for where, text in written.items()]
    found += [variables_of(value, "headers") for _, value in source.headers]
    found += [variables_of(each, "subject") for each in subjects or (source.subject,)]
    # In a layout, ``content`` is the body.
    found.append(variables_of(source.layout, "layout") - {"content"})
    return frozenset().union(*found)


def _line(source: str, where: str) -> MessagePart:
    """The part for a single line of text."""
    own = headers.tidied(source).strip()
    written = ((where, compiled(own, where, html=False)),)
    return MessagePart(own, where, html=False, written=written, ending="")


def _subjects(source: MessageSource, variants: Sequence[str]) -> tuple[MessagePart, ...]:
    if not variants:
        return (_line(source.subject, "subject"),)
    return tuple(_line(each, "split") for each in variants)


def _parts(source: MessageSource, html_source: str, plain: str) -> tuple[MessagePart, MessagePart]:
    body = ("body", compiled(source.body, "body", html=True))
    preheader = ("preheader", compiled(source.preheader, "preheader", html=True))
    layout = [("layout", compiled(source.layout, "layout", html=True))] if source.layout else []
    html = _derived(html_source, (preheader, *layout, body), html=True)
    if source.text:
        written = (("text", compiled(source.text, "text", html=False)),)
        text = MessagePart(
            plain_source(source.text), "text", html=False, written=written, ending="\n"
        )
    else:
        as_plain = ("body", compiled(source.body, "body", html=False))
        around = [(where, compiled(source.layout, where, html=False)) for where, _ in layout]
        text = _derived(plain, (*around, as_plain), html=False, ending="\n")
    return html, text


def _derived(
    source: str,
    written: tuple[tuple[str, Template], ...],
    *,
    html: bool,
    ending: str | None = None,
) -> MessagePart:
    """Compile the converted body; fails only where tags open and close in different HTML parts."""
    try:
        return MessagePart(source, "body", html=html, written=written, ending=ending)
    except TemplateError as fault:
        hint = "" if html else "; give the text alternative yourself (text: in the front matter)"
        raise TemplateError(
            "body",
            None,
            "{% %} tags open and close in different parts of the HTML"
            f" ({fault.problem.removeprefix('the template is broken: ')}){hint}",
        ) from fault


def _base64_bytes(size: int) -> int:
    """Bytes after base64 with a line break every 76 characters."""
    encoded = (size + 2) // 3 * 4
    return encoded + encoded // 76 * 2


def _line_of(error: Exception, where: str) -> int | None:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == where]
    return lines[-1] if lines else None


def _problem(error: Exception) -> str:
    said = printable(str(error)).rstrip(".")[:_LONGEST_PROBLEM]
    if isinstance(error, UndefinedError | ValueFault | OverBudgetError):
        return said
    if isinstance(error, RecursionError):
        return "a macro calls itself without end"
    return f"the template fails: {said or type(error).__name__}"
