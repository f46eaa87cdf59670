"""What a simulated recipient does with a mail, and when: minutes stand for what takes hours."""

import random
from dataclasses import replace

from sestui.core.recipient_behaviour import RecipientBehaviour
from sestui.simulator.account.account import SimulatedMail
from sestui.simulator.account.rules import mailbox_simulator
from sestui.simulator.outbox.events import MAILBOX_FULL, EventType

_DELIVERY_SECONDS = (0.4, 3.0)
_BOUNCE_SECONDS = (0.6, 8.0)
_DELAY_SECONDS = (20.0, 60.0)
_SCANNER_SECONDS = (0.1, 3.0)
_MEAN_SECONDS_TO_OPEN = 90.0
_SOONEST_OPEN = 5.0
_CLICK_SECONDS = (6.0, 60.0)
_COMPLAINT_SECONDS = (10.0, 90.0)
_UNSUBSCRIBE_SECONDS = (5.0, 60.0)

USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
)
MACHINE = "Mozilla/5.0 (compatible; SimulatedLinkScanner/1.0)"


def lived_through(
    events: list[EventType],
    mail: SimulatedMail,
    behaviour: RecipientBehaviour,
    chance: random.Random,
) -> list[EventType]:
    """The events of a mail with what its recipient does; each with its seconds after the mail.

    ``events`` are a plain mail's: Send and Delivery, to one recipient. All else is a test mailbox's
    or an accident, and stays as it is.
    """
    if behaviour.is_idle or [each.kind for each in events] != ["Send", "Delivery"]:
        return events
    send, delivery = events
    to = delivery.recipients
    if len(to) != 1 or mailbox_simulator(to[0]):
        return events
    fate = chance.random()
    if fate < behaviour.bounce + behaviour.soft_bounce:
        detail = "bounce" if fate < behaviour.bounce else MAILBOX_FULL
        return [send, EventType("Bounce", to, detail, chance.uniform(*_BOUNCE_SECONDS))]
    found = [send]
    arrives = chance.uniform(*_DELIVERY_SECONDS)
    if chance.random() < behaviour.delay:
        found.append(EventType("DeliveryDelay", to, "", arrives))
        arrives += chance.uniform(*_DELAY_SECONDS)
    found.append(replace(delivery, after=arrives))
    if chance.random() < behaviour.machine:
        scanned = arrives + chance.uniform(*_SCANNER_SECONDS)
        found += [EventType(kind, to, MACHINE, scanned) for kind in ("Open", "Click")]
    clicks = chance.random() < behaviour.click
    # Whoever clicks has opened it: what is left of the share are those who only open.
    only_opens = max(0.0, behaviour.open - behaviour.click) / max(1.0 - behaviour.click, 1e-9)
    if clicks or chance.random() < only_opens:
        agent = chance.choice(USER_AGENTS)
        opened = arrives + _SOONEST_OPEN + chance.expovariate(1 / _MEAN_SECONDS_TO_OPEN)
        found.append(EventType("Open", to, agent, opened))
        if clicks:
            found.append(EventType("Click", to, agent, opened + chance.uniform(*_CLICK_SECONDS)))
    if chance.random() < behaviour.complaint:
        found.append(EventType("Complaint", to, "", arrives + chance.uniform(*_COMPLAINT_SECONDS)))
    can_leave = mail.subscription is not None or mail.unsubscribe_mailto != ""
    if can_leave and chance.random() < behaviour.unsubscribe:
        leaves = arrives + chance.uniform(*_UNSUBSCRIBE_SECONDS)
        by_mail = EventType("Received", to, mail.unsubscribe_mailto, leaves)
        by_link = EventType("Subscription", to, "", leaves)
        found.append(by_mail if mail.subscription is None else by_link)
    return found
