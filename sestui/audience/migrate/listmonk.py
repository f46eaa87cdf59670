"""Read listmonk's database: subscribers, lists, bounces, templates and campaigns.

By its schema from version 1.0 to 6.2. Of a list with a single opt-in, listmonk mails everybody who
has not unsubscribed; of one with a double opt-in, who has confirmed.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from sestui.audience.imports.status_words import Meaning, meaning_of_word
from sestui.audience.migrate.go_templates import GoTemplates
from sestui.audience.migrate.people import People, instant_of
from sestui.audience.migrate.records import ListStanding, MailDraft, MigratedKind
from sestui.audience.migrate.tables import Row, Tables, WantedTable, line_of, text_of
from sestui.audience.migrate.translated import html_of_text
from sestui.audience.sources.file_cells import Json
from sestui.audience.sources.json_rows import loads
from sestui.core.campaign.values import possible_name
from sestui.core.content.message import BodyFormat, MessageSource
from sestui.core.text import printable
from sestui.errors import BadFileError

TOOL = "listmonk"
WANTED = (
    WantedTable(
        "subscribers",
        ("id", "email", "name", "attribs", "status"),
        ("created_at",),
    ),
    WantedTable("lists", ("id", "name", "optin"), ("created_at",)),
    WantedTable("subscriber_lists", ("subscriber_id", "list_id", "status")),
    WantedTable("bounces", ("subscriber_id", "type"), ("created_at",), needed=False),
    WantedTable("templates", ("id", "name", "body"), ("type", "subject"), needed=False),
    WantedTable(
        "campaigns",
        ("id", "name", "subject", "from_email", "body", "content_type"),
        ("altbody", "headers", "type", "template_id"),
        needed=False,
    ),
    WantedTable("campaign_lists", ("campaign_id", "list_id"), needed=False),
)

_LISTS = "SELECT * FROM lists ORDER BY CAST(id AS INTEGER)"
_BOUNCES = (
    "SELECT bounces.line, bounces.type, bounces.created_at, subscribers.email FROM bounces "
    "LEFT JOIN subscribers ON subscribers.id = bounces.subscriber_id"
)
_SUBSCRIBERS = (
    "SELECT subscribers.*, subscriber_lists.line AS place, subscriber_lists.status AS standing, "
    "subscriber_lists.list_id, lists.optin FROM subscribers "
    "LEFT JOIN subscriber_lists ON subscriber_lists.subscriber_id = subscribers.id "
    "LEFT JOIN lists ON lists.id = subscriber_lists.list_id "
    "ORDER BY CAST(subscribers.id AS INTEGER)"
)
_ORPHANS = (
    "SELECT subscriber_id, line FROM subscriber_lists "
    "WHERE subscriber_id NOT IN (SELECT id FROM subscribers)"
)
_TEMPLATES = "SELECT * FROM templates ORDER BY CAST(id AS INTEGER)"
_CAMPAIGNS = (
    "SELECT campaigns.*, templates.name AS template, templates.body AS template_body "
    "FROM campaigns LEFT JOIN templates ON templates.id = campaigns.template_id "
    "ORDER BY CAST(campaigns.id AS INTEGER)"
)
_CAMPAIGN_LISTS = (
    "SELECT campaign_id, list_id FROM campaign_lists ORDER BY CAST(list_id AS INTEGER)"
)

_BOUNCE_TYPES = {"hard": Meaning.BOUNCED, "complaint": Meaning.COMPLAINED, "soft": None}
_STANDINGS = {
    "confirmed": ListStanding.SUBSCRIBED,
    "unconfirmed": ListStanding.UNCONFIRMED,
    "unsubscribed": ListStanding.LEFT,
}
_NO_LIST = "of a list that is gone"
_SOFT = "soft bounce"
_OPT_IN = "asks to confirm a subscription, which sestui's own form does"
_FORMATS: dict[str, BodyFormat] = {
    "richtext": "html",
    "html": "html",
    "visual": "html",
    "markdown": "markdown",
    "plain": "html",
}
_EMPTY = "Write the message here."


class Listmonk:
    """listmonk's data, out of tables that were filled."""

    tool = TOOL

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.name = tables.source
        self._lists: dict[str, str] = {}
        """Names here, by listmonk's ids."""
        for table, column in (("subscribers", "id"), ("lists", "id"), ("templates", "id")):
            tables.index(table, column)

    # people

    def read_people(self, people: People) -> None:
        """Add all of it.

        Raises:
            BadFileError: a status isn't known.
        """
        for row in self._tables.rows(_LISTS):
            self._lists[text_of(row, "id")] = people.add_list(
                text_of(row, "name"), text_of(row, "id")
            )
        self._read_bounces(people)
        rows = self._tables.rows(_SUBSCRIBERS)
        for _, group in groupby(rows, key=lambda row: row["id"]):
            self._read_subscriber(people, list(group))
        for _orphan in self._tables.rows(_ORPHANS):
            people.subscribe(None, "", ListStanding.UNCONFIRMED, "")

    def _read_bounces(self, people: People) -> None:
        for row in self._tables.rows(_BOUNCES):
            kind, line = text_of(row, "type"), line_of(row)
            if kind not in _BOUNCE_TYPES:
                raise self._unknown(line, "bounce type", kind)
            meaning = _BOUNCE_TYPES[kind]
            if meaning is None:
                people.pass_over(MigratedKind.SUPPRESSIONS, _SOFT)
            else:
                at = instant_of(row["created_at"])
                people.suppress(text_of(row, "email"), meaning, f"{kind} bounce", line, at)

    def _read_subscriber(self, people: People, rows: Sequence[Row]) -> None:
        """One subscriber, with a row for each of their lists."""
        first, line = rows[0], line_of(rows[0])
        email, said = text_of(first, "email"), text_of(first, "status")
        meaning = meaning_of_word(said)
        if meaning is None:
            raise self._unknown(line, "subscriber status", said)
        if meaning.suppresses:
            people.suppress(email, meaning, said, line)
        key = people.add(
            email,
            _attributes(first),
            meaning=meaning,
            why=said,
            created_at=instant_of(first["created_at"]),
            line=line,
        )
        for row in rows:
            if row["place"] is not None:
                self._read_subscription(people, key, row)

    def _read_subscription(self, people: People, key: str | None, row: Row) -> None:
        said, name = text_of(row, "standing"), self._lists.get(text_of(row, "list_id"))
        if said not in _STANDINGS:
            raise self._unknown(line_of(row, "place"), "subscription status", said)
        standing = _STANDINGS[said]
        if standing is ListStanding.UNCONFIRMED and row["optin"] == "single":
            standing = ListStanding.SUBSCRIBED
        if name is None:
            people.pass_over(MigratedKind.SUBSCRIPTIONS, _NO_LIST)
        else:
            people.subscribe(key, name, standing, f"{said} on {name}")

    def _unknown(self, line: int, what: str, value: str) -> BadFileError:
        return BadFileError(
            f"{self.name}, line {line:,}: the {what} {printable(value)[:40]!r} is none that "
            "sestui knows of listmonk; nothing has been changed."
        )

    # mails

    def mails(self) -> Iterator[MailDraft]:
        """Templates as starting points, then campaigns in their templates."""
        for row in self._tables.rows(_TEMPLATES):
            yield _template(row)
        lists: dict[str, list[str]] = {}
        for row in self._tables.rows(_CAMPAIGN_LISTS):
            if name := self._lists.get(text_of(row, "list_id")):
                lists.setdefault(text_of(row, "campaign_id"), []).append(name)
        for row in self._tables.rows(_CAMPAIGNS):
            yield _campaign(row, lists.get(text_of(row, "id"), []))


def _template(row: Row) -> MailDraft:
    go = GoTemplates({})
    body, subject = go.jinja(text_of(row, "body")), go.jinja(text_of(row, "subject"))
    name = f"{text_of(row, 'name')}-template"
    if text_of(row, "type") == "tx":
        return MailDraft(
            MigratedKind.TEMPLATES,
            name,
            MessageSource(subject, body, "html"),
            number=text_of(row, "id"),
            transactional=True,
            untranslated=go.untranslated,
        )
    layout = _layout_name(row, "name")
    message = MessageSource(subject, _EMPTY, "markdown", layout=body, layout_name=layout)
    return MailDraft(
        MigratedKind.TEMPLATES,
        name,
        message,
        number=text_of(row, "id"),
        untranslated=go.untranslated,
    )


def _campaign(row: Row, lists: Sequence[str]) -> MailDraft:
    name, form = text_of(row, "name"), text_of(row, "content_type")
    go = GoTemplates(
        {
            "Name": name,
            "Subject": text_of(row, "subject"),
            "FromEmail": text_of(row, "from_email"),
        }
    )
    body, text = go.jinja(text_of(row, "body")), go.jinja(text_of(row, "altbody"))
    template = row["template_body"] if form != "plain" else None
    layout = go.jinja(template or "")
    if form == "plain":
        body, text = html_of_text(body), body
    message = MessageSource(
        go.jinja(text_of(row, "subject")),
        body,
        _FORMATS.get(form, "html"),
        text=text,
        layout=layout,
        layout_name=_layout_name(row, "template") if layout else "",
    )
    return MailDraft(
        MigratedKind.CAMPAIGNS,
        name,
        message,
        number=text_of(row, "id"),
        from_address=text_of(row, "from_email"),
        lists=tuple(lists),
        headers=tuple((header, go.jinja(value)) for header, value in _headers(row)),
        untranslated=go.untranslated,
        left_out=_OPT_IN if row["type"] == "optin" else "",
    )


def _layout_name(row: Row, column: str) -> str:
    return f"{possible_name(text_of(row, column))}.html"


def _headers(row: Row) -> Iterator[tuple[str, str]]:
    """The headers, which are a list of objects."""
    try:
        found = loads(row["headers"] or "[]")
    except ValueError:
        return
    for each in found if isinstance(found, list) else []:
        for name, value in each.items() if isinstance(each, dict) else ():
            yield name, value if isinstance(value, str) else json.dumps(value)


def _attributes(row: Row) -> dict[str, Json]:
    """The attributes, and the parts of the name as listmonk's templates have them."""
    name = text_of(row, "name").strip()
    parts = [part for part in name.split(" ") if len(part) > 2] or [name]
    found: dict[str, Json] = {"name": name, "first_name": parts[0], "last_name": parts[-1]}
    try:
        own = loads(row["attribs"] or "{}")
    except ValueError:
        return found
    return found | own if isinstance(own, dict) else found
