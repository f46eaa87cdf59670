"""Whom a campaign is for: lists, a segment, or a segment of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from sestui.core.clock import Instant
from sestui.core.schedule.zones import zone_named
from sestui.core.segments.chosen import chosen, is_name, on_one_line
from sestui.core.segments.expression import SegmentExpression
from sestui.core.segments.present import Present
from sestui.core.text import printable


class HasAudience(Protocol):
    """A campaign, as its fields or as its row."""

    @property
    def lists(self) -> Sequence[str]:
        """The names of its lists."""

    @property
    def segment(self) -> str:
        """The name of a segment, or an expression."""

    @property
    def timezone(self) -> str:
        """An IANA zone; '' is the machine's."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The contacts on any of the lists who are in the segment.

    Without lists, all contacts who are in it; without a segment, all who are on the lists. Without
    either, nobody.
    """

    lists: tuple[str, ...] = ()
    segment: str = ""
    """The name of a segment, or an expression; '' for none."""
    timezone: str = ""
    """Where the segment's days begin: an IANA zone, '' for the machine's."""

    @classmethod
    def of(cls, campaign: HasAudience) -> Self:
        """The campaign's audience."""
        zone = campaign.timezone if campaign.segment else ""
        return cls(tuple(campaign.lists), campaign.segment, zone)

    @property
    def is_named(self) -> bool:
        """Whether the campaign says at all whom it is for."""
        return bool(self.lists or self.segment)

    @property
    def expression(self) -> SegmentExpression | None:
        """The segment's expression; None for no segment.

        Raises:
            SegmentError: it can't be read.
        """
        return chosen(self.segment) if self.segment else None

    def present(self, now: Instant) -> Present:
        """What the segment's relative days are relative to."""
        return Present(now, zone_named(self.timezone))

    @property
    def words(self) -> str:
        """``newsletter, digest where plan == "pro"``; '' for nobody."""
        lists = ", ".join(self.lists)
        if not self.segment:
            return lists
        kind = "in the segment" if is_name(self.segment) else "where"
        return f"{lists or 'all contacts'} {kind} {printable(on_one_line(self.segment))}"
