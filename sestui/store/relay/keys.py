"""The relay's keys and their limits."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from sestui.core.campaign.fields import CampaignFields
from sestui.core.clock import Instant
from sestui.core.content.message import MessageSource
from sestui.errors import NotFoundError, StateError
from sestui.ses_api.relay_admission import RELAY_PRIORITY
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from sestui.store.relay.tables import RelayKey

CAMPAIGN = "relay:{name}"
"""The name of a key's campaign, whose runs hold its mail; no campaign's file can have it."""


class RelayKeys:
    """The relay's keys, including revoked ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._campaigns = Campaigns(database)

    def add(
        self,
        key_id: str,
        name: str,
        *,
        proof: str,
        now: Instant,
        senders: Sequence[str] = (),
        rate_share: float = 1.0,
        quota_share: float = 1.0,
        send_only: bool = False,
        allow: Sequence[str] = (),
    ) -> RelayKey:
        """Store a new key, with a campaign for its mail.

        Raises:
            StateError: there is an active key of that name.
        """
        if self.find(name) is not None:
            raise _taken(name)
        campaign = self._campaigns.save(
            CampaignFields(
                CAMPAIGN.format(name=name), "", transactional=True, priority=RELAY_PRIORITY
            ),
            MessageSource(f"Mail relayed for {name}", "What the program handed over."),
            now=now,
            next_due_at=None,
        )
        key = RelayKey(
            id=key_id,
            name=name,
            campaign_id=campaign.id,
            senders=list(senders),
            rate_share=rate_share,
            quota_share=quota_share,
            send_only=send_only,
            allow=list(allow),
            proof=proof,
            created_at=now,
        )
        with self._database.write() as session:
            if _working(session, name) is not None:  # another process was first
                raise _taken(name)
            session.add(key)
        return key

    def all(self) -> Sequence[RelayKey]:
        """All keys, newest first."""
        with self._database.read() as session:
            return session.exec(select(RelayKey).order_by(col(RelayKey.created_at).desc())).all()

    def find(self, name: str) -> RelayKey | None:
        """The active key of that name, or None."""
        with self._database.read() as session:
            return _working(session, name)

    def by_id(self, key_id: str) -> RelayKey | None:
        """The key with this access key id, even if revoked, or None."""
        with self._database.read() as session:
            return session.get(RelayKey, key_id)

    def named(self, name: str) -> RelayKey:
        """The key with this access key id, even if revoked, or else the active key of that name.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.read() as session:
            # The id first: a name may look like another key's id.
            key = session.get(RelayKey, name) or _working(session, name)
        if key is None:
            raise _none(name)
        return key

    def revoke(self, name: str, now: Instant) -> RelayKey:
        """Revoke the active key of that name or access key id.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.write() as session:
            # The id first: a name may look like another key's id.
            key = session.get(RelayKey, name) or _working(session, name)
            if key is None or key.revoked_at is not None:
                raise _none(name)
            key.revoked_at = now
            return key


def _working(session: Session, name: str) -> RelayKey | None:
    return session.exec(
        select(RelayKey).where(RelayKey.name == name, col(RelayKey.revoked_at).is_(None)).limit(1)
    ).first()


def _none(name: str) -> NotFoundError:
    return NotFoundError(
        f"There is no active relay key {name!r}; `sestui relay key list` shows all."
    )


def _taken(name: str) -> StateError:
    return StateError(
        f"There is already an active relay key {name!r}; revoke it first, or choose another name."
    )
