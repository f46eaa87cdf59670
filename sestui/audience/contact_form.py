"""Convert a contact to editable text and back.

Unedited values come back exactly, even those that can't be typed: control characters, numbers, tags
with a comma.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sestui.audience.imports.columns import tidy
from sestui.audience.imports.rows import MAX_VALUE, split_tags
from sestui.audience.sources.json_rows import loads
from sestui.core.delivery.states import ContactStatus
from sestui.core.text import printable
from sestui.errors import UsageError
from sestui.store.contacts.changes.edits import ContactFields
from sestui.store.db.tables import Contact


@dataclass(frozen=True, slots=True)
class ContactForm:
    """The form's fields as text."""

    attributes: str
    """Lines of ``name = value``."""
    tags: str
    """Separated by commas."""
    status: ContactStatus
    status_reason: str


def form_of(contact: Contact) -> ContactForm:
    """The contact as text without control characters."""
    return ContactForm(
        attributes=attributes_text(contact.attributes),
        tags=printable(tags_text(contact.tags)),
        status=ContactStatus(contact.status),
        status_reason=printable(contact.status_reason),
    )


def attributes_text(attributes: Mapping[str, Any]) -> str:
    """Attributes as ``name = value``, a line each in their order, without control characters."""
    return "\n".join(f"{printable(name)} = {_shown(value)}" for name, value in attributes.items())


def fields_of(form: ContactForm, contact: Contact) -> ContactFields:
    """The contact's fields after the edit of ``form``, which was made of ``contact``.

    Raises:
        UsageError: a line is no attribute; the sentence names the line.
    """
    before = form_of(contact)
    same_reason = form.status_reason == before.status_reason
    return ContactFields(
        attributes=parse_attributes(form.attributes, contact.attributes),
        tags=contact.tags if form.tags == before.tags else split_tags(form.tags),
        status=form.status,
        status_reason=contact.status_reason if same_reason else form.status_reason.strip(),
    )


def parse_attributes(text: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes by name, without empty ones.

    A value that begins with a quotation mark is a JSON string. Values that look like those of
    ``before`` keep their types.

    Raises:
        UsageError: a line is no attribute; the sentence names the line.
    """
    known = {printable(name): name for name in before}
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        typed, equals, shown = (part.strip() for part in line.partition("="))
        if not typed or not equals:
            raise UsageError(f"Line {number}: write it as name = value.")
        name = known.get(typed, typed)
        if name not in before and tidy(name) != name:
            better = f"; {tidy(name)} would do" if tidy(name) else ""
            raise UsageError(
                f"Line {number}: {printable(name[:60])} can't be used in a message{better}."
            )
        if name in found:
            raise UsageError(f"Line {number}: {printable(name[:60])} appears twice.")
        if name in before and shown == _shown(before[name]):
            found[name] = before[name]
        elif shown:
            like = _like(before.get(name), shown)
            found[name] = _value(shown, number) if like is None else like
    return found


def tags_text(tags: Sequence[str]) -> str:
    """Tags on one line, as :func:`~sestui.audience.imports.rows.split_tags` reads them."""
    cells = []
    for tag in tags:
        line = io.StringIO()
        plain = tag == tag.strip() and not any(sign in tag for sign in ',;"')
        csv.writer(line, quoting=csv.QUOTE_MINIMAL if plain else csv.QUOTE_ALL).writerow([tag])
        cells.append(line.getvalue().removesuffix("\r\n"))
    return ", ".join(cells)


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if value and value == printable(value) == value.strip() and not value.startswith('"'):
        return value
    return json.dumps(value)


def _like(before: Any, shown: str) -> Any:
    """``shown`` as a number, boolean or list if ``before`` is one; else None."""
    if not isinstance(before, int | float | list):
        return None
    try:
        value = loads(shown)
    except ValueError:
        return None
    if isinstance(before, list):
        whole = isinstance(value, list) and "\\u0000" not in shown
        return value if whole and _is_text(json.dumps(value, ensure_ascii=False)) else None
    return value if isinstance(value, int | float) else None


def _value(shown: str, line: int) -> str:
    value = shown
    if shown.startswith('"'):
        try:
            value = json.loads(shown)
        except ValueError as error:
            raise UsageError(f"Line {line}: the quotation mark is not closed.") from error
        if not isinstance(value, str):
            raise UsageError(f"Line {line}: a quotation mark must enclose the whole value.")
    if len(value) > MAX_VALUE:
        raise UsageError(f"Line {line}: the value has more than {MAX_VALUE:,} characters.")
    if "\0" in value or not _is_text(value):
        raise UsageError(f"Line {line}: the value contains an invalid character.")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
