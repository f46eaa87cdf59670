"""Whether a person or a machine opened a mail or followed a link, as far as can be told.

Sources:
- Apple's Mail Privacy Protection loads every picture through a relay that calls itself just
  ``Mozilla/5.0`` (Apple, "Use Mail Privacy Protection"; seen alike by all who measure opens).
- Gmail and Yahoo show pictures through proxies (``GoogleImageProxy``, ``YahooMailProxy``), which
  fetch when a person opens the mail, so those count as a person's.
- Security gateways (Barracuda, Mimecast, Proofpoint, Microsoft's Safe Links and others) fetch all
  links, and often the picture, within seconds of the delivery.
"""

import re
from functools import lru_cache

from sestui.core.clock import Instant

SECONDS_OF_SCANNERS = 10.0
"""A person needs longer from the delivery of a mail to a click in it. Gateways hold the mail back
until they are through, so their clicks come about the delivery, or before it."""

_BOTS = re.compile(
    r"bot\b|crawl|spider|scan|preview|prefetch|monitor|headless|phantom|selenium|playwright"
    r"|python-|\bcurl\b|\bwget\b|java/|okhttp|go-http|libwww|httpclient|axios|node-fetch|php/"
    r"|barracuda|mimecast|proofpoint|ironport|trendmicro|symantec|fireeye|forcepoint|sophos"
    r"|urlscan|virustotal|safelinks|bitlybot|facebookexternalhit|slackbot|whatsapp|telegram"
    r"|skypeuri|google-safety|googleother|ms-office|microsoft office|owa-preview",
    re.IGNORECASE,
)
"""Programs that name themselves."""

_APPLE_RELAY = re.compile(r"\s*Mozilla/5\.0\s*")


@lru_cache(maxsize=4096)  # there are many opens and few agents
def is_machine(user_agent: str, *, is_click: bool) -> bool:
    """Whether the program that opened the mail, or followed a link in it, is no person's."""
    if not user_agent.strip() or _BOTS.search(user_agent):
        return True
    return not is_click and _APPLE_RELAY.fullmatch(user_agent) is not None


def is_prompt(clicked_at: Instant, delivered_at: Instant | None) -> bool:
    """Whether a click came sooner after the delivery than a person reads; None: it isn't known."""
    return delivered_at is not None and clicked_at - delivered_at < SECONDS_OF_SCANNERS
