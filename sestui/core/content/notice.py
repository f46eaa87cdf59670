"""sestui's own mail to its operators: what it says, and the one message it is rendered with.

Everything a notice says travels as a run's keywords: text from the data (a campaign's name, a
refusal's reason) is never part of a template.
"""

from dataclasses import dataclass
from typing import Any

from sestui.core.content.message import MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.core.text import printable

_BODY = """\
<h2>{{ keywords.subject }}</h2>
{% for line in keywords.lines %}<p>{{ line }}</p>
{% endfor %}<table>
{% for label, figure in keywords.figures %}<tr><td>{{ label }}</td><td>{{ figure }}</td></tr>
{% endfor %}</table>
<p>{{ keywords.ending }}</p>
"""

_TEXT = """\
{{ keywords.subject }}

{% for line in keywords.lines %}{{ line }}

{% endfor %}{% for label, figure in keywords.figures %}{{ label }}: {{ figure }}
{% endfor %}
{{ keywords.ending }}
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told; its texts may hold anything."""

    subject: str
    lines: tuple[str, ...]
    """Paragraphs."""
    figures: tuple[tuple[str, str], ...]
    """Labels with values: a table."""
    attachments: tuple[MailAttachment, ...] = ()
    ending: str = "This mail was sent by sestui."

    @property
    def message(self) -> MessageSource:
        """The message: the same for all notices without attachments."""
        return MessageSource(
            subject="{{ keywords.subject }}",
            body=_BODY,
            body_format="html",
            text=_TEXT,
            attachments=self.attachments,
        )

    @property
    def keywords(self) -> dict[str, Any]:
        """What the message's variables stand for; no line breaks, so that a subject can hold it."""
        return {
            "subject": _line(self.subject),
            "lines": [_line(line) for line in self.lines],
            "figures": [[_line(label), _line(figure)] for label, figure in self.figures],
            "ending": _line(self.ending),
        }


def _line(text: str) -> str:
    return " ".join(printable(text).split())
