"""Check a message for errors and likely mistakes.

`apply` refuses errors and prints warnings; the editor shows both while typing.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import CONTROLS, BadValue
from sestui.core.content import headers
from sestui.core.content.attachments import problem_with_name
from sestui.core.content.composer import Composer
from sestui.core.content.lint.links import broken_links, dropped_elements
from sestui.core.content.markup.body import body_sources
from sestui.core.content.message import BUILT_INS, Envelope, MessageSource, TemplateError
from sestui.core.content.template.leftovers import foreign_placeholders
from sestui.core.content.template.sandbox import compiled, lines_of_variables
from sestui.core.delivery.mail import Mail
from sestui.core.suggestions import did_you_mean
from sestui.core.text import printable
from sestui.errors import ContentError

CLIPPED_BYTES = 102_000
"""Gmail clips HTML beyond this size, and with it the unsubscribe link."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_TAG = re.compile(r"\{[{%].*?(?:[}%]\}|$)")
_QUOTED = re.compile(r"'(\w+)'")
_PAGE = re.compile(r"\s*<(?:!doctype|html)\b", re.IGNORECASE)
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


class Severity(StrEnum):
    """The severity of a finding."""

    ERROR = "error"
    """The campaign can't be sent, or not to everybody."""
    WARNING = "warning"
    """A likely mistake."""
    HINT = "hint"
    """Worth knowing."""


_LONG = ("body", "text", "layout")
"""Fields with more than one line."""
_ORDER = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, with its place."""

    where: str
    """A field's name in a campaign file, or ``body``; '' for the whole mail."""
    problem: str
    """What is wrong: the end of a sentence, without its full stop."""
    line: int | None = None
    """Line within that field, from 1; None if not applicable."""
    severity: Severity = Severity.WARNING
    column: int | None = None
    """Column in that line, from 1; None if unknown."""

    @property
    def sentence(self) -> str:
        """``body, line 3: the template is broken.``"""
        line = f", line {self.line}" if self.line is not None and self.where in _LONG else ""
        place = f"{self.where}{line}: " if self.where else ""
        end = "" if self.problem.endswith("?") else "."
        return f"{place}{self.problem}{end}"


def column_of(text: str, line: int | None, word: str) -> int | None:
    """The column (from 1) of ``word`` on a line of ``text``, preferably within a Jinja tag."""
    lines = _LINE_END.split(text)
    if line is None or not 1 <= line <= len(lines):
        return None
    wanted = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    for tag in _TAG.finditer(lines[line - 1]):
        if found := wanted.search(lines[line - 1], tag.start(), tag.end()):
            return found.start() + 1
    found = wanted.search(lines[line - 1])
    return found.start() + 1 if found else None


def _only_tag(text: str, line: int | None) -> int | None:
    lines = _LINE_END.split(text)
    if line is None or not 1 <= line <= len(lines):
        return None
    tags = list(_TAG.finditer(lines[line - 1]))
    if len(tags) != 1:
        return None
    inside = tags[0][0][2:].lstrip("-+ ")
    return tags[0].start() + len(tags[0][0]) - len(inside) + 1


def ordered(findings: Collection[Finding]) -> tuple[Finding, ...]:
    """The findings without duplicates, worst first."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: _ORDER[each.severity]))


@dataclass(frozen=True, slots=True)
class Examined:
    """The result of checking a message."""

    findings: tuple[Finding, ...]
    """Worst first."""
    composer: Composer | None
    """The compiled message; None if the findings say why it can't be compiled."""
    variables: dict[str, tuple[str, int]]
    """The message's variables, with part and line of their first use."""
    parts: dict[str, str] = field(default_factory=dict)
    """The templates as written, by the names that findings use."""

    def at(self, where: str, line: int | None, problem: str) -> int | None:
        """The column of the first variable that ``problem`` names on that line.

        If it names none, the column of the line's only tag; None if there are several.
        """
        text = self.parts.get(where, "")
        for word in re.findall(r"\w+", problem):
            if word in self.variables and (column := column_of(text, line, word)):
                return column
        return _only_tag(text, line)


def check_message(source: MessageSource, envelope: Envelope) -> Examined:
    """Check a message by all rules that need no contact."""
    subject = "\n".join(envelope.subjects) or source.subject
    parts = {
        "split" if envelope.subjects else "subject": subject,
        "preheader": source.preheader,
        "body": source.body,
        "text": source.text,
        "layout": source.layout,
        "to_name": source.to_name,
        "headers": "\n".join(value for _, value in source.headers),
    }
    findings: list[Finding] = [*_addresses(envelope), *_characters(parts)]
    variables: dict[str, tuple[str, int]] = {}
    broken = False
    for where, template in parts.items():
        try:
            for name, line in _compiled(template, where).items():
                if (where, name) != ("layout", "content"):
                    variables.setdefault(name, (where, line))
            findings += _leftovers(template, where)
        except TemplateError as error:
            findings.append(_of_template(error, template))
            broken = True
    composer = None
    if not broken:
        composer, faults = _composer(source, envelope)
        findings += faults
        findings += _body(source, envelope, variables)
    for each in source.attachments:
        if problem := problem_with_name(each.name):
            said = f"{printable(each.name)} can't be sent: {problem}"
            findings.append(Finding("attachments", said, severity=Severity.ERROR))
    if not subject.strip():
        findings.append(Finding("subject", "it is empty", severity=Severity.ERROR))
    if envelope.subjects and source.subject not in envelope.subjects:
        findings.append(Finding("subject", "nobody gets it: the split has other subjects"))
    if not source.body.strip():
        problem = "the message is empty: write its body"
        findings.append(Finding("body", problem, severity=Severity.ERROR))
    parts.pop("split", None)  # its lines are several subjects: a place in them tells nothing
    return Examined(ordered(findings), composer, variables, parts)


def _compiled(template: str, where: str) -> dict[str, int]:
    compiled(template, where, html=where in {"preheader", "body", "layout"})
    return lines_of_variables(template, where)


def _of_template(error: TemplateError, template: str) -> Finding:
    named = _QUOTED.search(error.problem)  # "No filter named 'shout'"
    column = column_of(template, error.line, named[1]) if named else None
    return Finding(error.where, error.problem, error.line, Severity.ERROR, column)


def _addresses(envelope: Envelope) -> Iterator[Finding]:
    given = [("from", envelope.from_address), *(("reply_to", each) for each in envelope.reply_to)]
    sound = True
    for where, mailbox in given:
        if not mailbox.strip():
            problem = "there is no sender; write it as Ada's Shop <news@example.com>"
            yield Finding(where, problem, severity=Severity.ERROR)
            sound = False
            continue
        try:
            campaign_values.mailbox(mailbox)
        except BadValue as bad:
            yield Finding(where, bad.problem, severity=Severity.ERROR)
            sound = False
    if sound:
        try:
            headers.Unsubscribe.of(envelope)
        except ContentError as error:
            yield Finding("", str(error).rstrip("."), severity=Severity.ERROR)


def _characters(parts: dict[str, str]) -> Iterator[Finding]:
    """Find invisible characters that mail programs may obey."""
    for where, text in parts.items():
        for pattern, what in (
            (CONTROLS, "a control character"),
            (_OVERRIDES, "a character that turns the direction of writing"),
        ):
            if found := pattern.search(text):
                line = text.count("\n", 0, found.start()) + 1
                column = found.start() - text.rfind("\n", 0, found.start())
                problem = f"it holds {what} ({printable(found[0])})"
                yield Finding(where, problem, line, column=column)


def _leftovers(template: str, where: str) -> Iterator[Finding]:
    for line, text in foreign_placeholders(template, where):
        yield Finding(
            where,
            f"{text} looks like a placeholder of another system and is sent as it stands; "
            "sestui's look like {{ first_name }}",
            line,
            column=column_of(template, line, text),
        )


def _composer(
    source: MessageSource, envelope: Envelope
) -> tuple[Composer | None, tuple[Finding, ...]]:
    try:
        return Composer(source, envelope), ()
    except TemplateError as error:
        return None, (_of_template(error, source.body),)
    except ContentError:
        return None, ()  # an address, which has its own finding


def _body(
    source: MessageSource, envelope: Envelope, variables: Collection[str]
) -> Iterator[Finding]:
    if not source.body.strip():
        return
    if not envelope.transactional and "unsubscribe_url" not in variables:
        yield Finding(
            "body",
            "it has no unsubscribe link; add one with {{ unsubscribe_url }} or mark the "
            "campaign transactional",
        )
    if source.body_format == "markdown" and _PAGE.match(source.body):
        yield Finding("body", "it is a whole HTML page, but its format is Markdown", 1)
    names = [each.name for each in source.attachments]
    if source.layout and source.body_format != "markdown" and _PAGE.match(source.body):
        yield Finding("body", "it is a whole HTML page, within a layout that is one too", 1)
    for where, text, body_format in (
        ("body", source.body, source.body_format),
        ("layout", source.layout, "html"),
    ):
        for line, problem in (
            *broken_links(text, body_format, names),
            *dropped_elements(text, body_format),
        ):
            yield Finding(where, problem, line)
    if source.body_format != "markdown" and not source.text.strip():
        try:
            derived = body_sources(source.body, source.body_format, "", layout=source.layout).text
        except TemplateError:
            return
        if derived.strip():
            yield Finding("text", "there is none; it is made from the HTML", severity=Severity.HINT)
        else:
            yield Finding("text", "there is none, and the HTML holds no text to make it from")


def unknown_variables(
    checked: Examined, envelope: Envelope, missing: Collection[str], known: Collection[str]
) -> Iterator[Finding]:
    """Findings for variables without a value in any contact.

    Args:
        checked: the message.
        envelope: its keywords count as known.
        missing: those of :func:`wanted_attributes` that no recipient has.
        known: names that recipients have, for suggestions.
    """
    names = {*known, *envelope.keywords, *BUILT_INS}
    for name in sorted(missing):
        where, line = checked.variables[name]
        problem = f"nobody in its audience has {printable(name)}"
        if hint := did_you_mean(name, names):
            problem += f"; {hint}"
        column = column_of(checked.parts.get(where, ""), line, name)
        yield Finding(where, problem, line, column=column)


def wanted_attributes(checked: Examined, envelope: Envelope) -> frozenset[str]:
    """Variables that only recipients' attributes can provide."""
    return frozenset(checked.variables) - BUILT_INS - {"range"} - envelope.keywords.keys()


def rendered(render: Callable[[], Mail], who: str) -> tuple[Mail | None, tuple[Finding, ...]]:
    """Render the mail to one recipient, ``who``, and check it."""
    try:
        mail = render()
    except TemplateError as error:
        problem = f"{error.problem} (for {who})"
        return None, (Finding(error.where, problem, error.line, Severity.ERROR),)
    except ContentError as error:
        return None, (Finding("", str(error).rstrip("."), severity=Severity.ERROR),)
    size = len(mail.html.encode())
    return mail, (clipped(size),) if size > CLIPPED_BYTES else ()


def clipped(size: int, whom: str = "") -> Finding:
    """The finding for HTML of ``size`` bytes, which Gmail clips; ``whom`` as in " for ada@…"."""
    return Finding(
        "body",
        f"its HTML is {size / 1000:,.0f} kB{whom}; Gmail shows the first "
        f"{CLIPPED_BYTES // 1000} kB only",
    )
