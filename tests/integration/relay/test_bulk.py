"""Bulk calls through the relay: who fails alone, and what fails all."""

import pytest

from sestui.simulator.api.faults import checked_fault
from tests.support.relay import said

TEMPLATE = {"Subject": "For {{who}}", "Text": "{{price}}"}
PEOPLE = ("ada", "bob", "cy")


def call_v2(client, entries, *, template="hello", data='{"price": 1.10}', **more):
    return client.send_bulk_email(
        FromEmailAddress="shop@example.com",
        DefaultContent={"Template": {"TemplateName": template, "TemplateData": data}},
        BulkEmailEntries=entries,
        **more,
    )["BulkEmailEntryResults"]


def entry_v2(to, data='{"who": "x"}', **more):
    return {
        "Destination": {"ToAddresses": [to]},
        "ReplacementEmailContent": {
            "ReplacementTemplate": {"ReplacementTemplateData": data},
        },
        **more,
    }


def call_v1(client, entries, *, template="hello"):
    return client.send_bulk_templated_email(
        Source="shop@example.com",
        Template=template,
        DefaultTemplateData='{"price": 1.10}',
        Destinations=entries,
    )["Status"]


def entry_v1(to, data='{"who": "x"}', **more):
    return {
        "Destination": {"ToAddresses": [to]},
        "ReplacementTemplateData": data,
        **more,
    }


@pytest.fixture
def v2(relay):
    client = relay.client("sesv2")
    client.create_email_template(TemplateName="hello", TemplateContent=TEMPLATE)
    return client


@pytest.fixture
def v1(relay, v2):
    return relay.client("ses")


@pytest.mark.long
@pytest.mark.ci
def test_a_bad_entry_fails_alone(ses, v2):
    entries = [
        entry_v2("a@x.org"),
        entry_v2("b@x.org, c@x.org"),
        entry_v2("no address"),
        entry_v2("d@x.org", data="[1]"),
        entry_v2("e@x.org", ReplacementTags=[{"Name": "kind", "Value": "a b"}]),
        entry_v2("f@x.org", ReplacementHeaders=[{"Name": "X:Y", "Value": "z"}]),
        {"Destination": {}},
        entry_v2("g@x.org"),
    ]
    results = call_v2(v2, entries)
    assert [each["Status"] for each in results] == [
        "SUCCESS",
        *["INVALID_PARAMETER"] * 6,
        "SUCCESS",
    ]
    assert all(bool(each.get("Error")) != ("MessageId" in each) for each in results)
    assert "value of the tag kind" in results[4]["Error"]
    assert ses.to() == [["a@x.org"], ["g@x.org"]]


def test_a_bad_entry_fails_alone_in_the_old_api(ses, v1):
    entries = [entry_v1("a@x.org"), entry_v1("b@x.org, c@x.org"), entry_v1("d@x.org", data="{")]
    statuses = call_v1(v1, entries)
    assert [each["Status"] for each in statuses] == [
        "Success",
        "InvalidParameterValue",
        "InvalidParameterValue",
    ]
    assert ses.to() == [["a@x.org"]]


def test_what_all_entries_share_is_refused_once(relay, ses, v2):
    with pytest.raises(v2.exceptions.BadRequestException):
        call_v2(v2, [entry_v2("a@x.org")], data="{")
    with pytest.raises(v2.exceptions.BadRequestException):
        call_v2(v2, [entry_v2("a@x.org")], DefaultEmailTags=[{"Name": "a b", "Value": "c"}])
    with pytest.raises(v2.exceptions.BadRequestException):
        call_v2(v2, [entry_v2("a@x.org")] * 51)
    assert ses.to() == []


def test_who_makes_the_template_on_404_gets_his_mail_through(relay, ses, v2):
    entries = [entry_v2(f"{who}@x.org") for who in PEOPLE]

    def sent():
        return call_v2(v2, entries, template="later")

    with pytest.raises(v2.exceptions.NotFoundException, match="later"):
        sent()
    assert ses.to() == []
    v2.create_email_template(TemplateName="later", TemplateContent=TEMPLATE)
    assert [each["Status"] for each in sent()] == ["SUCCESS"] * 3
    relay.until_idle()
    assert ses.to() == [[f"{who}@x.org"] for who in PEOPLE]


def test_a_missing_template_fails_the_whole_call_of_the_old_api(ses, v1):
    entries = [entry_v1("a@x.org"), entry_v1("no address")]
    with pytest.raises(v1.exceptions.TemplateDoesNotExistException):
        call_v1(v1, entries, template="none")
    assert ses.to() == []


def test_a_paused_account_fails_the_whole_call(relay, ses, v1, v2):
    ses.account.configure(sending_enabled=False)
    with pytest.raises(v2.exceptions.SendingPausedException, match="Sending paused"):
        call_v2(v2, [entry_v2(f"{who}@x.org") for who in PEOPLE])
    with pytest.raises(v1.exceptions.ClientError) as caught:
        call_v1(v1, [entry_v1(f"{who}@x.org") for who in PEOPLE])
    assert said(caught.value) == (400, "AccountSendingPausedException")
    relay.until_idle()
    assert ses.to() == []


def test_once_a_mail_was_taken_the_rest_fail_by_themselves(relay, ses, v2):
    ses.account.add_fault(checked_fault("sending_paused", match="bob@*"))
    results = call_v2(v2, [entry_v2("ada@x.org"), entry_v2("bob@x.org")])
    assert [each["Status"] for each in results] == ["SUCCESS", "ACCOUNT_SENDING_PAUSED"]
    assert ses.to() == [["ada@x.org"]]
