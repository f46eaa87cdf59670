"""The composer of a relay's run, whose mails are stored contents."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sestui.core.delivery.handover import PLACE, RELAYED, Claim
from sestui.core.delivery.mail import Mail
from sestui.errors import ContentError
from sestui.ses_api.relayed import RelayedMail, arguments

_KEPT = 16
"""Mails kept unpacked, as a mail's recipients follow one another."""

Tags = tuple[tuple[str, str], ...]


def relayed_mail(mail: RelayedMail, places: Sequence[int], tags: Tags) -> Mail:
    """The call to these recipients of a relayed mail."""
    return Mail(
        from_address="",
        to=mail.recipients[places[0]].email,
        subject="",
        html="",
        text="",
        tags=tags,
        request=arguments(mail, places, tags),
    )


class RelayComposer:
    """Composes the stored mails; ``contents`` reads them by id, without purged ones."""

    bulk_capable = False
    """Relayed mails are never sent in bulk calls."""

    def __init__(self, contents: Callable[[Collection[int]], Mapping[int, RelayedMail]]) -> None:
        self._contents = contents
        self._kept: OrderedDict[int, RelayedMail] = OrderedDict()

    def loaded(self, claims: Sequence[Claim]) -> "LoadedMails":
        """The composer of ``claims``, which reads nothing any more.

        To be called in this composer's thread; the result is for any thread.
        """
        ids = {claim.attributes[RELAYED] for claim in claims}
        missing = ids - self._kept.keys()
        if missing:
            self._kept |= self._contents(missing)
        loaded = LoadedMails({each: self._kept[each] for each in ids if each in self._kept})
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return loaded

    def mail(
        self,
        email: str,
        attributes: Mapping[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """Read the mail for the recipient that ``attributes`` names.

        Raises:
            ContentError: what it says is no longer kept.
        """
        mail_id = attributes[RELAYED]
        return LoadedMails(self._contents([mail_id])).mail(email, attributes, tags)


class LoadedMails:
    """Composes mails of contents that have been read, by id."""

    bulk_capable = False

    def __init__(self, contents: Mapping[int, RelayedMail]) -> None:
        self._contents = contents

    def mail(
        self,
        email: str,
        attributes: Mapping[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail for the recipient that ``attributes`` names.

        Raises:
            ContentError: what it says is no longer kept.
        """
        content = self._contents.get(attributes[RELAYED])
        if content is None:
            raise ContentError(
                "The content of this relayed mail is no longer kept (relay_retention)."
            )
        return relayed_mail(content, [attributes[PLACE]], tags)
