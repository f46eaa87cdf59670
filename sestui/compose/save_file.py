"""Write a campaign to a file for `sestui apply`, with attachments and layout beside it."""

import os
from pathlib import Path

from sestui.compose.files import format_by_name
from sestui.compose.write_file import shown, write_file
from sestui.core.campaign.fields import CampaignFields
from sestui.core.campaign.writer import write_campaign
from sestui.core.content import MessageSource
from sestui.core.delivery.mail import MailAttachment
from sestui.errors import BadFileError, NotFoundError, StateError


class FileInTheWayError(StateError):
    """A file would be replaced without permission; nothing was written."""


def save_campaign(
    path: Path, fields: CampaignFields, message: MessageSource, *, overwrite: bool
) -> None:
    """Write the campaign's file; attachments with the same content are not rewritten.

    Raises:
        FileInTheWayError: names the files that ``overwrite`` would replace.
        BadFileError: the campaign can't be written as a file.
        NotFoundError: there is no such folder.
        StorageError: something can't be written.
    """
    if not os.path.isdir(path.parent):
        raise NotFoundError(f"There is no folder {shown(path.parent)}.")
    names = [_relative(item) for item in message.attachments]
    content = write_campaign(
        fields, message, names, by_name=format_by_name(path), path=shown(path)
    ).encode()
    wanted = {path.parent / item.name: item.content for item in message.attachments}
    if message.layout_name:
        wanted[path.parent / message.layout_name] = message.layout.encode()
    if path in wanted:
        raise BadFileError(
            f"{shown(path)} is the name of an attachment or of the layout; choose another."
        )
    wanted[path] = content
    changed = {place: data for place, data in wanted.items() if _read(place) != data}
    in_the_way = [place for place in changed if os.path.lexists(place)]
    if in_the_way and not overwrite:
        raise _in_the_way(in_the_way)
    # The campaign comes last, so that its attachments exist.
    for place, data in changed.items():
        try:
            write_file(place, data, overwrite=overwrite)
        except FileExistsError as error:  # it has just appeared
            raise _in_the_way([place]) from error


def _relative(item: MailAttachment) -> str:
    """The attachment's path in the file, where blanks at the ends would be dropped."""
    return item.name if item.name == item.name.strip() else f"./{item.name}"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if os.path.isfile(path) else None
    except OSError:
        return None


def _in_the_way(places: list[Path]) -> FileInTheWayError:
    names = ", ".join(shown(place) for place in places)
    return FileInTheWayError(f"{names} {'exists' if len(places) == 1 else 'exist'} already.")
