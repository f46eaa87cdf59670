"""A message's source, and the envelope that a campaign adds."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sestui.core.clock import Instant
from sestui.core.delivery.mail import MailAttachment
from sestui.errors import ContentError

BodyFormat = Literal["markdown", "html", "mjml"]
BODY_FORMATS: tuple[BodyFormat, ...] = ("markdown", "html", "mjml")

MEMBERSHIP = frozenset({"tags", "lists"})
"""Built-in variables with the recipient's tags and lists, as lists of strings."""
BUILT_INS = frozenset({"email", "unsubscribe_url", "view_url", "keywords", "now"}) | MEMBERSHIP
"""Variables that sestui provides; attributes and keywords can't override them."""

OWN_NAMES = BUILT_INS | frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "true", "false", "none"}
    | {"self", "super", "caller", "loop", "varargs", "kwargs"}
    | {"range", "dict", "lipsum", "cycler", "joiner", "namespace"}
)
"""Names that mean something else in a template; an imported column of such a name is renamed."""


class TemplateError(ContentError):
    """A part of a message can't be compiled or rendered; its text is a whole sentence."""

    def __init__(self, where: str, line: int | None, problem: str) -> None:
        self.where = where
        """``subject``, ``body``, ``layout`` and so on; '' for the mail as a whole."""
        self.line = line
        """Line within that part, from 1; None if unknown."""
        self.problem = problem
        """What is wrong: the end of a sentence."""
        place = f"{where}, line {line}: " if where and line else f"{where}: " if where else ""
        super().__init__(f"{place}{problem}.")


class TooHeavyError(TemplateError):
    """Rendering a mail exceeds its budget of time or memory."""


@dataclass(frozen=True, slots=True)
class MessageSource:
    """A message's content as written: templates, not rendered yet."""

    subject: str
    body: str
    body_format: BodyFormat = "markdown"
    text: str = ""
    """Template of the text alternative; '' derives it from the body."""
    preheader: str = ""
    """The line that mail programs show next to the subject; hidden in the mail itself."""
    attachments: tuple[MailAttachment, ...] = ()
    layout: str = ""
    """HTML template around the body, with ``{{ content }}``; '' is the format's default."""
    layout_name: str = ""
    """The layout's file as the campaign names it; '' for none."""
    to_name: str = ""
    """Template of the recipient's name in To; '' for the address alone."""
    headers: tuple[tuple[str, str], ...] = ()
    """The author's own headers: names, and templates of their values."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all fields."""
        parts: list[Any] = [self.subject, self.body, self.body_format, self.text, self.preheader]
        more = {
            "layout": self.layout,
            "layout_name": self.layout_name,
            "to_name": self.to_name,
            "headers": self.headers,
        }
        if used := {name: value for name, value in more.items() if value}:
            parts.append(used)
        for item in self.attachments:
            content = hashlib.sha256(item.content).hexdigest()
            parts.append([item.name, item.content_type, content])
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a campaign adds to its message for all recipients."""

    from_address: str
    """``news@example.com`` or ``Ada's Shop <news@example.com>``."""
    reply_to: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    """Templates of the subjects of its variants, which take the place of the message's own; none
    without a split."""
    keywords: dict[str, Any] = field(default_factory=dict)
    transactional: bool = False
    """True: no List-Unsubscribe headers."""
    configuration_set: str = ""
    unsubscribe_url: str = ""
    """``{email}`` in it becomes the recipient's address; '' means a mailto: to the sender."""
    view_url: str = ""
    """The message's page on the web, with ``{email}`` as above; '' for none."""
    unsubscribe_email: str = ""
    """Address for unsubscribe mails; '' means the sender, and only if there is no page."""
    web_url: str = ""
    """Where sestui's own page is reached, without a slash at its end; '' for none. It is linked
    instead of ``unsubscribe_url``."""
    link_token: Callable[[int, str], str] | None = field(default=None, compare=False)
    """Makes the token of a delivery's link from its id and its address; None where nothing is sent,
    as in previews."""
    unsubscribe_mailbox: str = ""
    """Address whose mail sestui reads itself, told apart by a token for each delivery; '' for none.
    It takes the place of ``unsubscribe_email`` in the header."""
    mail_token: Callable[[int, str], str] | None = field(default=None, compare=False)
    """Makes that token; None where nothing is sent."""
    contact_list: str = ""
    """SES's contact list, by which SES adds the links and headers to unsubscribe; '' for none."""
    contact_topic: str = ""
    """The topic of the list that the mails belong to; '' for the whole list."""
    timezone: str = ""
    """IANA zone of ``now``; '' is the machine's."""
    now: Callable[[], Instant] = field(default=time.time, compare=False)
    """The clock from which each mail's ``now`` is read."""
