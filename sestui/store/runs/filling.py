"""Fill a new run with its audience."""

from sqlalchemy import Connection

from sestui.core.campaign.audience import Audience
from sestui.core.campaign.follow_up import Only
from sestui.store.contacts.audience_sql import resolved
from sestui.store.contacts.audiences import recipients_of
from sestui.store.contacts.recipient_zones import LocalStart, due_times
from sestui.store.contacts.variant_sql import variant_of
from sestui.store.db.tables import Campaign, Run
from sestui.store.ledger.new_deliveries import add_recipients
from sestui.store.ledger.unchecked import note_unchecked
from sestui.store.segments.frozen_segments import frozen


def fill(
    connection: Connection, campaign: Campaign, run: Run, only: Only | None, *, beside: bool
) -> None:
    """Make everybody in the audience a pending recipient of the numbered ``run``.

    ``only`` makes it a follow-up; ``beside``: the mails are checked while it sends.

    Raises:
        NotFoundError: its segment, or something that it names, doesn't exist.
    """
    audience = resolved(connection, Audience.of(campaign), run.created_at)
    run.frozen_segment = frozen(audience, campaign.timezone)
    who = recipients_of(connection, run, audience, only)
    if beside:
        run.pending = run.unchecked = note_unchecked(connection, run.id, who)
        return
    due = due_times(connection, LocalStart.of_run(run), who) if run.due_time else None
    variant = variant_of(run) if run.split and not run.winner else None
    run.pending = add_recipients(connection, run.id, run.created_at, who, variant=variant, due=due)
