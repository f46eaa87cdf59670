"""However a request is written: it is a send, another call that nobody could take for one, or none.

A lenient reader stands for whatever is before SES: it decodes twice, forgets case and parameters of
segments, and resolves dots.
"""

import re
from urllib.parse import quote, unquote

import pytest
from botocore.loaders import Loader
from hypothesis import example, given
from hypothesis import strategies as st

from sestui.relay.calls import RelayCall, call_of, speaks_v1
from sestui.ses.operations import Operations
from sestui.ses_api import wire_v1
from sestui.ses_api.sigv4 import Received
from sestui.ses_api.wire import ServiceError

OPERATIONS = Operations()
NEW = Loader().load_service_model("sesv2", "service-2")["operations"]
SENDS = ("/v2/email/outbound-emails", "/v2/email/outbound-bulk-emails")
FORM = (("content-type", "application/x-www-form-urlencoded"),)
PARAMETERS = (
    *("x", "a+b@x.org", "Shop-News_2", "arn:aws:ses:eu-west-1:1:identity/x.org", "1.2.3.4"),
    *("a b/c%25@x.org", "ä'()*!~@x.org", "%41", 'a "b" [c]'),
)
ODD_PARAMETERS = (
    *("%20", "x%20", "%20x", "x%2F", "%2Fx", "x%2F%20%2Fy", ".", "..", "%2E", "x%2F..%2Fy"),
    *("%252E%252E%252Fx", "x%2520", "x%253By", "x%3By", "x;y", "x%5Cy", "x%3Fy", "x%23y", "x%00"),
    *("x%0A", "x%C2%A0y", "x%EF%BC%8Fy", "%EF%BC%8E%EF%BC%8E", "%C0%AE%C0%AE", "x%FF", "%41"),
    *(".%20.", "x%2fy"),
)


def call(method: str, path: str, query: str = "", body: bytes = b"") -> RelayCall | None:
    """What is made of the request; None if it is refused."""
    try:
        return call_of(Received(method, path, query, FORM, "0" * 64), body, OPERATIONS)
    except ServiceError:
        return None


@pytest.mark.parametrize("name", sorted(NEW))
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_call_of_version_2_is_known_as_sdks_write_it(name: str, parameter: str) -> None:
    http = NEW[name]["http"]
    path = re.sub(r"\{[^}]+\}", quote(parameter, safe="~"), http["requestUri"])
    made = call(http["method"], path)
    assert made is not None
    assert made.name == name
    assert (made.send is not None) == (path in SENDS)
    assert made.reads == (http["method"] == "GET")


@pytest.mark.parametrize("parameter", ODD_PARAMETERS)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_parameter_that_anybody_could_read_as_another_is_refused(
    method: str, parameter: str
) -> None:
    assert call(method, "/v2/email/identities/x") is not None
    assert call(method, f"/v2/email/identities/{parameter}") is None


@pytest.mark.parametrize("action", sorted(OPERATIONS.actions - set(wire_v1.SENDS)))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_other_action_of_version_1_is_known(action: str, method: str) -> None:
    form = f"Action={action}&Version=2010-12-01&Names.member.1=a%3Bb"
    made = call("GET", "/", form) if method == "GET" else call("POST", "/", "", form.encode())
    assert made == RelayCall(action, reads=action.startswith(("Get", "List", "Describe")))


PIECES = st.sampled_from(
    [
        *("/", "//", "/.", "/..", ".", "..", "%2F", "%2f", "%2e", "%252e", "%5C", "\\", ";"),
        *(";x=1", "%00", "%20", "%09", "%3F", "%3B", "v2", "V2", "email", "x", "identities"),
        *("outbound-emails", "outbound-bulk-emails", "OUTBOUND-emails", "outbound%2Demails", "%6F"),
        *("templates", "%20x", "%C3%A4", "%25"),
    ]
)
PATHS = st.one_of(
    st.lists(PIECES, max_size=9).map("".join),
    st.tuples(st.sampled_from(SENDS), st.integers(0, 30), PIECES).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    ),
    st.tuples(st.sampled_from(SENDS), st.integers(0, 25)).map(
        lambda parts: parts[0][: parts[1]] + parts[0][parts[1] :].swapcase()
    ),
)


def lenient(path: str) -> str:
    for _ in range(2):
        path = unquote(path)
    kept: list[str] = []
    for segment in re.split(r"[/\\]", re.sub(r"[?#].*", "", path.lower())):
        name = re.sub(r"[^a-z0-9.-]", "", segment.partition(";")[0])
        if name == "..":
            del kept[-1:]
        elif name not in {"", "."}:
            kept.append(name)
    return "/" + "/".join(kept)


@given(PATHS, st.sampled_from(["POST", "GET", "PUT", "HEAD", "DELETE", "PATCH"]))
@example("/v2/email/templates/..%2Foutbound-emails", "POST")
@example("/v2/email/OUTBOUND-EMAILS", "POST")
def test_no_path_that_anybody_could_read_as_a_sends_is_another_calls(
    path: str, method: str
) -> None:
    made = call(method, path)
    if lenient(path) in SENDS and made is not None:
        assert made.send is not None
        assert path in SENDS
        assert method == "POST"


ACTION_PIECES = st.sampled_from(
    [
        *("Action=", "action=", "ACTION=", "Act%69on=", "Action%00=", "+Action=", "Action%20="),
        *("&", ";", "SendEmail", "sendemail", "Send%45mail", "SendRawEmail", "GetSendQuota", "%00"),
        *("+", "%20", "%0A", "Version=2010-12-01", "Version=2009-01-01", "x=1", ".", "=", "%26"),
    ]
)


def could_send(form: str) -> bool:
    pairs = (pair.partition("=") for pair in re.split("[&;]", form))
    letters = ([re.sub("[^a-z]", "", unquote(part).lower()) for part in pair] for pair in pairs)
    return any(
        name == "action" and value in {each.lower() for each in wire_v1.SENDS}
        for name, _, value in letters
    )


@given(st.lists(ACTION_PIECES, max_size=6).map("".join), st.lists(ACTION_PIECES).map("".join))
@example("", "Action=GetSendQuota&x=1;Action=SendEmail")
@example("Action=GetSendQuota", "Action=SendEmail")
def test_no_form_that_anybody_could_read_as_a_send_is_another_call(query: str, body: str) -> None:
    made = call("POST", "/", query, body.encode())
    if could_send(query) or could_send(body):
        assert made is None or made.send is not None


@pytest.mark.parametrize(
    ("path", "old"),
    [("/", True), ("/x", True), ("/v2/email/account", False), ("//V2/x", False), ("*", True)],
)
def test_errors_are_told_in_the_words_of_the_api_that_was_meant(path: str, old: bool) -> None:
    assert speaks_v1(path) is old
