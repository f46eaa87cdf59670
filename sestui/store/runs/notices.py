"""Notices: sestui's own mail, sent through the ledger."""

from collections.abc import Sequence

from sqlmodel import Session, select

from sestui.core.clock import Instant
from sestui.core.content.addresses import mailbox
from sestui.core.content.notice import Notice
from sestui.core.delivery.states import Completion, RunKind, RunState
from sestui.store.campaigns.messages import stored_message
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Delivery, Run
from sestui.store.runs.new_runs import new_run, number_run

OWN_NAME = "(notices)"
"""The campaign for notices that belong to no campaign; the name is invalid for others."""

_FIRST = 9
"""Priority of notices, which go before campaigns."""


class NoticeRuns:
    """Adds notices to the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owed(self) -> Sequence[int]:
        """Ids of finished runs whose end has not been announced."""
        with self._database.read() as session:
            return session.exec(
                select(Run.id).where(
                    Run.completion == Completion.OWED.value,
                    Run.state == RunState.FINISHED.value,
                )
            ).all()

    def announce(
        self, run_id: int, notice: Notice, recipients: Sequence[str], now: Instant
    ) -> bool:
        """Add the notice of a run's end and mark it as announced; False if it was already."""
        with self._database.write() as session:
            run = session.get_one(Run, run_id, with_for_update=True)
            if run.completion != Completion.OWED or run.state != RunState.FINISHED:
                return False
            run.completion = Completion.TOLD.value
            session.add(run)
            told = session.exec(select(Run.id).where(Run.notice_of == run_id)).first()
            if told is not None or not recipients:
                return False
            campaign = session.get_one(Campaign, run.campaign_id, with_for_update=True)
            _add(session, campaign, notice, recipients, now, run.from_address, run_id)
            return True

    def post(
        self, notice: Notice, recipients: Sequence[str], *, from_address: str, now: Instant
    ) -> int:
        """Add a notice that belongs to no campaign; returns its run's id."""
        with self._database.write() as session:
            return post_notice(session, notice, recipients, from_address=from_address, now=now)


def post_notice(
    session: Session,
    notice: Notice,
    recipients: Sequence[str],
    *,
    from_address: str,
    now: Instant,
) -> int:
    """Like :meth:`NoticeRuns.post`, in the caller's transaction."""
    own = session.exec(
        select(Campaign).where(Campaign.name == OWN_NAME).with_for_update()
    ).one_or_none()
    if own is None:
        own = Campaign(
            name=OWN_NAME,
            is_campaign=False,
            message_id=stored_message(session, notice.message, now),
            from_address=from_address,
            created_at=now,
            updated_at=now,
        )
        session.add(own)
        session.flush()
    return _add(session, own, notice, recipients, now, from_address, None)


def _add(  # noqa: PLR0917 - one row's values, in one place
    session: Session,
    campaign: Campaign,
    notice: Notice,
    recipients: Sequence[str],
    now: Instant,
    from_address: str,
    notice_of: int | None,
) -> int:
    run = new_run(campaign, now, RunKind.NOTICE, None)
    run.message_id = stored_message(session, notice.message, now)
    run.keywords = notice.keywords
    run.from_address, run.reply_to = from_address, []
    run.transactional = True
    run.priority = _FIRST
    run.max_rate, run.send_window = None, ""
    run.notice_of = notice_of
    addresses = dict.fromkeys(mailbox(each).address for each in recipients)
    run.pending = len(addresses)
    number_run(session, run)
    session.add_all(Delivery(run_id=run.id, email=address, queued_at=now) for address in addresses)
    session.flush()
    return run.id
