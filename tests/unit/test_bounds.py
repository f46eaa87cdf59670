"""Private names of libraries that sestui stands on: why their next major version is kept out.

A release that takes one away fails here, by its name, before it fails a user. All of them stand in
the modules called ``_compat``, one in each room that needs any.
"""

import ast
import importlib
import inspect
import pkgutil
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.modules import PACKAGE, nodes, trees

PRIVATE = [
    ("botocore.httpsession", "URLLib3Session._get_connection_manager"),
    ("botocore.httpsession", "URLLib3Session._get_request_target"),
    ("botocore.httpsession", "URLLib3Session._setup_ssl_cert"),
    ("urllib3.connectionpool", "HTTPConnectionPool._new_conn"),
    ("urllib3.connectionpool", "HTTPConnectionPool._prepare_proxy"),
    ("jinja2.compiler", "CodeGenerator._output_child_pre"),
    ("jinja2.compiler", "CodeGenerator._output_child_post"),
    ("jinja2.utils", "_PassArg"),
    ("uvicorn.protocols.http.httptools_impl", "HttpToolsProtocol._unset_keepalive_if_required"),
    ("textual.app", "App._close_messages_no_wait"),
    ("textual.app", "App._fatal_error"),
    ("textual.app", "App._handle_exception"),
    ("textual.app", "App._unnotify"),
    ("textual.widgets", "Input._value"),
    ("textual.widgets", "TextArea._build_highlight_map"),
    ("textual.widgets", "TextArea._set_theme"),
    ("textual_serve.server", "Server._make_app"),
    ("textual_serve.server", "Server._process_messages"),
    ("textual_serve.app_service", "AppService._build_environment"),
    ("textual_serve.app_service", "AppService._open_app_process"),
]

ATTRIBUTES = [
    ("botocore.httpsession", "URLLib3Session", ("_proxy_config", "_verify")),
    ("textual.app", "App", ("_driver", "_notifications")),
    ("textual.drivers._writer_thread", "WriterThread", ("_queue",)),
    ("textual.drivers.linux_driver", "LinuxDriver", ("_writer_thread",)),
    ("textual.screen", "Screen", ("_bindings",)),
    ("textual.css.stylesheet", "Stylesheet", ("_parse_cache",)),
    ("textual.drivers.web_driver", "WebDriver", ("_app",)),
    ("textual.widgets", "TextArea", ("_highlight_query", "_highlights", "_theme")),
    ("textual_serve.app_service", "AppService", ("_process", "_stdin")),
    ("jinja2", "Undefined", ("_undefined_hint", "_undefined_name", "_undefined_obj")),
]
"""What an object gets when it is made: known by the source of the class or of one below it."""


@pytest.mark.parametrize(("module", "name"), PRIVATE)
def test_a_private_name_is_still_there(module: str, name: str) -> None:
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)


@pytest.mark.parametrize(("module", "name", "attributes"), ATTRIBUTES)
def test_a_private_attribute_is_still_there(
    module: str, name: str, attributes: tuple[str, ...]
) -> None:
    kind = getattr(importlib.import_module(module), name)
    below = [each for each in kind.__mro__ if each.__module__.partition(".")[0] == top(module)]
    source = "".join(inspect.getsource(each) for each in below)
    for attribute in attributes:
        assert attribute in source


@pytest.mark.parametrize("module", sorted({each[0].partition(".")[0] for each in PRIVATE}))
def test_its_next_major_version_is_kept_out(module: str) -> None:
    path = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(path.read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["web"]]
    name = module.replace("_", "-")
    (bound,) = [each for each in wanted if each.startswith((f"{name}>", f"{name}["))]
    assert ",<" in bound


def top(module: str) -> str:
    return module.partition(".")[0]


# all of them, and no others, are in the modules called _compat

OWN_TO_PYTHON = {"_replace", "_make", "_fields", "_asdict", "_exit"}
"""Public names of the standard library, whatever they begin with."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name != "_"


def defined(module: Iterable[ast.AST]) -> Iterator[str]:
    """Every name that is given in a module, as a variable, an attribute, a function, a class."""
    for node in module:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Constant(value=str(name)):  # __slots__
                yield name


def taken_from_others(module: Iterable[ast.AST], own: set[str]) -> Iterator[tuple[int, str]]:
    """Private attributes and imports that nothing of ours defines, with their lines."""
    for node in module:
        match node:
            case ast.Attribute(attr=name) if is_private(name) and name not in own:
                yield node.lineno, name
            case ast.ImportFrom(module=str(module), names=names) if not module.startswith("sestui"):
                found = {*module.split("."), *(each.name for each in names)}
                yield from ((node.lineno, name) for name in found if is_private(name))


def test_only_compat_modules_touch_what_is_private_to_others() -> None:
    ours = {path: module for path, module in nodes().items() if path.name != "_compat.py"}
    own = {name for module in ours.values() for name in defined(module)} | OWN_TO_PYTHON
    assert [
        f"{path.relative_to(PACKAGE)}:{line} {name}"
        for path, module in ours.items()
        for line, name in taken_from_others(module, own)
    ] == []


@pytest.mark.long
@pytest.mark.ci
def test_only_compat_modules_replace_what_is_private_to_others() -> None:
    """A method or attribute of ours that has a private name of its foreign base by chance."""
    clashes = []
    for path, tree in trees().items():
        if path.name in {"_compat.py", "__main__.py"}:
            continue
        if not any(isinstance(node, ast.ClassDef) for node in tree.body):
            continue
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and isinstance(
                found := vars(module)[node.name], type
            ):
                taken = private_to_bases(found)
                names = {name for name in given_by(node) if is_private(name)}
                clashes += [f"{found.__qualname__}.{name}" for name in sorted(names & taken)]
    assert clashes == []


def given_by(node: ast.ClassDef) -> Iterator[str]:
    """The names that a class's body and its methods give to the class and its objects."""
    for part in node.body:
        match part:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (each.id for each in targets if isinstance(each, ast.Name))
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def private_to_bases(kind: type) -> set[str]:
    """Private names of the classes below ``kind`` that are neither ours nor Python's."""
    below = [each for each in kind.__mro__ if is_foreign(each.__module__)]
    return {name for each in below for name in private_names(each)}


def is_foreign(module: str) -> bool:
    return top(module) != "sestui" and top(module) not in sys.stdlib_module_names


@cache
def private_names(kind: type) -> frozenset[str]:
    try:
        tree = ast.parse(inspect.cleandoc(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):  # made by a program, or in C
        return frozenset(filter(is_private, vars(kind)))
    node = tree.body[0]
    given = set(given_by(node)) if isinstance(node, ast.ClassDef) else set()
    return frozenset(filter(is_private, given | set(vars(kind))))


def test_each_private_name_in_use_is_held_above_and_no_other() -> None:
    held = {name.rpartition(".")[2] for _, name in PRIVATE}
    held |= {name for _, _, names in ATTRIBUTES for name in names}
    used = set()
    for path, tree in trees().items():
        if path.name == "_compat.py":
            own = set(defined(nodes()[path])) - given_to_others(tree)
            used |= {name for _, name in taken_from_others(nodes()[path], own)}
            used |= held & set(mentioned(tree))  # overridden, or set on an object of theirs
    assert used == held


def mentioned(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Attribute(attr=name):
                yield name


def given_to_others(tree: ast.Module) -> set[str]:
    """Attributes that are set on what isn't ours: ``stylesheet._parse_cache = …``."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) != "self"
    }


def test_every_room_has_one_of_them_at_most() -> None:
    names = [each.name for each in pkgutil.walk_packages([str(PACKAGE)], "sestui.")]
    assert [name for name in names if name.endswith("_compat")] == sorted(
        f"sestui.{room}._compat" for room in ("core.content", "relay", "ses", "tui", "tui.web")
    )
