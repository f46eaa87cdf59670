"""Every field that a draft shows arrives in the form, and comes out of it as it was."""

from sestui.core.campaign.draft import DRAFT_FIELDS, Draft
from sestui.core.content.message import MessageSource
from tests.support.compose import ready
from tests.support.fields import campaigns_by_field
from tests.support.screens import running


async def test_every_field_of_a_draft_is_in_the_form(runtime, still):
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        form, wanted, found, fields = app.screen.form, {}, {}, {}
        for name, values in campaigns_by_field().items():
            if name in DRAFT_FIELDS:
                wanted[name] = Draft.of(values, MessageSource("Hello", "Hi"))
                form.show(wanted[name])
                found[name] = form.draft
                fields[name] = form.query_one(f"#field-{DRAFT_FIELDS[name].name}").value
        assert found == wanted
        assert fields == {name: getattr(draft, name) for name, draft in wanted.items()}
