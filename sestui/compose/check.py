"""Render every recipient once before the first mail leaves, and say what is wrong with whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sestui.core.content import Composer
from sestui.errors import ContentError

_REMEMBERED = 20_000
"""Renderings known to be alike; more would not stay flat in memory."""


class Recipient(Protocol):
    """What the check asks of an audience's member."""

    @property
    def email(self) -> str:
        """The address."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attribute name to value; empty cells have none."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and for whom."""

    sentence: str
    count: int
    """Recipients it concerns."""
    examples: tuple[str, ...]
    """The first few of their addresses."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What rendering the whole audience found."""

    checked: int
    """Recipients rendered."""
    failed: int
    """Recipients who can't be mailed as things stand."""
    problems: tuple[Problem, ...]
    """The most frequent first."""

    @property
    def ok(self) -> bool:
        """Whether every recipient can be mailed."""
        return not self.failed

    def sentence(self) -> str:
        """The verdict as one sentence; '' when all is well."""
        if self.ok:
            return ""
        worst = self.problems[0]
        more = len(self.problems) - 1
        others = f" and {more} other problem{'s' if more > 1 else ''}" if more else ""
        return (
            f"{self.failed:,} of {self.checked:,} recipients can't be mailed: "
            f"{worst.sentence.rstrip('.')} (for {_named(worst)}){others}."
        )

    def raise_if_failed(self) -> None:
        """Raise the verdict as a ContentError unless all is well."""
        if not self.ok:
            raise ContentError(self.sentence())


def check_recipients(
    composer: Composer, batches: Iterable[Iterable[Recipient]], *, examples: int = 5
) -> CheckReport:
    """Render each recipient's mail and throw it away; ``examples`` addresses are kept a problem.

    Recipients whose values for the message's variables are equal get equal mails, so those are
    rendered once; memory stays flat whatever the audience.
    """
    tally = _Tally(examples)
    known: dict[tuple[str | None, ...], str] = {}
    for batch in batches:
        for recipient in batch:
            key = composer.key(recipient.email, recipient.attributes)
            content = known.get(key) if key is not None else None
            if content is None:
                content = _content_problem(composer, recipient)
                if key is not None:
                    if len(known) >= _REMEMBERED:
                        known.clear()
                    known[key] = content
            tally.add(recipient.email, content or _envelope_problem(composer, recipient.email))
    return tally.report()


def _content_problem(composer: Composer, recipient: Recipient) -> str:
    try:
        composer.check_content(recipient.email, recipient.attributes)
    except ContentError as error:
        return str(error)
    return ""


def _envelope_problem(composer: Composer, email: str) -> str:
    try:
        composer.check_envelope(email)
    except ContentError as error:
        return str(error)
    return ""


class _Tally:
    """Counts problems by sentence; further sentences than anybody reads share one line."""

    _SENTENCES = 100
    _OTHER = "The message fails in other ways."

    def __init__(self, examples: int) -> None:
        self._examples = examples
        self._checked = 0
        self._counts: dict[str, int] = {}
        self._who: dict[str, list[str]] = {}

    def add(self, email: str, sentence: str) -> None:
        self._checked += 1
        if not sentence:
            return
        if sentence not in self._counts and len(self._counts) >= self._SENTENCES:
            sentence = self._OTHER
        self._counts[sentence] = self._counts.get(sentence, 0) + 1
        who = self._who.setdefault(sentence, [])
        if len(who) < self._examples:
            who.append(email)

    def report(self) -> CheckReport:
        problems = (
            Problem(sentence, count, tuple(self._who[sentence]))
            for sentence, count in self._counts.items()
        )
        return CheckReport(
            checked=self._checked,
            failed=sum(self._counts.values()),
            problems=tuple(sorted(problems, key=lambda problem: -problem.count)),
        )


def _named(problem: Problem) -> str:
    rest = problem.count - len(problem.examples)
    names = ", ".join(problem.examples)
    return f"{names} and {rest:,} more" if rest else names
