"""Read campaign files and what they attach from the disk."""

import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from sestui.core.campaign_file import CampaignFile, parse_campaign
from sestui.core.campaign_values import BadValue
from sestui.core.content import MessageSource
from sestui.core.mail import MailAttachment
from sestui.core.text import printable
from sestui.errors import BadFileError, NotFoundError

MAX_FILE_BYTES = 2_000_000
MAX_ATTACHED_BYTES = 29_000_000
"""What base64 turns into SES's 40 MB, with room for the mail itself."""
_UNSAFE_IN_NAMES = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|]+')


@dataclass(frozen=True, slots=True)
class LoadedCampaign:
    """A campaign file with everything it refers to."""

    file: CampaignFile
    message: MessageSource


def load_campaign(path: Path, default_zone: str = "") -> LoadedCampaign:
    """Read, parse and check one file; ``default_zone`` is for files that name none.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: it is no campaign, or an attachment can't be read.
    """
    content = text_of(path)
    file = parse_campaign(content, str(path), html=is_html(path), default_zone=default_zone)
    return LoadedCampaign(file, file.message(_attachments(file, path.parent)))


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


def _attachments(file: CampaignFile, folder: Path) -> tuple[MailAttachment, ...]:
    read: tuple[MailAttachment, ...] = ()
    for given in file.attachments:
        try:
            read = attached(read, folder / given, given, place=" beside the campaign")
        except BadValue as bad:
            raise file.fault("attachments", bad.problem) from bad
    return read


def attached(
    others: tuple[MailAttachment, ...], path: Path, given: str, *, place: str = ""
) -> tuple[MailAttachment, ...]:
    """The attachments with one more, read from ``path``, which was given as ``given``.

    ``place`` says where it was looked for.

    Raises:
        BadValue: it can't be read, or together they are too much.
    """
    shown = printable(given)
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
    name = _UNSAFE_IN_NAMES.sub("_", path.name)
    if any(name == other.name for other in others):
        raise BadValue(f"two files are called {name}")
    kind, encoding = mimetypes.guess_type(name)
    if kind is None or encoding is not None:
        kind = "application/octet-stream"
    return (*others, MailAttachment(name, kind, content))
