"""Whatever catches everything leaves the traceback in the log, or hands it on."""

import ast
from collections.abc import Iterator

from tests.support.modules import PACKAGE, nodes

BROAD = {"Exception", "BaseException"}
THE_LOG_ITSELF = PACKAGE / "log.py"
"""It must not end with what it logs, and can't log what keeps it from logging."""


def handlers() -> Iterator[tuple[str, ast.ExceptHandler]]:
    for path, module in nodes().items():
        if path == THE_LOG_ITSELF:
            continue
        for node in module:
            if isinstance(node, ast.ExceptHandler):
                yield f"{path.relative_to(PACKAGE.parent)}:{node.lineno}", node


def is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return bool(BROAD & {ast.unparse(each) for each in caught})


def names_the_type(handler: ast.ExceptHandler) -> bool:
    """Whether it makes something of the name of the exception's type."""
    return f"type({handler.name}).__name__" in "".join(map(ast.unparse, handler.body))


def hands_it_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def logs_it(handler: ast.ExceptHandler) -> bool:
    calls = [node for each in handler.body for node in ast.walk(each) if isinstance(node, ast.Call)]
    return any(
        isinstance(call.func, ast.Attribute)
        and (
            (call.func.attr in {"exception", "expected"} and "log" in ast.unparse(call.func.value))
            or any(keyword.arg == "exc_info" for keyword in call.keywords)
        )
        for call in calls
    )


def test_whatever_catches_everything_logs_it_or_hands_it_on() -> None:
    found = [(where, each) for where, each in handlers() if is_broad(each)]
    assert len(found) > 20
    silent = [where for where, each in found if not (logs_it(each) or hands_it_on(each))]
    assert silent == []


def test_what_keeps_the_name_of_an_exceptions_type_logs_the_rest() -> None:
    found = [(where, each) for where, each in handlers() if names_the_type(each)]
    assert len(found) >= 10
    assert [where for where, each in found if not logs_it(each)] == []


def test_no_exception_is_suppressed_whatever_it_is() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path, module in nodes().items()
        for node in module
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("suppress")
        and BROAD & set(map(ast.unparse, node.args))
    ]
    assert broad == []
