"""What a look at the database costs: its SQL statements and its transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from sestui.store.db.database import Database


@dataclass(eq=False)
class Effort:
    """What was asked of a database."""

    transactions: int = 0
    statements: list[str] = field(default_factory=list)
    """The SQL; BEGIN, COMMIT and ROLLBACK are not among it."""


_COUNTED: ContextVar[Effort | None] = ContextVar("counted", default=None)


@contextmanager
def counted(
    database: Database, before_each: Callable[[], object] | None = None
) -> Iterator[Effort]:
    """Count what the block asks of ``database``, and the threads that it awaits; nobody else.

    ``before_each`` is called before each statement: somebody else may do something meanwhile.
    """
    effort = Effort()
    token = _COUNTED.set(effort)

    def begun(_connection: Any) -> None:
        if _COUNTED.get() is effort:
            effort.transactions += 1

    def asked(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if _COUNTED.get() is effort and not statement.startswith("BEGIN"):
            effort.statements.append(statement)
            if before_each is not None:
                before_each()

    event.listen(database.engine, "begin", begun)
    event.listen(database.engine, "before_cursor_execute", asked)
    try:
        yield effort
    finally:
        event.remove(database.engine, "begin", begun)
        event.remove(database.engine, "before_cursor_execute", asked)
        _COUNTED.reset(token)
