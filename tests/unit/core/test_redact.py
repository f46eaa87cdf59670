"""What is left out of the log, and that the rest stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.redact import without_addresses, without_secrets

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN=="


@pytest.mark.parametrize(
    "text",
    [
        "MessageRejected: Email address is not verified: {}",
        "KeyError: '{}'",
        "Address('{}', name='')",
        '"email": "{}"',
        "<mailto:{}>",
        "({}, None)",
        "b'{}'",
        "https://example.com/leave/{}/now",
    ],
)
@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "ada.o'lovelace+news@example.com",
        '"ada @ home"@example.com',
        "ада@почта.example",
        "ada%40example.com",
        "bounce-ada=example.com@lists.example.org",
    ],
)
def test_no_address_stays(text, address):
    left = without_addresses(text.format(address))
    assert "<address>" in left
    for piece in ("ada", "lovelace", "example.com", "ада", "почта"):
        assert piece not in left.replace("https://example.com", "")


@pytest.mark.parametrize(
    "text",
    [
        '  File "/usr/lib/python3.11/logging/__init__.py", line 10, in emit',
        "    @contextmanager",
        "    return left @ right",
        "No address at all.",
    ],
)
def test_what_is_none_stays(text):
    assert without_addresses(text) == text
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql+psycopg://ada:{SECRET}@db.example.com/sestui",
        f"https://hooks.example.com/x?{TOKEN}",
        f"{{'Authorization': 'Bearer {TOKEN}'}}",
        f"Authorization: Basic {TOKEN}",
        f"X-Amz-Security-Token: {TOKEN}",
        f"The canonical string was 'x-amz-security-token:{TOKEN}'",
        f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, Signature={TOKEN}",
        f"aws_secret_access_key = {SECRET}",
        f'{{"SecretAccessKey": "{SECRET}"}}',
        f"Credentials(access_key='AKIAIOSFODNN7EXAMPLE', secret_key='{SECRET}', token='{TOKEN}')",
        f"password='{TOKEN}'",
        f"Invalid header value b'{TOKEN}\\n'",
        f"[type=string_type, input_value='{TOKEN}', input_type=str]",
        f"[parameters: ('{TOKEN}', 1)]",
        f"DETAIL:  Key (secret)=({TOKEN}) already exists.",
        f"Failing row contains (1, {TOKEN}, 2).",
        f"it was {SECRET}, by itself",
        f"LINE 1: ...sword={SECRET}' FROM nowhere",
    ],
)
def test_no_secret_stays(text):
    left = without_secrets(text)
    assert "***" in left
    for piece in (SECRET, TOKEN, "AKIAIOSFODNN7EXAMPLE"):
        assert piece not in left


def test_what_names_the_secret_stays():
    assert without_secrets(f"host=db password={TOKEN}, port=1") == "host=db password=***, port=1"
    assert (
        without_secrets(f"at https://a.example/b?{TOKEN} now") == "at https://a.example/b?*** now"
    )


@given(
    st.from_regex(r"[A-Za-z0-9.+_-]{1,20}@[a-z]{1,10}\.example", fullmatch=True),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_an_address_in_any_text_is_left_out(address, before, after):
    assert address not in without_addresses(f"{before}{address}{after}")


@pytest.mark.parametrize(
    "text", ["a" * 30_000, "@" * 30_000, "a@" * 15_000, "://" * 10_000, '"' * 30_000]
)
def test_long_texts_take_no_longer_than_they_are_long(text):
    began = time.thread_time()
    without_addresses(without_secrets(text))
    assert time.thread_time() - began < 20
