"""Read Sendy's database: subscribers, lists, its suppression list, templates and campaigns.

By its schema from version 2 to 6. Sendy has a row for each place on a list, with flags, and mails
those that are confirmed, and neither unsubscribed, bounced nor complained.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from sestui.audience.imports.columns import tidy
from sestui.audience.imports.status_words import Meaning
from sestui.audience.migrate.people import People
from sestui.audience.migrate.records import ListStanding, MailDraft, MigratedKind
from sestui.audience.migrate.sendy_tags import SendyTags
from sestui.audience.migrate.tables import Row, Tables, WantedTable, line_of, text_of
from sestui.audience.migrate.translated import html_of_text, mailbox
from sestui.audience.sources.file_cells import Json
from sestui.core.content.message import MessageSource
from sestui.core.text import folded

TOOL = "Sendy"
WANTED = (
    WantedTable(
        "subscribers",
        ("id", "email", "list", "name", "unsubscribed", "bounced", "complaint", "confirmed"),
        ("custom_fields", "join_date", "timestamp"),
    ),
    WantedTable("lists", ("id", "name"), ("custom_fields",)),
    WantedTable("suppression_list", ("email",), ("timestamp",), needed=False),
    WantedTable("template", ("id", "template_name", "html_text"), ("plain_text",), needed=False),
    WantedTable(
        "campaigns",
        ("id", "title", "html_text", "from_email"),
        ("from_name", "reply_to", "label", "plain_text", "to_send_lists", "lists"),
        needed=False,
    ),
)

_SUBSCRIBERS = (
    "SELECT subscribers.*, lists.custom_fields AS fields FROM subscribers "
    "LEFT JOIN lists ON lists.id = subscribers.list ORDER BY CAST(subscribers.id AS INTEGER)"
)
_SEPARATOR = "%s%"
_NO_LIST = "of a list that is gone"


class Sendy:
    """Sendy's data, out of tables that were filled."""

    tool = TOOL

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.name = tables.source
        self._lists: dict[str, str] = {}
        """Names here, by Sendy's ids."""
        self._fields: dict[str, str] = {}
        """Attributes by their folded tags."""
        tables.index("lists", "id")

    # people

    def read_people(self, people: People) -> None:
        """Add all of it."""
        for row in self._tables.rows("SELECT * FROM lists ORDER BY CAST(id AS INTEGER)"):
            self._lists[text_of(row, "id")] = people.add_list(
                text_of(row, "name"), text_of(row, "id")
            )
            for label, _ in _custom_fields(row["custom_fields"]):
                self._fields.setdefault(folded(label), tidy(label))
        for row in self._tables.rows("SELECT * FROM suppression_list"):
            at = _instant(row["timestamp"])
            email, line = text_of(row, "email"), line_of(row)
            people.suppress(email, Meaning.BLOCKLISTED, "suppression list", line, at)
        for row in self._tables.rows(_SUBSCRIBERS):
            self._read_subscriber(people, row)

    def _read_subscriber(self, people: People, row: Row) -> None:
        email, line = text_of(row, "email"), line_of(row)
        for flag, meaning in (("complaint", Meaning.COMPLAINED), ("bounced", Meaning.BOUNCED)):
            if _is_set(row[flag]):
                people.suppress(email, meaning, flag, line, _instant(row["timestamp"]))
                break
        name = self._lists.get(text_of(row, "list"))
        if name is None:
            people.pass_over(MigratedKind.CONTACTS, _NO_LIST)
            people.pass_over(MigratedKind.SUBSCRIPTIONS, _NO_LIST)
            return
        created_at = _instant(row["join_date"]) or _instant(row["timestamp"])
        key = people.add(email, _attributes(row), created_at=created_at, line=line)
        if row["unsubscribed"] != "0":
            people.subscribe(key, name, ListStanding.LEFT, f"unsubscribed from {name}")
        elif not _is_set(row["confirmed"]):
            people.subscribe(key, name, ListStanding.UNCONFIRMED, f"unconfirmed on {name}")
        else:
            people.subscribe(key, name, ListStanding.SUBSCRIBED, f"subscribed to {name}")

    # mails

    def mails(self) -> Iterator[MailDraft]:
        """Templates as starting points, then campaigns."""
        for row in self._tables.rows("SELECT * FROM template ORDER BY CAST(id AS INTEGER)"):
            name = f"{text_of(row, 'template_name')}-template"
            yield self._draft(MigratedKind.TEMPLATES, row, name, "")
        for row in self._tables.rows("SELECT * FROM campaigns ORDER BY CAST(id AS INTEGER)"):
            name = text_of(row, "label") or text_of(row, "title")
            yield self._draft(MigratedKind.CAMPAIGNS, row, name, text_of(row, "title"))

    def _draft(self, kind: MigratedKind, row: Row, name: str, subject: str) -> MailDraft:
        tags = SendyTags(self._fields)
        text = tags.jinja(text_of(row, "plain_text"))
        body = tags.jinja(text_of(row, "html_text")) or html_of_text(text)
        message = MessageSource(tags.jinja(subject), body, "html", text=text)
        if kind is MigratedKind.TEMPLATES:
            return MailDraft(
                kind, name, message, number=text_of(row, "id"), untranslated=tags.untranslated
            )
        numbers = (text_of(row, "lists") or text_of(row, "to_send_lists")).split(",")
        return MailDraft(
            kind,
            name,
            message,
            number=text_of(row, "id"),
            from_address=mailbox(text_of(row, "from_name"), text_of(row, "from_email")),
            reply_to=text_of(row, "reply_to"),
            lists=tuple(
                self._lists[number.strip()] for number in numbers if number.strip() in self._lists
            ),
            untranslated=tags.untranslated,
        )


def _attributes(row: Row) -> dict[str, Json]:
    """Name and the list's custom fields; dates are kept as such."""
    found: dict[str, Json] = {"name": text_of(row, "name")}
    cells = text_of(row, "custom_fields").split(_SEPARATOR)
    for (label, kind), cell in zip(_custom_fields(row["fields"]), cells, strict=False):
        at = _instant(cell) if kind == "date" else None
        found[label] = datetime.fromtimestamp(at, UTC).date().isoformat() if at else cell
    return found


def _custom_fields(text: str | None) -> list[tuple[str, str]]:
    """A list's fields with their types in lower case: ``Birthday:Date%s%City:Text``."""
    pairs = (each.rpartition(":") for each in (text or "").split(_SEPARATOR) if each)
    return [(label or kind, kind.lower() if label else "text") for label, _, kind in pairs]


def _is_set(flag: str | None) -> bool:
    return flag not in {None, "", "0"}


def _instant(text: str | None) -> float | None:
    """Seconds since 1970."""
    return float(text) if text and text.isdecimal() and 0 < int(text) < 10**11 else None
