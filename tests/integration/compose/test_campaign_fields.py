"""Every field of a campaign's table arrives at every door; what is lost fails by its name."""

from dataclasses import fields

from sestui.compose.files import load_campaign
from sestui.compose.save_file import save_campaign
from sestui.core.campaign.draft import DRAFT_FIELDS, Draft, Origin, read_draft
from sestui.core.campaign.fields import CAMPAIGN_FIELDS, CampaignFields, default_of
from sestui.core.content.message import MessageSource
from sestui.core.delivery.states import RunKind
from sestui.store.campaigns.campaigns import fields_of
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.new_runs import new_run
from tests.support.compose import plan
from tests.support.fields import CAMPAIGN, CAMPAIGN_SAMPLES, campaigns_by_field

MESSAGE = MessageSource("Hello", "Hi [off]({{ unsubscribe_url }})\n")
NOW = 1_790_000_000.0


def stored(campaigns, values):
    campaigns.save(values, MESSAGE, now=NOW, next_due_at=None)
    return campaigns.get(values.name)


def test_every_field_has_a_sample_that_is_not_the_usual_one():
    assert [each.name for each in fields(CampaignFields)] == list(CAMPAIGN_SAMPLES)
    assert [name for name, value in CAMPAIGN_SAMPLES.items() if value == default_of(name)] == []


def test_every_field_comes_back_from_the_database(campaigns):
    wanted = campaigns_by_field()
    found = {name: fields_of(stored(campaigns, values)) for name, values in wanted.items()}
    assert found == wanted


def test_every_field_is_written_to_a_file_and_read_from_it(tmp_path):
    wanted, found = campaigns_by_field(), {}
    for name, values in wanted.items():
        path = tmp_path / f"{name}.md"
        save_campaign(path, values, MESSAGE, overwrite=False)
        assert f"\n{CAMPAIGN_FIELDS[name].name}: " in path.read_text("utf-8")
        found[name] = load_campaign(path).file.fields
    assert found == wanted


def test_a_file_without_a_field_gives_the_usual_value(tmp_path):
    save_campaign(tmp_path / "news.md", CAMPAIGN, MESSAGE, overwrite=False)
    given = {
        line.partition(":")[0] for line in (tmp_path / "news.md").read_text("utf-8").splitlines()
    }
    assert given & {each.name for each in CAMPAIGN_FIELDS.values()} == {"name", "from", "lists"}
    assert load_campaign(tmp_path / "news.md").file.fields == CAMPAIGN


def test_apply_tells_of_a_change_of_every_field(campaigns, tmp_path):
    told = {}
    for name, values in campaigns_by_field().items():
        path = tmp_path / f"{name}.md"
        save_campaign(path, values, MESSAGE, overwrite=False)
        # Over a campaign of that name without the field; as another name it is a new one.
        if name != "name":
            stored(campaigns, CAMPAIGN)
        planned = plan(campaigns, load_campaign(path), NOW)
        told[name] = {change.field for change in planned.changes}
    assert told.pop("name") >= {"name"}
    assert told == {name: {CAMPAIGN_FIELDS[name].name} for name in told}


def test_every_field_comes_back_from_a_draft():
    wanted, found = campaigns_by_field(), {}
    for name, values in wanted.items():
        shown = Draft.of(values, MESSAGE)
        kept = Draft.of_json(shown.as_json(lambda _: ""), lambda _: b"")
        assert kept == shown
        found[name] = read_draft(kept, Origin(values, MESSAGE, shown)).campaign
        if name in DRAFT_FIELDS:
            assert read_draft(kept).campaign == values, f"{name} is not read as it is shown"
    assert found == wanted


def test_every_field_that_a_draft_shows_has_a_label_and_the_others_have_none():
    unlike = {
        name: each.label
        for name, each in CAMPAIGN_FIELDS.items()
        if bool(each.label) != (name in DRAFT_FIELDS)
    }
    assert unlike == {}


def test_a_run_takes_over_what_the_table_says(campaigns):
    columns = CAMPAIGN_FIELDS.keys() & Run.model_fields.keys()
    assert {name for name, each in CAMPAIGN_FIELDS.items() if each.sent} == columns
    runs = {}
    for name, values in campaigns_by_field().items():
        if name in columns:
            campaign = stored(campaigns, values)
            run = new_run(campaign, NOW, RunKind.CAMPAIGN, None)
            runs[name] = getattr(run, name) == getattr(campaign, name) != default_of(name)
    assert runs == dict.fromkeys(runs, True)


def test_every_field_has_a_column():
    assert CAMPAIGN_FIELDS.keys() - Campaign.model_fields.keys() == set()
