"""Render the mail for every recipient before the first is sent, and report the problems."""

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sestui.core.contact.disposable_domains import disposable_domains
from sestui.core.contact.role_addresses import ROLES
from sestui.core.content import Composer
from sestui.core.content.lint.findings import CLIPPED_BYTES
from sestui.core.content.message import TemplateError, TooHeavyError
from sestui.errors import EXIT_FAILED, EXIT_NEEDS_OPERATOR, ContentError

_REMEMBERED = 20_000
"""The most distinct renderings in memory."""
_EXAMPLES = 5
"""So many addresses are kept of each problem."""
_HEAVY = 3
"""If more mails than this take too long to render, the message is at fault, not the contacts."""


class CheckedRecipient(Protocol):
    """A recipient as the check needs it."""

    @property
    def contact_id(self) -> int:
        """The contact's id."""

    @property
    def email(self) -> str:
        """The address."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attributes by name, without empty ones."""


Unrenderable = Mapping[str, Collection[int]]
"""Contact ids by the reason, a sentence, why their mail can't be rendered."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem and its recipients."""

    sentence: str
    count: int
    """Recipients it concerns."""
    examples: tuple[str, ...]
    """Some of their addresses."""
    where: str = ""
    """The part of the message, as in a Finding."""
    line: int | None = None
    problem: str = ""
    """The sentence without position and full stop."""

    @property
    def whom(self) -> str:
        """The examples, and the number of further recipients."""
        rest = self.count - len(self.examples)
        names = ", ".join(self.examples)
        return f"{names} and {rest:,} more" if rest else names


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of rendering for the whole audience."""

    checked: int
    """Recipients rendered."""
    failed: int
    """Recipients who can't be mailed."""
    problems: tuple[Problem, ...]
    """The most frequent first."""
    unrenderable: Unrenderable
    """All recipients who can't be mailed, by reason."""
    clipped: int = 0
    """Recipients whose mail Gmail would clip."""
    largest: int = 0
    """Bytes of the largest HTML."""
    unused: frozenset[str] = frozenset()
    """The ``wanted`` attributes that nobody has."""
    roles: int = 0
    """Recipients with an address of a function: ``info@``, ``sales@``."""
    disposable: int = 0
    """Recipients at domains for throw-away mailboxes."""

    @property
    def ok(self) -> bool:
        """Whether every recipient can be mailed."""
        return not self.failed

    @property
    def sendable(self) -> int:
        """Recipients who can be mailed."""
        return self.checked - self.failed

    def sentence(self) -> str:
        """The result as a sentence; '' if there is no problem."""
        if self.ok:
            return ""
        worst = self.problems[0]
        more = len(self.problems) - 1
        others = f" and {more} other problem{'s' if more > 1 else ''}" if more else ""
        return (
            f"{self.failed:,} of {self.checked:,} recipients can't be mailed: "
            f"{worst.sentence.rstrip('.')} (for {worst.whom}){others}."
        )


class UnrenderableError(ContentError):
    """Some recipients' mails can't be made; ``report`` says whose.

    Where the others can be mailed, it is the operator's to say whether they are to be.
    """

    def __init__(
        self, report: CheckReport, way_out: str = "", *, sendable: int, by_option: str = ""
    ) -> None:
        super().__init__(f"{report.sentence()}{way_out}", by_option=by_option)
        self.report = report
        self.exit_code = EXIT_NEEDS_OPERATOR if sendable else EXIT_FAILED


def check_recipients(
    composer: Composer,
    batches: Iterable[Iterable[CheckedRecipient]],
    *,
    wanted: Collection[str] = (),
    failed: Callable[[str, str], object] | None = None,
) -> CheckReport:
    """Render each recipient's mail and report the problems.

    Recipients with the same values for the message's variables are rendered once. Memory is
    bounded, except for the ids of those who fail.

    Args:
        composer: the message.
        batches: the audience.
        wanted: attributes to check whether anybody has them.
        failed: called with the address and reason of each recipient who can't be mailed.

    Raises:
        TooHeavyError: rendering takes too long, which is noticed with the first few.
    """
    heavy = 0
    tally = _Tally(failed)
    known: dict[tuple[str | None, ...], _Content] = {}
    unused = set(wanted)
    for batch in batches:
        for recipient in batch:
            if unused:
                unused -= {name for name in unused if _has(recipient.attributes, name)}
            key = composer.key(recipient.email, recipient.attributes)
            content = known.get(key) if key is not None else None
            if content is None:
                content = _content_of(composer, recipient)
                if isinstance(content.error, TooHeavyError):
                    heavy += 1
                    if heavy > _HEAVY:
                        raise content.error
                if key is not None:
                    if len(known) >= _REMEMBERED:
                        known.clear()
                    known[key] = content
            tally.add(recipient, content, content.error or _envelope_error(composer, recipient))
    return tally.report(frozenset(unused))


def _has(attributes: Mapping[str, Any], name: str) -> bool:
    value = attributes.get(name)
    return value is not None and value != ""


@dataclass(frozen=True, slots=True)
class _Content:
    """The result of rendering a mail."""

    size: int = 0
    """Bytes of the HTML; 0 for none."""
    error: ContentError | None = None


def _content_of(composer: Composer, recipient: CheckedRecipient) -> _Content:
    try:
        return _Content(composer.check_content(recipient.email, recipient.attributes))
    except ContentError as error:
        return _Content(error=error)


def _envelope_error(composer: Composer, recipient: CheckedRecipient) -> ContentError | None:
    try:
        composer.check_envelope(recipient.email)
    except ContentError as error:
        return error
    return None


class _Found:
    """The recipients of a problem."""

    def __init__(self, error: ContentError | None) -> None:
        self.error = error
        self.ids = array("q")
        self.examples: list[str] = []

    def problem(self, sentence: str) -> Problem:
        count, examples, error = len(self.ids), tuple(self.examples), self.error
        if isinstance(error, TemplateError):
            return Problem(sentence, count, examples, error.where, error.line, error.problem)
        return Problem(sentence, count, examples, problem=sentence.rstrip("."))


class _Tally:
    """Counts problems by sentence; from some number on, further ones share a line."""

    _SENTENCES = 100
    _OTHER = "The message has other errors."

    def __init__(self, failed: Callable[[str, str], object] | None) -> None:
        self._failed = failed
        self._checked = self._clipped = self._largest = self._roles = self._disposable = 0
        self._disposable_domains = disposable_domains()
        self._found: dict[str, _Found] = {}

    def add(
        self, recipient: CheckedRecipient, content: _Content, error: ContentError | None
    ) -> None:
        self._checked += 1
        local, _, domain = recipient.email.lower().rpartition("@")
        self._roles += local in ROLES
        self._disposable += domain in self._disposable_domains
        if content.size > CLIPPED_BYTES:
            self._clipped += 1
            self._largest = max(self._largest, content.size)
        if error is None:
            return
        sentence = str(error)
        if self._failed is not None:
            self._failed(recipient.email, sentence)
        if sentence not in self._found and len(self._found) >= self._SENTENCES:
            sentence, error = self._OTHER, None
        found = self._found.setdefault(sentence, _Found(error))
        found.ids.append(recipient.contact_id)
        if len(found.examples) < _EXAMPLES:
            found.examples.append(recipient.email)

    def report(self, unused: frozenset[str]) -> CheckReport:
        problems = (found.problem(sentence) for sentence, found in self._found.items())
        return CheckReport(
            checked=self._checked,
            failed=sum(len(found.ids) for found in self._found.values()),
            problems=tuple(sorted(problems, key=lambda problem: -problem.count)),
            unrenderable={sentence: found.ids for sentence, found in self._found.items()},
            clipped=self._clipped,
            largest=self._largest,
            unused=unused,
            roles=self._roles,
            disposable=self._disposable,
        )
