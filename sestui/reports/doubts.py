"""What SES's records say of a run's deliveries in doubt, in sentences and figures."""

from typing import Any

from sestui.store.ledger.doubtful import DoubtSummary


def unclear_sentences(summary: DoubtSummary) -> list[str]:
    """How many are unclear and why, one sentence for each reason."""
    return [
        f"{count:,} unclear: {reason.reason}, so they may have it and are not offered."
        for reason, count in sorted(summary.unclear.items())
    ]


def doubt_figures(summary: DoubtSummary) -> dict[str, Any]:
    """The summary for JSON."""
    return {
        "total": summary.total,
        "not_asked": summary.unasked,
        "unrecorded": summary.unrecorded,
        "unclear": {reason.value: count for reason, count in sorted(summary.unclear.items())},
        "safe_to_resend": summary.safe,
    }
