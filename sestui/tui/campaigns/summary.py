"""The summary of a finished run, to be read and copied, with the next steps."""

from collections.abc import Callable, Iterable

from textual.content import Content
from textual.geometry import Size

from sestui.core.delivery.bounces import BounceEffect, bounce_effects
from sestui.core.delivery.breaker import counts_as_bounce
from sestui.core.delivery.progress import share_of, share_text
from sestui.core.delivery.states import DeliveryState, RunKind, SkipReason
from sestui.reports.overview import RunView
from sestui.store.ledger.troubles import BOUNCED
from sestui.tui.campaigns.course import Span, answers_text
from sestui.tui.campaigns.run_figures import Figure, doubt_parts
from sestui.tui.campaigns.service import RunSnapshot
from sestui.tui.deliveries.flow import flowed
from sestui.tui.widgets.format import duration, grouped
from sestui.tui.widgets.pager import folded

_BETWEEN = " · "
_MAY_NOT_BE_MAILED = frozenset(
    {
        SkipReason.SUPPRESSED,
        SkipReason.UNSUBSCRIBED,
        SkipReason.INVALID,
        SkipReason.ERASED,
        SkipReason.HOLDOUT,
    }
)
_ROOMY = 30
"""Lines of a screen from which on there is one more for what follows from bounces."""


def _outcome(snapshot: RunSnapshot) -> str:
    counts = snapshot.run.counts
    accepted = f"{grouped(counts.accepted)} of {grouped(counts.audience)} accepted"
    parts = [f"{accepted} ({share_of(counts, 'accepted')})"]
    if counts.delivered:
        parts.append(f"{grouped(counts.delivered)} delivered")
    for name in ("bounced", "complained", "rejected"):
        if count := getattr(counts, name):
            hard = _hard(snapshot) if name == "bounced" else ""
            parts.append(f"{grouped(count)} {name} ({share_of(counts, name)}{hard})")
    rest = (("in doubt", counts.in_doubt), ("skipped", counts.skipped))
    parts += [f"{grouped(count)} {label}" for label, count in rest if count]
    return ", ".join(parts)


def reactions(snapshot: RunSnapshot) -> str:
    """How many opened and clicked, or why nobody knows, as a sentence; '' for a test."""
    run = snapshot.run
    if run.kind == RunKind.TEST or not run.counts.accepted:
        return ""
    if run.opened or run.clicked:
        return f"{_opened(run)}; `sestui campaign report {run.campaign}` lists the links."
    if any(run.counts.outcomes().values()):
        return "No opens or clicks yet: they are recorded as SES reports them."
    return "Opens and clicks are not recorded until SES reports them: see `sestui setup`."


def _opened(run: RunView) -> str:
    return f"{grouped(run.opened)} opened, {grouped(run.clicked)} clicked"


def _bounces(snapshot: RunSnapshot) -> list[tuple[str, int]]:
    """How many bounced with which code; of very many, the newest."""
    return [(each.code, each.count) for each in snapshot.troubles if each.state == BOUNCED]


def _hard(snapshot: RunSnapshot) -> str:
    """The share that Home and SES know, where it is another one; '' where it is not known."""
    counts, by_code = snapshot.run.counts, _bounces(snapshot)
    hard = sum(count for code, count in by_code if counts_as_bounce(BOUNCED, code))
    if hard == counts.bounced or sum(count for _, count in by_code) != counts.bounced:
        return ""
    return f"; hard bounces {share_text('bounced', hard, counts.accepted)}"


def refused_parts(snapshot: RunSnapshot, soft_bounces: int) -> list[str]:
    """What follows for those whose mail came back, or who complained.

    ``soft_bounces`` in a row suppress an address; 0: never.
    """
    counts, by_code = snapshot.run.counts, _bounces(snapshot)
    effects = bounce_effects(by_code)
    after = f"an address is suppressed after {soft_bounces} in a row"
    said = {
        BounceEffect.SUPPRESSED: "suppressed",
        BounceEffect.UNSUBSCRIBED: "unsubscribed",
        BounceEffect.SOFT: f"soft ({after if soft_bounces else 'mailed again'})",
        BounceEffect.MESSAGE: "because of the message",
    }
    parts = [f"{grouped(effects[each])} {text}" for each, text in said.items() if effects[each]]
    if parts:
        cut = sum(count for _, count in by_code) < counts.bounced
        parts[0] = f"{'Newest bounces' if cut else 'Bounces'}: {parts[0]}"
    if counts.complained:
        parts.append(f"{grouped(counts.complained)} reported it as spam, now suppressed")
    return parts


def summary_text(snapshot: RunSnapshot, span: Span) -> str:
    """The whole of it, for a message to somebody; ``span`` says two instants in their time."""
    run, pace = snapshot.run, _BETWEEN.join(_pace(snapshot, span))
    answers = answers_text(snapshot.series)
    lines = [f"{run.campaign} · {run.label}: {run.state}", _outcome(snapshot), pace]
    return "\n".join([*lines, f"answers {answers}"] if answers else lines)


def held_out_parts(snapshot: RunSnapshot) -> list[str]:
    """How many were held out, and where they are compared with those who were mailed."""
    codes = [each for each in snapshot.troubles if each.state == DeliveryState.SKIPPED]
    count = sum(each.count for each in codes if each.code == SkipReason.HOLDOUT)
    if not count:
        return []
    cut = sum(each.count for each in codes) < snapshot.run.counts.skipped
    command = f"sestui campaign report {snapshot.run.campaign}"
    many = f"{'more than ' if cut else ''}{grouped(count)} held out"
    return [f"{many}: `{command}` compares them with whom it mailed"]


def _pace(snapshot: RunSnapshot, span: Span) -> list[str]:
    run = snapshot.run
    parts = []
    if run.average_rate is not None:
        parts.append(f"{grouped(run.average_rate, 1)}/s on average")
    if run.started_at is not None and run.finished_at is not None:
        took = duration(run.finished_at - run.started_at)
        first, last = span(run.started_at, run.finished_at)
        parts.append(f"{first} to {last} ({took})")
    if snapshot.series is not None and snapshot.series.throttled:
        parts.append(f"throttled {grouped(snapshot.series.throttled)}")
    return parts


def _may_follow_up(snapshot: RunSnapshot) -> bool:
    """Whether it failed to reach somebody, as far as is known, who may be mailed at all."""
    counts = snapshot.run.counts
    skips = (each for each in snapshot.troubles if each.state == DeliveryState.SKIPPED)
    refused = sum(each.count for each in skips if each.code in _MAY_NOT_BE_MAILED)
    missed = counts.rejected + counts.skipped > refused
    return missed and snapshot.run.kind == RunKind.CAMPAIGN


def _next(snapshot: RunSnapshot, outbox: str) -> list[str]:
    """What to do now, with its keys; ``outbox`` is where a test's mail is, '' if it isn't here."""
    run, counts = snapshot.run, snapshot.run.counts
    parts = []
    if outbox and run.kind == RunKind.TEST and counts.accepted:
        parts.append(f"{outbox} shows the mail")
    if counts.in_doubt:
        parts.append(f"r decides on {grouped(counts.in_doubt)} in doubt")
    if _may_follow_up(snapshot):
        parts.append("f follows up on those it did not reach")
    parts += ["space plays it back", "v shows every delivery", "y copies this"]
    return [f"Next: {parts[0]}", *parts[1:]]


class RunSummary(Figure):
    """The summary as a card."""

    changes_height = True

    def __init__(self, span: Span, outbox: Callable[[], str], soft_bounces: int) -> None:
        """``outbox`` tells where the mail can be read, by a tab's key and name; '': nowhere.

        ``soft_bounces`` in a row suppress an address; 0: never.
        """
        super().__init__()
        self._soft_bounces = soft_bounces
        self._span = span
        self._outbox = outbox

    def draw(self) -> Content:
        """What became of it, how fast, what to do next: none of it is cut."""
        return self._flowed(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes at that width."""
        return self._flowed(width).get_height({}, width)

    def _flowed(self, width: int) -> Content:
        if self.snapshot is None:
            return Content("")
        room = max(8, width)
        outcome = [Content.styled(line, "bold") for line in folded(_outcome(self.snapshot), room)]
        pace = [Content(part) for part in _pace(self.snapshot, self._span)]
        nexts = _next(self.snapshot, self._outbox())
        following = [Content.styled(part, "$text-accent") for part in nexts]
        doubts = flowed(doubt_parts(self.snapshot.doubts), room, _BETWEEN)
        refused: Iterable[Content] = ()
        told: Iterable[Content] = ()
        run = self.snapshot.run
        if self.screen.size.height >= _ROOMY:  # on others, the rows below say it
            refused = map(Content, refused_parts(self.snapshot, self._soft_bounces))
            told = map(Content, folded(reactions(self.snapshot), room))
        elif run.opened or run.clicked:
            pace.append(Content(_opened(run)))
        held = flowed(map(Content, held_out_parts(self.snapshot)), room, _BETWEEN)
        lines = [*outcome, flowed(pace, room, _BETWEEN), held, *told, doubts]
        lines.append(flowed(refused, room, _BETWEEN))
        lines.append(flowed(following, room, _BETWEEN))
        return Content("\n").join(line for line in lines if line)
