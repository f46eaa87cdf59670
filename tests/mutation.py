"""Mutation testing: change the product one small thing at a time and see whether a test notices.

    python tests/mutation.py [MODULE[:LINE[-LINE]] ...]

MODULE is a file of ``CHECKED``, or all of them are tried. Each mutant is written to a temporary
copy of the project, where the tests named there run on SQLite until one fails. What survives is
printed with its place; exit code 1 says that something did. Not part of CI: it takes minutes a
module.

mutmut was tried first: it leaves alone what is decorated or stands at module level, which is half
of what counts here (properties, constants, tables of codes, SQL built once).
"""

import ast
import compileall
import multiprocessing
import os
import py_compile
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Imported once, before the forks that would each import them again; never sestui itself.
import alembic.command  # noqa: F401
import botocore.session  # noqa: F401
import hypothesis
import pytest
import pytest_asyncio  # noqa: F401
import sqlmodel  # noqa: F401
import syrupy  # noqa: F401
import textual.app  # noqa: F401

ROOT = Path(__file__).parents[1]

_LEDGER = "tests/integration/store/ledger/test_ledger.py"
CHECKED = {
    "sestui/core/delivery/pacing.py": ("tests/unit/core/delivery/test_pacing.py",),
    "sestui/core/delivery/throttled_share.py": (
        "tests/unit/core/delivery/test_throttled_share.py",
        "tests/unit/core/delivery/test_rate_control.py",
    ),
    "sestui/sending/engine/answer_policy.py": ("tests/unit/sending/engine/test_answer_policy.py",),
    "sestui/sending/engine/brake.py": ("tests/unit/sending/engine/test_brake.py",),
    "sestui/sending/engine/concurrency.py": ("tests/unit/sending/engine/test_concurrency.py",),
    "sestui/sending/engine/rate_limiter.py": ("tests/unit/sending/engine/test_rate_limiter.py",),
    "sestui/ses/replies.py": ("tests/unit/ses/test_replies.py",),
    "sestui/store/contacts/audiences.py": ("tests/integration/store/runs/test_runs.py",),
    "sestui/store/ledger/governor.py": ("tests/integration/store/ledger/test_governor.py", _LEDGER),
    "sestui/store/ledger/ledger.py": (_LEDGER, "tests/integration/store/ledger/test_workers.py"),
    "sestui/store/ledger/bulk_statements.py": (_LEDGER,),
}
"""The modules on which the promise hangs, and the tests that see them."""

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
_OPPOSITES = {"min": "max", "max": "min", "floor": "ceil", "ceil": "floor"}


@dataclass(frozen=True)
class Mutant:
    """One change of a module: what stands at ``line`` becomes ``new``."""

    line: int
    old: str
    new: str
    source: str
    """The whole module with it."""


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, from top to bottom."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    whole = b"".join(lines)
    for node, replacement in sorted(_replacements(ast.parse(source)), key=_at):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        new = replacement if isinstance(node, ast.stmt) else f"({replacement})"
        changed = whole[:begin] + new.encode() + whole[end:]
        yield Mutant(node.lineno, ast.unparse(node), replacement, changed.decode())


_Place = ast.expr | ast.stmt


def _at(found: tuple[_Place, str]) -> tuple[int, int]:
    return found[0].lineno, found[0].col_offset


def _replacements(tree: ast.AST) -> Iterator[tuple[_Place, str]]:
    """Nodes, each with what it may become."""
    for name, value in ast.iter_fields(tree):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.JoinedStr) or not isinstance(node, ast.AST):
                continue  # Python 3.11 doesn't know where the parts of an f-string stand
            if isinstance(node, ast.expr | ast.stmt):
                yield from ((node, new) for new in _alternatives(node))
            yield from _replacements(node)


def _alternatives(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in _COMPARISONS:
            yield ast.unparse(ast.Compare(left, [_COMPARISONS[type(operator)]()], [right]))
        case ast.BoolOp(ast.And(), values):
            yield ast.unparse(ast.BoolOp(ast.Or(), values))
        case ast.BoolOp(ast.Or(), values):
            yield ast.unparse(ast.BoolOp(ast.And(), values))
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield ast.unparse(operand)
        case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC:
            yield ast.unparse(ast.BinOp(left, _ARITHMETIC[type(operator)](), right))
        case ast.AugAssign(target, operator, value) if type(operator) in _ARITHMETIC:
            yield ast.unparse(ast.AugAssign(target, _ARITHMETIC[type(operator)](), value))
        case ast.Constant(bool() as value):
            yield str(not value)
        case ast.Constant(int() as value):
            yield str(value + 1)
        case ast.Constant(float() as value):
            yield str(value * 2 or 1.0)
        case ast.Return(ast.expr() as value) if not _is_none(value):
            yield "return None"
        case ast.Expr(ast.Call()):
            yield "pass"
        case ast.Call():
            yield from _other_calls(node)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _other_calls(call: ast.Call) -> Iterator[str]:
    """The opposite function, the call without one of its keywords, a query without a condition."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in _OPPOSITES:
        function = ast.unparse(call.func).removesuffix(name) + _OPPOSITES[name]
        yield f"{function}({', '.join(ast.unparse(each) for each in call.args)})"
    for index in range(len(call.keywords)):
        rest = call.keywords[:index] + call.keywords[index + 1 :]
        yield ast.unparse(ast.Call(call.func, call.args, rest))
    if name == "where" and len(call.args) > 1:
        for index in range(len(call.args)):
            rest_of_it = call.args[:index] + call.args[index + 1 :]
            yield ast.unparse(ast.Call(call.func, rest_of_it, call.keywords))


class Copy:
    """A temporary copy of the project in which the tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "__snapshots__")
        for name in ("sestui", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, folder / name)
        # By content, as a mutant is often as long as the original and written in the same second.
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(folder / "sestui", quiet=2, invalidation_mode=mode)

    def passes(self, tests: list[str], timeout: float) -> bool | None:
        """Whether ``tests`` pass; None: they were not over after ``timeout`` seconds."""
        process = multiprocessing.get_context("fork").Process(target=self._run, args=(tests,))
        process.start()
        process.join(timeout)
        if process.exitcode is not None:
            return process.exitcode == 0
        os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        return None

    def _run(self, tests: list[str]) -> None:
        os.setsid()
        os.chdir(self.folder)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        # Shrinking what fails would only take time.
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("mutation", deadline=None, phases=phases)
        options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "not postgres"]
        # Hypothesis is here already, and its own asserts need no rewriting.
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        os._exit(pytest.main([*options, "--hypothesis-profile", "mutation", *tests]))


def check(copy: Copy, module: str, lines: range) -> Counter[str]:
    """Try every mutant of ``module``, and say which of them no test has noticed."""
    path = copy.folder / module
    original = path.read_text(encoding="utf-8")
    tests = list(CHECKED[module])
    began = time.monotonic()
    if not copy.passes(tests, 600):
        raise SystemExit(f"{module}: its tests fail without a mutant.")
    timeout = 10 + 4 * (time.monotonic() - began)
    found: Counter[str] = Counter()
    for mutant in mutants(original):
        if mutant.line in lines:
            path.write_text(mutant.source, encoding="utf-8")
            passed = copy.passes(tests, timeout)
            verdict = {True: "survived", False: "killed", None: "timeout"}[passed]
            found[verdict] += 1
            if passed:
                _say(f"{module}:{mutant.line}: {mutant.old}  ->  {mutant.new}")
    path.write_text(original, encoding="utf-8")
    counts = ", ".join(f"{found[each]} {each}" for each in ("killed", "survived", "timeout"))
    _say(f"{module}: {found.total()} mutants, {counts}")
    return found


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(wanted: list[str]) -> int:
    """Check what is ``wanted``, or everything; the exit code."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        for each in wanted or CHECKED:
            module, _, lines = each.partition(":")
            first, _, last = lines.partition("-")
            wanted_lines = range(int(first or 1), int(last or first or sys.maxsize) + 1)
            survived += check(copy, module, wanted_lines)["survived"]
    return 1 if survived else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
