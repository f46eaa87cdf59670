"""A database's random id, which its copies share."""

import json
import uuid
from typing import Any

from sqlalchemy import Connection, text

from sestui.core.clock import Instant

LINEAGE = "lineage"
"""The shared setting with the id, the epoch, and when it was reached."""


def name_database(connection: Connection, now: Instant) -> None:
    """Give the database an id unless it has one."""
    connection.execute(
        text(
            "INSERT INTO shared_setting (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO NOTHING"
        ),
        {"name": LINEAGE, "value": json.dumps(new_lineage(now))},
    )


def new_lineage(now: Instant) -> dict[str, Any]:
    """A new id, with epoch 0."""
    return {"database": uuid.uuid4().hex, "epoch": 0, "at": now}
