"""The id that a database has from its beginning: random, and that of its copies too."""

import json
import uuid
from typing import Any

from sqlalchemy import Connection, text

from sestui.core.clock import Instant

LINEAGE = "lineage"
"""The shared setting that has the id, with the epoch and when it was reached."""


def name_database(connection: Connection, now: Instant) -> None:
    """Give the database an id, unless it has one; another process may be as quick."""
    connection.execute(
        text(
            "INSERT INTO shared_setting (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO NOTHING"
        ),
        {"name": LINEAGE, "value": json.dumps(new_lineage(now))},
    )


def new_lineage(now: Instant) -> dict[str, Any]:
    """An id that no database has, and no epoch yet."""
    return {"database": uuid.uuid4().hex, "epoch": 0, "at": now}
