import pytest

from sestui.core.relay.key import LEAST_SHARE, KeyFields
from sestui.errors import UsageError


@pytest.mark.parametrize(
    "fields",
    [
        KeyFields("s"),
        KeyFields("Shop-2.eu_west" + "x" * 80),
        KeyFields("shop", ["example.com", "Ada@EXAMPLE.com", "o'hara+x@mail.example.org"]),
        KeyFields("shop", rate_share=LEAST_SHARE, quota_share=1),
    ],
)
def test_a_key_that_can_be(fields):
    fields.check()


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "-a", ".a", "a:b", "é", "[bold]x[/bold]", "a\n", "\x1b[31m", "x" * 95]
)
def test_a_name_that_cannot_be(name):
    with pytest.raises(UsageError, match="can't be a key's name"):
        KeyFields(name).check()


@pytest.mark.parametrize(
    "sender",
    ["", "@", "a@", "@x", "a b", "a@b@c", "x..y", "\u202ea@x.org", "\x1b[1m@x.org", "a" * 10_000],
)
def test_a_sender_that_cannot_be(sender):
    with pytest.raises(UsageError, match="neither an address nor a domain") as caught:
        KeyFields("shop", ["example.com", sender]).check()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("share", [0, -1, 1.0001, LEAST_SHARE / 2, float("nan"), float("inf")])
@pytest.mark.parametrize("of", ["rate", "quota"])
def test_a_share_that_cannot_be(share, of):
    with pytest.raises(UsageError, match=f"share of the {of} can't be"):
        KeyFields("shop", **{f"{of}_share": share}).check()
