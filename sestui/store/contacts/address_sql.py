"""SQL functions for addresses."""

from typing import Any

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class of_domain(FunctionElement[str]):  # noqa: N801 - an SQL function's name
    """The suppression key of an address's whole domain: ``@example.org``."""

    type = Text()
    inherit_cache = True

    def __init__(self, key: ColumnElement[Any]) -> None:
        super().__init__(key)


@compiles(of_domain, "sqlite")
def _for_sqlite(element: of_domain, compiler: Any, **options: Any) -> str:
    key = compiler.process(element.clauses, **options)
    # The part behind the last @, found by trimming from the right.
    return f"'@' || substr({key}, length(rtrim({key}, replace({key}, '@', ''))) + 1)"


@compiles(of_domain, "postgresql")
def _for_postgresql(element: of_domain, compiler: Any, **options: Any) -> str:
    return f"substring({compiler.process(element.clauses, **options)} from '@[^@]*$')"
