"""Whether one variant of a split is better than the others, or too few have clicked to tell; pure.

Looked at once, chance alone makes a winner in at most one of twenty splits, at any size and rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, sqrt

from sestui.core.percent import rate_percent

FALSE_WINNERS = 0.05
"""The share of splits between equal subjects in which one may be called better."""
_Z_95 = 1.959963984540054
"""The normal distribution's 97.5 % point."""
_NEGLIGIBLE = 1e-18


@dataclass(frozen=True, slots=True)
class VariantClicks:
    """How often the mails of one variant were clicked."""

    variant: str
    """Its letter."""
    accepted: int
    """Mails that SES has accepted: unlike those delivered, that doesn't hang on later reports."""
    clicked: int
    """Recipients of those who clicked, as far as one can tell."""

    @property
    def rate(self) -> float:
        """The share of the accepted who clicked; 0 of none."""
        return self.clicked / self.accepted if self.accepted else 0.0

    @property
    def interval(self) -> str:
        """The 95 % interval of the rate, for people: ``3.5-4.8 %``."""
        low, high = (rate_percent(end) for end in wilson(self.clicked, self.accepted))
        return f"{low.removesuffix(' %')}-{high}"

    @property
    def words(self) -> str:
        """``B 4.1 % (3.5-4.8 %)``."""
        return f"{self.variant} {rate_percent(self.rate)} ({self.interval})"


@dataclass(frozen=True, slots=True)
class SplitVerdict:
    """What the clicks say."""

    winner: str
    """The letter of the variant that is better than all others; '' if too few tell."""
    sentence: str


def verdict(variants: Sequence[VariantClicks]) -> SplitVerdict:
    """Compare the variants once.

    The best is the winner if it beats each of the others at the one-sided level 5 % / number of
    variants. That keeps false winners at 5 %: who isn't better than all others has to beat one that
    is as good, which happens with at most that probability, and they are no more than that number
    (Bonferroni). Looked at more than once, it happens more often.
    """
    if not any(each.clicked for each in variants):
        return SplitVerdict("", "Too few to tell: nobody has clicked.")
    best, *others = sorted(variants, key=lambda each: (-each.rate, each.variant))
    level = FALSE_WINNERS / len(variants)
    if all(chance_of_lead(best, other) <= level for other in others):
        them = ", ".join(each.words for each in others)
        ahead = f"{rate_percent(best.rate)} clicked ({best.interval})"
        said = f"{best.variant} is better: {ahead}; {them}."
        return SplitVerdict(best.variant, said)
    each = ", ".join(each.words for each in variants)
    return SplitVerdict("", f"Too few to tell: {each} clicked.")


def chance_of_lead(ahead: VariantClicks, behind: VariantClicks) -> float:
    """How probable ``ahead`` has at least so many of the clicks of both if they are equally good.

    Fisher's exact test, one-sided (R. A. Fisher, The Design of Experiments, 1935, chapter 2): it
    never errs more often than its level, however few have clicked.
    """
    clicks = ahead.clicked + behind.clicked
    whole = ahead.accepted + behind.accepted
    count, most = ahead.clicked, min(clicks, ahead.accepted)
    term = exp(
        _log_choose(clicks, count)
        + _log_choose(whole - clicks, ahead.accepted - count)
        - _log_choose(whole, ahead.accepted)
    )
    total = term
    middle = clicks * ahead.accepted / whole if whole else 0.0
    while count < most and (count < middle or term > total * _NEGLIGIBLE):
        left = behind.accepted - clicks + count + 1
        term *= (clicks - count) * (ahead.accepted - count) / ((count + 1) * left)
        total += term
        count += 1
    return min(1.0, total)


def wilson(successes: int, trials: int, z: float = _Z_95) -> tuple[float, float]:
    """The interval of a share, 95 % unless ``z`` says otherwise; (0, 1) of nothing.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22 (1927), 209-212. Unlike the usual one it stays within
    0 and 1 and tells something of small shares (Brown, Cai, DasGupta, Interval estimation for a
    binomial proportion, Statistical Science 16 (2001), 101-133).
    """
    if trials <= 0:
        return 0.0, 1.0
    share, weight = successes / trials, z * z / trials
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / trials + weight / (4 * trials)) / (1 + weight)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == trials else min(1.0, middle + half)


def _log_choose(whole: int, part: int) -> float:
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)
