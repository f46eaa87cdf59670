import pytest

from sestui.core.relay.calls import (
    HARMLESS,
    RELAYED,
    barred,
    check_allowed,
    named_calls,
    permitted,
    shown,
)
from sestui.errors import UsageError
from sestui.ses.operations import Operations

KNOWN = Operations().names
NEVER = [
    "SendBounce",
    "SendCustomVerificationEmail",
    "CreateDeliverabilityTestReport",
    "CreateReceiptRule",
    "CreateCustomVerificationEmailTemplate",
    "UpdateCustomVerificationEmailTemplate",
    "VerifyEmailIdentity",
    "DeleteCustomVerificationEmailTemplate",
    "VerifyEmailAddress",
    "VerifyDomainIdentity",
    "VerifyDomainDkim",
    "DeleteIdentity",
    "DeleteVerifiedEmailAddress",
    "SetIdentityMailFromDomain",
    "PutIdentityPolicy",
    "CreateEmailIdentity",
    "DeleteEmailIdentity",
    "PutEmailIdentityFeedbackAttributes",
    "CreateEmailIdentityPolicy",
    "AssociateEmailIdentityCertificate",
    "PutSuppressedDestination",
    "DeleteSuppressedDestination",
    "PutAccountSuppressionAttributes",
    "PutConfigurationSetSuppressionOptions",
    "PutTenantSuppressionAttributes",
    "CreateImportJob",
    "CreateConfigurationSet",
    "CreateTenant",
    "CreateTenantResourceAssociation",
    "DeleteTenantResourceAssociation",
]


def test_what_sends_or_changes_who_may_send_is_barred_and_what_reads_is_not():
    assert set(NEVER) <= KNOWN
    assert all(map(barred, NEVER))
    open_to_all = {name for name in KNOWN if name.startswith(("Get", "List", "Describe"))}
    assert {name for name in open_to_all if barred(name)} == {
        "GetCustomVerificationEmailTemplate",
        "ListCustomVerificationEmailTemplates",
    }
    assert all(barred(name) for name in RELAYED)
    free = ("TestRenderTemplate", "CreateTemplate", "CreateContact", "DeleteConfigurationSet")
    assert not any(map(barred, (*HARMLESS, *free, "CreateConfigurationSetEventDestination")))


@pytest.mark.parametrize("name", NEVER)
def test_no_key_that_is_bound_to_senders_can_be_allowed_it(name):
    with pytest.raises(UsageError, match=f"can't be allowed '{name}'"):
        check_allowed([name], senders=["example.com"], send_only=False)
    check_allowed([name], senders=[], send_only=False)
    assert permitted([name], senders=["example.com"], send_only=False) == frozenset()


@pytest.mark.parametrize("name", sorted(RELAYED))
def test_sends_need_not_be_allowed(name):
    assert name in KNOWN
    with pytest.raises(UsageError, match=f"Every key may make {name}"):
        check_allowed([name], senders=["example.com"], send_only=False)


def test_sends_only_and_calls_named_are_not_both():
    with pytest.raises(UsageError, match="not both"):
        check_allowed(["GetSendQuota"], senders=[], send_only=True)


@pytest.mark.parametrize(
    ("allow", "senders", "send_only", "calls", "words"),
    [
        ([], [], False, None, "every call"),
        ([], [], True, set(), "sends only"),
        ([], ["x.org"], True, set(), "sends only"),
        ([], ["x.org"], False, set(HARMLESS), f"sends, {', '.join(HARMLESS)}"),
        (["ListTemplates"], ["x.org"], False, {"ListTemplates"}, "sends, ListTemplates"),
        (["ListTemplates"], [], False, {"ListTemplates"}, "sends, ListTemplates"),
    ],
)
def test_what_a_key_may_call(allow, senders, send_only, calls, words):
    assert permitted(allow, senders=senders, send_only=send_only) == calls
    assert shown(allow, senders=senders, send_only=send_only) == words


def test_calls_are_named_with_commas_or_one_by_one():
    named = named_calls(["GetSendQuota, ListTemplates", "GetSendQuota,,GetAccount"], KNOWN)
    assert named == ("GetSendQuota", "ListTemplates", "GetAccount")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("getsendquota", "did you mean GetSendQuota?"),
        ("ListTemplate", "did you mean ListTemplates?"),
        ("GetSendQuotas", "did you mean GetSendQuota?"),
        ("zzz", "as in its API reference"),
        ("\x1b[1m" * 100, "as in its API reference"),
    ],
)
def test_a_call_that_is_not_there_is_refused_with_what_was_meant(name, meant):
    with pytest.raises(UsageError, match="SES has no call") as caught:
        named_calls([name], KNOWN)
    assert meant in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200
