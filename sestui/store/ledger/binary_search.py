"""Binary search over delivery ids, for all runs in one SQL statement."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, case, func, literal, select

LastOld = Callable[[CTE, ColumnElement[int]], ScalarSelect[Any]]
"""Makes a subselect from the CTE's ``run_id`` and an id: the last old one among the next few
deliveries; NULL if none is old."""


def first_newer(runs: Select[Any], last_old: LastOld) -> CTE:
    """Find where each run's newer deliveries begin: rows of ``run_id`` and ``first_id``.

    ``runs`` has rows of ``run_id`` and ``past_end``, an id above all of the run's. Deliveries with
    smaller ids than ``first_id`` count as old; it is ``past_end`` if all do.
    """
    seed = runs.subquery()
    low = literal(0).label("low")
    search = select(seed.c.run_id, low, seed.c.past_end.label("high")).cte(recursive=True)
    middle = search.c.low + (search.c.high - search.c.low) // 2  # a sum might not fit
    old = last_old(search, middle)
    # Ids below ``low`` are old, those from ``high`` are newer.
    steps = search.union_all(
        select(
            search.c.run_id,
            func.coalesce(old + 1, search.c.low),
            case((old.is_(None), middle), else_=search.c.high),
        ).where(search.c.low < search.c.high)
    )
    return (
        select(steps.c.run_id, steps.c.low.label("first_id"))
        .where(steps.c.low >= steps.c.high)
        .cte()
    )
