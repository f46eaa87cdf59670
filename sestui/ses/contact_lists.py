"""The contact lists and stored templates of an SES account: one call a second."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sestui.core.clock import Clock, Instant
from sestui.ses.client import Clients
from sestui.ses.paced_calls import PacedCalls

CONTACTS = 1_000
TEMPLATES = 100
"""The most that SES gives at a time."""


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A contact of a contact list."""

    address: str
    topics: dict[str, bool]
    """By topic: True where the contact has opted in, False where out of it; no other topics."""
    defaults: dict[str, bool]
    """What goes for the topics that the contact has said nothing about."""
    left_all: bool
    """Whether they have unsubscribed from the whole list."""
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class SesTemplate:
    """A template."""

    name: str
    subject: str
    html: str
    text: str


class SesContactLists:
    """Reads them; for one thread.

    Every method may raise AccountError, or StoppedError if ``stop`` is set before its turn.
    """

    def __init__(
        self, clients: Clients, clock: Clock, *, simulated: bool, stop: threading.Event
    ) -> None:
        self._sesv2 = clients.sesv2
        self._calls = PacedCalls(clock, simulated=simulated, stop=stop)

    def names(self) -> Iterator[str]:
        """The contact lists; an account has one as a rule."""
        for page in self._pages(self._sesv2.list_contact_lists, {}):
            yield from (each["ContactListName"] for each in page.get("ContactLists", ()))

    def topics(self, contact_list: str) -> list[str]:
        """The topics of a list."""
        found = self._calls.ask(lambda: self._sesv2.get_contact_list(ContactListName=contact_list))
        return [each["TopicName"] for each in found.get("Topics", ())]

    def contacts(self, contact_list: str) -> Iterator[ListedContact]:
        """Everybody on a list, who has left it too."""
        given = {"ContactListName": contact_list, "PageSize": CONTACTS}
        for page in self._pages(self._sesv2.list_contacts, given):
            yield from map(_contact, page.get("Contacts", ()))

    def templates(self) -> Iterator[SesTemplate]:
        """All templates, which takes a call for each."""
        for page in self._pages(self._sesv2.list_email_templates, {"PageSize": TEMPLATES}):
            for each in page.get("TemplatesMetadata", ()):
                yield self._template(each["TemplateName"])

    def _template(self, name: str) -> SesTemplate:
        found = self._calls.ask(lambda: self._sesv2.get_email_template(TemplateName=name))
        content = found.get("TemplateContent", {})
        parts = (content.get(part) or "" for part in ("Subject", "Html", "Text"))
        return SesTemplate(name, *parts)

    def _pages(self, call: Any, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        asked = given
        while True:
            page = self._calls.ask(partial(call, **asked))
            yield page
            if not page.get("NextToken"):
                return
            asked = {**given, "NextToken": page["NextToken"]}


def _contact(given: Any) -> ListedContact:
    return ListedContact(
        given["EmailAddress"],
        _opted(given.get("TopicPreferences", ())),
        _opted(given.get("TopicDefaultPreferences", ())),
        bool(given.get("UnsubscribeAll")),
        given["LastUpdatedTimestamp"].timestamp(),
    )


def _opted(given: Any) -> dict[str, bool]:
    return {each["TopicName"]: each["SubscriptionStatus"] == "OPT_IN" for each in given}
