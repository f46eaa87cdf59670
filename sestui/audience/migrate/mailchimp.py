"""Read Mailchimp's exports: an audience's CSV files, or the folder of a whole account.

The files' names say who may be mailed: ``subscribed``, ``unsubscribed``, ``cleaned`` and
``nonsubscribed``, in an account's export also ``members`` and ``transactional``.
"""

import html
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from sestui.audience.imports.columns import STATUS, Columns, recognise, tidy
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.rows import Mixed, Reject, RowParser
from sestui.audience.imports.status_words import Meaning, meaning_of_word
from sestui.audience.migrate.export_files import ExportFiles
from sestui.audience.migrate.merge_tags import MergeTags
from sestui.audience.migrate.people import People
from sestui.audience.migrate.records import ListStanding, MailDraft, MigratedKind
from sestui.audience.sources.opening import OpenedFile
from sestui.core.content.message import MessageSource
from sestui.errors import BadFileError
from sestui.store.contacts.upsert import ContactRow

TOOL = "Mailchimp"

_WORDS = "subscribed|unsubscribed|nonsubscribed|cleaned|members|transactional"
_of_audience = re.compile(rf"({_WORDS})_(?:[a-z]+_)*export.*", re.IGNORECASE).fullmatch
_of_account = re.compile(rf"({_WORDS})[_ -]+(.+?)(?:_\d[\d_-]*)?", re.IGNORECASE).fullmatch
_no_list = re.compile(r"(?:.*_)?export.*|lists|audiences|\.?", re.IGNORECASE).fullmatch
_STANDINGS = {
    Meaning.ACTIVE: ListStanding.SUBSCRIBED,
    Meaning.UNSUBSCRIBED: ListStanding.LEFT,
    Meaning.BOUNCED: ListStanding.SUBSCRIBED,
}
_NEVER = frozenset({"nonsubscribed", "transactional"})
"""People who have bought something, say, and asked for no mail."""
_title = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL).search
_TOO_BIG = "too big for a mail"


class Mailchimp:
    """An export; ``list_name`` is the list of an audience whose name the export doesn't have.

    Raises:
        BadFileError: it has no file of contacts.
    """

    tool = TOOL

    def __init__(self, files: ExportFiles, list_name: str) -> None:
        self._files = files
        self.name = files.name
        self._list_name = list_name
        self._attributes: set[str] = set()
        self._contacts = [
            (name, *found)
            for name in files.names
            if name.suffix.lower() == ".csv" and (found := self._said_by(name)) is not None
        ]
        if not self._contacts:
            raise BadFileError(
                f"{self.name} has no CSV file of subscribed, unsubscribed or cleaned contacts; "
                "is it an export of Mailchimp?"
            )

    def _said_by(self, name: PurePosixPath) -> tuple[str, str] | None:
        """The word in a file's name that says who may be mailed, and the list; None for others."""
        if found := _of_audience(name.stem):
            folder = name.parent.name
            return found[1].lower(), self._list_name if _no_list(folder) else folder
        if found := _of_account(name.stem):
            return found[1].lower(), found[2].replace("_", " ")
        return None

    # people

    def read_people(self, people: People) -> None:
        """Add all of it.

        Raises:
            BadFileError: a file can't be read.
        """
        lists: dict[str, str] = {}
        for _, _, wanted in self._contacts:
            if wanted not in lists:
                lists[wanted] = people.add_list(wanted, str(len(lists) + 1))
        for name, word, wanted in self._contacts:
            with self._files.opened(name) as opened:
                if opened.file.read(1):
                    opened.file.seek(0)
                    people.file = str(name)
                    self._read_file(people, opened, word, lists[wanted])

    def _read_file(self, people: People, opened: OpenedFile, word: str, list_name: str) -> None:
        with RowFile(opened) as file:
            columns = _columns(file)
            self._attributes.update(filter(None, columns.fields))
            form = file.format
            parser = RowParser(columns, damaged=form.damaged, typed=form.typed)
            records = file.records()
            if columns.has_header:
                next(records, None)
            for line, size, cells in records:
                row = parser.parse(line, size, cells)
                mixed = row if isinstance(row, Mixed) else None
                contacts = mixed.contacts if mixed else ()
                rejects = mixed.rejects if mixed else ()
                if isinstance(row, ContactRow):
                    contacts = (row,)
                elif isinstance(row, Reject):
                    rejects = (row,)
                for contact in contacts:
                    _add(people, contact, word, list_name, line)
                for reject in rejects:
                    people.tallies[MigratedKind.CONTACTS].read += 1
                    people.refuse(MigratedKind.CONTACTS, line, reject.value, reject.reason)
                    people.subscribe(None, list_name, ListStanding.LEFT, word)

    # mails

    def mails(self) -> Iterator[MailDraft]:
        """HTML files below folders of templates and campaigns, with their texts."""
        texts = {name.with_suffix("") for name in self._files.names if name.suffix == ".txt"}
        for kind in (MigratedKind.TEMPLATES, MigratedKind.CAMPAIGNS):
            for name in self._files.names:
                if name.suffix.lower() in {".html", ".htm"} and _kind_of(name) is kind:
                    yield self._draft(kind, name, has_text=name.with_suffix("") in texts)

    def _draft(self, kind: MigratedKind, name: PurePosixPath, *, has_text: bool) -> MailDraft:
        ending = "-template" if kind is MigratedKind.TEMPLATES else ""
        nothing = MessageSource("", "")
        try:
            content = self._files.text(name)
            text = self._files.text(name.with_suffix(".txt")) if has_text else ""
        except BadFileError as error:  # one mail that can't be read costs the others nothing
            return MailDraft(kind, f"{name.stem}{ending}", nothing, left_out=str(error))
        if content is None or text is None:
            return MailDraft(kind, f"{name.stem}{ending}", nothing, left_out=_TOO_BIG)
        tags = MergeTags(self._attributes)
        found = _title(content)
        title = " ".join(html.unescape(found[1]).split()) if found else ""
        if not title or "MC:SUBJECT" in title:
            title = name.stem.replace("_", " ")
        message = MessageSource(
            tags.jinja(title),
            tags.jinja(content, title),
            "html",
            text=tags.jinja(text, title),
        )
        return MailDraft(kind, f"{name.stem}{ending}", message, untranslated=tags.untranslated)


def _add(people: People, contact: ContactRow, word: str, list_name: str, line: int) -> None:
    meaning = meaning_of_word(word) or Meaning.ACTIVE
    people.tallies[MigratedKind.CONTACTS].read += 1
    people.add_row(contact)
    standing = ListStanding.UNCONFIRMED if word in _NEVER else _STANDINGS[meaning]
    if meaning.suppresses:
        people.suppress(contact.email, meaning, word, line)
    people.subscribe(contact.email_key, list_name, standing, f"{word} in {list_name}")


def _columns(file: RowFile) -> Columns:
    """The columns; those of statuses are attributes, as the file's name says it already."""
    columns = recognise(file.format.sample, {}, file.name)
    if not columns.statuses:
        return columns
    names = {
        column.position + 1: "status_text" if tidy(column.label) == STATUS else tidy(column.label)
        for column in columns.statuses
    }
    return recognise(file.format.sample, names, file.name)


def _kind_of(name: PurePosixPath) -> MigratedKind | None:
    folders = " ".join(name.parts[:-1]).lower()
    if "template" in folders:
        return MigratedKind.TEMPLATES
    return MigratedKind.CAMPAIGNS if "campaign" in folders else None
