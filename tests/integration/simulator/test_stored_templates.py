"""Stored templates through both of SES's APIs, and what becomes of mail that uses them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

CONTENT = {
    "Subject": "Hi {{name}}",
    "Text": "{{#if plan}}Plan {{plan}}{{else}}No plan{{/if}}",
    "Html": "<ul>{{#each items}}<li>{{@index}} {{this}}</li>{{/each}}</ul>",
}
DATA = {"name": "Ada", "items": ["a&b", "c"]}


@pytest.fixture(autouse=True)
def clean(ses: Any) -> None:
    for each in ses.list_email_templates(PageSize=100)["TemplatesMetadata"]:
        ses.delete_email_template(TemplateName=each["TemplateName"])


def sent(ses: Any, name: str, data: dict[str, Any], **more: Any) -> str:
    template = {"TemplateName": name, "TemplateData": json.dumps(data), **more}
    message_id: str = ses.send_email(
        FromEmailAddress="Shop <news@example.com>",
        Destination={"ToAddresses": ["ada@example.org"]},
        Content={"Template": template},
    )["MessageId"]
    return message_id


def code(call: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_stored_template_is_made_changed_tried_and_removed(ses: Any, ask: Any) -> None:
    ses.create_email_template(TemplateName="news", TemplateContent=CONTENT)
    assert code(ses.create_email_template, TemplateName="news", TemplateContent=CONTENT)[0] == (
        "AlreadyExistsException"
    )
    told = ses.get_email_template(TemplateName="news")
    assert (told["TemplateName"], told["TemplateContent"]) == ("news", CONTENT)
    tried = ses.test_render_email_template(TemplateName="news", TemplateData=json.dumps(DATA))
    assert "Subject: Hi Ada" in tried["RenderedTemplate"]
    assert "<li>0 a&amp;b</li><li>1 c</li>" in tried["RenderedTemplate"]
    mail = ask(f"/_simulator/outbox/{sent(ses, 'news', DATA)}")
    assert (mail["subject"], mail["text"], mail["state"]) == ("Hi Ada", "No plan", "delivered")
    assert mail["html"] == "<ul><li>0 a&amp;b</li><li>1 c</li></ul>"
    ses.update_email_template(
        TemplateName="news", TemplateContent={"Subject": "New {{name}}", "Text": "x"}
    )
    assert ask(f"/_simulator/outbox/{sent(ses, 'news', DATA)}")["subject"] == "New Ada"
    assert ask(f"/_simulator/outbox/{mail['message_id']}")["subject"] == "Hi Ada"
    ses.delete_email_template(TemplateName="news")
    for call, given in (
        (ses.get_email_template, {}),
        (ses.update_email_template, {"TemplateContent": CONTENT}),
        (ses.test_render_email_template, {"TemplateData": "{}"}),
    ):
        assert code(call, TemplateName="news", **given)[0] == "NotFoundException"


def test_templates_are_listed_page_by_page(ses: Any, old: Any) -> None:
    for number in range(12):
        ses.create_email_template(TemplateName=f"t{number:02d}", TemplateContent=CONTENT)
    page = ses.list_email_templates()
    rest = ses.list_email_templates(NextToken=page["NextToken"])
    assert "NextToken" not in rest
    assert [len(each["TemplatesMetadata"]) for each in (page, rest)] == [10, 2]
    assert page["TemplatesMetadata"][0]["TemplateName"] == "t00"
    assert page["TemplatesMetadata"][0]["CreatedTimestamp"].year > 2000
    first = old.list_templates(MaxItems=11)
    last = old.list_templates(MaxItems=11, NextToken=first["NextToken"])
    assert [each["Name"] for each in last["TemplatesMetadata"]] == ["t11"]
    assert code(ses.list_email_templates, PageSize=101)[0] == "BadRequestException"
    assert code(ses.list_email_templates, NextToken="x")[0] == "BadRequestException"


def test_the_old_api_has_the_same_templates(ses: Any, old: Any, ask: Any) -> None:
    template = {
        "TemplateName": "old",
        "SubjectPart": "Hi {{name}}",
        "HtmlPart": "<p>\r\n{{name}} & co</p>",
    }
    old.create_template(Template=template)
    assert code(old.create_template, Template=template)[0] == "AlreadyExists"
    assert old.get_template(TemplateName="old")["Template"] == template
    assert ses.get_email_template(TemplateName="old")["TemplateContent"]["Subject"] == "Hi {{name}}"
    tried = old.test_render_template(TemplateName="old", TemplateData='{"name": "Ada"}')
    assert "Ada & co" in tried["RenderedTemplate"]
    old.update_template(Template={**template, "SubjectPart": "Ho {{name}}"})
    message_id = old.send_templated_email(
        Source="news@example.com",
        Destination={"ToAddresses": ["ada@example.org"]},
        Template="old",
        TemplateData='{"name": "Ada"}',
    )["MessageId"]
    assert ask(f"/_simulator/outbox/{message_id}")["subject"] == "Ho Ada"
    render = old.test_render_template
    assert code(render, TemplateName="old", TemplateData="{}")[0] == "MissingRenderingAttribute"
    assert code(render, TemplateName="old", TemplateData="[")[0] == "InvalidRenderingParameter"
    broken = {**template, "HtmlPart": "{{#if x}}"}
    assert code(old.update_template, Template=broken)[0] == "InvalidTemplate"
    old.delete_template(TemplateName="old")
    assert code(old.get_template, TemplateName="old")[0] == "TemplateDoesNotExist"
    assert code(render, TemplateName="old", TemplateData="{}")[0] == "TemplateDoesNotExist"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a b", CONTENT),
        ("n" * 65, CONTENT),
        ("x", {"Text": "no subject"}),
        ("x", {"Subject": "nothing else"}),
        ("x", {"Subject": "x", "Text": "{{#each a}}"}),
        ("x", {"Subject": "x", "Text": "{{unclosed"}),
        ("x", {"Subject": "x", "Text": "t" * 500_001}),
    ],
)
def test_what_is_no_template_is_not_stored(ses: Any, name: str, content: Any) -> None:
    error, _ = code(ses.create_email_template, TemplateName=name, TemplateContent=content)
    assert error == "BadRequestException"


@pytest.mark.parametrize("part", ["Subject", "Text", "Html", "header"])
@pytest.mark.parametrize("kind", ["stored", "inline", "bulk"])
def test_what_is_missing_is_a_rendering_failure_and_no_mail(
    ses: Any, ask: Any, part: str, kind: str
) -> None:
    content = {"Subject": "s", "Text": "t", "Html": "h"}
    headers = [{"Name": "X-Own", "Value": "<{{n}}>" if part == "header" else "v"}]
    content |= {part: "for {{n}}"} if part in content else {}
    ses.create_email_template(TemplateName="stored", TemplateContent=content)
    own: dict[str, Any] = {"TemplateContent": content}
    if kind == "stored":
        own = {"TemplateName": "stored"}
    template = {**own, "TemplateData": "{}", "Headers": headers}
    if kind == "bulk":
        [result] = ses.send_bulk_email(
            FromEmailAddress="news@example.com",
            DefaultContent={"Template": template},
            BulkEmailEntries=[{"Destination": {"ToAddresses": ["ada@example.org"]}}],
        )["BulkEmailEntryResults"]
        assert result["Status"] == "SUCCESS"
        message_id = result["MessageId"]
    else:
        message_id = ses.send_email(
            FromEmailAddress="news@example.com",
            Destination={"ToAddresses": ["ada@example.org"]},
            Content={"Template": template},
        )["MessageId"]
    assert ask(f"/_simulator/outbox/{message_id}")["state"] == "not rendered"
    events = [each["event"] for each in ask("/_simulator/events?limit=100000")]
    own_events = [each for each in events if each["mail"]["messageId"] == message_id]
    assert [each["eventType"] for each in own_events] == ["Rendering Failure"]
    assert own_events[0]["failure"] == {
        "templateName": "stored" if kind == "stored" else "",
        "errorMessage": "Attribute 'n' is not present in the rendering data.",
    }


def test_headers_take_attributes(ses: Any, ask: Any) -> None:
    ses.create_email_template(TemplateName="news", TemplateContent=CONTENT)
    headers = [{"Name": "X-Name", "Value": "<{{name}}>"}]
    mail = ask(f"/_simulator/outbox/{sent(ses, 'news', DATA, Headers=headers)}")
    assert mail["headers"] == [{"name": "X-Name", "value": "<Ada>"}]


@pytest.mark.parametrize("text", ["{{#if x}}a{{/if}}", "{{#each x}}{{/each}}", "{{x", "{{../x}}"])
def test_inline_templates_take_substitutions_only(ses: Any, text: str) -> None:
    own = {"TemplateContent": {"Subject": "s", "Text": text}, "TemplateData": '{"x": "1"}'}
    error, sentence = code(
        ses.send_email,
        FromEmailAddress="news@example.com",
        Destination={"ToAddresses": ["ada@example.org"]},
        Content={"Template": own},
    )
    assert (error, "simple substitutions only" in sentence) == ("BadRequestException", True)


def test_a_template_has_a_name_or_a_content(ses: Any) -> None:
    ses.create_email_template(TemplateName="news", TemplateContent=CONTENT)
    error, _ = code(
        ses.send_email,
        FromEmailAddress="news@example.com",
        Destination={"ToAddresses": ["ada@example.org"]},
        Content={"Template": {"TemplateName": "news", "TemplateContent": CONTENT}},
    )
    assert error == "BadRequestException"
