"""Placeholders of other tools, as Jinja: what all translations share."""

import html
import json
import re
from dataclasses import dataclass, field
from email.utils import formataddr


@dataclass(slots=True)
class Translation:
    """Collects what could not be translated, for several texts of one mail."""

    untranslated: dict[str, None] = field(default_factory=dict)

    def leave(self, placeholder: str) -> str:
        """Note a placeholder without a counterpart."""
        self.untranslated[" ".join(placeholder.split())[:100]] = None
        return placeholder


def variable(name: str) -> str:
    """A contact's attribute, or nothing where a contact lacks it, as other tools print it."""
    return f'{{{{ {name} or "" }}}}'


def constant(text: str) -> str:
    """A text that is the same in every mail."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"


def without_jinja(text: str) -> str:
    """``text`` without what Jinja would take for its own: ``{%`` and ``{#``, as in CSS."""
    return re.sub(r"\{(?=[%#])", "{ ", text)


def without_any_jinja(text: str) -> str:
    """The same, and without ``{{``, for tools that have no such tags of their own."""
    return re.sub(r"\{(?=[{%#])", "{ ", text)


def html_of_text(text: str) -> str:
    """Plain text, with Jinja in it, as HTML."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    escaped = (html.escape(each, quote=False).replace("\n", "<br>\n") for each in paragraphs)
    return "\n".join(f"<p>{each}</p>" for each in escaped)


def mailbox(name: str, address: str) -> str:
    """A sender as mails have it; just the address if there is no name."""
    if not name or not address:
        return address
    return formataddr((name, address)) if name.isascii() else f"{name} <{address}>"
