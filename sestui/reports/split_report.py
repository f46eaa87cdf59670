"""How the subjects of a run's split have done, and which is the winner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sestui.core.clock import Instant, iso
from sestui.core.delivery.split_statistics import verdict, wilson
from sestui.core.delivery.states import SPLIT_WAITS
from sestui.core.delivery.variants import variant_index
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.runs.splits import Splits, VariantOutcomes

_LOOKS = (
    "Each look is another chance to be misled: a lead that is no more than luck comes up more "
    "often than once in twenty if one looks until there is one."
)


@dataclass(frozen=True, slots=True)
class SplitReport:
    """The variants of a run's split."""

    variants: Sequence[VariantOutcomes]
    rest: VariantOutcomes
    """Everybody else, who get the winner; its ``variant`` is '' while there is none."""
    sentence: str
    """What the clicks say: of the choice, once there is a winner."""
    winner_at: Instant | None
    """When the winner was chosen."""
    winner_due_at: Instant | None
    """When it is to be chosen; None if it is chosen by hand, or not known yet."""

    @classmethod
    def of(cls, database: Database, run: Run) -> Self | None:
        """Read it; None if the run has no split."""
        if not run.split:
            return None
        variants = Splits(database).outcomes(run)
        return cls(
            variants, _rest(run, variants), _sentence(run, variants), run.winner_at,
            run.winner_due_at,
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``; intervals are shares of 1."""
        return {
            "variants": [
                _as_dict(each) | {"interval": list(wilson(each.clicked, each.accepted))}
                for each in self.variants
            ],
            "rest": _as_dict(self.rest),
            "winner": self.rest.variant,
            "winner_at": iso(self.winner_at) or None,
            "winner_due_at": iso(self.winner_due_at) or None,
            "sentence": self.sentence,
        }


def _as_dict(each: VariantOutcomes) -> dict[str, Any]:
    return {
        "variant": each.variant,
        "subject": each.subject,
        "recipients": each.recipients,
        "accepted": each.accepted,
        "delivered": each.delivered,
        "opened": each.opened,
        "clicked": each.clicked,
    }


def _rest(run: Run, variants: Sequence[VariantOutcomes]) -> VariantOutcomes:
    states = (run.pending, run.sending, run.accepted, run.rejected, run.in_doubt, run.skipped)
    return VariantOutcomes(
        run.winner,
        run.split[variant_index(run.winner)] if run.winner else "",
        sum(states) - sum(each.recipients for each in variants),
        run.accepted - sum(each.accepted for each in variants),
        run.delivered - sum(each.delivered for each in variants),
        run.opened - sum(each.opened for each in variants),
        run.clicked - sum(each.clicked for each in variants),
    )


def _sentence(run: Run, variants: Sequence[VariantOutcomes]) -> str:
    if run.winner_why:
        return run.winner_why
    said = verdict([each.clicks for each in variants]).sentence
    if not run.awaits_winner:
        return said
    if run.reason in SPLIT_WAITS and run.winner_due_at is None:
        return f"So far: {said} {_LOOKS}"
    return f"So far, which decides nothing: {said}"
