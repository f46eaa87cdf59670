"""Every field that a draft shows arrives in the form, and comes out of it as it was."""

import pytest

from sestui.core.campaign.draft import DRAFT_FIELDS, Draft
from sestui.core.content.message import MessageSource
from tests.support.compose import add_people, ready
from tests.support.fields import campaigns_by_field
from tests.support.screens import running, until


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


@pytest.mark.long
@pytest.mark.ci
async def test_who_is_in_a_segment_is_counted_while_it_is_typed(runtime, still):
    add_people(runtime)
    async with running(runtime, place="compose") as (app, pilot):
        await ready(app, pilot)
        form = app.screen.form
        shown = form.query_one("#segment-count")
        assert not shown.display
        for lists, segment, said in (
            (
                "newsletter",
                "not missing(first_name)",
                "2 contacts now: cleo@example.com, ada@example.com",
            ),
            ("", "valid()", "3 contacts now: cleo@"),
            ("newsletter", "first_name = 1", "Column 12: write == to compare"),
            ("newsletter", "adults", "There is no segment 'adults'."),
            ("nowhere", "valid()", "There is no list 'nowhere'"),
            ("", 'first_name == "Ada"', "1 contact now: ada@example.com"),
            ("newsletter", "not valid()", "Nobody now."),
        ):
            form.query_one("#field-lists").value = lists
            form.query_one("#field-segment").value = segment
            await until(pilot, lambda: str(shown.render()).startswith(said))  # noqa: B023 - at once
            assert shown.has_class("wrong") == said.startswith(("Column", "There"))
        form.query_one("#field-segment").value = ""
        await until(pilot, lambda: not shown.display)
