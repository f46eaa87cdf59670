"""Read an SES account: its suppression list, contact lists with their topics, and templates.

A contact list becomes a list, and each of its topics one more. SES mails everybody on a contact
list but those who have unsubscribed from all of it, and of a topic those who are in by their own
word, or by the topic's default.
"""

from collections.abc import Iterator, Mapping

from sestui.audience.imports.status_words import Meaning
from sestui.audience.migrate.handlebars_tags import HandlebarsTags
from sestui.audience.migrate.people import People
from sestui.audience.migrate.records import ListStanding, MailDraft, MigratedKind
from sestui.audience.migrate.translated import html_of_text
from sestui.core.content.message import MessageSource
from sestui.core.text import printable
from sestui.ses.contact_lists import ListedContact, SesContactLists, SesTemplate
from sestui.ses.suppression_list import SuppressionList

TOOL = "SES"
_REASONS = {"COMPLAINT": Meaning.COMPLAINED}


class SesLists:
    """An account; ``name`` is what it is called in the report."""

    tool = TOOL

    def __init__(self, suppressed: SuppressionList, lists: SesContactLists, name: str) -> None:
        self._suppressed = suppressed
        self._lists = lists
        self.name = name

    # people

    def read_people(self, people: People) -> None:
        """Add all of it, in pages of a thousand.

        Raises:
            AccountError: SES refuses, or doesn't answer.
            StoppedError: it was stopped.
        """
        self._read_suppressed(people)
        for contact_list in self._lists.names():
            people.file = printable(contact_list)
            name = people.add_list(contact_list, "SES")
            topics = {
                topic: people.add_list(topic, contact_list)
                for topic in self._lists.topics(contact_list)
            }
            for number, contact in enumerate(self._lists.contacts(contact_list), start=1):
                _read_contact(people, contact, name, topics, number)

    def _read_suppressed(self, people: People) -> None:
        people.file = "suppression list"
        token, number = "", 0
        while True:
            page, token = self._suppressed.page(None, token)
            for each in page:
                number += 1
                meaning = _REASONS.get(each.reason, Meaning.BOUNCED)
                why = f"suppression list ({each.reason.lower()})"
                people.suppress(each.address, meaning, why, number, each.updated_at)
            if not token:
                return

    # mails

    def mails(self) -> Iterator[MailDraft]:
        """The templates as starting points; SES has no campaigns."""
        return map(_draft, self._lists.templates())


def _read_contact(
    people: People, contact: ListedContact, name: str, topics: Mapping[str, str], number: int
) -> None:
    key = people.add(contact.address, {}, line=number)
    standings = {topic: _standing(contact, topic) for topic in topics}
    left = contact.left_all or (
        bool(topics) and all(each is ListStanding.LEFT for each in standings.values())
    )
    whole = ListStanding.LEFT if left else ListStanding.SUBSCRIBED
    for list_name, standing in (
        (name, whole),
        *((topics[each], standings[each]) for each in topics),
    ):
        said = "unsubscribed from" if standing is ListStanding.LEFT else "on"
        people.subscribe(key, list_name, standing, f"{said} {list_name}")


def _standing(contact: ListedContact, topic: str) -> ListStanding:
    opted = contact.topics.get(topic)
    if contact.left_all or opted is False:
        return ListStanding.LEFT
    if opted or contact.defaults.get(topic):
        return ListStanding.SUBSCRIBED
    return ListStanding.UNCONFIRMED


def _draft(template: SesTemplate) -> MailDraft:
    tags = HandlebarsTags()
    text = tags.jinja(template.text)
    body = tags.jinja(template.html) or html_of_text(text)
    return MailDraft(
        MigratedKind.TEMPLATES,
        f"{template.name}-template",
        MessageSource(tags.jinja(template.subject), body, "html", text=text),
        untranslated=tags.untranslated,
    )
