"""SPF: which record there is, and how often receivers have to ask for it."""

from sestui.core.doctor.spf import MOST_LOOKUPS, read_spf


def of(zone, domain="example.com"):
    return read_spf(domain, lambda name: zone.get(name, []))


def test_other_texts_are_no_spf():
    zone = {"example.com": ["google-site-verification=x", "v=spf10 -all", "V=SPF1 -all"]}
    assert of(zone).records == ("V=SPF1 -all",)
    assert of({}).records == ()
    assert read_spf("example.com", lambda _name: None).records is None


def test_every_term_that_asks_counts_includes_and_redirects_too():
    zone = {
        "example.com": ["v=spf1 a:mail.example.com mx ip4:192.0.2.1 include:one.test ~all"],
        "one.test": ["v=spf1 include:two.test exists:%{i}.one.test redirect=three.test"],
        "three.test": ["v=spf1 ptr -all"],
    }
    found = of(zone)
    assert found.lookups == 7
    assert found.included == {"one.test", "two.test", "three.test"}
    assert not found.asks_too_much


def test_a_word_that_only_begins_like_one_is_none():
    assert of({"example.com": ["v=spf1 all mxx axe ip4:192.0.2.1 -all"]}).lookups == 0


def test_circles_end_and_too_much_is_found():
    circle = {"example.com": ["v=spf1 include:b.test -all"], "b.test": ["v=spf1 include:b.test"]}
    assert of(circle).lookups == 2
    many = " ".join(f"include:n{number}.test" for number in range(MOST_LOOKUPS + 1))
    assert of({"example.com": [f"v=spf1 {many} -all"]}).asks_too_much
