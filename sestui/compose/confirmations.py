"""The composer of mails that ask to confirm a subscription, each in its form's language."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sestui.core.clock import Clock
from sestui.core.content import Composer, Envelope
from sestui.core.content.confirmation import confirmation_message
from sestui.core.content.headers import CONFIRM_PATH
from sestui.core.delivery.confirm_token import (
    VALID_SECONDS,
    ConfirmLink,
    digest_of,
    sealed_confirmation,
)
from sestui.core.delivery.handover import Claim
from sestui.core.delivery.mail import Mail
from sestui.core.delivery.unsubscribe_token import LinkKey
from sestui.core.text import printable
from sestui.errors import ContentError
from sestui.store.web.subscriptions import RequestedMail

Tags = tuple[tuple[str, str], ...]
Requested = Callable[[Collection[int]], Mapping[int, RequestedMail]]


class ConfirmationComposer:
    """Composes the mails; ``requested`` reads what they say by the ids of their deliveries."""

    bulk_capable = False
    """Each is in its own language, and somebody is waiting for it."""

    def __init__(
        self, requested: Requested, envelope: Envelope, key: LinkKey, clock: Clock
    ) -> None:
        self._requested = requested
        self._make = _Maker(envelope, key, clock)

    def loaded(self, claims: Sequence[Claim]) -> "LoadedConfirmations":
        """A composer for ``claims`` that needs no further reads."""
        found = self._requested([claim.delivery_id for claim in claims])
        return LoadedConfirmations(found, self._make)

    def mail(
        self,
        email: str,
        attributes: Mapping[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail of a delivery.

        Raises:
            ContentError: its request is no longer kept.
        """
        found = self._requested([delivery_id] if delivery_id is not None else [])
        return LoadedConfirmations(found, self._make).mail(email, attributes, tags, delivery_id)


class LoadedConfirmations:
    """Composes mails of requests that have been read, by the ids of their deliveries."""

    bulk_capable = False

    def __init__(self, found: Mapping[int, RequestedMail], make: "_Maker") -> None:
        self._found = found
        self._make = make

    def mail(
        self,
        email: str,
        _attributes: Mapping[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail of a delivery.

        Raises:
            ContentError: its request is no longer kept.
        """
        said = None if delivery_id is None else self._found.get(delivery_id)
        if said is None:
            raise ContentError(
                "The request to subscribe is older than a week, and has been deleted."
            )
        return self._make.mail(email, said, tags, delivery_id)


class _Maker:
    """Makes mails, with a message compiled once for each language."""

    def __init__(self, envelope: Envelope, key: LinkKey, clock: Clock) -> None:
        self._envelope = envelope
        self._key = key
        self._clock = clock
        self._composers: dict[str, Composer] = {}

    def mail(self, email: str, said: RequestedMail, tags: Tags, delivery_id: int | None) -> Mail:
        """The mail that asks for this request's confirmation."""
        expires_at = int(self._clock.now() + VALID_SECONDS)
        link = ConfirmLink(said.request_id, expires_at, digest_of(said.lists), said.email_key)
        url = f"{self._envelope.web_url}{CONFIRM_PATH}{sealed_confirmation(self._key, link)}"
        values = {
            "confirm_url": url,
            "address": said.email,
            "list_names": printable(", ".join(said.lists)),
        }
        return self._composer(said.lang).mail(email, values, tags, delivery_id)

    def _composer(self, lang: str) -> Composer:
        if lang not in self._composers:
            envelope = replace(self._envelope, keywords={"lang": lang})
            self._composers[lang] = Composer(confirmation_message(lang), envelope)
        return self._composers[lang]
