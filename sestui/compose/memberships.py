"""Compose messages that use the recipient's tags or lists, which are only read for these."""

from collections.abc import Mapping, Sequence
from typing import Any

from sestui.core.content import Composer
from sestui.core.content.message import MEMBERSHIP
from sestui.core.delivery.handover import Claim
from sestui.core.delivery.mail import Mail
from sestui.store.contacts.memberships import Belonging, Memberships

Tags = tuple[tuple[str, str], ...]


def asks(composer: Composer) -> bool:
    """Whether the message uses tags or lists."""
    return not MEMBERSHIP.isdisjoint(composer.variables)


class BelongingComposer:
    """Composes mails of a message that uses ``tags`` or ``lists``."""

    def __init__(self, composer: Composer, memberships: Memberships) -> None:
        self._composer = composer
        self._memberships = memberships
        self.bulk_capable = composer.bulk_capable
        """Whether its mails can be sent in bulk calls."""

    def loaded(self, claims: Sequence[Claim]) -> "LoadedBelonging":
        """A composer for ``claims`` that needs no further reads."""
        found = self._memberships.of_deliveries([claim.delivery_id for claim in claims])
        return LoadedBelonging(self._composer, found)

    def mail(
        self,
        email: str,
        attributes: Mapping[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail for somebody without tags and lists.

        Raises:
            ContentError: it can't be made.
        """
        return self._composer.mail(email, attributes, tags, delivery_id)


class LoadedBelonging:
    """Composes mails for recipients whose tags and lists have been read, by address."""

    def __init__(self, composer: Composer, found: Mapping[str, Belonging]) -> None:
        self._composer = composer
        self._found = found
        self.bulk_capable = composer.bulk_capable

    def mail(
        self,
        email: str,
        attributes: Mapping[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail for one of them.

        Raises:
            ContentError: it can't be made.
        """
        belonging = self._found.get(email, {})
        return self._composer.mail(email, {**attributes, **belonging}, tags, delivery_id)
