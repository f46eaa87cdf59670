"""Requests to a relay's door: what keys may send as and call, by field, path and spelling."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from sestui.store.relay.key_maker import NewKey
from tests.support.relay import Relay, simple
from tests.support.relay_requests import BULK, FORM, V2, Answer, ask, signed

OURS, THEIRS = "shop@shop.example.com", "ceo@other.com"
MARK = "x-row"
V1_FORM = FORM["content-type"]


@dataclass(frozen=True)
class Keys:
    bound: NewKey
    """Bound to senders, and nothing else said."""
    free: NewKey
    named: NewKey
    """Bound to senders, with calls named."""
    sends_only: NewKey


@dataclass(frozen=True)
class Row:
    """One request, and what becomes of it."""

    name: str
    status: int
    body: bytes = b""
    path: str = V2
    method: str = "POST"
    key: str = "bound"
    headers: dict[str, str] = field(default_factory=dict)
    says: str = ""
    """In the answer."""

    def asked(self, relay: Relay, keys: Keys) -> Answer:
        headers = {MARK: "1", **self.headers}
        own = getattr(keys, self.key)
        return ask(relay, *signed(relay, self.method, self.path, self.body, key=own, **headers))


def v2(**more: Any) -> bytes:
    return json.dumps(simple("a@x.org") | {"FromEmailAddress": OURS} | more).encode()


def raw(head: str | bytes, **more: Any) -> bytes:
    data = head.encode() if isinstance(head, str) else head
    content = {"Raw": {"Data": base64.b64encode(data + b"\r\nTo: a@x.org\r\n\r\nx").decode()}}
    return json.dumps({"Content": content, **more}).encode()


def with_header(name: str) -> bytes:
    given = simple("a@x.org") | {"FromEmailAddress": OURS}
    given["Content"]["Simple"]["Headers"] = [{"Name": name, "Value": THEIRS}]
    return json.dumps(given).encode()


def bulk(entry: dict[str, Any] | None = None, **more: Any) -> bytes:
    content = {"Subject": "x", "Text": "y"}
    template = {"TemplateContent": content, "TemplateData": "{}", **more.pop("Template", {})}
    given = {
        "FromEmailAddress": OURS,
        "DefaultContent": {"Template": template},
        "BulkEmailEntries": [{"Destination": {"ToAddresses": ["a@x.org"]}, **(entry or {})}],
    }
    return json.dumps(given | more).encode()


def v1(action: str = "SendEmail", **more: str) -> bytes:
    mail = {
        "Source": OURS,
        "Destination.ToAddresses.member.1": "a@x.org",
        "Message.Subject.Data": "x",
        "Message.Body.Text.Data": "y",
        "Version": "2010-12-01",
    }
    return urlencode({"Action": action} | mail | more).encode()


def v1_templated(source: str) -> bytes:
    given = {"Action": "SendTemplatedEmail", "Source": source, "Template": "t"}
    given |= {"TemplateData": "{}", "Destination.ToAddresses.member.1": "a@x.org"}
    return urlencode(given | {"Version": "2010-12-01"}).encode()


def v1_raw(head: str, **more: str) -> bytes:
    data = base64.b64encode(f"{head}\r\nTo: a@x.org\r\n\r\nx".encode()).decode()
    given = {"Action": "SendRawEmail", "RawMessage.Data": data, "Version": "2010-12-01"}
    return urlencode(given | more).encode()


def old(name: str, status: int, body: bytes = b"", **more: Any) -> Row:
    given = {"path": "/", "headers": {"content_type": V1_FORM}} | more
    return Row(name, status, body, **given)


LONG = "X-Long: " + "x" * 998
HEAD_ABOVE_THE_BOUND = "\r\n".join([f"From: {OURS}", *[LONG] * 262, f"From: {THEIRS}"])

ENCODED = "=?utf-8?q?ceo=40other.com=3e?=@shop.example.com"
QUOTED = '"=?utf-8?q?ceo=40other.com=3e?="@shop.example.com'

SENDERS = [
    Row("from", 403, v2(FromEmailAddress=THEIRS)),
    Row("from with ours as its name", 403, v2(FromEmailAddress=f"{OURS} <{THEIRS}>")),
    Row("from with ours in quotes", 403, v2(FromEmailAddress=f'"{OURS}" <{THEIRS}>')),
    Row("from in upper case", 403, v2(FromEmailAddress=THEIRS.upper())),
    Row("from with ours as a subdomain", 403, v2(FromEmailAddress="a@shop.example.com.other.com")),
    Row("from of a domain that ends alike", 403, v2(FromEmailAddress="a@eshop.example.com")),
    Row("two in from", 400, v2(FromEmailAddress=f"{OURS}, {THEIRS}")),
    Row("two in angles", 400, v2(FromEmailAddress=f"<{OURS}> <{THEIRS}>")),
    Row("theirs behind the angles", 400, v2(FromEmailAddress=f"<{OURS}>{THEIRS}")),
    Row("feedback address", 403, v2(FeedbackForwardingEmailAddress=THEIRS)),
    Row("feedback as a name", 403, v2(FeedbackForwardingEmailAddress=f"{OURS} <{THEIRS}>")),
    Row("bulk from", 403, bulk(FromEmailAddress=THEIRS), BULK),
    Row("bulk feedback address", 403, bulk(FeedbackForwardingEmailAddress=THEIRS), BULK),
    old("v1 source", 403, v1(Source=THEIRS)),
    old("v1 return path", 403, v1(ReturnPath=THEIRS)),
    old("v1 source in the query", 403, path=f"/?{v1(Source=THEIRS).decode()}"),
    old("v1 by get", 403, path=f"/?{v1(Source=THEIRS).decode()}", method="GET", headers={}),
    old("v1 raw from", 403, v1_raw(f"From: {THEIRS}", Source=OURS)),
    old("v1 raw source", 403, v1_raw(f"From: {OURS}", Source=THEIRS)),
    old("v1 raw sender", 403, v1_raw(f"From: {OURS}\r\nSender: {THEIRS}")),
    old("v1 templated", 403, v1_templated(THEIRS)),
    Row("raw from", 403, raw(f"From: {THEIRS}")),
    Row("raw from beside ours", 403, raw(f"From: {THEIRS}", FromEmailAddress=OURS)),
    Row("raw from, two", 403, raw(f"From: {OURS}, {THEIRS}")),
    Row("raw from, a group", 403, raw(f"From: Shop: {OURS}, {THEIRS};")),
    Row("raw from, folded", 403, raw(f"From: Somebody\r\n <{THEIRS}>")),
    Row("raw from twice", 400, raw(f"From: {OURS}\r\nFrom: {THEIRS}")),
    Row("raw from in any case, twice", 400, raw(f"From: {OURS}\r\nfROM: {THEIRS}")),
    Row("raw from with a blank, twice", 400, raw(f"From: {OURS}\r\nFrom : {THEIRS}")),
    Row("raw sender", 403, raw(f"From: {OURS}\r\nSender: {THEIRS}")),
    Row("raw sender, two", 403, raw(f"From: {OURS}\r\nSender: {OURS}, {THEIRS}")),
    Row("raw return path", 403, raw(f"From: {OURS}\r\nReturn-Path: <{THEIRS}>")),
    Row("raw, resent", 403, raw(f"From: {OURS}\r\nResent-From: {THEIRS}")),
    Row("raw, resent twice", 403, raw(f"Resent-Sender: {OURS}\r\nResent-Sender: {THEIRS}\r\n"
        f"From: {OURS}")),
    Row("raw, resent read otherwise", 400, raw(f"From: {OURS}\r\nResent-From: {THEIRS} <{OURS}>")),
    Row("from, theirs encoded", 400, v2(FromEmailAddress=ENCODED), says="an encoded word"),
    Row("from, theirs encoded in quotes", 400, v2(FromEmailAddress=f"Shop <{QUOTED}>")),
    Row("feedback address, theirs encoded", 400, v2(FeedbackForwardingEmailAddress=ENCODED)),
    Row("bulk from, theirs encoded", 200, bulk(FromEmailAddress=ENCODED), BULK, says="an encoded"),
    old("v1 return path, theirs encoded", 400, v1(ReturnPath=ENCODED)),
    Row("raw return path, theirs encoded", 400, raw(f"From: {OURS}\r\nReturn-Path: {ENCODED}")),
    Row("raw from read otherwise", 400, raw(f"From: {THEIRS} <{OURS}>"), says="another address"),
    Row("raw from, theirs unquoted", 400, raw(f"From: a@b.org via Shop <{OURS}>")),
    Row("raw sender read otherwise", 400, raw(f"From: {OURS}\r\nSender: {THEIRS} <{OURS}>")),
    Row("raw, a bare CR", 400, raw(f"From: {OURS}\r\nX: y\rFrom: {THEIRS}"), says="bare carriage"),
    Row("raw, a NUL", 400, raw(f"From: {OURS}\r\nX: \0y"), says="NUL"),
    Row("raw, a blank line first", 400, raw(f"\r\nFrom: {THEIRS}", FromEmailAddress=OURS,
        Destination={"ToAddresses": ["a@x.org"]}), says="does not begin with a header"),
    Row("raw, mbox's From first", 400, raw(f"From x\r\nFrom: {OURS}")),
    Row("raw, a line of no header", 400, raw(f"From: {OURS}\r\nnonsense"), says="not a header"),
    Row("raw, an endless head", 400, raw(HEAD_ABOVE_THE_BOUND, FromEmailAddress=OURS,
        Destination={"ToAddresses": ["a@x.org"]}), says="longer than"),
]  # fmt: skip

RESERVED = [
    *("From", "from", "FROM", "Sender", "sEnDeR", "To", "Cc", "cC", "Bcc", "BCC", "Reply-To"),
    *("Return-Path", "return-path", "DKIM-Signature", "dkim-signature", "X-SES-SOURCE-ARN"),
    *("x-ses-from-arn", "X-Ses-Anything", "Subject", "Date", "Message-ID", "MIME-Version"),
    *("Content-Type", "Content-Disposition"),
]
HEADERS = [
    *(Row(f"header {name}", 400, with_header(name), key="free", says=name) for name in RESERVED),
    Row("header of a template", 400, bulk(Template={"Headers": [
        {"Name": "From", "Value": THEIRS}]}), BULK, key="free"),
    Row("header of an entry, which fails alone", 200, bulk({"ReplacementHeaders": [
        {"Name": "sender", "Value": THEIRS}]}), BULK, key="free", says="reserved"),
    Row("header of a bound key", 400, with_header("Sender")),
    Row("header of who resent it", 403, with_header("Resent-From")),
    Row("the same in any case", 403, with_header("reSent-sEnder")),
    Row("the same in a template", 403, bulk(Template={"Headers": [
        {"Name": "Resent-From", "Value": THEIRS}]}), BULK),
    Row("the same filled in", 200, bulk(Template={"Headers": [
        {"Name": "Resent-From", "Value": "{{x}}"}], "TemplateData": f'{{"x": "{THEIRS}"}}'}), BULK,
        says="INVALID_PARAMETER"),
    Row("the same in an entry", 403, bulk({"ReplacementHeaders": [
        {"Name": "Resent-Sender", "Value": THEIRS}]}), BULK),
]  # fmt: skip

MAIL = v2(FromEmailAddress=THEIRS)
SPELLINGS = [
    r"/v2/email/outbound-emails/",
    r"//v2/email/outbound-emails",
    r"/v2//email/outbound-emails",
    r"/v2/email//outbound-emails",
    r"/v2/email/outbound-emails//",
    r"/./v2/email/outbound-emails",
    r"/v2/./email/outbound-emails",
    r"/v2/x/../email/outbound-emails",
    r"/v2/email/outbound-emails/.",
    r"/v2/email/outbound-emails;x=1",
    r"/v2;x=1/email/outbound-emails",
    r"/v2/email/outbound-emails;",
    r"/v2/email/outbound-emails%20",
    r"/v2/email/%20outbound-emails",
    r"/v2/email/outbound-emails%00",
    r"/v2/email/outbound-emails%00x",
    r"/v2/email%2Foutbound-emails",
    r"/v2%2Femail%2Foutbound-emails",
    r"/v2/email/outbound-emails%2F",
    r"/v2/email/outbound-email%73",
    r"/v2/email/%6Futbound-emails",
    r"/v2/email/outbound%2Demails",
    r"/v2/email/outbound%252Demails",
    r"/v2/email/OUTBOUND-EMAILS",
    r"/V2/email/outbound-emails",
    r"/v2/Email/Outbound-Emails",
    r"/v2/email/Outbound-bulk-emails",
    r"/v2/email/outbound-emails%0A",
    r"/v2/email/outbound-emails%09",
    r"/v2/email/outbound-emails%3Fx",
    r"/v2/email/outbound-emails%23",
    r"/v2/email/x/..%2Foutbound-emails",
    r"/v2/email\outbound-emails",
    r"/v2/email/identities/..%2Foutbound-emails",
    r"/v2/email/identities/%2e%2e/outbound-emails",
    r"/v2/email/identities%2F..%2Foutbound-emails",
    r"/x/v2/email/outbound-emails",
    r"/v2/email/outbound-emails/x",
    r"/v2/email/outbound-email",
    r"/v2/email/outbound-emails2",
    r"/v1/email/outbound-emails",
    r"/v3/email/outbound-emails",
    r"/email/outbound-emails",
    r"/service/SimpleEmailService_v2/operation/SendEmail",
    r"/v2/email",
    r"/v2/email/",
    r"/v2",
]
PATHS = [
    *(
        Row(f"{key}: {path}", 400, MAIL, path, key=key)
        for path in SPELLINGS
        for key in ("bound", "free")
    ),
    *(
        Row(f"{method} {path}", 400, MAIL, path, method, "free")
        for path in (V2, BULK)
        for method in ("PUT", "PATCH", "GET", "HEAD", "DELETE", "OPTIONS", "post", "TRACE")
    ),
    Row("get without a body", 400, path=V2, method="GET", key="free"),
    Row("a read with a body", 400, MAIL, "/v2/email/account", "GET", "free"),
    Row("a head with a body", 400, MAIL, "/v2/email/account", "HEAD", "free"),
    Row("a read that is to send", 400, b"", "/v2/email/account?Action=SendEmail", "GET", "free"),
    Row("the same in lower case", 400, b"", "/v2/email/account?%00action=SendEmail", "GET", "free"),
    Row("a read in upper case", 400, b"", "/v2/email/Account", "GET", "free"),
    Row("a read with a slash", 400, b"", "/v2/email/account/", "GET", "free"),
    Row("below in upper case", 400, b"", "/v2/email/identities/x.org/POLICIES", "GET", "free"),
    Row("a blank behind a name", 400, b"", "/v2/email/identities/x.org%20", "GET", "free"),
    Row("dots for who decodes twice", 400, b"",
        "/v2/email/identities/%252E%252E%252Foutbound-emails", "DELETE", "free"),
    Row("another call behind a slash", 400, b"",
        "/v2/email/contact-lists/a%2Fcontacts%2Fb", "DELETE", "named"),
    *(
        Row(f"a read with {name}", 400, b"", "/v2/email/account", "GET", "free", {name: value})
        for name, value in {
            "x_http_method_override": "POST", "x_amz_target": "SimpleEmailService.SendEmail",
            "x_original_url": V2, "content_encoding": "gzip", "smithy_protocol": "rpc-v2-cbor",
        }.items()
    ),
]  # fmt: skip

REST = v1(Source=THEIRS).decode().partition("&")[2]
WRITTEN = [
    "Action=SendEmail%00",
    "Action=+SendEmail",
    "Action=SendEmail+",
    "Action=SendEmail%20",
    "action=SendEmail",
    "ACTION=SendEmail",
    "Action=sendemail",
    "Action=SENDEMAIL",
    "Action=SendEmail%0A",
    "Action=SendEmail%0D%0A",
    "Action=%EF%BB%BFSendEmail",
    "Action=",
    "Action=SendEmail;Action=GetSendQuota",
    "Action=GetSendQuota&action=SendEmail",
    "Action=GetSendQuota&+Action=SendEmail",
    "Action=GetSendQuota&Action%00=SendEmail",
    "Action=GetSendQuota&Action=SendEmail",
    "Action=GetSendQuota&Act%69on=SendEmail",
    "Action=GetSendQuota&Act%2569on=SendEmail",
    "Action=GetSendQuota;Action=SendEmail",
    "Action=GetSendQuota&Action.1=SendEmail",
    "Action[]=SendEmail",
    "Action.member.1=SendEmail",
    "Action=GetSendQuota&x=1;Action=SendEmail",
    "Action=SendEmailV2",
    "Action=SendMail",
    "Action=Ses:SendEmail",
    "Action=GetSendQuota&aCtIoN=SendEmail",
    "Action=SendEmail/",
]
ACTIONS = [
    *(
        old(f"{key}: {written}", 400, f"{written}&{REST}".encode(), key=key)
        for written in WRITTEN
        for key in ("bound", "free")
    ),
    old("an action of any other way to write it", 403, f"Action=Send%45mail&{REST}".encode()),
    old("twice, in query and body", 400, v1(Source=THEIRS), path="/?Action=GetSendQuota"),
    old("the same the other way round", 400, b"Action=GetSendQuota", path="/?Action=SendEmail",
        key="free"),
    old("another version", 400, v1(Source=THEIRS, Version="2009-01-01"), key="free"),
    old("no known version", 400, v1(Source=THEIRS, Version="2010-12-01 "), key="free"),
    old("two versions", 400, v1(Source=THEIRS) + b"&version=2009-01-01", key="free"),
    old("a read of another version", 400, v1("GetSendQuota", Version="2011-12-01"), key="free"),
    *(
        old(f"v1 at {path}", 400, v1(Source=THEIRS), path=path, key="free")
        for path in ("//", "/x", "/;x=1", "/%20", "/ses/", "/.", "/%2F", "/index.html")
    ),
    *(
        old(f"v1 by {method}", 400, v1(Source=THEIRS), method=method, key="free")
        for method in ("PUT", "PATCH", "DELETE", "HEAD", "GET")
    ),
    old("get with a read in the query and a send in the body", 400, v1(Source=THEIRS), method="GET",
        path="/?Action=GetSendQuota", key="free"),
    *(
        old(f"read as {kind}", 400, v1("GetSendQuota"), headers={"content_type": kind}, key="free")
        for kind in (
            *("application/json", "multipart/form-data; boundary=x"),
            f"{V1_FORM}; charset=utf-16",
        )
    ),
    old("a read with a target", 400, v1("GetSendQuota"), key="free",
        headers={"content_type": V1_FORM, "x_amz_target": "SimpleEmailService.SendEmail"}),
]  # fmt: skip

IDENTITY = "/v2/email/identities"
CALLS = [
    Row("bound: an identity", 403, b'{"EmailIdentity": "other.com"}', IDENTITY),
    Row("bound: an identity goes", 403, b"", f"{IDENTITY}/shop.example.com", "DELETE"),
    Row("bound: suppressed", 403, b"{}", "/v2/email/suppression/addresses", "PUT"),
    Row("bound: suppressed no more", 403, b"",
        f"/v2/email/suppression/addresses/{quote('a@x.org')}", "DELETE"),
    Row("bound: custom verification mail", 403, b"{}",
        "/v2/email/outbound-custom-verification-emails"),
    Row("bound: its template", 403, b"{}", "/v2/email/custom-verification-email-templates"),
    Row("bound: a test report", 403, MAIL, "/v2/email/deliverability-dashboard/test"),
    Row("bound: a template", 403, b"{}", "/v2/email/templates"),
    Row("bound: a call that nobody knows", 403, b"{}", "/v2/email/new-things"),
    Row("named: what is not named", 403, b"", "/v2/email/account", "GET", "named"),
    Row("sends only: a read", 403, b"", "/v2/email/account", "GET", "sends_only", says="only send"),
    *(
        old(f"bound: {action}", 403, f"Action={action}&Version=2010-12-01".encode())
        for action in (
            *("SendBounce", "SendCustomVerificationEmail", "VerifyEmailIdentity", "DeleteIdentity"),
            *("CreateReceiptRule", "PutIdentityPolicy", "ListTemplates", "SomethingNew"),
            "CreateCustomVerificationEmailTemplate",
        )
    ),
]  # fmt: skip

TAKEN = [
    Row("from", 200, v2()),
    Row("from with a name", 200, v2(FromEmailAddress=f"Shop <{OURS.upper()}>")),
    Row("from a domain below", 200, v2(FromEmailAddress="a@news.shop.example.com")),
    Row("feedback", 200, v2(FeedbackForwardingEmailAddress="bounces@shop.example.com")),
    Row("bulk", 200, bulk(), BULK),
    old("v1", 200, v1(ReturnPath=OURS)),
    old("v1 raw", 200, v1_raw(f"From: {OURS}\r\nSender: {OURS}")),
    Row("raw", 200, raw(f"From: {OURS}\r\nReturn-Path: <b@shop.example.com>")),
    Row("raw, folded", 200, raw(f"From: A rather long name\r\n <{OURS}>")),
    Row("raw, encoded", 200, raw(f"From: =?utf-8?b?RG9lLCDDiQ==?= <{OURS}>")),
    Row("raw, in brackets", 200, raw(f"From: [Staging] Shop <{OURS}>")),
    Row("raw, two of ours", 200, raw(f"From: {OURS}, b@shop.example.com\r\nSender: {OURS}")),
    Row("a header of its own", 200, with_header("X-Shop")),
    Row("free: any sender", 200, v2(FromEmailAddress=THEIRS), key="free"),
    Row("free: a sender of any kind", 200, raw(f"From: {THEIRS}\r\nSender: {OURS}"), key="free"),
]


PASSED = [
    Row("bound: account", 200, b"", "/v2/email/account", "GET"),
    old("bound: quota", 200, v1("GetSendQuota")),
    old("bound: quota in the query", 200, path=f"/?{v1('GetSendQuota').decode()}"),
    Row("named: a template", 404, b"", "/v2/email/templates/none", "GET", "named"),
    Row("free: an identity", 200, b'{"EmailIdentity": "x.org"}', IDENTITY, key="free"),
    Row("free: an identity by its address", 404, b"",
        f"{IDENTITY}/{quote('a+b@x.org', safe='')}", "GET", "free"),
    Row("free: a call that nobody knows", 404, b"{}", "/v2/email/new/of/Somebody", key="free"),
    Row("free: an identity that can't be", 404, b"", f"{IDENTITY}/{quote('ä b/c%25', safe='')}",
        "GET", "free"),
    Row("free: a slash in a parameter", 404, b"",
        "/v2/email/reputation/entities/RESOURCE/arn%3Aaws%3Ases%3Aidentity%2Fx.org", "GET", "free"),
    Row("free: a path with a slash at its end", 404, b"", "/v2/email/insights/abc/", "GET", "free"),
    Row("free: custom verification mail", 404, b"{}",
        "/v2/email/outbound-custom-verification-emails", key="free"),
]  # fmt: skip
