from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sestui.compose.apply import Change, apply_plan, refuse_repeated_names
from sestui.compose.files import load_campaign
from sestui.core.delivery.states import RunKind
from sestui.errors import BadFileError, NotFoundError
from sestui.store.db.tables import ContactList, Message, Run
from tests.support.compose import plan

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
DAY = 86_400.0


def applied(campaigns, path, now=NOW):
    planned = plan(campaigns, load_campaign(path, "Europe/Paris"), now)
    return planned, apply_plan(campaigns, planned, now)


def refused(campaigns, path):
    with pytest.raises(BadFileError) as caught:
        plan(campaigns, load_campaign(path), NOW)
    return str(caught.value)


def test_created_then_unchanged_then_updated(campaigns, write, database):
    first, campaign = applied(campaigns, write(priority="7", keywords="{season: autumn}"))
    assert first.change is Change.CREATED
    assert (campaign.priority, campaign.keywords) == (7, {"season": "autumn"})

    again, same = applied(campaigns, write(priority="7", keywords="{season: autumn}"), NOW + 5)
    assert again.change is Change.UNCHANGED
    assert not again.changes
    assert not again.diff
    assert same.updated_at == NOW

    third, changed = applied(campaigns, write("Bye {{ unsubscribe_url }}", subject="Old"))
    assert third.change is Change.UPDATED
    shown = {(change.field, change.old, change.new) for change in third.changes}
    assert ("subject", "News", "Old") in shown
    assert ("priority", "7", "5") in shown
    assert "+Bye {{ unsubscribe_url }}" in third.diff.splitlines()
    assert (changed.id, changed.message_id != campaign.message_id) == (campaign.id, True)
    with database.read() as session:
        assert session.get(Message, campaign.message_id).subject == "News"
    assert campaigns.message(changed.message_id) == third.loaded.message


def test_the_same_content_is_one_message(campaigns, write):
    _, one = applied(campaigns, write())
    _, two = applied(campaigns, write(name="other"))
    assert one.message_id == two.message_id
    assert campaigns.names() == ["news", "other"]


def test_planning_writes_nothing(campaigns, write):
    plan(campaigns, load_campaign(write()), NOW)
    assert campaigns.all() == []


def test_attachments_are_kept_whole(campaigns, write, tmp_path):
    (tmp_path / "price-list.pdf").write_bytes(b"%PDF-1")
    _, campaign = applied(campaigns, write(attachments="[price-list.pdf]"))
    (file,) = campaigns.message(campaign.message_id).attachments
    assert (file.name, file.content_type, file.content) == (
        *("price-list.pdf", "application/pdf"),
        b"%PDF-1",
    )
    (tmp_path / "price-list.pdf").write_bytes(b"%PDF-2")
    assert applied(campaigns, write(attachments="[price-list.pdf]"))[0].change is Change.UPDATED
    assert "line 6: attachments: there is no file gone.pdf" in refused(
        campaigns, write(attachments="[gone.pdf]")
    )


def test_a_schedule_is_due_at_its_next_time(campaigns, write):
    _, campaign = applied(campaigns, write(schedule='"0 9 1 * *"'))
    december = datetime(2026, 12, 1, 9, 0, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
    assert campaign.next_due_at == december
    # An edit that leaves the timing alone doesn't skip an occurrence that is due.
    _, edited = applied(campaigns, write("Other", schedule='"0 9 1 * *"'), december + 60)
    assert edited.next_due_at == december
    assert [each.name for each in campaigns.due(december)] == ["news"]
    assert campaigns.due(december - 1) == []
    campaigns.set_next(campaign.id, None)
    assert campaigns.due(december) == []


def test_a_draft_with_a_schedule_is_scheduled_by_its_file(campaigns, write):
    path = write(schedule='"0 9 1 * *"')
    _, campaign = applied(campaigns, path)
    due = campaign.next_due_at
    campaigns.set_next(campaign.id, None)
    planned, campaign = applied(campaigns, path)
    assert planned.change is Change.UPDATED
    assert [(each.field, each.old) for each in planned.changes] == [("next run", "")]
    assert campaign.next_due_at == due
    assert applied(campaigns, path)[0].change is Change.UNCHANGED


def test_due_campaigns_come_by_priority(campaigns, write):
    for name, priority in (("low", "1"), ("high", "9")):
        applied(campaigns, write(name=name, priority=priority, start="2026-11-20T12:00"))
    assert [each.name for each in campaigns.due(NOW)] == ["high", "low"]


@pytest.mark.parametrize(
    ("start", "due"),
    [("2026-11-21T12:00", NOW + DAY), ("2026-11-20T11:00", NOW - 3600), ("2025-01-01", None)],
)
def test_a_start_is_due_unless_long_past(campaigns, write, start, due):
    planned, campaign = applied(campaigns, write(start=start))
    assert campaign.next_due_at == due
    assert any("long past" in warning for warning in planned.warnings) == (due is None)


def test_a_past_start_does_not_start_a_campaign_that_has_run(campaigns, write, database):
    _, campaign = applied(campaigns, write())
    with database.write() as session:
        session.add(
            Run(
                campaign_id=campaign.id,
                number=1,
                kind=RunKind.CAMPAIGN.value,
                message_id=campaign.message_id,
                from_address="a@example.com",
                created_at=NOW,
            )
        )
    assert applied(campaigns, write(start="2026-11-20T11:00"))[1].next_due_at is None


def test_warnings(campaigns, write, database):
    with database.write() as session:
        session.add(ContactList(name="all", created_at=NOW))
    assert plan(campaigns, load_campaign(write()), NOW).warnings == ()
    bare = plan(campaigns, load_campaign(write("Hi {first_name}", lists="[all, vip]")), NOW)
    assert [warning.partition(": ")[2] for warning in bare.warnings] == [
        "body: {first_name} looks like a placeholder of another system and is sent as it stands; "
        "sestui's look like {{ first_name }}.",
        "body: it has no unsubscribe link; add one with {{ unsubscribe_url }} or mark the "
        "campaign transactional.",
        "lists: there is no list 'vip' yet; `sestui import` makes it.",
    ]
    (told,) = plan(campaigns, load_campaign(write(only="joined")), NOW).warnings
    assert "only: it is for a schedule, and there is none" in told
    known = load_campaign(write(notify="[a@example.com]", only="joined", schedule="'0 9 * * *'"))
    assert plan(campaigns, known, NOW).warnings == ()


@pytest.mark.parametrize(
    ("fields", "body", "said"),
    [
        ({}, "a\n\n{% if x %}", "line 9: body: the template is broken"),
        ({"subject": '"{{ x | shout }}"'}, "a", "line 3: subject: the template is broken"),
        ({"text": "'{{ x'"}, "a", "line 6: text: the template is broken"),
    ],
)
def test_a_broken_template_names_the_line_of_the_file(campaigns, write, fields, body, said):
    path = write(body, **fields)
    sentence = refused(campaigns, path)
    assert f"{path}, {said}" in sentence
    assert "\n" not in sentence


def test_what_is_no_campaign_file(campaigns, tmp_path):
    with pytest.raises(NotFoundError, match="There is no file"):
        load_campaign(tmp_path / "none.md")
    for name, content, said in (
        ("binary.md", b"---\n\xff\xfe", "line 2: the file is not UTF-8"),
        ("nul.md", b"---\n\0", "not a text file"),
        ("huge.md", b"x" * 2_000_001, "larger than 2 MB"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert said in refused(campaigns, path)
    assert "is not a file" in refused(campaigns, tmp_path)


def test_two_files_of_one_name_are_refused(campaigns, write):
    plans = [plan(campaigns, load_campaign(write(file=f)), NOW) for f in ("a.md", "b.md")]
    with pytest.raises(BadFileError, match="are both named 'news'"):
        refuse_repeated_names(plans)


def test_an_unknown_campaign_offers_close_names(campaigns, write):
    applied(campaigns, write(name="november-news"))
    with pytest.raises(NotFoundError, match="did you mean november-news"):
        campaigns.get("november-new")
    with pytest.raises(NotFoundError, match="campaign list"):
        campaigns.get("zzz")
    with pytest.raises(NotFoundError):
        campaigns.message(99)
