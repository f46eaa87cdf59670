"""Find placeholders of other systems, which would be mailed as they are."""

import re

from sestui.core.content.template.placeholders import Protected

_FOREIGN = re.compile(
    r"""
    \*\|\s*[\w:.-]+\s*\|\*          # Mailchimp       *|FNAME|*
    | %%\s*[\w.-]+\s*%%             # Salesforce      %%name%%
    | (?<![\w%])%[A-Za-z_][\w.-]{2,}%(?![\w%])  # Brevo and kin  %FNAME%, not %C3%A9
    | \[\[\s*[\w.-]+\s*\]\]         # Mautic and kin  [[name]]
    | <%=?\s*[\w.@-]+\s*%>          # ERB             <%= name %>
    | \$\{\s*[\w.-]+\s*\}           # shells          ${name}
    | (?<!\{)\{\s*[A-Za-z_][\w.-]*\s*\}(?!\})  # format strings  {first_name}
    """,
    re.VERBOSE,
)


def foreign_placeholders(template: str, where: str) -> tuple[tuple[int, str], ...]:
    """Foreign placeholders as (line from 1, text), in order.

    Raises:
        TemplateError: the template is invalid.
    """
    protected = Protected(template, where)
    return tuple(
        (protected.line_at(match.start()), match[0])
        for match in _FOREIGN.finditer(protected.text)
        if not protected.has_tag(match[0])
    )
