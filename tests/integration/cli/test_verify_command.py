"""`contact verify`: addresses asked of a DNS server on loopback."""

from collections.abc import Iterator

import pytest

from tests.support.cli import Sestui
from tests.support.name_server import NameServer


@pytest.fixture
def dns() -> Iterator[NameServer]:
    made = NameServer()
    yield made
    made.close()


def people(sestui: Sestui, *emails: str, into: str = "all") -> None:
    sestui.ok("import", sestui.write("people.csv", "\n".join(("Email", *emails))), "--list", into)


def statuses(sestui: Sestui) -> dict[str, str]:
    return {each["email"]: each["status"] for each in sestui.json("contact", "find", "@")}


def test_addresses_are_told_one_by_one_and_invalid_contacts_marked(
    sestui: Sestui, dns: NameServer
) -> None:
    people(sestui, "Ann@live-1.com", "bob@gone-1.com")
    asked = ("ANN@live-1.com", "bob@gone-1.com", "zoe@null-1.com", "a b")
    by = ("--nameserver", dns.address, "--rate", "1000")
    done = sestui.run("contact", "verify", *asked, *by, "--dry-run")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        "Ann@live-1.com  valid",
        "bob@gone-1.com  invalid  The domain name gone-1.com does not exist.",
    ]
    assert "zoe@null-1.com  invalid  The domain name null-1.com does not accept" in done.stdout
    assert "a b  invalid  " in done.stdout
    assert done.stderr == (
        "4 addresses checked: 1 valid, 3 invalid (1 newly), 0 unknown, 0 valid again. "
        "Nothing has been changed.\n"
    )
    assert statuses(sestui)["bob@gone-1.com"] == "active"
    assert sestui.run("contact", "verify", *asked, *by).returncode == 1
    assert statuses(sestui) == {"Ann@live-1.com": "active", "bob@gone-1.com": "invalid"}
    dns.become["gone-1.com"] = "live"
    assert sestui.ok("contact", "verify", "bob@gone-1.com", *by) == "bob@gone-1.com  valid\n"
    assert statuses(sestui)["bob@gone-1.com"] == "active"


def test_of_lists_those_are_told_that_are_not_valid(sestui: Sestui, dns: NameServer) -> None:
    people(sestui, "ann@live-1.com", "bob@gone-1.com", "cid@failing-1.com")
    people(sestui, "dan@gone-2.com", into="other")
    by = ("--nameserver", dns.address, "--rate", "1000")
    told = sestui.json("contact", "verify", "--list", "all", *by)
    assert {each: told[each] for each in ("checked", "valid", "invalid", "newly_invalid")} == {
        "checked": 3,
        "valid": 1,
        "invalid": 1,
        "newly_invalid": 1,
    }
    assert [(each["email"], each["verdict"]) for each in told["addresses"]] == [
        ("bob@gone-1.com", "invalid"),
        ("cid@failing-1.com", "unknown"),
    ]
    assert statuses(sestui)["dan@gone-2.com"] == "active"
    assert sestui.json("contact", "verify", "--older-than", "1", *by)["checked"] == 1
    assert "There is no list 'none'." in sestui.refused(1, "contact", "verify", "--list", "none")


def test_servers_that_answer_nothing_are_told_and_change_nothing(
    sestui: Sestui, dns: NameServer
) -> None:
    people(sestui, *(f"a@silent-{number}.com" for number in range(41)))
    by = ("--nameserver", dns.address, "--rate", "1000", "--timeout", "0.1")
    said = sestui.run("contact", "verify", "a@silent-1.com", *by)
    assert (said.returncode, said.stdout) == (
        75,
        "a@silent-1.com  unknown  The DNS servers did not answer in time.\n",
    )
    assert "is this machine offline?" in sestui.refused(75, "contact", "verify", *by)
    assert sestui.json("contact", "verify", "--no-dns")["valid"] == 41
    assert set(statuses(sestui).values()) == {"active"}


def test_what_does_not_go_together_is_refused(sestui: Sestui) -> None:
    assert "leave out" in sestui.refused(2, "contact", "verify", "a@x.co", "--list", "all")
    assert "is not the address of a DNS server" in sestui.refused(
        2, "contact", "verify", "a@x.co", "--nameserver", "dns.example"
    )
