"""The composer of a relay's run: each delivery's mail is what a client handed over."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sestui.core.delivery.handover import PLACE, RELAYED, Claim
from sestui.core.delivery.mail import Mail
from sestui.errors import ContentError
from sestui.ses_api.relayed import RelayedMail, arguments

_KEPT = 16
"""Mails kept unpacked: the recipients of one go out one after the other."""

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
    """Gives each recipient the mail it is for; ``contents`` reads stored mails by their ids, those
    that are no longer kept left out."""

    bulk_capable = False
    """What a client handed over is never put into a bulk call."""

    def __init__(self, contents: Callable[[Collection[int]], Mapping[int, RelayedMail]]) -> None:
        self._contents = contents
        self._kept: OrderedDict[int, RelayedMail] = OrderedDict()

    def loaded(self, claims: Sequence[Claim]) -> "LoadedMails":
        """The composer of ``claims``, which reads nothing any more.

        For the thread that owns this one; what it returns is for whichever needs it, and is let go
        with the last mail that is made of it.
        """
        ids = {claim.attributes[RELAYED] for claim in claims}
        missing = ids - self._kept.keys()
        if missing:
            self._kept |= self._contents(missing)
        loaded = LoadedMails({each: self._kept[each] for each in ids if each in self._kept})
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return loaded

    def mail(self, email: str, attributes: Mapping[str, Any], tags: Tags = ()) -> Mail:
        """The mail for the recipient that ``attributes`` names, read now.

        Raises:
            ContentError: what it says is no longer kept.
        """
        mail_id = attributes[RELAYED]
        return LoadedMails(self._contents([mail_id])).mail(email, attributes, tags)


class LoadedMails:
    """Makes mails of content that has been read, by the mails' ids."""

    bulk_capable = False

    def __init__(self, contents: Mapping[int, RelayedMail]) -> None:
        self._contents = contents

    def mail(self, email: str, attributes: Mapping[str, Any], tags: Tags = ()) -> Mail:
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
