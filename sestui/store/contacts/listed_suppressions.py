"""SES's suppression list as it was seen, beside the one here."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.store.contacts.erased import erased_among, hold_off_erasure, is_erased
from sestui.store.contacts.tables import ListedSuppression
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import SharedSetting
from sestui.store.db.tables import Suppression

_LISTED = ListedSuppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_HERE = Suppression.__table__  # type: ignore[attr-defined] # as above
_REASONS = ("bounced", "complained")
"""Reasons here that SES has, too."""


class ListedAddress(NamedTuple):
    """One entry of SES's list."""

    email_key: str
    reason: str
    """``bounced`` or ``complained``."""
    listed_at: Instant


class ListedSuppressions:
    """What is known of one account's list."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account
        self._name = f"suppressions_listed:{account}"

    def progress(self) -> dict[str, Any]:
        """How far the listing has got, as :meth:`take` was told; {} before the first."""
        with self._database.read() as session:
            found = session.get(SharedSetting, self._name)
            return dict(found.value) if found is not None and found.value else {}

    def missing_here(self, page: Sequence[ListedAddress]) -> list[ListedAddress]:
        """Entries that suppress nobody here, without those that were released here since."""
        with self._database.read_connection() as connection:
            return self._missing(connection, _not_erased(connection, page))

    def take(
        self, page: Sequence[ListedAddress], listing: int, now: Instant, progress: dict[str, Any]
    ) -> list[ListedAddress]:
        """Suppress who is :meth:`missing_here`, note the page and the progress; one transaction."""
        with self._database.write() as session:
            connection = session.connection()
            hold_off_erasure(connection)
            page = _not_erased(connection, page)
            missing = self._missing(connection, page)
            for each in missing:
                detail = "on SES's suppression list"
                session.add(Suppression(email_key=each.email_key, reason=each.reason,
                                        detail=detail, created_at=now))  # fmt: skip
            for each in page:
                self._note(connection, each, listing)
            session.merge(SharedSetting(name=self._name, value=progress))
        return missing

    def missing_there(self, after: str, most: int) -> list[tuple[str, str]]:
        """Addresses and reasons that SES does not list, as far as known, after that address."""
        known = exists().where(
            _LISTED.c.account == self._account, _LISTED.c.email_key == _HERE.c.email_key
        )
        query = (
            select(_HERE.c.email_key, _HERE.c.reason)
            .where(
                _HERE.c.reason.in_(_REASONS),
                _HERE.c.email_key.not_like("@%"),
                _HERE.c.email_key > after,
                ~known,
            )
            .order_by(_HERE.c.email_key)
            .limit(most)
        )
        with self._database.read_connection() as connection:
            return [(key, reason) for key, reason in connection.execute(query)]

    def note(self, entry: ListedAddress, listing: int) -> None:
        """SES lists it now."""
        with self._database.write_connection() as connection:
            hold_off_erasure(connection)
            if not is_erased(connection, entry.email_key):
                self._note(connection, entry, listing)

    def released_here(self) -> list[str]:
        """Addresses that SES lists, and that have been released here since."""
        return self._removed(~exists().where(_HERE.c.email_key == _LISTED.c.email_key))

    def released_there(self, listing: int) -> list[str]:
        """Addresses suppressed here that SES listed before, and not in that listing of all.

        Without those that somebody here wants suppressed.
        """
        here = exists().where(
            _HERE.c.email_key == _LISTED.c.email_key,
            _HERE.c.reason.in_(_REASONS),
            _HERE.c.kept.is_(False),
        )
        return self._removed(and_(_LISTED.c.listing < listing, here))

    def gone_there(self, listing: int) -> list[str]:
        """Addresses that SES listed before, and not in that listing of all."""
        return self._removed(_LISTED.c.listing < listing)

    def forget(self, email_key: str) -> None:
        """SES does not list it any more."""
        statement = delete(_LISTED).where(
            _LISTED.c.account == self._account, _LISTED.c.email_key == email_key
        )
        with self._database.write_connection() as connection:
            connection.execute(statement)

    def _removed(self, condition: Any) -> list[str]:
        query = (
            select(_LISTED.c.email_key)
            .where(_LISTED.c.account == self._account, condition)
            .order_by(_LISTED.c.email_key)
        )
        with self._database.read_connection() as connection:
            return list(connection.execute(query).scalars())

    def _missing(
        self, connection: Connection, page: Sequence[ListedAddress]
    ) -> list[ListedAddress]:
        keys = [each.email_key for each in page]
        here = set(
            connection.execute(select(_HERE.c.email_key).where(_HERE.c.email_key.in_(keys)))
            .scalars()
            .all()
        )
        query = select(_LISTED.c.email_key, _LISTED.c.listed_at).where(
            _LISTED.c.account == self._account, _LISTED.c.email_key.in_(keys)
        )
        known = {row.email_key: row.listed_at for row in connection.execute(query)}
        return [
            each
            for each in {each.email_key: each for each in page}.values()
            if each.email_key not in here
            # One that was listed before, and is not suppressed here, was released here.
            and each.listed_at > known.get(each.email_key, float("-inf"))
        ]

    def _note(self, connection: Connection, entry: ListedAddress, listing: int) -> None:
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        fresh = dialect.insert(_LISTED).values(
            account=self._account,
            email_key=entry.email_key,
            reason=entry.reason,
            listed_at=entry.listed_at,
            listing=listing,
        )
        changed = {name: fresh.excluded[name] for name in ("reason", "listed_at", "listing")}
        connection.execute(
            fresh.on_conflict_do_update(index_elements=["account", "email_key"], set_=changed)
        )


def _not_erased(connection: Connection, page: Sequence[ListedAddress]) -> list[ListedAddress]:
    """The page without addresses that were erased here: they get no mail anyway."""
    erased = erased_among(connection, [each.email_key for each in page])
    return [each for each in page if each.email_key not in erased]
