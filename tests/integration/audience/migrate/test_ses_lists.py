"""The simulated account's contact lists, taken over by HTTP."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sestui.audience.migrate.handlebars_tags import HandlebarsTags
from sestui.audience.migrate.migrate import Reconciliation, migrate
from sestui.audience.migrate.records import MigratedKind
from sestui.audience.migrate.ses_lists import SesLists
from sestui.core.content.composer import Composer
from sestui.core.content.message import Envelope, MessageSource, TemplateError
from sestui.core.delivery.mail import Mail
from sestui.errors import StoppedError
from sestui.ses import contact_lists, suppression_list
from sestui.ses.client import Clients
from sestui.ses.contact_lists import SesContactLists
from sestui.ses.suppression_list import SuppressionList
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from tests.support.clocks import FakeClock
from tests.support.migrations import everything, figures, standings
from tests.support.workspaces import World

FIGURES = {
    MigratedKind.SUPPRESSIONS: (2, 2, 0, 0),
    MigratedKind.LISTS: (3, 3, 0, 0),
    MigratedKind.CONTACTS: (6, 6, 0, 0),
    MigratedKind.SUBSCRIPTIONS: (18, 15, 0, 3),
    MigratedKind.TEMPLATES: (2, 2, 0, 0),
    MigratedKind.CAMPAIGNS: (0, 0, 0, 0),
}
STANDINGS = {
    "ada@example.org": ("active", "", "News, Sport", ""),
    "both@example.org": ("active", "", "News, Offers, Sport", ""),
    "bounced@example.org": ("unsubscribed", "bounced", "News, Sport", ""),
    "left.all@example.org": ("unsubscribed", "", "", "News, Offers, Sport"),
    "left.sport@example.org": ("active", "", "News", "Sport"),
    "no.topic@example.org": ("unsubscribed", "", "", "News, Offers, Sport"),
}


class Account:
    """The simulated account, with a contact list of two topics."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients: Clients = world.runtime().ses.clients
        self.clock = FakeClock(1_800_000_000.0)
        self.stop = threading.Event()

    def fill(self) -> None:
        ses = self.clients.sesv2
        ses.create_contact_list(
            ContactListName="News",
            Topics=[
                topic("Sport", default="OPT_IN"),
                topic("Offers", default="OPT_OUT"),
            ],
        )
        self.add("ada@example.org")
        self.add("both@example.org", Offers="OPT_IN")
        self.add("bounced@example.org")
        self.add("left.all@example.org", left_all=True, Sport="OPT_IN")
        self.add("left.sport@example.org", Sport="OPT_OUT")
        self.add("no.topic@example.org", Sport="OPT_OUT", Offers="OPT_OUT")
        for address, reason in (("bounced", "BOUNCE"), ("gone", "COMPLAINT")):
            ses.put_suppressed_destination(
                EmailAddress=f"{address}@example.org",
                Reason=reason,  # type: ignore[arg-type] # one of SES's two
            )
        ses.create_email_template(
            TemplateName="welcome",
            TemplateContent={
                "Subject": "Hello {{first_name}}",
                "Html": "<p>{{#if city}}Of {{city}}{{else}}Hello{{/if}} "
                '<a href="{{amazonSESUnsubscribeUrl}}">Leave</a></p>',
                "Text": "Hello {{first_name}}",
            },
        )
        ses.create_email_template(
            TemplateName="receipt",
            TemplateContent={"Subject": "Paid", "Text": "{{#each items}}{{name}}{{/each}}"},
        )

    def add(self, address: str, *, left_all: bool = False, **topics: Any) -> None:
        self.clients.sesv2.create_contact(
            ContactListName="News",
            EmailAddress=address,
            TopicPreferences=[
                {"TopicName": name, "SubscriptionStatus": status} for name, status in topics.items()
            ],
            UnsubscribeAll=left_all,
        )

    def migrated(self, database: Database) -> Reconciliation:
        """Taken over at SES's own pace."""
        how: Any = {"simulated": False, "stop": self.stop}
        source = SesLists(
            SuppressionList(self.clients, self.clock, **how),
            SesContactLists(self.clients, self.clock, **how),
            "the account",
        )
        return migrate(database, source, now=1000)


def topic(name: str, *, default: Any) -> Any:
    return {"TopicName": name, "DisplayName": name, "DefaultSubscriptionStatus": default}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with closing(World(tmp_path / "world", simulator_latency=0)) as world:
        yield Account(world)


def test_everything_is_accounted_for_at_ses_s_pace_and_the_second_time_changes_nothing(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_lists, "CONTACTS", 4)
    monkeypatch.setattr(suppression_list, "PAGE", 1)
    account.fill()
    began = account.clock.monotonic()
    first = account.migrated(database)
    assert figures(first) == FIGURES
    assert standings(database) == STANDINGS
    # Lists, topics, two pages of contacts, a page of templates and two of them; the suppression
    # list's two pages are paced by themselves.
    assert account.clock.monotonic() - began >= 6
    notes = {(each.draft, each.said.partition(" has no ")[0]) for each in first.notes}
    assert ("receipt-template", "{{#each items}}") in notes
    campaigns = Campaigns(database)
    welcome = campaigns.message(campaigns.get("welcome-template").message_id)
    assert welcome.body == (
        "<p>{% if city %}Of {{ city }}{% else %}Hello{% endif %} "
        '<a href="{{ unsubscribe_url }}">Leave</a></p>'
    )
    assert (welcome.subject, welcome.text) == ("Hello {{ first_name }}", "Hello {{ first_name }}")
    before = everything(database)
    again = account.migrated(database)
    assert everything(database) == before
    assert figures(again) == {
        kind: (read, 0, taken, left_out) for kind, (read, taken, _, left_out) in FIGURES.items()
    }


def test_who_leaves_there_meanwhile_leaves_here_too(database: Database, account: Account) -> None:
    account.fill()
    account.migrated(database)
    with account.world.account.changing() as connection:
        connection.execute("INSERT INTO departure VALUES ('ada@example.org', 'News', '')")
    account.migrated(database)
    left = ("unsubscribed", "", "", "News, Offers, Sport")
    assert standings(database)["ada@example.org"] == left


def test_an_account_without_anything_and_one_that_is_stopped(
    database: Database, account: Account
) -> None:
    assert set(figures(account.migrated(database)).values()) == {(0, 0, 0, 0)}
    blank = everything(database)
    account.fill()
    account.stop.set()
    with pytest.raises(StoppedError):
        account.migrated(database)
    assert everything(database) == blank


@pytest.mark.parametrize(
    ("call", "given", "code"),
    [
        ("create_contact_list", {"ContactListName": "News"}, "AlreadyExistsException"),
        ("create_contact_list", {"ContactListName": "a b"}, "BadRequestException"),
        ("get_contact_list", {"ContactListName": "Gone"}, "NotFoundException"),
        ("list_contacts", {"ContactListName": "Gone"}, "NotFoundException"),
        (
            "create_contact",
            {"ContactListName": "News", "EmailAddress": "ada@example.org"},
            "AlreadyExistsException",
        ),
        (
            "create_contact",
            {
                "ContactListName": "News",
                "EmailAddress": "new@example.org",
                "TopicPreferences": [{"TopicName": "Art", "SubscriptionStatus": "OPT_IN"}],
            },
            "BadRequestException",
        ),
        (
            "get_contact",
            {"ContactListName": "News", "EmailAddress": "new@example.org"},
            "NotFoundException",
        ),
    ],
)
def test_the_simulator_refuses_as_ses_does(
    account: Account, call: str, given: dict[str, Any], code: str
) -> None:
    account.fill()
    with pytest.raises(ClientError) as refused:
        getattr(account.clients.sesv2, call)(**given)
    assert refused.value.response["Error"]["Code"] == code


def mail_of(source: MessageSource, contact: dict[str, str]) -> Mail:
    return Composer(source, Envelope("news@example.com")).mail("ada@example.org", contact)


@pytest.mark.parametrize(
    "written",
    [
        "{{#each items}}{{this}}{{/each}}",
        "{{> header}}",
        "{{#with person}}{{name}}{{/with}}",
        "{{../name}}",
        "{{@index}}",
        "{{#if}}a{{/if}}",
        "{{/if}}",
        "{{else}}",
        "{{#if name}}open",
        "{{lookup name 'a'}}",
    ],
)
def test_a_tag_without_counterpart_is_never_mailed(written: str) -> None:
    source = MessageSource("Subject", HandlebarsTags().jinja(f"<p>{written}</p>"), "html")
    with pytest.raises(TemplateError):
        mail_of(source, {"name": "Ada", "items": "a"})


@pytest.mark.parametrize(
    ("written", "mailed"),
    [
        ("{{name}}", "A &amp; B"),
        ("{{{name}}}", "A & B"),
        ("{{ person.city }}", "Paris"),
        ("{{#unless empty}}none{{/unless}}", "none"),
        ("{{! nothing }}{{!-- {{name}} --}}shown", "shown"),
        (".a{%b", ".a{ %b"),
    ],
)
def test_tags_are_as_in_ses(written: str, mailed: str) -> None:
    source = MessageSource("Subject", f"<p>{HandlebarsTags().jinja(written)}</p>", "html")
    names = {"name": "A & B", "person_city": "Paris", "empty": ""}
    assert mailed in mail_of(source, names).html
