"""The package's modules as syntax trees, for tests of the code itself."""

import ast
from functools import cache
from pathlib import Path

import sestui

PACKAGE = Path(sestui.__file__).parent


@cache
def trees() -> dict[Path, ast.Module]:
    """Every module of the package, parsed once in a process; not to be changed."""
    return {
        path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def nodes() -> dict[Path, tuple[ast.AST, ...]]:
    """Every node of every module, outer ones first."""
    return {path: tuple(ast.walk(tree)) for path, tree in trees().items()}
