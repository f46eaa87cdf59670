"""DMARC by RFC 9989: which record applies, and to whom a domain belongs."""

import pytest

from sestui.core.doctor.dmarc import discover, parse_dmarc

NONE = "v=DMARC1; p=none; rua=mailto:d@example.com"


def texts(**zone):
    """TXT records by name, where _ is a dot; what is not in it has none."""
    found = {name.replace("_", "."): value for name, value in zone.items()}
    return lambda name: found.get(name.removeprefix("_dmarc."), [])


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("v=DMARC1; p=none", {"v": "DMARC1", "p": "none"}),
        ("v = DMARC1 ;P=Reject; sp=none;", {"v": "DMARC1", "p": "Reject", "sp": "none"}),
        ("v=DMARC1", {"v": "DMARC1"}),
        ("v=DMARC1; p=none; p=reject", {"v": "DMARC1", "p": "none"}),
        ("V=DMARC1; p=none", {"v": "DMARC1", "p": "none"}),
        ("v=dmarc1; p=none", None),
        ("v=DMARC10; p=none", None),
        ("p=none; v=DMARC1", None),
        ("v=spf1 -all", None),
        ("", None),
    ],
)
def test_a_record_is_its_tags(text, tags):
    assert parse_dmarc(text) == tags


@pytest.mark.parametrize(
    ("zone", "domain", "at", "organization"),
    [
        ({}, "news.example.com", None, "news.example.com"),
        ({"example_com": [NONE]}, "example.com", "example.com", "example.com"),
        ({"example_com": [NONE]}, "news.example.com", "example.com", "example.com"),
        ({"example_com": [NONE]}, "a.b.c.example.com", "example.com", "example.com"),
        # its own record applies, the organization is the one with the fewest labels
        (
            {"news_example_com": [NONE], "example_com": [NONE]},
            "news.example.com",
            "news.example.com",
            "example.com",
        ),
        # between the two: neither its own nor the organization's
        (
            {"b_example_com": [NONE], "example_com": [NONE]},
            "a.b.example.com",
            "example.com",
            "example.com",
        ),
        # psd=n: the walk ends there
        (
            {"news_example_com": [f"{NONE}; psd=n"], "example_com": [NONE]},
            "x.news.example.com",
            "news.example.com",
            "news.example.com",
        ),
        # psd=y: the organization is one label below
        (
            {"co_uk": [f"{NONE}; psd=y"], "shop_co_uk": [NONE]},
            "news.shop.co.uk",
            "shop.co.uk",
            "shop.co.uk",
        ),
        ({"co_uk": [f"{NONE}; psd=y"]}, "news.shop.co.uk", "co.uk", "shop.co.uk"),
        # no more than eight questions, of the last seven labels after the first
        (
            {"c_d_e_f_g_h_i_j_com": [NONE]},
            "a.b.c.d.e.f.g.h.i.j.com",
            None,
            "a.b.c.d.e.f.g.h.i.j.com",
        ),
    ],
)
def test_the_tree_walk(zone, domain, at, organization):
    found = discover(domain, texts(**zone))
    assert (found.record.domain if found.record else None) == at
    assert found.organization == organization
    assert found.known


def test_it_asks_at_most_eight_times():
    asked = []

    def note(name):
        asked.append(name)
        return []

    discover("a.b.c.d.e.f.g.h.i.j.example.com", note)
    assert asked[:2] == ["_dmarc.a.b.c.d.e.f.g.h.i.j.example.com", "_dmarc.f.g.h.i.j.example.com"]
    assert len(asked) == 8
    assert asked[-1] == "_dmarc.com"


def test_two_records_are_none_and_a_silent_server_leaves_it_open():
    two = discover("example.com", texts(example_com=[NONE, "v=DMARC1; p=reject"]))
    assert (two.record, two.several) == (None, "example.com")
    silent = discover("example.com", lambda _name: None)
    assert (silent.record, silent.known) == (None, False)


def test_subdomains_may_have_a_policy_of_their_own():
    record = discover("a.example.com", texts(example_com=["v=DMARC1; p=reject; sp=none"])).record
    assert record is not None
    assert record.policy_for("example.com") == "reject"
    assert record.policy_for("a.example.com") == "none"
