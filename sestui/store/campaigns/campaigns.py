"""Campaigns and their messages."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from sqlmodel import Session, col, select

from sestui.core.campaign.fields import CAMPAIGN_FIELDS, CampaignFields
from sestui.core.clock import Instant
from sestui.core.content.message import MessageSource
from sestui.core.delivery.states import RunKind
from sestui.core.schedule.cron import Occurrence, occurrence_at
from sestui.core.schedule.zones import due_at
from sestui.core.suggestions import did_you_mean
from sestui.core.text import printable
from sestui.errors import ConflictError, NotFoundError, StateError
from sestui.store.campaigns.messages import source_of, stored_message
from sestui.store.db.database import Database
from sestui.store.db.row_values import from_row, to_row
from sestui.store.db.tables import Attachment, Campaign, ContactList, Message, Run
from sestui.store.tasks.occurrences import due_ids, later_than
from sestui.store.tasks.one_schedule import refuse_second_way, started_by_task


def coming(campaign: Campaign) -> Instant | None:
    """When `run-due` starts the campaign next, by its zone's current rules."""
    if campaign.next_due_at is None:
        return None
    return due_at(campaign.next_due_at, campaign.next_occurrence, campaign.timezone)


def refuse_archived(campaign: Campaign) -> None:
    """Let nothing be sent of an archived campaign, or changed about it.

    Raises:
        StateError: it is archived.
    """
    if campaign.archived_at is not None:
        name = printable(campaign.name)
        raise StateError(
            f"{name} is archived; bring it back first.",
            by_option=f"`sestui campaign archive {name} --undo` does that.",
        )


def fields_of(campaign: Campaign) -> CampaignFields:
    """The row's fields, for comparison."""
    return CampaignFields(**{name: from_row(getattr(campaign, name)) for name in CAMPAIGN_FIELDS})


@dataclass(frozen=True, slots=True)
class CampaignVersion:
    """A version of a campaign, to detect changes."""

    id: int
    name: str
    version: tuple[float, int]
    """Equal for equal content, apart from the next due date."""

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """The version of a row."""
        return cls(campaign.id, campaign.name, (campaign.updated_at, campaign.message_id))


class Campaigns:
    """The campaigns; rows are returned detached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> Campaign:
        """The campaign of that name.

        Raises:
            NotFoundError: there is none; similar names are suggested.
        """
        campaign = self.find(name)
        if campaign is not None:
            return campaign
        hint = (
            did_you_mean(name, self.names(), most=3)
            or "`sestui campaign list` shows all, `sestui apply FILE` adds one."
        )
        raise NotFoundError(f"There is no campaign {name!r}; {hint}")

    def find(self, name: str) -> Campaign | None:
        """The campaign of that name, or None."""
        with self._database.read() as session:
            return session.exec(select(Campaign).where(Campaign.name == name)).one_or_none()

    def by_id(self, campaign_id: int) -> Campaign:
        """The campaign with that id.

        Raises:
            NotFoundError: there is none.
        """
        campaign = self.find_by_id(campaign_id)
        if campaign is None:
            raise NotFoundError(f"There is no campaign with id {campaign_id}.")
        return campaign

    def find_by_id(self, campaign_id: int) -> Campaign | None:
        """The campaign with that id, or None."""
        with self._database.read() as session:
            return session.get(Campaign, campaign_id)

    def all(self, *, archived: bool = False) -> Sequence[Campaign]:
        """Every campaign, by name; those in the archive only where ``archived`` says so."""
        query = select(Campaign).where(col(Campaign.is_campaign).is_(True))
        if not archived:
            query = query.where(col(Campaign.archived_at).is_(None))
        with self._database.read() as session:
            return session.exec(query.order_by(col(Campaign.name))).all()

    def names(self) -> list[str]:
        """The name of every campaign that is not archived, sorted."""
        shown = (col(Campaign.is_campaign).is_(True), col(Campaign.archived_at).is_(None))
        query = select(Campaign.name).where(*shown).order_by(col(Campaign.name))
        with self._database.read() as session:
            return list(session.exec(query))

    def message(self, message_id: int) -> MessageSource:
        """The message with this id, including attachments.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.read() as session:
            message = session.get(Message, message_id)
            files = session.exec(
                select(Attachment)
                .where(Attachment.message_id == message_id)
                .order_by(col(Attachment.id))
            ).all()
        if message is None:
            raise NotFoundError(f"There is no message with id {message_id}.")
        return source_of(message, files)

    def subjects(self, message_ids: Iterable[int]) -> dict[int, str]:
        """The subjects of messages by id."""
        with self._database.read() as session:
            rows = session.exec(
                select(Message.id, Message.subject).where(col(Message.id).in_(list(message_ids)))
            ).all()
        return dict(rows)

    def due(self, now: Instant) -> Sequence[Campaign]:
        """Due campaigns, by priority and then by due date."""
        due = due_ids(self._database, now, tasks=False)
        if not due:
            return []
        with self._database.read() as session:
            return session.exec(
                select(Campaign)
                .where(col(Campaign.id).in_(due), col(Campaign.next_due_at) <= now)
                .order_by(col(Campaign.priority).desc(), col(Campaign.next_due_at))
            ).all()

    def set_next(self, campaign_id: int, occurrence: Occurrence | None) -> None:
        """Set the occurrence for which `run-due` starts the campaign next; None for none.

        Raises:
            NotFoundError: there is no such campaign.
        """
        with self._database.write() as session:
            campaign = session.get(Campaign, campaign_id)
            if campaign is None:
                raise NotFoundError(f"There is no campaign with id {campaign_id}.")
            campaign.next_due_at = None if occurrence is None else occurrence.at
            campaign.next_occurrence = "" if occurrence is None else occurrence.name

    def is_over(self, campaign_id: int, occurrence: Occurrence) -> bool:
        """Whether the campaign has been started for this occurrence."""
        with self._database.read() as session:
            run = session.exec(
                select(Run.id).where(
                    Run.campaign_id == campaign_id, Run.occurrence == occurrence.name
                )
            ).first()
        return run is not None

    def later_than(self, campaign: Campaign, zone: str, now: Instant) -> Instant:
        """The instant after which a changed schedule of the campaign begins.

        Raises:
            UsageError: there is no such zone.
        """
        with self._database.read() as session:
            return later_than(session, campaign, zone, now)

    def started_by_task(self, name: str, besides: Collection[str] = ()) -> str:
        """A sentence about a task (not in ``besides``) that starts the campaign; '' if none."""
        with self._database.read() as session:
            return started_by_task(session, name, besides)

    def has_run(self, campaign_id: int) -> bool:
        """Whether the campaign has ever been started, apart from tests."""
        with self._database.read() as session:
            run = session.exec(
                select(Run.id)
                .where(Run.campaign_id == campaign_id, Run.kind == RunKind.CAMPAIGN.value)
                .limit(1)
            ).first()
        return run is not None

    def missing_lists(self, names: Iterable[str]) -> list[str]:
        """The names for which there is no list, in order."""
        wanted = list(names)
        with self._database.read() as session:
            known = set(
                session.exec(select(ContactList.name).where(col(ContactList.name).in_(wanted)))
            )
        return [name for name in wanted if name not in known]

    def save(
        self,
        fields: CampaignFields,
        message: MessageSource,
        *,
        now: Instant,
        next_due_at: Instant | None,
        besides: Collection[str] = (),
    ) -> Campaign:
        """Create or update the campaign of that name, in one transaction.

        Changed content becomes a new message row, as runs keep theirs.

        Raises:
            StateError: it has a schedule or start, but a task (not in ``besides``) starts it.
        """
        with self._database.write() as session:
            campaign = session.exec(
                select(Campaign).where(Campaign.name == fields.name)
            ).one_or_none()
            due_before = _due(campaign)
            saved = _written(session, campaign, fields, message, now=now, next_due_at=next_due_at)
            if _due(saved) not in {None, due_before}:
                refuse_second_way(session, saved.name, besides)
            return saved

    def save_seen(
        self,
        seen: CampaignVersion | None,
        fields: CampaignFields,
        message: MessageSource,
        *,
        now: Instant,
        next_due_at: Instant | None,
    ) -> Campaign:
        """Update the campaign of version ``seen``, including its name; None creates one.

        Raises:
            StateError: the name is taken, or it has a schedule or start and a task starts it
                already. ConflictError: it has been changed or removed since.
        """
        with self._database.write() as session:
            campaign = None
            if seen is not None:
                campaign = session.get(Campaign, seen.id, with_for_update=True)
                if campaign is None:
                    raise ConflictError(f"The campaign {printable(seen.name)} is gone.")
                if CampaignVersion.of(campaign).version != seen.version:
                    raise ConflictError(
                        f"The campaign {printable(campaign.name)} has been changed in the meantime."
                    )
            namesake = session.exec(
                select(Campaign.id).where(Campaign.name == fields.name)
            ).one_or_none()
            if namesake is not None and (seen is None or namesake != seen.id):
                raise StateError(
                    f"There is already a campaign {printable(fields.name)}; choose another name."
                )
            due_before = _due(campaign)
            saved = _written(session, campaign, fields, message, now=now, next_due_at=next_due_at)
            if _due(saved) not in {None, due_before}:
                refuse_second_way(session, saved.name)
            return saved


def _due(campaign: Campaign | None) -> tuple[str, Instant] | None:
    """Name and due date of a campaign that starts by itself; None if it doesn't."""
    if campaign is None or campaign.next_due_at is None:
        return None
    return campaign.name, campaign.next_due_at


def _written(
    session: Session,
    campaign: Campaign | None,
    fields: CampaignFields,
    message: MessageSource,
    *,
    now: Instant,
    next_due_at: Instant | None,
) -> Campaign:
    if campaign is not None:
        refuse_archived(campaign)
    message_id = stored_message(session, message, now)
    if campaign is None:
        campaign = Campaign(
            name=fields.name,
            message_id=message_id,
            from_address=fields.from_address,
            created_at=now,
            updated_at=now,
        )
    # An unchanged schedule keeps its occurrence, even if the zone's rules have changed.
    kept = (
        bool(campaign.next_occurrence)
        and campaign.next_due_at == next_due_at
        and (
            (campaign.schedule, campaign.start_at, campaign.timezone)
            == (fields.schedule, fields.start_at, fields.timezone)
        )
    )
    campaign.message_id = message_id
    for name in CAMPAIGN_FIELDS:
        setattr(campaign, name, to_row(getattr(fields, name)))
    if not kept:
        campaign.next_due_at, campaign.next_occurrence = next_due_at, ""
        if next_due_at is not None:
            coming = occurrence_at(fields.schedule, fields.timezone, next_due_at)
            campaign.next_occurrence = coming.name
    campaign.updated_at = now
    session.add(campaign)
    session.flush()
    session.refresh(campaign)
    return campaign
