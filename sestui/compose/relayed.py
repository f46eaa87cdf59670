"""The composer of a relay's run: each delivery's mail is what a client handed over."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sestui.core.delivery import PLACE, RELAYED
from sestui.core.mail import Mail
from sestui.core.relayed import RelayedMail, arguments

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
    """Gives each recipient the mail it is for; ``content`` reads a stored mail by its id."""

    bulk_capable = False
    """What a client handed over is never put into a bulk call."""

    def __init__(self, content: Callable[[int], RelayedMail]) -> None:
        self._content = content
        self._kept: OrderedDict[int, RelayedMail] = OrderedDict()
        self._lock = threading.Lock()

    def mail(self, email: str, attributes: Mapping[str, Any], tags: Tags = ()) -> Mail:
        """The mail for the recipient that ``attributes`` names.

        Raises:
            ContentError: what it says is not kept any more.
        """
        return relayed_mail(self._mail(attributes[RELAYED]), [attributes[PLACE]], tags)

    def _mail(self, mail_id: int) -> RelayedMail:
        with self._lock:
            kept = self._kept.get(mail_id)
        if kept is None:
            kept = self._content(mail_id)
            with self._lock:
                self._kept[mail_id] = kept
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return kept
