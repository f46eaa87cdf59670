"""Options are the command line's alone: no sentence that a screen may show names one.

What an error has to say of options it carries beside its sentence, for the command line to add.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sestui.audience.imports.column_types import TypedColumns
from sestui.audience.imports.columns import recognise
from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.audience.imports.statuses import UnknownStatus, UnknownStatusError
from sestui.audience.sources.file_cells import Reading
from sestui.compose.files import load_campaign
from sestui.core.task.values import once
from sestui.errors import BadFileError, SestuiError, StateError
from tests.support.modules import PACKAGE, trees

NO_SENTENCES_OF_SCREENS = {
    "core/installation.py",
    "tasks/crontab.py",
    "relay/serve.py",
    "simulator/launch.py",
    "simulator/api/serve.py",
    "store/backup/backup.py",
    "tui/web/server.py",
    "compose/browser_picture.py",
    "core/doctor/account_rules.py",
    "core/doctor/dmarc_rules.py",
    "core/doctor/domain_rules.py",
    "core/doctor/path_rules.py",
    "feedback/suppression_sync.py",
    "reports/doctor/doctor.py",
    "reports/doctor/machine.py",
    "ses_api/event_path_plan.py",
}
"""Whole commands to be copied; programs of their own, started by a command; and what starts
another program."""

_OPTION = re.compile(r"(?<![\w-])--[a-z]")
_OF_OPTIONS = {"option", "by_option"}


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text in a module but docstrings and what is given for the command line alone."""
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return  # a docstring, of whatever
    if isinstance(tree, ast.keyword) and tree.arg in _OF_OPTIONS:
        return
    if (
        isinstance(tree, ast.Assign)
        and {target.id for target in tree.targets if isinstance(target, ast.Name)} <= _OF_OPTIONS
    ):
        return
    if isinstance(tree, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "{}" for each in tree.values)
        yield tree.lineno, "".join(map(str, parts))
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.lineno, tree.value
    for child in ast.iter_child_nodes(tree):
        yield from _texts(child)


def named_options(tree: ast.Module) -> list[tuple[int, str]]:
    """Texts that name an option amid others words; one alone is given to a program."""
    texts = _texts(tree)
    return [(line, text) for line, text in texts if _OPTION.search(text) and " " in text]


def test_the_test_finds_them_and_lets_pass_what_may_be() -> None:
    source = '''
"""Says --this."""
def f(name):
    """With --that."""
    raise E(f"{name} is wrong; say so with --again.", by_option="Say --again.")
    run("program", "--list", f"--file={name}")
    by_option = "Say --so."
    raise E(f"--map {name}", option="--map")
'''
    assert {line for line, _ in named_options(ast.parse(source))} == {5, 8}


def test_no_sentence_below_the_command_line_names_an_option() -> None:
    found = {
        name: named
        for path, tree in trees().items()
        if not (name := path.relative_to(PACKAGE).as_posix()).startswith("cli/")
        and name not in NO_SENTENCES_OF_SCREENS
        and (named := named_options(tree))
    }
    assert found == {}


def _import(folder: Path, text: str = "email\na@example.com\n", **options: object) -> None:
    file = folder / "people.csv"
    file.write_text(text)
    import_contacts(None, file, ImportOptions(**options), now=0.0)  # type: ignore[arg-type]


def _attach(folder: Path) -> None:
    file = folder / "news" / "news.md"
    file.parent.mkdir()
    (folder / "secret.pdf").write_bytes(b"%PDF-")
    file.write_text(
        "---\nname: news\nsubject: s\nfrom: a@example.com\nlists: [all]\n"
        "attachments: [../secret.pdf]\n---\nHi\n"
    )
    load_campaign(file)


ROWS = [["email", "age"], ["a@example.com", "7"]]


@pytest.mark.parametrize(
    ("fail", "option"),
    [
        (lambda _: recognise([["name"], ["Ada"]], {}, "x.csv"), "--map COL=email"),
        (lambda _: recognise(ROWS, {"nobody": "x"}, "x.csv"), "--map nobody: "),
        (lambda _: recognise(ROWS, {"age": "!"}, "x.csv"), "--map age=!: "),
        (lambda _: recognise(ROWS, {"age": "x", 2: "x"}, "x.csv"), "--map 2=x: "),
        (lambda _: TypedColumns(recognise(ROWS, {}, "x"), {"age": "y"}), "--type age=y: "),
        (lambda _: TypedColumns(recognise(ROWS, {}, "x"), {"ag": "int"}), "--type ag: "),
        (lambda _: Reading(delimiter="ab"), "--delimiter "),
        (lambda _: once("soon"), "--at 'soon' "),
        (_import, "--list NAME"),
        (_attach, "--allow-folder"),
    ],
)
def test_what_an_error_says_of_options_is_for_the_command_line(
    tmp_path: Path, fail: object, option: str
) -> None:
    with pytest.raises(SestuiError) as met:
        fail(tmp_path)  # type: ignore[operator]
    assert not _OPTION.search(str(met.value))
    assert option in met.value.on_command_line()


def test_an_unknown_status_says_three_ways_to_who_types_options() -> None:
    error = UnknownStatusError("x.csv", [UnknownStatus("Status", ("gold",), 0)])
    assert not _OPTION.search(str(error))
    for way in ("--status 'gold=unsubscribed'", "--map 'Status=NAME'", "--map 'Status=-'"):
        assert way in error.on_command_line()


def test_who_wraps_an_error_hands_its_options_on() -> None:
    first = StateError("It was sent before.", by_option="Say --again.")
    wrapped = BadFileError(f"news.md: {first}")
    wrapped.__cause__ = first
    assert wrapped.on_command_line() == "news.md: It was sent before. Say --again."
    assert StateError("Plain.").on_command_line() == "Plain."
