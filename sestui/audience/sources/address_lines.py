"""Read lists of mailboxes of mail programs: an Outlook To line, or a mailbox on each line."""

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sestui.audience.sources.encoding import Encoding
from sestui.audience.sources.file_cells import MAX_RECORD, RowFormat
from sestui.audience.sources.mailbox_cells import split_mailboxes, visible
from sestui.audience.sources.text_source import TextSource
from sestui.errors import BadFileError

_SAMPLE_LINES = 200
_HEADER = "email"
_BARE = r"(?:mailto:)?[^\s@<>,;:|\"()]+@[^\s@<>,;:|\"()]+"
_mailbox = re.compile(rf"[^<>@]*<\s*{_BARE}\s*>[\s.]*|'?{_BARE}'?", re.IGNORECASE).fullmatch
_group = re.compile(r"\A(?:to|cc|bcc|an|à|para|a)\s*:\s*", re.IGNORECASE)


def is_address_list(lines: Sequence[str]) -> bool:
    """Whether every line is only mailboxes, with names or several on a line.

    A bare address on each line counts as CSV. The first line may be a heading, but not a row of
    column names.
    """
    sample = [text for line in lines[:_SAMPLE_LINES] if (text := _line(line))]
    while sample and "@" not in sample[0] and not re.search(r"[,;\t|]", sample[0]):
        del sample[0]
    parts = [split_mailboxes(text) for text in sample]
    return any(len(each) > 1 or "<" in each[0] for each in parts) and all(
        _mailbox(part) for each in parts for part in each
    )


def _line(line: str) -> str:
    """A line without its end, and without a header's ``To:``."""
    return _group.sub("", visible(line)).strip(";, ")


class AddressListSource(TextSource):
    """A row for each mailbox, in the column ``email``."""

    def __init__(
        self, file: BinaryIO, name: str, lines: Sequence[str], encoding: Encoding, *, size: int
    ) -> None:
        super().__init__(file, name, encoding)
        sample = [part for line in lines[:_SAMPLE_LINES] for part in split_mailboxes(_line(line))]
        while sample and "@" not in sample[0]:
            del sample[0]
        self.format = RowFormat(
            kind="addresses",
            encoding=encoding.codec,
            delimiter="",
            damaged=encoding.damaged,
            size=size,
            lines=encoding.lines,
            sample=((_HEADER,), *((part,) for part in sample[:_SAMPLE_LINES])),
            accented=encoding.accented,
        )

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every mailbox with its line; empty lines are left out.

        Raises:
            BadFileError: a line is too long.
        """
        yield 1, len(_HEADER), [_HEADER]
        number = 0
        begun = False
        while line := self._text.readline(MAX_RECORD):
            number += 1
            if len(line) >= MAX_RECORD:
                raise BadFileError(
                    f"{self._name}, line {number} is longer than {MAX_RECORD:,} characters."
                )
            text = _line(line)
            begun = begun or "@" in text
            if not text or not begun:
                continue
            for part in split_mailboxes(text):
                yield number, len(part), [part]
