"""The house is kept: every subject has its room, every class its own name, no module its circle."""

import ast
import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tests.support.modules import PACKAGE, trees

MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in trees()
}


def parsed(name: str) -> ast.Module:
    return trees()[MODULES[name]]


_LATER = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(node: ast.AST, *, at_once: bool) -> Iterator[str]:
    """Modules of sestui that are imported below ``node``; ``at_once``: when it is imported."""
    for each in ast.iter_child_nodes(node):
        if for_types_only(each) or (at_once and isinstance(each, _LATER)):
            continue
        if isinstance(each, ast.ImportFrom) and each.module and each.level == 0:
            for alias in each.names:
                whole = f"{each.module}.{alias.name}"
                yield whole if whole in MODULES else each.module
        elif isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        yield from imports(each, at_once=at_once)


def circles(of: Mapping[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, directly or by way of others (Tarjan's components)."""
    found: list[list[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        stack.append(name)
        for other in of[name]:
            if other not in number:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], number[other])
        if lowest[name] == number[name]:
            component = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(component) > 1:
                found.append(sorted(component))

    for name in of:
        if name not in number:
            visit(name)
    return found


def test_no_module_imports_itself_by_way_of_others():
    of = {
        name: {each for each in imports(parsed(name), at_once=True) if each in MODULES}
        for name in MODULES
    }
    assert circles(of) == []


def test_the_search_for_circles_finds_them():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b"}, "b": set(), "c": {"a", "b"}}) == []


def test_no_public_class_has_the_name_of_another():
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for name in MODULES:
        for node in parsed(name).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_every_widget_in_common_is_used_by_two_tabs():
    used_by: defaultdict[str, set[str]] = defaultdict(set)
    for name in MODULES:
        for used in imports(parsed(name), at_once=False):
            used_by[used].add(name)

    def tabs(name: str) -> set[str]:
        """Those that use it, by way of other widgets too."""
        rooms = set()
        for user in used_by[name] - {name}:
            _, _, room, *_ = *user.split("."), "", ""
            rooms |= tabs(user) if room == "widgets" else {room}
        return rooms

    shared = [name for name in MODULES if name.startswith("sestui.tui.widgets.")]
    assert {name: tabs(name) for name in shared if len(tabs(name)) < 2} == {}


def test_no_chain_of_inheritance_has_more_than_three_classes_of_ours():
    """What a class is made of is composed. Errors have no code: their kinds may be as fine."""
    chains: dict[str, list[str]] = {}
    for name in MODULES:
        if name.rpartition(".")[2] in {"__main__", "env"}:  # they begin to work at once
            continue
        for each in vars(importlib.import_module(name)).values():
            if not inspect.isclass(each) or issubclass(each, BaseException):
                continue
            own = [one.__qualname__ for one in each.__mro__ if one.__module__.startswith("sestui.")]
            if len(own) > 3:
                chains[f"{each.__module__}.{each.__qualname__}"] = own
    assert chains == {}


_MOST_LINES = {"file": 400, "class": 300, "function": 60}
_MAY_BE_LONGER = {
    "sestui.store.migrations.versions.v0001_backbone.upgrade": "history: it stays as it is",
    "sestui.store.migrations.versions.v0001_backbone._tasks": "history, too",
    "sestui.tui.widgets.lazy_table.LazyTable": "reading, moving and drawing share one scroll state",
}


def sizes(name: str) -> Iterator[tuple[str, str, int]]:
    """Its file, classes and functions: the kind, the name, and how many lines it has."""
    yield "file", name, len(MODULES[name].read_text(encoding="utf-8").splitlines())

    def below(node: ast.AST, whole: str) -> Iterator[tuple[str, str, int]]:
        for each in ast.iter_child_nodes(node):
            named = whole
            if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                named = f"{whole}.{each.name}"
                kind = "class" if isinstance(each, ast.ClassDef) else "function"
                yield kind, named, (each.end_lineno or each.lineno) - each.lineno + 1
            yield from below(each, named)

    yield from below(parsed(name), name)


def test_no_file_class_or_function_is_too_long():
    """What outgrows this has a second subject."""
    too_long = {
        named: lines
        for name in MODULES
        for kind, named, lines in sizes(name)
        if lines > _MOST_LINES[kind]
    }
    assert too_long.keys() == _MAY_BE_LONGER.keys(), too_long


_FOR_OTHER_REASONS = {
    "sestui.atomic_write": "the one that all others use",
    "sestui.log": "puts a whole log aside",
    "sestui.store.backup.restore": "swaps databases, with everybody else kept out",
    "sestui.cli.demo": "in a folder of its own that is thrown away",
}


def writes_by_itself(node: ast.AST) -> bool:
    """Whether it puts a file in place, or opens one to write it anew, by the library's means."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    called, name = ast.unparse(node.func), node.func.attr
    if called in {"os.replace", "os.rename", "os.link"} or name in {"write_text", "write_bytes"}:
        return "socket" not in called
    if name in {"NamedTemporaryFile", "mkstemp"}:
        return True
    # A path's: a string's takes two, a time's and a dataclass's take names.
    return name in {"replace", "rename"} and len(node.args) == 1 and not node.keywords


def test_files_are_put_in_place_by_one_module():
    by_themselves = {
        name for name in MODULES if any(writes_by_itself(each) for each in ast.walk(parsed(name)))
    }
    assert by_themselves == set(_FOR_OTHER_REASONS)
