"""Who can be mailed, with all that rendering their mail needs."""

from collections.abc import Sequence
from dataclasses import replace

from sestui.compose.memberships import asks
from sestui.core.content import Composer
from sestui.core.delivery.states import ContactStatus
from sestui.store.contacts.audiences import AudienceMember
from sestui.store.contacts.memberships import Memberships


class Renderable:
    """Picks those of an audience who can be mailed now."""

    def __init__(
        self, memberships: Memberships, composer: Composer, *, transactional: bool
    ) -> None:
        self._memberships = memberships
        self._asks = asks(composer)
        self._wanted = {ContactStatus.ACTIVE}
        if transactional:
            self._wanted.add(ContactStatus.UNSUBSCRIBED)

    def of(self, members: Sequence[AudienceMember]) -> list[AudienceMember]:
        """Those of the members, completed."""
        return self.completed(
            [each for each in members if each.status in self._wanted and not each.suppressed]
        )

    def completed(self, members: Sequence[AudienceMember]) -> list[AudienceMember]:
        """The members, with their tags and lists if the message uses them."""
        if not self._asks:
            return list(members)
        found = self._memberships.of_contacts([each.contact_id for each in members])
        return [
            replace(each, attributes={**each.attributes, **found.get(each.contact_id, {})})
            for each in members
        ]
