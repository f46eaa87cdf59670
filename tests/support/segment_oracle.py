"""What an expression means, in plain Python over plain values: what SQL is held against."""

import json
import operator
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sestui.core.contact.role_addresses import ROLES
from sestui.core.segments import nodes
from sestui.core.segments.nodes import Condition, Fact, Moment, TextMatch

DAY = 86_400.0
CAME_BACK = {"bounced", "rejected", "not_rendered"}
COMPARED = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass
class Mailed:
    """One mail to a person."""

    run: int
    campaign: str
    kind: str
    state: str
    outcome: str = ""
    sent_at: float | None = None
    claimed_at: float | None = None
    opened_at: float | None = None
    clicked_at: float | None = None
    links: tuple[tuple[str, bool], ...] = ()
    """Links that were followed, and whether by a machine."""

    @property
    def sent(self) -> bool:
        return self.state in {"accepted", "in_doubt", "sending"}

    @property
    def received(self) -> bool:
        return self.sent and self.outcome not in CAME_BACK

    @property
    def at(self) -> float | None:
        return self.claimed_at if self.sent_at is None else self.sent_at


@dataclass
class Person:
    """A contact as a test makes it."""

    email: str
    attributes: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    lists: dict[str, float] = field(default_factory=dict)
    """When they joined each."""
    status: str = "active"
    created_at: float = 0.0
    mail: list[Mailed] = field(default_factory=list)


@dataclass
class Oracle:
    """Evaluates conditions at an instant."""

    now: float
    zone: ZoneInfo
    segments: dict[str, Condition] = field(default_factory=dict)
    without_run: int | None = None

    def holds(self, condition: Condition, person: Person) -> bool:
        match condition:
            case nodes.And(parts):
                return all(self.holds(each, person) for each in parts)
            case nodes.Or(parts):
                return any(self.holds(each, person) for each in parts)
            case nodes.Not(part):
                return not self.holds(part, person)
            case nodes.InSegment(name):
                return self.holds(self.segments[name], person)
            case nodes.OnList(name):
                return name in person.lists
            case nodes.HasTag(tag):
                return tag in person.tags
            case nodes.OfDomain(domain):
                return "@" + person.email.lower().rpartition("@")[2] == domain
            case nodes.RoleAddress():
                return person.email.lower().partition("@")[0] in ROLES
            case nodes.IsValid():
                return person.status != "invalid"
            case nodes.MailResult():
                return self.result(condition, person)
            case nodes.IsMissing(value):
                return self.value(value, person) is None
            case nodes.Comparison(value, op, operand):
                left, right = self.pair(value, operand, person)
                return left is not None and COMPARED[op](left, right)
            case nodes.OneOf(value, operands, negated):
                pairs = [self.pair(value, each, person) for each in operands]
                if pairs[0][0] is None:
                    return False
                return any(left == right for left, right in pairs) is not negated
            case nodes.TextFound(value, match, text, negated):
                whole = self.value(value, person)
                if whole is None:
                    return False
                found = {
                    TextMatch.STARTS: whole.startswith,
                    TextMatch.ENDS: whole.endswith,
                    TextMatch.CONTAINS: whole.__contains__,
                }[match](text)
                return found is not negated
        raise AssertionError(condition)

    def value(self, value: nodes.Value, person: Person) -> Any:
        match value:
            case nodes.AttributeValue(name, folded):
                text = text_of(person.attributes.get(name))
                if text is None or not folded:
                    return text
                return "".join(each.lower() if each.isascii() else each for each in text)
            case nodes.PartValue(name, part):
                day = day_of(person.attributes.get(name))
                if day is None:
                    return None
                return int(day.split("-")[["year", "month", "day"].index(part)])
            case nodes.EmailValue():
                return person.email.lower()
            case nodes.MailsIn(days):
                since = self.now - days * DAY
                return sum(mail.sent and mail.at >= since for mail in self.mail(person, None))
            case nodes.MomentValue(Moment.JOINED, name):
                return person.lists.get(name) if name else person.created_at
            case nodes.MomentValue(moment):
                instants = {
                    Moment.LAST_RECEIVED: lambda mail: mail.at if mail.received else None,
                    Moment.LAST_OPENED: lambda mail: mail.opened_at,
                    Moment.LAST_CLICKED: lambda mail: mail.clicked_at,
                }[moment]
                found = [instants(mail) for mail in self.mail(person, None)]
                return max((each for each in found if each is not None), default=None)

    def pair(self, value: nodes.Value, operand: nodes.Operand, person: Person) -> tuple[Any, Any]:
        """Both sides as the operand's kind."""
        is_attribute = isinstance(value, nodes.AttributeValue)
        mine = person.attributes.get(value.name) if is_attribute else None
        if isinstance(operand, nodes.TodaysPart):
            today = datetime.fromtimestamp(self.now, self.zone)
            return self.value(value, person), getattr(today, operand.part)
        if isinstance(operand, nodes.DaysFromNow | nodes.GivenDay):
            if isinstance(operand, nodes.DaysFromNow):
                instant = self.now + operand.days * DAY
            else:
                moment = datetime.fromisoformat(operand.iso)
                instant = moment.replace(tzinfo=self.zone).timestamp()
            if not is_attribute:
                return self.value(value, person), instant
            day = datetime.fromtimestamp(instant, self.zone).date().isoformat()
            return day_of(mine), day
        if isinstance(operand, bool):
            return self.value(value, person), json.dumps(operand)
        if isinstance(operand, int | float) and is_attribute:
            return number_of(mine), operand
        return self.value(value, person), operand

    def result(self, leaf: nodes.MailResult, person: Person) -> bool:
        mail = self.mail(person, leaf.campaign)
        received = any(each.received for each in mail)
        match leaf.fact:
            case Fact.RECEIVED:
                return received
            case Fact.FAILED:
                refused = [each.state == "rejected" or each.outcome in CAME_BACK for each in mail]
                return any(refused) and not received
            case Fact.OPENED:
                return any(each.opened_at is not None for each in mail)
            case Fact.CLICKED:
                clicked = [each for each in mail if each.clicked_at is not None]
                if not leaf.link:
                    return bool(clicked)
                return any((leaf.link, False) in each.links for each in clicked)
        return any(each.outcome == leaf.fact.value for each in mail)

    def mail(self, person: Person, campaign: str | None) -> list[Mailed]:
        return [
            each
            for each in person.mail
            if each.kind == "campaign"
            and campaign in {None, each.campaign}
            and each.run != self.without_run
        ]


def text_of(value: Any) -> str | None:
    if value is None or value == "" or isinstance(value, list | dict):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def number_of(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    is_number = isinstance(value, str) and len(value) <= 20
    if is_number and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value, re.ASCII):
        return float(value)
    return None


def day_of(value: Any) -> str | None:
    pattern = r"([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))([T ].*)?"
    found = re.fullmatch(pattern, value, re.DOTALL) if isinstance(value, str) else None
    return found[1] if found else None
