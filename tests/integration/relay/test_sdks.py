"""The SDKs of other languages through the relay, and with them every odd address."""

import base64

import pytest

from sestui.core.relay.key import KeyFields
from tests.support import sdks
from tests.support.seeding import rows_of, suppress
from tests.support.workspaces import until

pytestmark = [pytest.mark.long, pytest.mark.ci]  # other languages start slowly

SDKS = ("boto3", "go", "java-url", "java-apache", "java-jdk", "js-v2", "js-v3")


@pytest.fixture(scope="module")
def node(tmp_path_factory, outside):
    return sdks.node_folder(outside, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module")
def go(tmp_path_factory, outside):
    return sdks.go_program(outside, tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def java(tmp_path_factory, outside):
    return sdks.java_classes(outside, tmp_path_factory.mktemp("java"))


@pytest.fixture(params=SDKS)
def sdk(request):
    """Makes calls as one of the SDKs."""
    kind, _, which = request.param.partition("-")
    if kind == "boto3":
        return sdks.boto3
    if kind == "go":
        return sdks.program(str(request.getfixturevalue("go")))
    if kind == "java":
        command = ("java", "-XX:TieredStopAtLevel=1", "-cp", request.getfixturevalue("java"))
        return sdks.program(*command, "Client", which)
    script = {"v2": "v2.cjs", "v3": "v3.mjs"}[which]
    return sdks.program("node", str(request.getfixturevalue("node") / script))


def call(kind, *to, sender="shop@shop.example.com", **more):
    return {"call": kind, "from": sender, "to": list(to), **more}


def raw(kind, head, *to, sender=None):
    mime = f"{head}\r\nSubject: x\r\n\r\nx\r\n".encode()
    return call(kind, *to, sender=sender, raw=base64.b64encode(mime).decode())


def test_every_way_to_send(relay, ses, sdk):
    v2 = relay.client("sesv2")
    v2.create_email_template(TemplateName="hello", TemplateContent={"Subject": "x", "Text": "x"})
    mime = "From: shop@shop.example.com\r\nTo: {}@x.org, {}2@x.org"
    said = sdk(
        relay,
        relay.key,
        [
            call("v1 simple", "a@x.org", "a2@x.org"),
            call("v2 simple", "b@x.org", "b2@x.org"),
            raw("v1 raw", mime.format("c", "c")),
            raw("v2 raw", mime.format("d", "d")),
            call("v1 bulk", "e@x.org", "no address", "e2@x.org", template="hello"),
            call("v2 bulk", "f@x.org", "no address", "f2@x.org", template="hello"),
            call("v1 bulk", "g@x.org", template="none"),
            call("v2 bulk", "g@x.org", template="none"),
            call("v2 account"),
        ],
    )
    accepted = {each["message_id"]: each["recipients"] for each in ses.account.outbox()}
    assert [accepted[each["id"]] for each in said[:4]] == [[f"{name}@x.org"] for name in "abcd"]
    assert [each["statuses"] for each in said[4:6]] == [
        ["Success", "InvalidParameterValue", "Success"],
        ["SUCCESS", "INVALID_PARAMETER", "SUCCESS"],
    ]
    assert said[6]["code"].removesuffix("Exception") == "TemplateDoesNotExist"
    assert [each["status"] for each in said[6:8]] == [400, 404]
    assert said[7]["code"] == "NotFoundException"
    assert said[8]["rate"] == 1000
    relay.until_idle()
    assert ses.to() == sorted([f"{name}{n}@x.org"] for name in "abcdef" for n in ("", "2"))


SHOP = "shop.example.com"
OTHERS = [
    f"n@{SHOP} <ceo@other.com>",
    f"n@{SHOP}, ceo@other.com",
    f"<a@{SHOP}> <ceo@other.com>",
    f"<a@{SHOP}>ceo@other.com",
]
"""Senders that only look like the key's own."""

FROM = f"From: a@{SHOP}\r\n"
TAKEN = {
    "an encoded name": (f"From: =?utf-8?b?RG9lLCDDiQ==?= <a@{SHOP}>\r\nTo: {{}}@x.org", ["{}"]),
    "a folded From": (
        f"From: =?utf-8?q?{'=C3=89' * 9}?=\r\n =?utf-8?q?{'=C3=89' * 9}?=\r\n <a@{SHOP}>"
        "\r\nTo: {}@x.org",
        ["{}"],
    ),
    "a name like an address": (FROM + "To: friend@x.org <{}@x.org>", ["{}"]),
    "a name with an address in it": (FROM + "To: support@shop.com via List <{}@x.org>", ["{}"]),
    "a name with brackets": (FROM + "To: [Staging] Shop <{}@x.org>", ["{}"]),
    "a blank before the colon": (FROM + "TO : {}@x.org, {}-2@x.org", ["{}", "{}-2"]),
}
"""Raw heads, and who gets the mail."""


def test_every_odd_address(relay, ses, sdk, request):
    key = relay.keys.add(KeyFields(request.node.callspec.id, senders=[SHOP]))
    suppress(relay.runtime.database, f"victim-{key.access_key_id.lower()}@x.org")
    victim = f"friend@x.org <victim-{key.access_key_id.lower()}@x.org>"
    taken, wanted, refused = [], [], []
    for number, (head, people) in enumerate(TAKEN.values()):
        for api in ("v1", "v2"):
            name = f"{api}-{number}"
            taken.append(raw(f"{api} raw", head.replace("{}", name)))
            wanted += [f"{each.format(name)}@x.org" for each in people]
    for api in ("v1", "v2"):
        sender = f"[Staging] Shop <a@{SHOP}>"
        taken.append(call(f"{api} simple", f"{api}-staging@x.org", sender=sender))
        wanted.append(f"{api}-staging@x.org")
        for each in OTHERS:
            refused += [
                call(f"{api} simple", "no@x.org", sender=each),
                raw(f"{api} raw", FROM + "To: no@x.org", sender=each),
                raw(f"{api} raw", f"From: {each}\r\nTo: no@x.org"),
            ]
        refused += [
            raw(f"{api} raw", FROM + 'To: "Test <no1@x.org>, no2@x.org'),
            raw(f"{api} raw", FROM + "To: no@x.org", "no1@x.org, no2@x.org"),
            call(f"{api} simple", "no1@x.org, no2@x.org"),
        ]
    skipped = [
        call("v1 simple", victim),
        call("v2 simple", victim),
        raw("v2 raw", FROM + f"To: {victim}"),
    ]
    said = sdk(relay, key, [*taken, *refused, *skipped])
    [campaign] = (each.campaign_id for each in relay.keys.all() if each.id == key.access_key_id)

    def runs():
        return relay.runtime.runs.of_campaign(campaign)

    until(lambda: not any(run.pending or run.sending for run in runs()))
    ids = [each.get("id", each) for each in said[: len(taken)]]
    assert {each["message_id"] for each in ses.account.outbox()} >= set(ids)
    codes = {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidParameterValue",
        "BadRequestException",
    }
    for asked, answer in zip(refused, said[len(taken) :], strict=False):
        assert answer.get("code") in codes, (asked, answer)
    assert all(each["id"].startswith("sestui-relay-") for each in said[-len(skipped) :])
    # What left, and what the ledger says of it.
    assert sorted(one for mail in ses.to() for one in mail) == sorted(wanted)
    rows = [
        (row.email, row.state) for run in runs() for row in rows_of(relay.runtime.database, run.id)
    ]
    assert sorted(rows) == sorted(
        [(each, "accepted") for each in wanted]
        + [(f"victim-{key.access_key_id.lower()}@x.org", "skipped")] * 3
    )
