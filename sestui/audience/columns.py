"""What each column of a file is: the address, tags, or an attribute, and under which name."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sestui.audience.files import looks_like_address
from sestui.core.content.message import OWN_NAMES
from sestui.core.text import printable
from sestui.errors import BadFileError, UsageError

EMAIL = "email"
TAGS = "tags"
IGNORE = "-"
"""A column that is left out; no attribute can have that name."""

ColumnMap = Mapping[str, str] | Mapping[int, str]
"""Column to field: a text is the column's name or else its number, an int its number, from 1."""

_EMAIL_WORDS = (
    # Most certain first; compared without case, accents, spaces and punctuation.
    "email emailaddress email1value emailaddress1 primaryemail emailprimary subscriberemail "
    "contactemail useremail customeremail mail mailaddress emailid youremail workemail "
    "courriel adressecourriel adressemail adresseemail adresseelectronique "
    "emailadresse mailadresse epostadresse elektronischepost "
    "correo correoelectronico direcciondecorreo direcciondecorreoelectronico direccionemail "
    "indirizzoemail postaelettronica indirizzodipostaelettronica "
    "enderecodeemail enderecoemail correioeletronico "
    "emailadres epost epostadress eposta sahkoposti sahkopostiosoite adresemail adrespocztyemail "
    "электроннаяпочта электронныйадрес адресэлектроннойпочты почта имейл "
    "メール メールアドレス 電子メール 邮箱 电子邮件 电子邮箱 電子郵件 이메일 메일주소"
)
_TAG_NAMES = frozenset({"tags", "tag", "labels", "groupmembership", "libelles", "etiquetas"})
_MAX_NAME = 64


_WORDS = {EMAIL: "the address", TAGS: "tags", IGNORE: "left out"}


def in_words(use: str) -> str:
    """What a column becomes, for people: an attribute is said by its name."""
    return _WORDS.get(use, use)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which cell of a row is what."""

    labels: tuple[str, ...]
    """Each column as the file calls it, or ``column 3``."""
    fields: tuple[str, ...]
    """Each column's attribute name; '' for the address and for tags."""
    email: int
    """Position of the address."""
    tags: tuple[int, ...]
    """Positions of columns that hold tags."""
    ignored: tuple[int, ...]
    """Positions of columns that are left out."""
    has_header: bool

    @property
    def width(self) -> int:
        """How many cells a row may have."""
        return len(self.labels)

    @property
    def email_label(self) -> str:
        """The address column as the file calls it."""
        return self.labels[self.email]

    @property
    def uses(self) -> tuple[str, ...]:
        """What each column becomes: ``email``, ``tags``, ``-`` or an attribute's name."""
        uses = list(self.fields)
        uses[self.email] = EMAIL
        for position in self.tags:
            uses[position] = TAGS
        for position in self.ignored:
            uses[position] = IGNORE
        return tuple(uses)


@dataclass(frozen=True, slots=True)
class Head:
    """How the columns are called."""

    labels: tuple[str, ...]
    """Each column as the file calls it, or ``column 3``."""
    given: bool
    """Whether the file's first row says so."""


def head_of(sample: Sequence[Sequence[str]], file_name: str) -> Head:
    """The columns' names: a first row without any address in it is the header.

    Raises:
        BadFileError: there is no row.
    """
    if not sample:
        raise BadFileError(f"{file_name} is empty.")
    given = not any(looks_like_address(cell) for cell in sample[0])
    labels = tuple(
        (cell.strip() if given else "") or f"column {number}"
        for number, cell in enumerate(sample[0], 1)
    )
    return Head(labels, given)


def recognise(sample: Sequence[Sequence[str]], mapping: ColumnMap, file_name: str) -> Columns:
    """Make out the columns from the first rows; ``mapping`` goes before everything guessed.

    Raises:
        BadFileError: no column holds addresses.
        UsageError: ``mapping`` names a column that is not there, or one field twice.
    """
    head = head_of(sample, file_name)
    labels = head.labels
    rows = sample[1:] if head.given else sample
    mapped = _mapped(labels, mapping, file_name)
    email = _email_column(labels, rows, mapped, has_header=head.given)
    if email is None:
        known = ", ".join(printable(label) for label in labels[:12])
        raise BadFileError(
            f"{file_name} has no column of email addresses (its columns: {known}"
            f"{', …' if len(labels) > 12 else ''}); name it with --map COL=email."
        )
    ignored = tuple(position for position, field in mapped.items() if field == IGNORE)
    tags = tuple(
        position
        for position, label in enumerate(labels)
        if position != email
        and (
            mapped.get(position) == TAGS
            or (position not in mapped and _folded(label) in _TAG_NAMES)
        )
    )
    fields = attribute_names(labels, mapped, {email, *tags, *ignored})
    return Columns(labels, fields, email, tags, ignored, head.given)


def tidy(label: str) -> str:
    """A column's name as an attribute: ``First Name`` becomes ``first_name``.

    Lower case; letters and digits of any script stay, everything else becomes ``_``; the result is
    a name that templates and expressions can use.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    kept = "".join(sign if f"a{sign}".isidentifier() else "_" for sign in folded)
    name = re.sub("_+", "_", kept).strip("_")[:_MAX_NAME].rstrip("_")
    if not name:
        return ""
    if not name.isidentifier():
        return f"column_{name}"
    return f"{name}_" if name in OWN_NAMES else name


def _mapped(labels: Sequence[str], mapping: ColumnMap, file_name: str) -> dict[int, str]:
    """Position to field, as the user said."""
    mapped: dict[int, str] = {}
    for column, wanted in mapping.items():
        name = printable(str(column))
        field = wanted if wanted in {EMAIL, TAGS, IGNORE} else tidy(wanted)
        if not field:
            raise UsageError(
                f"--map {name}={printable(wanted)}: give it the name of an attribute, or email, or "
                "tags, or - to leave it out."
            )
        position = _position(labels, column)
        if position is None:
            known = ", ".join(printable(label) for label in labels[:12])
            raise UsageError(
                f"--map {name}: {file_name} has no such column (its columns: {known})."
            )
        if position in mapped or (field not in {TAGS, IGNORE} and field in mapped.values()):
            raise UsageError(f"--map {name}={field}: that is mapped twice.")
        mapped[position] = field
    return mapped


def _position(labels: Sequence[str], column: str | int) -> int | None:
    if isinstance(column, int):
        return column - 1 if 1 <= column <= len(labels) else None
    if column in labels:
        return labels.index(column)
    folded = [label.casefold() for label in labels]
    if column.strip().casefold() in folded:
        return folded.index(column.strip().casefold())
    if column.isdecimal() and 1 <= int(column) <= len(labels):
        return int(column) - 1
    return None


def column_position(columns: Columns, name: str) -> int | None:
    """Where the column is that the file, or its attribute, is called so; None: nowhere."""
    position = _position(columns.labels, name)
    if position is None and tidy(name) in columns.fields:
        return columns.fields.index(tidy(name))
    return position


def _email_column(
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    mapped: Mapping[int, str],
    *,
    has_header: bool,
) -> int | None:
    for position, field in mapped.items():
        if field == EMAIL:
            return position
    free = [position for position in range(len(labels)) if position not in mapped]
    filled = dict.fromkeys(free, 0)
    addresses = dict.fromkeys(free, 0)
    for row in rows:
        for position in free:
            if position < len(row) and row[position].strip():
                filled[position] += 1
                addresses[position] += looks_like_address(row[position])
    by_content = [p for p in free if addresses[p] * 2 > filled[p]]
    ranks = {
        position: _EMAIL_NAMES.index(folded)
        for position in free
        if has_header and (folded := _folded(labels[position])) in _EMAIL_NAMES
    }
    if ranks:
        named = min(ranks, key=lambda position: (ranks[position], position))
        # "Email: yes, yes, no" beside a column full of addresses is a consent, not an address.
        if addresses[named] or not filled[named] or not by_content:
            return named
    return max(by_content, key=lambda p: (addresses[p], -p), default=None)


def attribute_names(
    labels: Sequence[str], mapped: Mapping[int, str], taken: set[int]
) -> tuple[str, ...]:
    """Attribute names, each once: ``mapped`` first, then ``name``, ``name_2``, ...

    Positions that are ``taken`` for something else get ''.
    """
    used = set(mapped.values())
    fields: list[str] = []
    for position, label in enumerate(labels):
        if position in taken:
            fields.append("")
        elif position in mapped:
            fields.append(mapped[position])
        else:
            base = tidy(label) or f"column_{position + 1}"
            name, number = base, 2
            while name in used:
                name, number = f"{base}_{number}", number + 1
            used.add(name)
            fields.append(name)
    return tuple(fields)


def _folded(label: str) -> str:
    """A name without case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", label.casefold())
    kept = (sign for sign in plain if sign.isalnum() and not unicodedata.combining(sign))
    return unicodedata.normalize("NFKC", "".join(kept))


_EMAIL_NAMES = [_folded(word) for word in _EMAIL_WORDS.split()]
