"""Where an address can stand in the database, column by column.

A test holds this against all tables: a new column has to find its place here.
"""

from collections.abc import Mapping

FREE_TEXT: Mapping[str, tuple[str, ...]] = {
    "contact": ("attributes", "tags", "status_reason"),
    "contact_change": ("said", "detail"),
    "contact_change_row": ("before",),
    "contact_check": ("reason",),
    "delivery": ("reason",),
    "import_record": ("file_name",),
    "preference_change": ("detail",),
    "run": ("detail", "warning", "winner_why"),
    "ses_event": ("detail",),
    "shared_setting": ("value",),
    "suppression": ("detail",),
    "task_run": ("detail", "result", "log"),
}
"""What programs, files and other people's records say: an address is taken out of it."""

OWN_WORDS: Mapping[str, tuple[str, ...]] = {
    "campaign": ("from_address", "reply_to", "segment", "split", "keywords", "notify"),
    "contact_list": ("name",),
    "message": ("subject", "body", "text", "preheader", "layout", "to_name", "headers"),
    "segment": ("expression",),
    "task": ("description", "parameters"),
}
"""What the operator has written: it is told, and left to them."""

WHOLE_ROWS: Mapping[str, tuple[str, ...]] = {
    "contact": ("email", "email_key"),
    "contact_change_row": ("value",),
    "listed_suppression": ("email_key",),
    "quarantined_event": ("raw",),
    "relayed_payload": ("content",),
    "saved_filter": ("words",),
    "subscription_request": ("email", "email_key", "name"),
    "suppression": ("email_key",),
}
"""The row goes with the address."""

BLANKED: Mapping[str, tuple[str, ...]] = {"delivery": ("email",), "ses_event": ("raw",)}
"""The row stays, for its counts."""
