"""A search by halves over the ids of runs' deliveries: all runs and all steps in one statement."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, case, func, literal, select

LastOld = Callable[[CTE, ColumnElement[int]], ScalarSelect[Any]]
"""Makes a subselect of the CTE's ``run_id`` and of an id: of the few deliveries of the run from
that id on, the last that is old; NULL if none is."""


def first_newer(runs: Select[Any], last_old: LastOld) -> CTE:
    """Where the newer deliveries of each run begin: rows of ``run_id`` and ``first_id``.

    ``runs`` has rows of ``run_id`` and ``past_end``, an id that all of the run's are below. Every
    delivery with a smaller id than ``first_id`` counts as old; that is ``past_end`` if all do.
    """
    seed = runs.subquery()
    low = literal(0).label("low")
    search = select(seed.c.run_id, low, seed.c.past_end.label("high")).cte(recursive=True)
    middle = search.c.low + (search.c.high - search.c.low) // 2  # a sum might not fit
    old = last_old(search, middle)
    # What is below ``low`` is old; from ``high`` on, there are newer ones only.
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
