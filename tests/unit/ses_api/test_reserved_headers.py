"""Headers that no call may set: they say who sends a mail, or are SES's own."""

import json

import pytest

from sestui.ses_api.wire import ServiceError
from sestui.ses_api.wire_parsing import parse_send_bulk_email, parse_send_email
from tests.support.relay import simple

RESERVED = """
From Sender To Cc Bcc Reply-To Return-Path DKIM-Signature Subject Date Message-ID MIME-Version
Content-Type Content-Disposition X-SES-SOURCE-ARN X-SES-FROM-ARN X-SES-Anything
""".split()  # noqa: SIM905 - a word a name reads better than a column of them
TAKEN = ["List-Unsubscribe", "X-Shop", "X-SESSION", "Fromage", "X-From", "In-Reply-To", "Resent-To"]


def as_simple(name: str) -> None:
    given = simple("a@x.org")
    given["Content"]["Simple"]["Headers"] = [{"Name": name, "Value": "x"}]
    parse_send_email(json.dumps(given).encode())


def as_template(name: str) -> None:
    template = {"TemplateName": "t", "Headers": [{"Name": name, "Value": "x"}]}
    parse_send_email(json.dumps(simple("a@x.org", Content={"Template": template})).encode())


def as_default(name: str) -> None:
    _bulk({"Headers": [{"Name": name, "Value": "x"}]}, {})


def as_replacement(name: str) -> None:
    _bulk({}, {"ReplacementHeaders": [{"Name": name, "Value": "x"}]})


def _bulk(template: dict[str, object], entry: dict[str, object]) -> None:
    given = {
        "FromEmailAddress": "shop@example.com",
        "DefaultContent": {"Template": {"TemplateName": "t", **template}},
        "BulkEmailEntries": [{"Destination": {"ToAddresses": ["a@x.org"]}, **entry}],
    }
    parse_send_bulk_email(json.dumps(given).encode())


PLACES = [as_simple, as_template, as_default, as_replacement]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_name_is_refused_in_any_case(place, name):
    for spelt in (name, name.lower(), name.upper(), name.swapcase()):
        with pytest.raises(ServiceError, match="Header name is reserved") as caught:
            place(spelt)
        assert (caught.value.status, caught.value.code) == (400, "BadRequestException")
        assert spelt in caught.value.text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", TAKEN)
def test_other_names_are_taken(place, name):
    place(name)
