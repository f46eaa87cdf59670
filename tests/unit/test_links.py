"""Every link in the documents, and every file named in documents and code, exists."""

import re
from pathlib import Path

import pytest

from tests.support import documents
from tests.support.sources import FOLDERS, ROOT, sources

ROOMS = sorted(each.name for each in (ROOT / "sestui").iterdir() if each.is_dir())

_PATH = rf"(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w"
_ENDINGS = "md|py|toml|json|sh|tsv|css|html|svg|txt|LICENSE"
NAMED = re.compile(
    rf"(?<![\w/.$:~-])({_PATH}\.(?:{_ENDINGS})|(?!FILE)[A-Z]{{3,}}\.md)(?:#([\w-]+))?"
)
"""In text of any kind: a file of the project, with an anchor perhaps; FILE.md is anybody's."""
SPAN = re.compile(rf"(?:{_PATH}|(?:{'|'.join(ROOMS)})/[\w./-]+)/?")
"""Code within a sentence that is a path of the project, or of the package."""
NOWHERE = re.compile(r"\b[A-Z]{3,}(?:\.md)? ?§|\bissue [0-9]")
"""References to texts that are not in the project."""


def missing(target: str, folder: Path) -> str:
    """'' if the target of a link is there: a file or folder, and its anchor."""
    path, _, anchor = target.partition("#")
    file = (folder / path).resolve() if path else folder
    if not file.exists():
        return f"{target}: no such file"
    if anchor and anchor not in documents.read(str(file.relative_to(ROOT))).anchors:
        return f"{target}: no such heading"
    return ""


@pytest.mark.parametrize("name", documents.NAMES)
def test_links_lead_somewhere(name: str) -> None:
    page = documents.read(name)
    inside = [each for each in page.links if not re.match(r"https?:", each)]
    wrong = [
        missing(each if each[0] != "#" else page.path.name + each, page.path.parent)
        for each in inside
    ]
    assert [each for each in wrong if each] == []


@pytest.mark.parametrize("name", documents.NAMES)
def test_paths_in_sentences_exist(name: str) -> None:
    paths = [each for each in documents.read(name).spans if SPAN.fullmatch(each)]
    places = (ROOT, ROOT / "sestui")
    assert [each for each in paths if not any((place / each).exists() for place in places)] == []


def named_files() -> list[tuple[Path, str, str]]:
    """Each file that a text of the project names, with the anchor and where it is named."""
    return [
        (source, found[1], found[2] or "")
        for source in sources()
        if source != Path(__file__)
        for found in NAMED.finditer(source.read_text(encoding="utf-8", errors="replace"))
    ]


def test_files_named_anywhere_exist() -> None:
    named = named_files()
    wrong = [
        (str(source.relative_to(ROOT)), said)
        for source, path, anchor in named
        if (said := missing(f"{path}#{anchor}" if anchor else path, ROOT))
    ]
    assert wrong == []
    assert {"docs/ses.md", "README.md"} <= {path for _, path, _ in named}


def test_nothing_refers_to_texts_that_are_elsewhere() -> None:
    found = [
        f"{source.relative_to(ROOT)}: {line.strip()}"
        for source in sources()
        if source != Path(__file__)
        for line in source.read_text(encoding="utf-8", errors="replace").splitlines()
        if NOWHERE.search(line)
    ]
    assert found == []


def test_what_is_looked_for_is_found() -> None:
    assert missing("README.md#no-such-heading", ROOT)
    assert missing("docs/none.md", ROOT)
    assert NAMED.findall("see `docs/none.md#here`, SES.md") == [
        ("docs/none.md", "here"),
        ("SES.md", ""),
    ]
    assert SPAN.fullmatch("sending/engine/none.py")
    assert NOWHERE.search("the goal (DESIGN §12)")
    assert NOWHERE.search("as in issue 3")


def test_pictures_of_the_readme_exist() -> None:
    pictures = [each for each in documents.read("README.md").links if each.endswith(".svg")]
    assert pictures
    assert all((ROOT / each).is_file() for each in pictures)


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
