"""Mutation testing: change the product one small thing at a time and see whether a test notices.

    python tests/mutation.py [--one-in N] [MODULE[:LINE[-LINE]] ...]

MODULE is a file of ``CHECKED``, or all of them are tried. Each mutant is written to a temporary
copy of the project, where the tests named there run until one fails: first those that execute the
changed statement, what has killed most or is quickest before the others; if they all pass, every
one, and last those on PostgreSQL. What survives is printed with its place; exit code 1 says that
something did. ``--one-in N`` tries every Nth mutant of a module. Not part of CI: it takes minutes a
module.

mutmut was tried first: it leaves alone what is decorated or stands at module level, which is half
of what counts here (properties, constants, tables of codes, SQL built once).
"""

import argparse
import ast
import compileall
import json
import multiprocessing
import os
import py_compile
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

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
    "sestui/core/contact/mailboxes.py": ("tests/unit/core/contact/test_mailboxes.py",),
    "sestui/core/delivery/pacing.py": (
        "tests/unit/core/delivery/test_pacing.py",
        "tests/unit/core/delivery/test_forecast.py",
    ),
    "sestui/core/delivery/throttled_share.py": (
        "tests/unit/core/delivery/test_throttled_share.py",
        "tests/unit/core/delivery/test_rate_control.py",
    ),
    "sestui/relay/admission.py": ("tests/unit/relay/test_admission.py",),
    "sestui/relay/replay_cache.py": ("tests/unit/relay/test_replay_cache.py",),
    "sestui/relay/sends.py": (
        "tests/unit/relay/test_sends.py",
        "tests/integration/relay/test_requests.py",
        "tests/integration/relay/test_bulk.py",
    ),
    "sestui/sending/engine/answer_policy.py": ("tests/unit/sending/engine/test_answer_policy.py",),
    "sestui/sending/engine/brake.py": ("tests/unit/sending/engine/test_brake.py",),
    "sestui/sending/engine/concurrency.py": ("tests/unit/sending/engine/test_concurrency.py",),
    "sestui/sending/engine/rate_limiter.py": ("tests/unit/sending/engine/test_rate_limiter.py",),
    "sestui/ses/replies.py": ("tests/unit/ses/test_replies.py",),
    "sestui/ses_api/sigv4.py": ("tests/unit/ses_api/test_sigv4.py",),
    "sestui/store/contacts/audiences.py": ("tests/integration/store/runs/test_runs.py",),
    "sestui/store/ledger/governor.py": ("tests/integration/store/ledger/test_governor.py", _LEDGER),
    "sestui/store/ledger/ledger.py": (_LEDGER, "tests/integration/store/ledger/test_workers.py"),
    "sestui/store/ledger/bulk_statements.py": (_LEDGER,),
    "sestui/store/relay/admission.py": ("tests/integration/store/relay/test_admission.py",),
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


def statements(source: str) -> dict[int, range]:
    """For each line the lines of the statement on it; of a compound one those of its head."""
    found: dict[int, range] = {}
    for node in ast.walk(ast.parse(source)):  # outer ones first
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
            lines = range(node.lineno, max(end, node.lineno + 1))
            found |= dict.fromkeys(lines, lines)
    return found


class Tests:
    """The pytest plugin of one run: which tests run, and which of them executes which lines."""

    def __init__(self, chosen: Sequence[str], traced: str, report: Path) -> None:
        """``chosen`` are ids of tests in their order, or nothing for all; ``traced`` the file
        whose lines are noted, '' for none."""
        self._chosen = {test: at for at, test in enumerate(chosen)}
        self._traced = traced
        self._report = report
        self._lines: dict[str, set[int]] = {}
        self._now: set[int] = set()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave what has been chosen."""
        if self._chosen:
            items[:] = [each for each in items if each.nodeid in self._chosen]
            items.sort(key=lambda each: self._chosen[each.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._now = self._lines.setdefault(nodeid, set())
        if self._traced:
            threading.settrace(self._trace)
            sys.settrace(self._trace)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has failed, or not."""
        self._seconds[report.nodeid] += report.duration
        if report.failed:
            self._failed = report.nodeid

    def pytest_sessionfinish(self) -> None:
        """Tell what has been seen."""
        sys.settrace(None)
        quickest = sorted(self._lines, key=lambda test: self._seconds[test])
        lines = {test: sorted(self._lines[test]) for test in quickest}
        self._report.write_text(json.dumps({"lines": lines, "failed": self._failed}))

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != self._traced:
            return None
        self._now.add(frame.f_lineno)
        return self._trace


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
        compileall.compile_dir(folder, quiet=2, invalidation_mode=mode)
        self._report = folder / "report.json"
        self._python = folder / "python"
        """For tests that start processes: Python with this copy in place of the project."""
        copied, python = shlex.quote(str(folder)), shlex.quote(sys.executable)
        self._python.write_text(f'#!/bin/sh\nPYTHONPATH={copied} exec {python} "$@"\n')
        self._python.chmod(0o700)

    def lines(self, files: Collection[str], module: str) -> dict[str, set[int]]:
        """Which lines of ``module`` each test of ``files`` executes, the quickest first; all of
        them must pass."""
        if not self.passes(files, 600, traced=str(self.folder / module)):
            raise SystemExit(f"{module}: its tests fail without a mutant.")
        lines = json.loads(self._report.read_text())["lines"]
        return {test: set(found) for test, found in lines.items()}

    def killer(self) -> str:
        """The test that failed last; '' if none did by itself."""
        return str(json.loads(self._report.read_text())["failed"]) if self._report.exists() else ""

    def passes(
        self,
        files: Collection[str],
        timeout: float,
        *,
        chosen: Sequence[str] = (),
        traced: str = "",
        which: str = "not postgres",
    ) -> bool | None:
        """Whether the tests of ``files`` pass that ``which`` selects as pytest's ``-k`` does, or
        those ``chosen`` of them, in that order; None: they were not over after ``timeout``
        seconds."""
        self._report.unlink(missing_ok=True)
        plugin = Tests(chosen, traced, self._report)
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=self._run, args=(list(files), plugin, which))
        process.start()
        process.join(timeout)
        if process.exitcode is not None:
            return process.exitcode == 0
        os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        return None

    def _run(self, files: list[str], plugin: Tests, which: str) -> None:
        os.setsid()
        os.chdir(self.folder)
        sys.executable = str(self._python)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        # Shrinking what fails would only take time.
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("mutation", deadline=None, phases=phases)
        options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", which]
        # Nobody reads why an assert fails, and to rewrite them takes longer than most tests.
        options += ["--assert", "plain", "--hypothesis-profile", "mutation", *files]
        os._exit(pytest.main(options, plugins=[plugin]))


def check(copy: Copy, module: str, lines: range, one_in: int) -> Counter[str]:
    """Try the mutants of ``module``, and say which of them no test has noticed."""
    path = copy.folder / module
    original = path.read_text(encoding="utf-8")
    files = CHECKED[module]
    began = time.monotonic()
    executed = copy.lines(files, module)
    timeout = 10 + 4 * (time.monotonic() - began)
    on_postgresql = copy.passes(files, 600, which="postgres")  # False: none of them knows it
    spans = statements(original)
    kills: Counter[str] = Counter()
    found: Counter[str] = Counter()
    mutated = [each for each in mutants(original) if each.line in lines]
    for mutant in mutated[::one_in]:
        path.write_text(mutant.source, encoding="utf-8")
        span = set(spans.get(mutant.line, ()))
        passed: bool | None = True
        for chosen in _orders(executed, kills, span):
            passed = copy.passes(files, timeout, chosen=chosen)
            if not passed:
                break
        if passed and on_postgresql:
            passed = copy.passes(files, timeout + 60, which="postgres")
        verdict = {True: "survived", False: "killed", None: "timeout"}[passed]
        found[verdict] += 1
        if passed:
            _say(f"{module}:{mutant.line}: {mutant.old}  ->  {mutant.new}")
        elif passed is False:
            kills[copy.killer()] += 1
    path.write_text(original, encoding="utf-8")
    counts = ", ".join(f"{found[each]} {each}" for each in ("killed", "survived", "timeout"))
    _say(f"{module}: {found.total()} of {len(mutated)} mutants, {counts}")
    return found


def _orders(
    executed: Mapping[str, set[int]], kills: Counter[str], span: set[int]
) -> Iterator[list[str]]:
    """The tests that execute ``span``, if there are any, then all of them."""
    ordered = sorted(executed, key=lambda test: -kills[test])
    near = [test for test in ordered if not span.isdisjoint(executed[test])]
    if near:
        yield near
    if len(near) < len(ordered):
        yield ordered


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Check what is wanted, or everything; the exit code."""
    parser = argparse.ArgumentParser(description="Change the product and see who notices.")
    parser.add_argument("--one-in", type=int, default=1, metavar="N")
    parser.add_argument("modules", nargs="*", metavar="MODULE[:LINE[-LINE]]")
    given = parser.parse_args(arguments)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder).resolve())
        for each in given.modules or CHECKED:
            module, _, lines = each.partition(":")
            first, _, last = lines.partition("-")
            wanted_lines = range(int(first or 1), int(last or first or sys.maxsize) + 1)
            survived += check(copy, module, wanted_lines, given.one_in)["survived"]
    return 1 if survived else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
