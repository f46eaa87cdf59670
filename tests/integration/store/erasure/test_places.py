"""Whatever can hold an address is told of, so that no new column is forgotten."""

import importlib
import pkgutil
from collections.abc import Iterator

from sqlalchemy import JSON, LargeBinary, String
from sqlmodel import AutoString, SQLModel

import sestui.store
from sestui.store.erasure.places import BLANKED, FREE_TEXT, OWN_WORDS, WHOLE_ROWS

NO_ADDRESS = {
    *("attachment.name", "attachment.content_type", "attachment.content"),
    *("campaign.name", "campaign.lists", "campaign.send_window", "campaign.schedule"),
    *(
        "campaign.timezone",
        "campaign.next_occurrence",
        "campaign.only",
        "campaign.at_most",
        "campaign.local_time",
        "campaign.holdout",
        "run.holdout",
        "run.at_most",
    ),
    *("contact.status", "contact_change.kind", "contact_check.verdict"),
    *("delivery.state", "delivery.message_id", "delivery.code", "delivery.worker"),
    *("delivery.outcome", "delivery.outcome_code", "delivery.variant", "erased_address.digest"),
    *("governor.account", "governor.enforcement_status", "governor.rate_control"),
    *("import_record.list_name", "listed_suppression.account", "listed_suppression.reason"),
    *("message.body_format", "message.digest", "message.layout_name"),
    *("preference_change.choice", "preference_change.source", "quarantined_event.key"),
    *("quarantined_event.reason", "relay_key.allow", "relay_key.id", "relay_key.name"),
    *("relay_key.proof", "relay_key.senders", "relay_usage.key_id", "relayed_mail.key_id"),
    *("relayed_mail.replay_key", "relayed_mail.retry_key", "reminder.state"),
    *(
        "reminder.subject",
        "run.account",
        "run.checker",
        "run.completion",
        "run.from_address",
        "run.keywords",
    ),
    *(
        "run.frozen_segment",
        "run.kind",
        "run.due_time",
        "run.occurrence",
        "run.reason",
        "run.reply_to",
        "run.send_window",
        "run.split",
        "run.winner",
    ),
    *("run.state", "run.timezone", "run_hold.label", "saved_filter.list_name"),
    *("saved_filter.name", "saved_filter.standing", "segment.name", "ses_event.key"),
    *("ses_event.kind", "ses_event.message_id", "ses_event.sub_type", "ses_event.type"),
    *("shared_setting.name", "subscription_request.lang", "subscription_request.lists"),
    *("suppression.reason", "task.misfire", "task.name"),
    *("task.next_occurrence", "task.overlap", "task.schedule", "task.timezone", "task.type"),
    *("task_run.host", "task_run.occurrence", "task_run.program_host", "task_run.state"),
    *(
        "task_run.worker",
        "unchecked_part.contact_ids",
        "worker.account",
        "worker.host",
        "worker.id",
        "worker.role",
    ),
}
"""Names, codes and keys of sestui's own, and copies of what the operator wrote into campaigns."""


def texts() -> Iterator[str]:
    for module in pkgutil.walk_packages(sestui.store.__path__, "sestui.store."):
        if module.name.endswith(("tables", "outcome_slices", "outcome_hours")):
            importlib.import_module(module.name)
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, (String, AutoString, JSON, LargeBinary)):
                yield f"{table.name}.{column.name}"


def test_every_column_that_can_hold_an_address_has_its_place():
    told = [
        f"{table}.{column}"
        for places in (FREE_TEXT, OWN_WORDS, WHOLE_ROWS, BLANKED)
        for table, columns in places.items()
        for column in columns
    ]
    assert len(told) == len(set(told))
    assert sorted([*told, *NO_ADDRESS]) == sorted(texts())
