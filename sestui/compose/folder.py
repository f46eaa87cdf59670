"""The files of a folder that can be applied: campaigns, tasks, lists and segments."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sestui.compose.apply_tasks import SUFFIXES
from sestui.compose.files import text_of
from sestui.core.text import printable
from sestui.errors import BadFileError, NotFoundError, UsageError

_OF_CAMPAIGNS = frozenset({".md", ".markdown", ".html", ".htm", ".mjml"})
_HAS_KIND = re.compile(r"^kind\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What was found in folders."""

    files: tuple[Path, ...]
    """In order of their paths."""
    left_out: tuple[Path, ...]
    """Files of the same suffixes that are none of these: without front matter, or without kind."""


def files_of(paths: Sequence[Path]) -> FoundFiles:
    """The given files, and those in the given folders; hidden ones and theirs are passed over.

    Raises:
        NotFoundError: there is nothing by one of the names.
        BadFileError: a file can't be read, or a folder has none of these.
    """
    files: dict[Path, None] = {}
    left_out: list[Path] = []
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"There is no file {printable(str(path))}.")
        if not path.is_dir():
            files[path] = None
            continue
        inside = _inside(path)
        if not any(map(_can_be_applied, inside)):
            raise BadFileError(
                f"{printable(str(path))} has no campaign, task, list or segment: Markdown or HTML "
                "that begins with '---', or YAML with a kind."
            )
        for each in inside:
            if _can_be_applied(each):
                files[each] = None
            else:
                left_out.append(each)
    return FoundFiles(tuple(files), tuple(left_out))


def refuse_single_files(paths: Sequence[Path]) -> None:
    """Check that all of them are folders, before anything that no file names is removed.

    Raises:
        UsageError: one is not.
    """
    for path in paths:
        if not path.is_dir():
            raise UsageError(
                f"{printable(str(path))} is not a folder, and what a single file does not name is "
                "everything else.",
                option="--prune:",
            )


def _inside(folder: Path) -> list[Path]:
    suffixes = _OF_CAMPAIGNS | SUFFIXES
    return sorted(
        each
        for each in folder.rglob("*")
        if each.suffix.lower() in suffixes
        and each.is_file()
        and not any(part.startswith(".") for part in each.relative_to(folder).parts)
    )


def _can_be_applied(path: Path) -> bool:
    text = text_of(path)
    if path.suffix.lower() in SUFFIXES:
        return _HAS_KIND.search(text) is not None
    return text.partition("\n")[0].rstrip() == "---"
