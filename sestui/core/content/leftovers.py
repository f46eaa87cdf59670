"""Placeholders of other systems, which would reach people as they stand."""

import re

from sestui.core.content.message import MessageSource
from sestui.core.content.placeholders import Protected

_FOREIGN = re.compile(
    r"""
    \*\|\s*[\w:.-]+\s*\|\*          # Mailchimp       *|FNAME|*
    | %%\s*[\w.-]+\s*%%             # Salesforce      %%name%%
    | \[\[\s*[\w.-]+\s*\]\]         # Mautic and kin  [[name]]
    | <%=?\s*[\w.@-]+\s*%>          # ERB             <%= name %>
    | \$\{\s*[\w.-]+\s*\}           # shells          ${name}
    | (?<!\{)\{\s*[A-Za-z_][\w.-]*\s*\}(?!\})  # format strings  {first_name}
    """,
    re.VERBOSE,
)


def foreign_placeholders(source: MessageSource) -> tuple[tuple[str, int, str], ...]:
    """Each left-over as (part, line within it, text), in order of appearance.

    Raises:
        TemplateError: a template is broken.
    """
    parts = {
        "subject": source.subject,
        "preheader": source.preheader,
        "body": source.body,
        "text": source.text,
    }
    found: list[tuple[str, int, str]] = []
    for where, template in parts.items():
        literal = Protected(template, where).literal_text()
        found.extend(
            (where, literal.count("\n", 0, match.start()) + 1, match[0])
            for match in _FOREIGN.finditer(literal)
        )
    return tuple(found)
