"""A whole domain that is suppressed holds wherever an address does, on both engines."""

import pytest
from sqlalchemy import literal, select

from sestui.core.contact.address_check import domain_key, suppression_key
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.states import MANUAL, Standing
from sestui.store.contacts.address_sql import of_domain
from sestui.store.contacts.key_queries import Which
from sestui.store.contacts.pages import ContactPages
from sestui.store.contacts.suppressions import Suppressions
from tests.support.seeding import (
    PLENTY,
    add_contacts,
    make_campaign,
    open_ledger,
    rows_of,
    start_run,
    suppress,
    tell_governor,
)

KEPT = ["a@kept.org", "b@sub.gone.org", "c@notgone.org", "gone.org@kept.org", "d@gone.org.uk"]


@pytest.mark.parametrize("typed", ["gone.org", "@gone.org", "*@gone.org", " *@Gone.ORG "])
def test_a_domain_is_named_in_three_ways(typed):
    assert domain_key(typed) == suppression_key(typed) == "@gone.org"


@pytest.mark.parametrize("typed", ["ada@gone.org", "", "@", "*", "gone", "*.gone.org", "a b.org"])
def test_what_is_no_domain_is_none(typed):
    assert domain_key(typed) is None


def test_a_domain_in_another_script_is_compared_in_punycode():
    assert domain_key("*@Bücher.de") == "@xn--bcher-kva.de"


@pytest.mark.parametrize(
    "key", ["ada@x.co", "a@b@x.co", '"odd@local"@x.co', "@x.co", "x.co@x.co", "co.x@x.co"]
)
def test_the_database_takes_the_domain_off_an_address(database, key):
    with database.read_connection() as connection:
        assert connection.execute(select(of_domain(literal(key)))).scalar() == "@x.co"


def test_the_claim_itself_skips_everybody_at_the_domain(database, clock):
    add_contacts(database, [*KEPT, "x@gone.org", "Y@Gone.Org"])
    suppress(database, "@gone.org")
    tell_governor(database, PLENTY)
    run_id = start_run(database, make_campaign(database), clock.now()).id
    claims = open_ledger(database, clock).exchange([], ClaimRequest(run_id, 50)).claims
    assert [claim.email for claim in claims] == KEPT
    skipped = {row.email: row.code for row in rows_of(database, run_id) if row.code}
    assert skipped == {"x@gone.org": "suppressed", "Y@Gone.Org": "suppressed"}


def test_pages_count_them_as_suppressed_and_say_why(database):
    add_contacts(database, [*KEPT, "x@gone.org", "y@gone.org"], "all")
    add_contacts(database, ["z@gone.org"], "other")
    suppress(database, "@gone.org")
    suppress(database, "y@gone.org")
    for which, count in ((Which(None, Standing.ACTIVE), 5), (Which("other", Standing.ACTIVE), 0)):
        pages = ContactPages(database, which)
        assert pages.count() == len(pages.page(0, 50)) == count
    lines = {line.email: line for line in ContactPages(database, Which()).page(0, 50)}
    assert lines["x@gone.org"].standing is Standing.SUPPRESSED
    assert lines["x@gone.org"].reason == "all of gone.org: manual"
    assert lines["y@gone.org"].reason == "manual"
    assert lines["c@notgone.org"].standing is Standing.ACTIVE
    [domain, _] = ContactPages(database, Which(None, Standing.SUPPRESSED)).page(0, 50)
    assert (domain.email, domain.id) == ("@gone.org", None)


def test_an_address_knows_that_its_domain_is_suppressed(database):
    suppressions = Suppressions(database)
    suppressions.add("@gone.org", MANUAL, "spam traps", 1)
    found = suppressions.get("x@gone.org")
    assert found is not None
    assert found.why == "all of gone.org: manual: spam traps"
    assert not suppressions.remove("x@gone.org", 2)
    assert suppressions.remove("@gone.org", 2)
    assert suppressions.get("x@gone.org") is None
