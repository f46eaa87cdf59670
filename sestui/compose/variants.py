"""Compose the mails of a split: each delivery has the subject of its variant."""

from collections.abc import Mapping, Sequence
from typing import Any

from sestui.core.delivery.handover import Claim
from sestui.core.delivery.mail import Mail
from sestui.core.delivery.variants import variant_index
from sestui.sending.engine.ports import MailComposer, ReadingComposer

Tags = tuple[tuple[str, str], ...]


class VariantComposer:
    """Composes mails with one of several composers, by the variants of their claims."""

    def __init__(self, variants: Sequence[MailComposer]) -> None:
        self._variants = variants
        self.bulk_capable = all(each.bulk_capable for each in variants)
        """Whether its mails can be sent in bulk calls."""

    def loaded(self, claims: Sequence[Claim]) -> "LoadedVariants":
        """A composer for ``claims`` that needs no further reads."""
        of_variant: dict[int, list[Claim]] = {}
        for claim in claims:
            of_variant.setdefault(variant_index(claim.variant), []).append(claim)
        found: dict[int, MailComposer] = {}
        for index, its_claims in of_variant.items():
            composer = self._variants[index]
            if isinstance(composer, ReadingComposer):
                composer = composer.loaded(its_claims)
            found |= {claim.delivery_id: composer for claim in its_claims}
        return LoadedVariants(found)

    def mail(
        self,
        email: str,
        attributes: dict[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail of the first variant.

        Raises:
            ContentError: it can't be made.
        """
        return self._variants[0].mail(email, attributes, tags, delivery_id)


class LoadedVariants:
    """Composes mails of deliveries whose variants are known."""

    def __init__(self, composers: Mapping[int, MailComposer]) -> None:
        self._composers = composers
        self.bulk_capable = all(each.bulk_capable for each in composers.values())

    def mail(
        self,
        email: str,
        attributes: dict[str, Any],
        tags: Tags = (),
        delivery_id: int | None = None,
    ) -> Mail:
        """The mail of one of them.

        Raises:
            ContentError: it can't be made.
        """
        return self._composers[delivery_id or 0].mail(email, attributes, tags, delivery_id)
