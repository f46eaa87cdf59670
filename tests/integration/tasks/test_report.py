"""The figures of the last days, by mail."""

import pytest

from sestui.core.task.states import TaskRunState
from sestui.errors import UsageError
from sestui.simulator.api.faults import checked_fault
from sestui.store.db.tables import Run
from tests.support.seeding import addresses, suppress
from tests.support.tasks import ran
from tests.support.workspaces import sent

DAY = 86_400.0
MINE = {"to": ["Ada <ada@example.com>", "ops@example.com"], "sender": "news@example.com"}


def shift(runtime, run, days):
    """Let a run have begun earlier."""
    with runtime.database.write() as session:
        session.get_one(Run, run.id).started_at -= days * DAY


@pytest.mark.long
@pytest.mark.ci
def test_the_figures_are_mailed_through_ses(world):
    runtime = world.runtime()
    shift(runtime, world.started(runtime, addresses(3, "old"), "old"), 8)
    suppress(runtime.database, "r00004@example.com")
    world.account.add_fault(checked_fault("refuse", match="r00003*"))
    world.started(runtime, addresses(5), "news")
    run = ran(runtime, "report", MINE)
    assert run.detail == "Mailed to Ada <ada@example.com>, ops@example.com."
    assert (run.result["accepted"], run.result["runs"]) == (0, 1)
    sent(runtime)

    run = ran(runtime, "report", {**MINE, "days": 7.5})
    assert run.state is TaskRunState.SUCCEEDED
    assert (run.result["accepted"], run.result["runs"]) == (3, 1)
    line = "news: 1 run, 3 accepted, 1 rejected, 0 in doubt, 1 skipped, 0 to be sent."
    assert line in run.log
    sent(runtime)
    outbox = world.outbox()
    assert outbox["ada@example.com"] == outbox["ops@example.com"] == 2, "one for each report"
    newest = world.account.newest(limit=2)
    assert {mail["recipients"][0] for mail in newest} == {"ada@example.com", "ops@example.com"}
    for listed in newest:
        mail = world.account.mail(listed["message_id"])
        assert (mail["from"], mail["subject"]) == (
            "news@example.com",
            "sestui: 3 mails accepted in 7.5 days",
        )
        assert mail["to"] == tuple(listed["recipients"]), "one recipient a mail"
        for text in (mail["text"], mail["html"]):
            assert line in text
            assert "old:" not in text, "that was before"
        assert "accepted: 3\nrejected: 1\nin doubt: 0\nskipped: 1\nto be sent: 0" in mail["text"]
    assert runtime.campaigns.names() == ["news", "old"], "it is no campaign itself"

    quiet = ran(runtime, "report", {**MINE, "days": 0.000001})
    assert "No campaigns were sent." in quiet.log


def test_wrong_parameters(world):
    def refused(**given):
        with pytest.raises(UsageError) as caught:
            ran(world.runtime(), "report", {**MINE, **given})
        return str(caught.value)

    assert "to: list should have at least 1 item" in refused(to=[])
    assert "to: 'nobody' is not an address like" in refused(to=["nobody"])
    assert "sender: " in refused(sender="news")
    assert "days: input should be less than or equal to 366" in refused(days=1_000)
