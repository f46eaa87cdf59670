"""Read campaign files with their attachments, images and includes."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sestui.core.campaign.file import CampaignFile, parse_campaign
from sestui.core.campaign.values import BadValue
from sestui.core.content import MessageSource
from sestui.core.content.attachments import name_of, problem_with_name
from sestui.core.content.lint.links import local_images
from sestui.core.content.message import BodyFormat, TemplateError
from sestui.core.content.template.includes import Expanded, IncludeError, expanded
from sestui.core.delivery.mail import MailAttachment
from sestui.core.text import printable
from sestui.errors import BadFileError, NotFoundError, SestuiError

MAX_FILE_BYTES = 2_000_000
MAX_ATTACHED_BYTES = 29_000_000
"""The most bytes of attachments: SES's 40 MB after base64, less room for the mail itself."""


_FORMATS: dict[str, BodyFormat] = {".html": "html", ".htm": "html", ".mjml": "mjml"}
_USUAL_LAYOUT = "markdown.html"
"""The workspace's layout of this name replaces Markdown's default style."""


@dataclass(frozen=True, slots=True)
class LoadedCampaign:
    """A campaign file with all files that it refers to."""

    file: CampaignFile
    message: MessageSource
    lines: dict[str, tuple[int, ...]]
    """Of ``body``, ``text`` and ``layout``: the line of the file each line comes from."""
    layout_path: str = ""
    """Its layout's path, as shown in errors."""

    def fault(self, where: str, line: int | None, problem: str) -> BadFileError:
        """The error for a part of the message, with its file's line."""
        lines = self.lines.get(where, ())
        written = lines[line - 1] if line is not None and 0 < line <= len(lines) else line
        if where == "layout" and self.layout_path:
            place = self.layout_path if written is None else f"{self.layout_path}, line {written}"
            return BadFileError(f"{place}: {problem}.")
        return self.file.fault(where, problem, (written or 1) - 1)


def load_campaign(
    path: Path,
    default_zone: str = "",
    *,
    allowed: Sequence[Path] = (),
    layouts: Path | None = None,
) -> LoadedCampaign:
    """Read, parse and check one file; ``default_zone`` is for files that name none.

    Attachments, images and includes are read from its own folder and the ``allowed`` ones; a layout
    from the folder ``layouts`` too.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: it is no campaign, or a file it needs can't be read or is in another folder.
    """
    content = text_of(path)
    file = parse_campaign(
        content, str(path), by_name=format_by_name(path), default_zone=default_zone
    )
    folders = tuple(folder.resolve() for folder in (path.parent, *allowed))
    body = _included(file, "body", file.message.body, path.parent, folders)
    text = _included(file, "text", file.message.text, path.parent, folders)
    message = replace(file.message, body=body.text, text=text.text)
    inside = (*folders, *([layouts.resolve()] if layouts is not None else []))
    files = _Files(file, inside)
    files.attach(path.parent)
    files.show("body", message.body, message.body_format, path.parent)
    lines = {"body": body.lines, "text": text.lines}
    place = _layout_file(file, path.parent, folders, layouts)
    if place is None:
        message = replace(message, attachments=files.read, layout_name="")
        return LoadedCampaign(file, message, lines)
    layout = _included(file, "layout", text_of(place), place.parent, inside)
    name = place.name if message.layout_name else ""
    files.show("layout", layout.text, "html", place.parent)
    message = replace(message, layout=layout.text, layout_name=name, attachments=files.read)
    lines["layout"] = layout.lines
    return LoadedCampaign(file, message, lines, printable(str(place)))


def format_by_name(path: Path) -> BodyFormat:
    """The body's format by the file's name."""
    return _FORMATS.get(path.suffix.lower(), "markdown")


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
            f"{shown} is larger than {MAX_FILE_BYTES / 1e6:.0f} MB, the limit of `apply`."
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


def _layout_file(
    file: CampaignFile, folder: Path, folders: tuple[Path, ...], layouts: Path | None
) -> Path | None:
    """The file of the campaign's layout; None for its format's own.

    Raises:
        BadFileError: there is no such file, or it is outside of the folders.
    """
    wanted = file.message.layout_name
    if not wanted:
        usual = None if layouts is None else layouts / _USUAL_LAYOUT
        found = usual is not None and file.message.body_format == "markdown" and usual.is_file()
        return usual if found else None
    if wanted == "markdown" and not (layouts is not None and (layouts / _USUAL_LAYOUT).is_file()):
        return None
    for parent, within in ((folder, folders), (layouts, () if layouts is None else (layouts,))):
        for name in (wanted, f"{wanted}.html"):
            if parent is None or not (parent / name).is_file():
                continue
            try:
                return _within(parent / name, name, tuple(each.resolve() for each in within))
            except BadValue as bad:
                raise file.fault("layout", bad.problem) from bad
    where = "" if layouts is None else f" or in {printable(str(layouts))}"
    raise file.fault("layout", f"there is no {printable(wanted)} beside the campaign{where}")


def _included(
    file: CampaignFile, where: str, text: str, folder: Path, folders: tuple[Path, ...]
) -> Expanded:
    """A template with its included files, all from ``folders``.

    Raises:
        BadFileError: one can't be read, or they are too large.
    """

    def read(name: str) -> str:
        try:
            place = _within(folder / name, name, folders)
            if not place.is_file():
                raise IncludeError(f"there is no file {printable(name)} to include")
            return text_of(place)
        except BadValue as bad:
            raise IncludeError(bad.problem) from bad
        except SestuiError as error:
            raise IncludeError(str(error).rstrip(".")) from error

    try:
        return expanded(text, read, most=MAX_FILE_BYTES)
    except IncludeError as error:
        raise file.fault(
            where, error.problem, 0 if where == "layout" else error.line - 1
        ) from error


class _Files:
    """Reads the attachments and images of a campaign file."""

    def __init__(self, file: CampaignFile, folders: tuple[Path, ...]) -> None:
        self._file = file
        self._folders = folders
        self._places: set[Path] = set()
        self.read: tuple[MailAttachment, ...] = ()

    def attach(self, folder: Path) -> None:
        """Read the file's attachments."""
        for given in self._file.attachments:
            try:
                place = _within(folder / given, given, self._folders)
                self.read = attached(
                    self.read, place, given, place=" beside the campaign", name=Path(given).name
                )
            except BadValue as bad:
                raise self._file.fault("attachments", bad.problem) from bad
            self._places.add(place)

    def show(self, where: str, text: str, body_format: BodyFormat, folder: Path) -> None:
        """Read the images of ``text`` (the body or layout) from the folder."""
        for line, given in _images(text, body_format):
            if name_of(given) in [each.name for each in self.read]:
                continue
            try:
                place = _within(folder / given, given, self._folders)
                kind = mimetypes.guess_type(given)[0] or ""
                # A missing one has a finding, which says more.
                if place in self._places or not place.is_file() or not kind.startswith("image/"):
                    continue
                self.read = attached(self.read, place, given, name=name_of(given))
            except BadValue as bad:
                offset = line - 1 if where == "body" else 0
                raise self._file.fault(where, bad.problem, offset) from bad
            self._places.add(place)


def _images(text: str, body_format: BodyFormat) -> Sequence[tuple[int, str]]:
    try:
        return tuple(local_images(text, body_format))
    except TemplateError:
        return ()  # the checks find what is broken, and say in which file


def _within(path: Path, given: str, folders: tuple[Path, ...]) -> Path:
    """The file at a path, with links resolved.

    Raises:
        BadValue: it is outside of the folders.
    """
    try:
        place = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a NUL
        raise BadValue(f"{printable(given)} can't be read (not a file name)") from error
    if not any(place.is_relative_to(folder) for folder in folders):
        raise BadValue(
            f"{printable(given)} is outside the campaign's folder; copy it there",
            by_option="--allow-folder allows another folder.",
        )
    return place


def attached(
    others: tuple[MailAttachment, ...], path: Path, given: str, *, place: str = "", name: str = ""
) -> tuple[MailAttachment, ...]:
    """The attachments with one more, read from ``path``, written as ``given``.

    ``place`` is for errors; ``name`` is the name in the mail, if different.

    Raises:
        BadValue: it can't be read, SES refuses its type, or they are too large.
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
