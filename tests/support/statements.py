"""What a look at the database costs: its SQL statements and its transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

from sestui.store.db.database import Database


@dataclass(eq=False)
class Effort:
    """What was asked of a database."""

    engine: Engine
    before_each: Callable[[], object] | None = None
    transactions: int = 0
    statements: list[str] = field(default_factory=list)
    """The SQL; BEGIN, waiting for its turn, COMMIT and ROLLBACK are not among it."""


_COUNTED: ContextVar[Effort | None] = ContextVar("counted", default=None)


@contextmanager
def counted(
    database: Database, before_each: Callable[[], object] | None = None
) -> Iterator[Effort]:
    """Count what the block asks of ``database``, and the threads that it awaits; nobody else.

    ``before_each`` is called before each statement: somebody else may do something meanwhile.
    """
    effort = Effort(database.engine, before_each)
    token = _COUNTED.set(effort)
    try:
        yield effort
    finally:
        _COUNTED.reset(token)


def _effort(connection: Connection) -> Effort | None:
    effort = _COUNTED.get()
    return effort if effort is not None and effort.engine.pool is connection.engine.pool else None


# Once and for all engines: other threads use them, and a list of listeners must not change then.
@event.listens_for(Engine, "begin")
def _begun(connection: Connection) -> None:
    if effort := _effort(connection):
        effort.transactions += 1


@event.listens_for(Engine, "before_cursor_execute")
def _asked(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    effort = _effort(connection)
    if effort and not statement.startswith(("BEGIN", "PRAGMA busy_timeout")):
        effort.statements.append(statement)
        if effort.before_each is not None:
            effort.before_each()
