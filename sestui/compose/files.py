"""Read campaign files and what they attach from the disk."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sestui.core.attachments import name_of, problem_with_name
from sestui.core.campaign_file import CampaignFile, parse_campaign
from sestui.core.campaign_values import BadValue
from sestui.core.content import MessageSource
from sestui.core.content.links import local_images
from sestui.core.content.message import TemplateError
from sestui.core.mail import MailAttachment
from sestui.core.text import printable
from sestui.errors import BadFileError, NotFoundError

MAX_FILE_BYTES = 2_000_000
MAX_ATTACHED_BYTES = 29_000_000
"""What base64 turns into SES's 40 MB, with room for the mail itself."""


@dataclass(frozen=True, slots=True)
class LoadedCampaign:
    """A campaign file with everything it refers to."""

    file: CampaignFile
    message: MessageSource


def load_campaign(
    path: Path, default_zone: str = "", *, allowed: Sequence[Path] = ()
) -> LoadedCampaign:
    """Read, parse and check one file; ``default_zone`` is for files that name none.

    What it attaches or shows is read from its own folder, and from those ``allowed``.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: it is no campaign, or an attachment can't be read or is outside.
    """
    content = text_of(path)
    file = parse_campaign(content, str(path), html=is_html(path), default_zone=default_zone)
    folders = tuple(folder.resolve() for folder in (path.parent, *allowed))
    return LoadedCampaign(file, file.message(_attachments(file, path.parent, folders)))


def is_html(path: Path) -> bool:
    """Whether the file's name says that its body is HTML."""
    return path.suffix.lower() in {".html", ".htm"}


def text_of(path: Path) -> str:
    """A file's text, UTF-8.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: it can't be read, is too large, or isn't text.
    """
    shown = printable(str(path))
    try:
        if not path.exists():
            raise NotFoundError(f"There is no file {shown}.")
        if not path.is_file():
            raise BadFileError(f"{shown} is not a file.")
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadFileError(f"{shown} can't be read: {error.strerror}.") from error
    if len(data) > MAX_FILE_BYTES:
        raise BadFileError(
            f"{shown} is larger than {MAX_FILE_BYTES / 1e6:.0f} MB: that is no file for `apply`."
        )
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadFileError(
            f"{shown}, line {line}: the file is not UTF-8 text; save it as UTF-8."
        ) from error
    if "\0" in content:
        raise BadFileError(f"{shown} is not a text file.")
    return content


def _attachments(
    file: CampaignFile, folder: Path, folders: tuple[Path, ...]
) -> tuple[MailAttachment, ...]:
    """What the file attaches, and the images beside it that its body shows."""
    read: tuple[MailAttachment, ...] = ()
    places = set()
    for given in file.attachments:
        try:
            place = _within(folder / given, given, folders)
            read = attached(read, place, given, place=" beside the campaign", name=Path(given).name)
        except BadValue as bad:
            raise file.fault("attachments", bad.problem) from bad
        places.add(place)
    for line, given in _images(file):
        if name_of(given) in [each.name for each in read]:
            continue
        try:
            place = _within(folder / given, given, folders)
            kind = mimetypes.guess_type(given)[0] or ""
            # What isn't there has its finding, which says more.
            if place in places or not place.is_file() or not kind.startswith("image/"):
                continue
            read = attached(read, place, given, name=name_of(given))
        except BadValue as bad:
            raise file.fault("body", bad.problem, line - 1) from bad
        places.add(place)
    return read


def _images(file: CampaignFile) -> Sequence[tuple[int, str]]:
    try:
        return tuple(local_images(file.body, file.body_format))
    except TemplateError:
        return ()  # the checks find what is broken, and say in which file


def _within(path: Path, given: str, folders: tuple[Path, ...]) -> Path:
    """The file a path leads to, links followed.

    Raises:
        BadValue: it is in none of the folders.
    """
    try:
        place = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a NUL
        raise BadValue(f"{printable(given)} can't be read (not a file name)") from error
    if not any(place.is_relative_to(folder) for folder in folders):
        raise BadValue(
            f"{printable(given)} is outside the campaign's folder; copy it there, or allow its "
            "folder with --allow-folder"
        )
    return place


def attached(
    others: tuple[MailAttachment, ...], path: Path, given: str, *, place: str = "", name: str = ""
) -> tuple[MailAttachment, ...]:
    """The attachments with one more, read from ``path``, which was given as ``given``.

    ``place`` says where it was looked for; ``name`` is for a file that is called otherwise in the
    mail.

    Raises:
        BadValue: it can't be read, SES refuses its kind, or together they are too much.
    """
    shown = printable(given)
    name = name_of(name or path.name)
    refused = problem_with_name(name) or problem_with_name(path.name)
    if refused:
        raise BadValue(f"{shown} can't be attached: {refused}")
    try:
        if not path.is_file():
            raise BadValue(f"there is no file {shown}{place}")
        if sum(len(each.content) for each in others) + path.stat().st_size > MAX_ATTACHED_BYTES:
            raise BadValue(
                f"together they exceed {MAX_ATTACHED_BYTES / 1e6:.0f} MB; put large files on "
                "the web and link to them"
            )
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise BadValue(f"{shown} can't be read ({reason})") from error
    if any(name == other.name for other in others):
        raise BadValue(f"two files are called {name}")
    kind, encoding = mimetypes.guess_type(name)
    if kind is None or encoding is not None:
        kind = "application/octet-stream"
    return (*others, MailAttachment(name, kind, content))
