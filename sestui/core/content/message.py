"""A message as its author wrote it, and the envelope a campaign puts it in."""

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
"""Built-in variables that say where a recipient belongs: lists of texts."""
BUILT_INS = frozenset({"email", "unsubscribe_url", "view_url", "keywords", "now"}) | MEMBERSHIP
"""Variables that sestui itself provides; no attribute or keyword can stand in for them."""

OWN_NAMES = BUILT_INS | frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "true", "false", "none"}
    | {"self", "super", "caller", "loop", "varargs", "kwargs"}
    | {"range", "dict", "lipsum", "cycler", "joiner", "namespace"}
)
"""Words that a template reads as its own: a column of such a name gets another."""


class TemplateError(ContentError):
    """A part of a message can't be compiled or rendered; the text is the whole sentence."""

    def __init__(self, where: str, line: int | None, problem: str) -> None:
        self.where = where
        """``subject``, ``body``, ``layout`` and so on; '' for the mail as a whole."""
        self.line = line
        """Line within that part, from 1; None where it has none."""
        self.problem = problem
        """What is wrong, as the rest of a sentence."""
        place = f"{where}, line {line}: " if where and line else f"{where}: " if where else ""
        super().__init__(f"{place}{problem}.")


class TooHeavyError(TemplateError):
    """Making a mail takes more time or memory than any mail may."""


@dataclass(frozen=True, slots=True)
class MessageSource:
    """Content as written: templates, not yet rendered for anybody."""

    subject: str
    body: str
    body_format: BodyFormat = "markdown"
    text: str = ""
    """The text alternative's template; '' derives it from the body."""
    preheader: str = ""
    """The line mail programs show beside the subject; hidden in the mail itself."""
    attachments: tuple[MailAttachment, ...] = ()
    layout: str = ""
    """HTML around the body, a template with ``{{ content }}`` in it; '' is the format's own."""
    layout_name: str = ""
    """The file of the layout, as the campaign names it; '' where it names none."""
    to_name: str = ""
    """A template for the recipient's name in To; '' for the address alone."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of the author's own: names, and templates of their values."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over everything: equal digests are the same message."""
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
    """What a campaign adds to its message, the same for every recipient."""

    from_address: str
    """``news@example.com`` or ``Ada's Shop <news@example.com>``."""
    reply_to: tuple[str, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    transactional: bool = False
    """True: no List-Unsubscribe headers."""
    configuration_set: str = ""
    unsubscribe_url: str = ""
    """``{email}`` in it becomes the recipient's address; '' is a mailto: to the sender."""
    view_url: str = ""
    """Where the message can be read on the web, with ``{email}`` likewise; '' for nowhere."""
    unsubscribe_email: str = ""
    """Where mail to unsubscribe is read; '' is the sender, and only where there is no page."""
    timezone: str = ""
    """IANA zone of ``now``; '' is the machine's."""
    now: Callable[[], Instant] = field(default=time.time, compare=False)
    """The clock that ``now`` is read from, mail by mail."""
