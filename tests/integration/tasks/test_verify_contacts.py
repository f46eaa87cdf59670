"""Checking addresses against a real DNS server on loopback, and what follows for contacts."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlmodel import select

from sestui.audience.deliverability import Domains
from sestui.core.contact.address_verdict import AddressVerdict
from sestui.core.delivery.states import ContactStatus
from sestui.core.task.states import TaskRunState
from sestui.errors import UsageError
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.contacts.address_checks import AddressChecks
from sestui.store.db.tables import Contact
from sestui.store.tasks.tables import ContactCheck
from sestui.tasks.types.verify_contacts import VerifyContacts, VerifyContactsParameters
from tests.support.clocks import FakeClock, ShiftedClock
from tests.support.name_server import NameServer
from tests.support.seeding import add_contacts, addresses, make_campaign, rows_of
from tests.support.tasks import context, ran
from tests.support.workspaces import World, once, sent

DAY = 86_400.0
CERTAIN = {
    "live": AddressVerdict.VALID,
    "fallback": AddressVerdict.VALID,
    "null": AddressVerdict.INVALID,
    "empty": AddressVerdict.INVALID,
    "gone": AddressVerdict.INVALID,
}
TROUBLE = ("denied", "failing", "refusing", "nonsense", "silent")


@pytest.fixture
def dns() -> Iterator[NameServer]:
    made = NameServer()
    yield made
    made.close()


@pytest.fixture
def runtime(world: World):
    return world.runtime(ShiftedClock())


def check(runtime, dns, **parameters):
    usual = {"nameservers": [dns.address], "timeout": 10, "rate": 1_000, "older_than": 0}
    return ran(runtime, "verify-contacts", {**usual, **parameters})


def contacts(runtime) -> dict[str, Contact]:
    with runtime.database.read() as session:
        return {contact.email: contact for contact in session.exec(select(Contact))}


def checked(runtime, email) -> ContactCheck:
    found = AddressChecks(runtime.database).of(contacts(runtime)[email].id)
    assert found is not None
    return found


@pytest.mark.long
@pytest.mark.ci
def test_what_the_dns_says_for_certain_is_believed_and_nothing_else_is(runtime, dns):
    emails = [f"a@{how}-1.com" for how in (*CERTAIN, *TROUBLE)]
    add_contacts(runtime.database, [*emails, "no address"])
    began = runtime.clock.now()
    run = check(runtime, dns, timeout=1)
    assert run.state is TaskRunState.SUCCEEDED, run.detail
    assert run.detail == (
        "11 addresses checked: 2 valid, 4 invalid (4 newly), 5 unknown, 0 valid again."
    )
    for how, verdict in CERTAIN.items():
        assert checked(runtime, f"a@{how}-1.com").verdict == verdict, how
    assert checked(runtime, "a@gone-1.com").reason == "The domain name gone-1.com does not exist."
    assert "does not accept email" in checked(runtime, "a@null-1.com").reason
    for how, why in zip(
        TROUBLE,
        ("but without a proof", "servers failed", "servers failed", "in time", "in time"),
        strict=True,
    ):
        row = checked(runtime, f"a@{how}-1.com")
        assert (row.verdict, why in row.reason) == (AddressVerdict.UNKNOWN, True), row
        assert began <= row.checked_at <= runtime.clock.now()
    assert "@" in checked(runtime, "no address").reason

    found = contacts(runtime)
    assert len(found) == 11, "marked, and not deleted"
    invalid = {email for email, each in found.items() if each.status == ContactStatus.INVALID}
    assert invalid == {"a@null-1.com", "a@empty-1.com", "a@gone-1.com", "no address"}
    assert found["a@gone-1.com"].status_reason == "The domain name gone-1.com does not exist."


@pytest.mark.long
@pytest.mark.ci
def test_trouble_that_comes_later_changes_nothing_and_the_end_of_it_heals(runtime, dns):
    add_contacts(runtime.database, ["a@live-1.com", "a@gone-1.com"])
    check(runtime, dns)
    for how in TROUBLE:
        dns.become |= {"live-1.com": how, "gone-1.com": how}
        check(runtime, dns, timeout=0.3)
        assert checked(runtime, "a@live-1.com").verdict == AddressVerdict.UNKNOWN
        statuses = {email: each.status for email, each in contacts(runtime).items()}
        assert statuses == {"a@live-1.com": "active", "a@gone-1.com": "invalid"}, how
    dns.become |= {"live-1.com": "live", "gone-1.com": "live"}
    assert check(runtime, dns).detail.endswith("1 valid again.")
    assert {each.status for each in contacts(runtime).values()} == {"active"}


def test_it_changes_only_what_it_may(database, tmp_path, dns):
    url = database.url.render_as_string(hide_password=False)
    with Runtime.open(load_settings(data_dir=tmp_path, database_url=url)) as runtime:
        add_contacts(runtime.database, ["a@gone-2.com", "b@gone-2.com", "a@live-2.com"])
        assert check(runtime, dns).result["newly_invalid"] == 2
        dns.become["gone-2.com"] = "live"
        assert check(runtime, dns).result["healed"] == 2
        _leaves_alone(runtime, dns)


def _leaves_alone(runtime, dns):
    """Who unsubscribed, and whom something else has made invalid."""
    add_contacts(runtime.database, ["gone@gone-1.com"], status="unsubscribed")
    add_contacts(runtime.database, ["bounced@live-1.com"], status="invalid")
    run = check(runtime, dns)
    assert (run.result["newly_invalid"], run.result["healed"]) == (0, 0)
    found = contacts(runtime)
    assert found["gone@gone-1.com"].status == "unsubscribed"
    assert found["bounced@live-1.com"].status == "invalid"


def test_each_domain_is_asked_for_once(runtime, dns):
    """However many batches its addresses are spread over."""
    emails = [f"{name}@{how}-{name[-1]}.com" for name in addresses(300) for how in ("live", "gone")]
    emails = [email.replace("@example.com", "") for email in emails]
    add_contacts(runtime.database, emails)
    run = check(runtime, dns)
    assert (run.result["checked"], run.result["valid"], run.result["invalid"]) == (600, 300, 300)
    assert run.result["domains"] == len(dns.asked)
    assert set(dns.asked.values()) == {1}


def test_who_was_checked_lately_is_left_and_lists_narrow(runtime, dns):
    add_contacts(runtime.database, ["a@live-1.com"], "one")
    add_contacts(runtime.database, ["b@live-2.com"], "two")
    assert check(runtime, dns, lists=["one"]).result["checked"] == 1
    assert check(runtime, dns, older_than=14).result["checked"] == 1, "the other one"
    assert check(runtime, dns, older_than=14).result["checked"] == 0
    runtime.clock.ahead += 15 * DAY
    assert check(runtime, dns, older_than=14).result["checked"] == 2
    assert check(runtime, dns, lists=["three"]).detail == "There is no list 'three'."


def test_only_valid_ones_get_a_campaign(world, runtime, dns):
    add_contacts(runtime.database, ["a@live-1.com", "a@gone-1.com", "a@failing-1.com"])
    check(runtime, dns)
    run = runtime.starter.start(make_campaign(runtime.database), runtime.clock.now())
    sent(runtime)
    assert world.outbox() == once(["a@live-1.com", "a@failing-1.com"]), "trouble proves nothing"
    found = {row.email: (row.state, row.code) for row in rows_of(runtime.database, run.id)}
    assert found["a@gone-1.com"] == ("skipped", "invalid")


def test_when_most_domains_are_dead_the_servers_are_not_believed(runtime, dns):
    emails = [f"a@gone-{number}.com" for number in range(30)]
    add_contacts(runtime.database, [*emails, "a@live-1.com"])
    run = check(runtime, dns)
    assert run.state is TaskRunState.FAILED
    assert run.detail.startswith(
        "30 of 31 domains take no mail according to the DNS servers; more likely"
    )
    assert {each.status for each in contacts(runtime).values()} == {"active"}


@pytest.mark.long
@pytest.mark.ci
def test_a_check_that_is_cut_off_writes_no_verdict_of_its_own(runtime, dns):
    add_contacts(runtime.database, [f"a@silent-{number}.com" for number in range(100)])
    usual = {"nameservers": [dns.address], "timeout": 0.4, "older_than": 0}
    run = ran(runtime, "verify-contacts", usual, timeout=1)
    assert run.state is TaskRunState.TIMED_OUT
    with runtime.database.read() as session:
        assert session.exec(select(ContactCheck)).all() == []


def test_without_dns_only_the_address_is_looked_at(runtime, dns):
    add_contacts(runtime.database, ["a@gone-1.com", "a@@gone-1.com"])
    found = ran(runtime, "verify-contacts", {"nameservers": [dns.address], "dns": False})
    assert (found.result["valid"], found.result["invalid"]) == (1, 1)
    assert not dns.asked


def test_what_is_no_server_is_refused(runtime, dns):
    def refused(*servers):
        with pytest.raises(UsageError) as caught:
            check(runtime, dns, nameservers=servers)
        return str(caught.value)

    for wrong in ("dns.example", "127.0.0.1:0", "[::1", "[::1]53", "1.2.3.4:x"):
        assert f"'{wrong}' is not the address of a DNS server" in refused(wrong)


# at what pace


class Planned(FakeClock):
    """Notes for when each wait was planned, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.planned: list[float] = []

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.planned.append(self.seconds + seconds)
        return event.is_set()


def test_domains_are_asked_for_at_a_polite_rate(dns):
    clock = Planned()
    domains = Domains(
        nameservers=[dns.address], timeout=1, rate=10, clock=clock, stop=threading.Event()
    )
    begins = clock.monotonic()
    for first in (0, 20):  # batch after batch
        domains.verdicts(f"live-{number}.com" for number in range(first, first + 20))
    assert sorted(clock.planned) == pytest.approx([begins + number / 10 for number in range(40)])
    clock.advance(60)  # what was not used is not made up for
    domains.verdicts(f"live-{number}.com" for number in range(40, 60))
    later = sorted(clock.planned)[40:]
    assert later == pytest.approx([begins + 60 + number / 10 for number in range(20)])


# in SES's sandbox


@pytest.mark.long
@pytest.mark.ci
def test_the_sandbox_delivers_to_verified_addresses_only(world, runtime, dns):
    world.account.configure(production_access=False)
    for name in ("me@live-1.com", "live-2.com"):
        world.account.add_identity(name)
    emails = [
        "Me@live-1.com",
        "you@live-1.com",
        "any@live-2.com",
        "a@gone-1.com",
        "a@failing-1.com",
    ]
    add_contacts(runtime.database, emails)
    run = check(runtime, dns, identities=True)
    assert (run.result["valid"], run.result["unverified"]) == (2, 1)
    row = checked(runtime, "you@live-1.com")
    assert (row.verdict, row.reason) == (AddressVerdict.UNVERIFIED, "SES has not verified it.")
    assert checked(runtime, "a@gone-1.com").verdict == AddressVerdict.INVALID
    assert checked(runtime, "a@failing-1.com").verdict == AddressVerdict.UNKNOWN
    assert contacts(runtime)["you@live-1.com"].status == ContactStatus.ACTIVE

    world.account.configure(production_access=True)
    run = check(runtime, dns, identities=True)
    assert run.result["unverified"] == 0
    assert "it delivers to any address" in run.log


def test_ses_is_asked_at_most_once_a_second(world, runtime):
    world.account.configure(production_access=False)
    with closing(sqlite3.connect(world.account.path)) as file:
        names = [(f"i{number:05d}@live-1.com", "EMAIL_ADDRESS") for number in range(2_500)]
        file.executemany("INSERT INTO identity VALUES (?, ?)", names)
        file.commit()
    add_contacts(runtime.database, ["i00001@live-1.com", "i02499@live-1.com", "no@live-1.com"])
    clock = Planned()
    wanted = VerifyContactsParameters(dns=False, identities=True)
    found = VerifyContacts().run(context(runtime, wanted, clock))
    assert (found.figures["valid"], found.figures["unverified"]) == (2, 1)
    assert len(clock.planned) == 3, "after each of the three pages"
    assert all(at >= clock.monotonic() + 1 for at in clock.planned)
