"""Pieces of text that are written often: a few of sestui's own, and the files of a folder."""

from dataclasses import dataclass
from pathlib import Path

from sestui.compose.write_file import shown
from sestui.errors import StorageError

ENDINGS = (".md", ".markdown", ".html", ".htm", ".mjml", ".txt")
"""What the names of snippets' files end with."""
_MOST_FILES = 500
_MOST_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of text to be put into a message."""

    name: str
    text: str
    problem: str = ""
    """Why it can't be used; '' if it can."""


_EVERYWHERE = (
    Snippet("Greeting by first name", "Hi {{ first_name or 'there' }},"),
    Snippet(
        "Only for some contacts",
        "{% if plan == 'pro' %}\nFor those on the plan pro.\n{% else %}\nFor everybody else.\n"
        "{% endif %}",
    ),
    Snippet(
        "Only for contacts with a tag", "{% if 'vip' in tags %}\nFor those tagged vip.\n{% endif %}"
    ),
    Snippet("Today's date", "{{ now | date('d MMMM yyyy') }}"),
)
_MARKDOWN = (
    Snippet("Unsubscribe link", "[Unsubscribe]({{ unsubscribe_url }})"),
    Snippet("Link", "[Read more](https://example.com/)"),
    Snippet("Image from an attachment", "![What it shows](cid:photo.png)"),
    Snippet("Table", "| Item | Price |\n|---|---:|\n| Tea | 4.50 |"),
)
_HTML = (
    Snippet("Unsubscribe link", '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'),
    Snippet(
        "Button",
        '<p><a href="https://example.com/" style="display:inline-block;padding:12px 24px;'
        "border-radius:4px;background:#1a5fb4;color:#ffffff;text-decoration:none"
        '">Read more</a></p>',
    ),
    Snippet(
        "Image from an attachment",
        '<img src="cid:photo.png" alt="What it shows" style="max-width:100%">',
    ),
)


def built_in(*, html: bool) -> tuple[Snippet, ...]:
    """sestui's own snippets for a body of that kind."""
    return _EVERYWHERE + (_HTML if html else _MARKDOWN)


def of_folder(folder: Path) -> list[Snippet]:
    """The snippets in a folder, each named like its file; none where there is no such folder.

    Raises:
        StorageError: the folder can't be read.
    """
    try:
        files = sorted(each for each in folder.iterdir() if each.suffix.lower() in ENDINGS)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{shown(folder)} can't be read: {error.strerror}.") from error
    return [_read(path) for path in files[:_MOST_FILES]]


def _read(path: Path) -> Snippet:
    try:
        if not path.is_file():
            return Snippet(path.name, "", "it is not a file")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            return Snippet(path.name, "", f"it is larger than {_MOST_BYTES // 1000} kB")
        text = content.decode("utf-8-sig")
    except OSError as error:
        return Snippet(path.name, "", f"it can't be read: {error.strerror}")
    except UnicodeDecodeError:
        return Snippet(path.name, "", "it is not UTF-8")
    return Snippet(path.name, text.replace("\r\n", "\n").removesuffix("\n"))
