"""Read Keila's database: contacts by project, what came back of its mails, templates and campaigns.

By its migrations from version 0.5 to 0.30. Keila mails the active contacts of a project, perhaps
those of a segment; a project becomes a list.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sestui.audience.imports.status_words import Meaning
from sestui.audience.migrate.keila_blocks import html_of_blocks
from sestui.audience.migrate.liquid_tags import LiquidTags
from sestui.audience.migrate.people import People, instant_of
from sestui.audience.migrate.records import ListStanding, MailDraft, MigratedKind
from sestui.audience.migrate.tables import Row, Tables, WantedTable, line_of, text_of
from sestui.audience.migrate.translated import html_of_text, mailbox
from sestui.audience.sources.file_cells import Json
from sestui.audience.sources.json_rows import loads
from sestui.core.content.message import MessageSource
from sestui.core.text import printable
from sestui.errors import BadFileError

TOOL = "Keila"
_RETURNED = (
    ("contact_id", "hard_bounce_received_at", "complaint_received_at"),
    ("recipient_email",),
)
WANTED = (
    WantedTable("projects", ("id", "name")),
    WantedTable(
        "contacts",
        ("id", "project_id", "email", "status"),
        ("first_name", "last_name", "external_id", "data", "double_opt_in_at", "inserted_at"),
    ),
    WantedTable("messages", *_RETURNED, needed=False),
    WantedTable("mailings_recipients", *_RETURNED, needed=False),
    WantedTable("contacts_segments", ("id", "name"), needed=False),
    WantedTable(
        "mailings_senders",
        ("id", "from_email"),
        ("from_name", "reply_to_email", "reply_to_name"),
        needed=False,
    ),
    WantedTable(
        "templates",
        ("id", "name"),
        ("type", "assigns", "mjml_body", "html_body", "text_body"),
        needed=False,
    ),
    WantedTable(
        "mailings_campaigns",
        ("id", "project_id", "subject", "settings", "text_body"),
        (
            *("sender_id", "template_id", "segment_id", "html_body", "json_body", "mjml_body"),
            *("text_content", "html_content", "mjml_content", "preview_text", "data"),
        ),
        needed=False,
    ),
)

_PROJECTS = "SELECT * FROM projects ORDER BY CAST(id AS INTEGER)"
_CONTACTS = "SELECT * FROM contacts ORDER BY CAST(id AS INTEGER)"
# The table has had two names.
_CAME_BACK = " UNION ALL ".join(
    f"SELECT COALESCE(contacts.email, {table}.recipient_email, '') AS email, {table}.line, "  # noqa: S608
    f"hard_bounce_received_at AS bounced_at, complaint_received_at AS complained_at FROM {table} "
    f"LEFT JOIN contacts ON contacts.id = {table}.contact_id "
    "WHERE bounced_at IS NOT NULL OR complained_at IS NOT NULL"
    for table in ("messages", "mailings_recipients")
)
_TEMPLATES = "SELECT * FROM templates ORDER BY CAST(id AS INTEGER)"
_CAMPAIGNS = (
    "SELECT campaigns.*, senders.from_email, senders.from_name, senders.reply_to_email, "
    "senders.reply_to_name, segments.name AS segment, templates.assigns, "
    "templates.mjml_body AS template_mjml, templates.html_body AS template_html, "
    "templates.text_body AS template_text FROM mailings_campaigns AS campaigns "
    "LEFT JOIN mailings_senders AS senders ON senders.id = campaigns.sender_id "
    "LEFT JOIN contacts_segments AS segments ON segments.id = campaigns.segment_id "
    "LEFT JOIN templates ON templates.id = campaigns.template_id "
    "ORDER BY CAST(campaigns.id AS INTEGER)"
)

_ACTIVE, _UNSUBSCRIBED, _UNREACHABLE = "0", "1", "2"
_NO_PROJECT = "of a project that is gone"
_NO_ADDRESS = "of a contact that is gone"
_ONLY_STYLES = "it only has styles, which stay behind"
_EMPTY = "it has no content"
_SIGNATURE = "[Unsubscribe]({{ unsubscribe_link }})"
_TEXT_SIGNATURE = "Unsubscribe:\n{{ unsubscribe_link }}"
_slot = re.compile(
    r"<keila-content\s+name\s*=\s*[\"']?([^\"'\s>/]+)[\"']?[^>]*>\r?\n?(.*?)\r?\n?</keila-content>",
    re.DOTALL,
).sub
_code = re.compile(r"</?keila-code\s*/?>").sub
"""What Keila's editor writes around Liquid tags in MJML."""
_link = re.compile(r"\[([^\[\]]+)\]\((\{\{[^{}]*\}\}|[^()\s]+)\)").sub


class Keila:
    """Keila's data, out of tables that were filled."""

    tool = TOOL

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.name = tables.source
        self._lists: dict[str, str] = {}
        """Names here, by the ids of Keila's projects."""
        tables.index("contacts", "id")

    # people

    def read_people(self, people: People) -> None:
        """Add all of it.

        Raises:
            BadFileError: a status isn't known.
        """
        for row in self._tables.rows(_PROJECTS):
            number = text_of(row, "id")
            self._lists[number] = people.add_list(text_of(row, "name"), number)
        for row in self._tables.rows(_CAME_BACK):
            self._read_message(people, row)
        for row in self._tables.rows(_CONTACTS):
            self._read_contact(people, row)

    def _read_message(self, people: People, row: Row) -> None:
        """A mail that bounced or was complained about."""
        email = text_of(row, "email")
        if not email:
            people.pass_over(MigratedKind.SUPPRESSIONS, _NO_ADDRESS)
            return
        meaning = Meaning.COMPLAINED if row["complained_at"] else Meaning.BOUNCED
        why = "complaint" if row["complained_at"] else "hard bounce"
        at = instant_of(row["complained_at"] or row["bounced_at"])
        people.suppress(email, meaning, why, line_of(row), at)

    def _read_contact(self, people: People, row: Row) -> None:
        email, status, line = text_of(row, "email"), text_of(row, "status"), line_of(row)
        if status not in {_ACTIVE, _UNSUBSCRIBED, _UNREACHABLE}:
            raise BadFileError(
                f"{self.name}, line {line:,}: the contact status {printable(status)[:40]!r} is "
                "none that sestui knows of Keila; nothing has been changed."
            )
        if status == _UNREACHABLE:
            people.suppress(email, Meaning.BOUNCED, "unreachable", line)
        name = self._lists.get(text_of(row, "project_id"))
        if name is None:
            people.pass_over(MigratedKind.CONTACTS, _NO_PROJECT)
            people.pass_over(MigratedKind.SUBSCRIPTIONS, _NO_PROJECT)
            return
        created_at = instant_of(row["inserted_at"])
        attributes = _attributes(row)
        tags = _tags(attributes)
        key = people.add(email, attributes, tags, created_at=created_at, line=line)
        if status == _UNSUBSCRIBED:
            people.subscribe(key, name, ListStanding.LEFT, f"unsubscribed from {name}")
        else:
            people.subscribe(key, name, ListStanding.SUBSCRIBED, f"subscribed to {name}")

    # mails

    def mails(self) -> Iterator[MailDraft]:
        """Templates as starting points, then campaigns."""
        for row in self._tables.rows(_TEMPLATES):
            yield _template(row)
        for row in self._tables.rows(_CAMPAIGNS):
            yield self._campaign(row)

    def _campaign(self, row: Row) -> MailDraft:
        subject = text_of(row, "subject")
        campaign: dict[str, Json] = {
            "subject": subject,
            "preview_text": text_of(row, "preview_text"),
            "data": _object(row, "data"),
        }
        liquid = LiquidTags(campaign)
        content = _content(row, liquid)
        project = self._lists.get(text_of(row, "project_id"))
        segment = row["segment_id"]
        if segment:
            # Its list alone would reach more people.
            liquid.leave(f"segment {row['segment'] or segment}")
        return MailDraft(
            MigratedKind.CAMPAIGNS,
            subject,
            _message(row, content, liquid),
            number=text_of(row, "id"),
            from_address=mailbox(text_of(row, "from_name"), text_of(row, "from_email")),
            reply_to=mailbox(text_of(row, "reply_to_name"), text_of(row, "reply_to_email")),
            lists=(project,) if project and not segment else (),
            untranslated=liquid.untranslated,
            left_out="" if content.strip() else _EMPTY,
        )


def _template(row: Row) -> MailDraft:
    kind = next((each for each in ("mjml", "html") if text_of(row, f"{each}_body")), "text")
    content, liquid = _merged(row, f"{kind}_body"), LiquidTags({})
    return MailDraft(
        MigratedKind.TEMPLATES,
        f"{text_of(row, 'name')}-template",
        _written(kind, content, MessageSource("", ""), liquid),
        number=text_of(row, "id"),
        untranslated=liquid.untranslated,
        left_out="" if content.strip() else _ONLY_STYLES,
    )


def _kind(row: Row) -> str:
    kind = _object(row, "settings").get("type")
    return kind if isinstance(kind, str) else "markdown"


def _content(row: Row, liquid: LiquidTags) -> str:
    """What its author has written, in the template's slots where it has some."""
    kind = _kind(row)
    if kind == "block":
        return html_of_blocks(_object(row, "json_body"), liquid.leave)
    if kind in {"mjml", "html", "text"}:
        slots = _object(row, f"{kind}_content")
        return _merged(row, f"{kind}_body", f"template_{kind}", slots)
    return text_of(row, "text_body")


def _message(row: Row, content: str, liquid: LiquidTags) -> MessageSource:
    """The content with what Keila adds below it, by the kind of the campaign."""
    kind = _kind(row)
    own = _object(row, "assigns").get("signature")
    signature = own if isinstance(own, str) and own.strip() else ""
    if kind == "block":
        linked = _linked(html_of_text(signature or _SIGNATURE))
        kind, content = "html", f"{content}\n<hr>\n{linked}"
    elif kind == "text" and not row["template_id"]:
        content += f"\n\n--\n{_TEXT_SIGNATURE}"
    elif kind not in {"mjml", "html", "text"}:
        content += f"\n\n---\n\n{signature or _SIGNATURE}"
    heads = (liquid.jinja(text_of(row, name)) for name in ("subject", "preview_text"))
    subject, preheader = heads
    return _written(kind, content, MessageSource(subject, "", preheader=preheader), liquid)


def _written(kind: str, content: str, message: MessageSource, liquid: LiquidTags) -> MessageSource:
    """``message`` with the content."""
    if kind == "mjml":
        body = liquid.jinja(_code("", content))
        return replace(message, body=body, body_format="mjml")
    body = liquid.jinja(content)
    if kind == "html":
        return replace(message, body=body, body_format="html")
    if kind == "text":
        return replace(message, body=html_of_text(body), body_format="html", text=body)
    return replace(message, body=body, body_format="markdown")


def _merged(
    row: Row, column: str, instead: str = "", slots: Mapping[str, Json] | None = None
) -> str:
    """A body, or the template's ``instead``, with the content of its slots."""
    body = text_of(row, column) or (text_of(row, instead) if instead else "")
    given = slots or {}

    def filled(found: re.Match[str]) -> str:
        value = given.get(found[1])
        return value if isinstance(value, str) else found[2]

    return _slot(filled, body)


def _linked(text: str) -> str:
    """Links of Markdown in HTML."""
    return _link(r'<a href="\2">\1</a>', text)


def _attributes(row: Row) -> dict[str, Json]:
    """The custom data, and Keila's own fields where they are filled."""
    names = ("first_name", "last_name", "external_id", "double_opt_in_at")
    return _object(row, "data") | {name: value for name in names if (value := row[name])}


def _tags(attributes: dict[str, Json]) -> list[str]:
    """The custom data's list of tags, taken out of it."""
    found = attributes.get("tags")
    if not isinstance(found, list):
        return []
    del attributes["tags"]
    return [each for each in found if isinstance(each, str) and each]


def _object(row: Row, column: str) -> dict[str, Json]:
    """A cell's JSON object; empty for anything else."""
    try:
        found = loads(text_of(row, column) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
