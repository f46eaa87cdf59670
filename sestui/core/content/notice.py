"""sestui's own mail to its operators: its contents, and the message that renders it.

All text of a notice goes into keywords. Data such as a campaign's name or an error's reason is
never part of a template.
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
{% if keywords.report %}<pre>{% for line in keywords.report %}{{ line }}
{% endfor %}</pre>{% endif %}
<p>{{ keywords.ending }}</p>
"""

_TEXT = """\
{{ keywords.subject }}

{% for line in keywords.lines %}{{ line }}

{% endfor %}{% for label, figure in keywords.figures %}{{ label }}: {{ figure }}
{% endfor %}{% for line in keywords.report %}
{{ line }}{% endfor %}
{{ keywords.ending }}
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """The contents of a notice; its strings are untrusted."""

    subject: str
    lines: tuple[str, ...]
    """Paragraphs."""
    figures: tuple[tuple[str, str], ...]
    """Rows of a table: label and value."""
    report: tuple[str, ...] = ()
    """Lines of a report, aligned by spaces."""
    attachments: tuple[MailAttachment, ...] = ()
    ending: str = "This mail was sent by sestui."

    @property
    def message(self) -> MessageSource:
        """The message, which is the same for all notices without attachments."""
        return MessageSource(
            subject="{{ keywords.subject }}",
            body=_BODY,
            body_format="html",
            text=_TEXT,
            attachments=self.attachments,
        )

    @property
    def keywords(self) -> dict[str, Any]:
        """The message's variables, each on one line, as the subject must be."""
        return {
            "subject": _line(self.subject),
            "lines": [_line(line) for line in self.lines],
            "figures": [[_line(label), _line(figure)] for label, figure in self.figures],
            "report": [printable(line) for line in self.report],
            "ending": _line(self.ending),
        }


def _line(text: str) -> str:
    return " ".join(printable(text).split())
