import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from sestui.core.contact.address_check import (
    Address,
    Refusal,
    address_key,
    check_address,
    wire_address,
)


def librarys(text: str) -> str | None:
    try:
        return validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False
        ).normalized
    except EmailNotValidError:
        return None


def ours(text: str) -> str | None:
    verdict = check_address(text)
    return verdict.email if isinstance(verdict, Address) else None


LOCAL = st.one_of(
    st.from_regex(r"[a-zA-Z0-9_!#$%&'*+/=?^`{|}~.-]{0,70}", fullmatch=True),
    st.sampled_from(["info", "Abuse", "WWW", '"q"', '"a b"', "a" * 64, "a" * 240, "é", "a<b", ""]),
    st.text(max_size=8),
)
LABEL = st.one_of(
    st.from_regex(r"[a-zA-Z0-9-]{0,6}", fullmatch=True),
    st.sampled_from(
        [
            "com",
            "test",
            "local",
            "LOCALHOST",
            "onion",
            "arpa",
            "invalid",
            "example",
            "xn--caf-dma",
            "xn--a",
            "ab--cd",
            "café",
            "BÜCHER",
            "例え",
            "אב",
            "1",
            "c1",
            "a" * 63,
            "a" * 64,
            "a_b",
            "ﬀ",
            "。",
            "ａ",
            "e\u0301",
            "[127.0.0.1]",
            "[IPv6:::1]",
        ]
    ),
    st.text(max_size=5),
)
DOMAIN = st.lists(LABEL, max_size=5).map(".".join)
PIECES = st.builds(lambda local, domain: f"{local}@{domain}", LOCAL, DOMAIN)
NOISE = st.one_of(st.text(max_size=30), st.text(alphabet='ab.@<>"\\- é\u0338[]1:', max_size=30))
PADDED = st.builds(lambda text, pad: pad + text + pad, PIECES, st.sampled_from(["", " ", "\t "]))


@pytest.mark.long
@pytest.mark.ci
@settings(max_examples=1000)
@given(st.one_of(PADDED, NOISE))
def test_verdict_and_normal_form_are_email_validators(text: str) -> None:
    assert ours(text) == librarys(text)


@settings(max_examples=150)
@given(
    st.integers(1, 250),
    st.lists(st.sampled_from(["a" * 60, "b" * 30, "é" * 20, "c"]), min_size=1, max_size=8),
)
def test_length_limits_are_email_validators(local: int, labels: list[str]) -> None:
    text = f"{'x' * local}@{'.'.join(labels)}.com"
    assert ours(text) == librarys(text)


@settings(max_examples=200)
@given(PIECES)
def test_a_normal_form_is_stable_and_has_the_same_key(text: str) -> None:
    verdict = check_address(text)
    if isinstance(verdict, Address):
        assert check_address(verdict.email) == verdict
        assert address_key(wire_address(verdict.email)) == verdict.key
        assert verdict.key.isascii()
        assert verdict.key == verdict.key.lower()


@pytest.mark.parametrize(
    ("text", "email", "key"),
    [
        ("  Ada@EXAMPLE.com\t", "Ada@example.com", "ada@example.com"),
        ("ABUSE@example.com", "abuse@example.com", "abuse@example.com"),
        ("Eve@CAFÉ.example.com", "Eve@café.example.com", "eve@xn--caf-dma.example.com"),
        ("eve@xn--caf-dma.example.com", "eve@café.example.com", "eve@xn--caf-dma.example.com"),
    ],
)
def test_normal_form_and_key(text: str, email: str, key: str) -> None:
    assert check_address(text) == Address(email, key)
    assert address_key(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no-at-sign",
        "<script>@x",
        "two@@example.com",
        "a@b.test",
        "é@example.com",
        "Ada <ada@example.com>",
        "x" * 2_000_000,
    ],
)
def test_a_refusal_is_one_sentence(text: str) -> None:
    verdict = check_address(text)
    assert isinstance(verdict, Refusal)
    assert verdict.reason.endswith(".")
    assert len(verdict.reason) < 200


def test_the_wire_form_is_punycode_with_the_case_kept() -> None:
    assert wire_address("Eve@café.example.com") == "Eve@xn--caf-dma.example.com"
    assert wire_address("Ada@example.com") == "Ada@example.com"


def test_an_unknown_text_still_has_a_key() -> None:
    assert address_key("  Not An Address ") == "not an address"
