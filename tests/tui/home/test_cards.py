"""How things are drawn on Home, without a screen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.breaker import BreakerRule, Sample
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.pacing import DAY_SECONDS, Quota
from sestui.core.delivery.reputation import known_rates
from sestui.reports.dashboard import needs_of
from sestui.reports.overview import RunView
from sestui.store.events.doctor_verdicts import DoctorVerdict
from sestui.store.ledger.slices import AnswerCounts
from sestui.tui.home.cards import RunCard, lately_line, need_card, need_lines, run_card
from sestui.tui.home.needs import HomeNeed
from sestui.tui.home.quota_frees import SLICE_SECONDS, QuotaFrees, quota_frees
from sestui.tui.home.sending import since_first
from sestui.tui.home.service import AccountSnapshot
from sestui.tui.home.standing import AccountPanel, quota_line
from sestui.tui.widgets.format import exact, relative

NOW = 1_800_000_000.0
RUN = RunView(
    1, "news", 3, "campaign", "sending", "", "", None, NOW - 60, None, RunCounts(100, 0, 100)
)
HOSTILE = "x[red]\x1b[31m\u202ey\n" + "w" * 300


def at(instant):
    return f"{instant - NOW:+.0f}"


def text(lines):
    return "\n".join(line.plain for line in lines)


def test_a_run_that_sends_says_when_it_ends_by_its_own_rate():
    said = text(run_card(RunCard(RUN, 10.0), 80, now=NOW, at=at))
    assert "news · run 3" in said
    assert "100 of 200   50 %  ends +10 (in 10 s)" in said
    assert "ends" not in text(run_card(RunCard(RUN, 0.0), 80, now=NOW, at=at))


def test_a_run_that_waits_says_until_when():
    waits = replace(RUN, state="waiting", resume_at=NOW + 600)
    assert "waits until +600" in text(run_card(RunCard(waits, 10.0), 80, now=NOW, at=at))


@pytest.mark.long
@pytest.mark.ci
@given(st.integers(0, 120), st.sampled_from(["sending", "paused", "waiting", "finished"]))
def test_any_name_fits_any_width_and_obeys_nothing(width, state):
    run = replace(RUN, campaign=HOSTILE, state=state, finished_at=NOW)
    need = HomeNeed(HOSTILE, HOSTILE, "r resolve", run)
    for lines in (
        run_card(RunCard(run, 3.0), width, now=NOW, at=at),
        lately_line(run, width, ago=at),
        need_card(need, width),
    ):
        assert "\x1b" not in text(lines)
        assert all("\n" not in line.plain for line in lines)
        assert all(line.truncate(width).cell_length <= width for line in lines)


def test_the_sentence_of_a_need_is_whole_in_a_narrow_panel():
    sentence = "1 recipient in doubt: decide whether to assume them sent or to resend."
    need = HomeNeed("news · run 1", sentence, "r resolve")
    assert need_lines([need], 44) == 3
    assert sentence in " ".join(line.plain.strip() for line in need_card(need, 44))
    assert len(need_card(need, 44)) == 3
    assert (need_lines([replace(need, sentence="Short.")], 44), need_lines([need], 80)) == (2, 1)


@pytest.mark.parametrize("seconds", [0, 59 * 60, 23 * 3_600, 99 * 86_400])
def test_the_count_of_a_run_that_ended_is_whole_however_long_ago_it_was(seconds):
    counts = RunCounts(accepted=1_000_000)
    run = replace(RUN, counts=counts, finished_at=NOW - seconds)
    for width in (44, 46, 62, 100):
        (line,) = lately_line(run, width, ago=lambda at: relative(at, NOW))
        assert line.cell_length == width
        assert line.plain.endswith("1,000,000")
        assert relative(NOW - seconds, NOW) in line.plain


def account(quota, ours=0, **other):
    given_ = {"at": 0.0, "taken": 0, "rate": 28.0, "allowed": 28.0, "health": ()}
    return AccountSnapshot(quota=quota, ours=ours, **(given_ | other))


def test_others_are_named_only_where_they_sent():
    quota = Quota(50_000, 40_000, 15_314)
    assert "by others" not in quota_line(account(quota, 15_314), 60).plain
    assert "15,214 by others" in quota_line(account(quota, 100), 60).plain
    # The count was asked for while mail left: 28 a second.
    busy = account(quota, 15_314 - 28, sent_since_look=True)
    assert "by others" not in quota_line(busy, 60).plain
    assert "29 by others" in quota_line(replace(busy, ours=15_314 - 29), 60).plain
    assert "28 by others" in quota_line(replace(busy, sent_since_look=False), 60).plain
    assert "38 %" in quota_line(account(quota, 15_314), 60).plain
    assert "unlimited" in quota_line(account(Quota(-1, None, 7)), 60).plain


def standing(account=None, frees=None, rates=(), verdict=None):
    panel = AccountPanel(at)
    panel.show(account, frees, rates, verdict)
    return "\n".join(line.plain for line in panel._lines(60))


def test_the_worst_that_the_doctor_found_last_is_one_line():
    found = DoctorVerdict("error", "example.com: No DKIM\x1b[2J.", NOW + 7)
    said = standing(account=account(Quota(-1, None, 7)), verdict=found)
    assert r"doctor   +7 example.com: No DKIM\x1b[2J." in said
    assert "doctor" not in standing(account=account(Quota(-1, None, 7)))


def test_nothing_is_made_up_where_ses_has_reported_nothing():
    said = standing(account=account(Quota(-1, None, 7)))
    assert "no delivery events yet" in said
    assert "hard" not in said
    assert "asking" in standing().lower()


def test_bounces_and_complaints_stand_beside_the_lines_of_ses():
    said = standing(
        account=account(Quota(-1, None, 7)),
        rates=known_rates(Sample(1_000, 40, 1_000, 2), BreakerRule()),
    )
    assert "hard bounces  4.0 %" in said
    assert "5 % review" in said
    assert "0.20 %" in said
    assert "0.1 % review" in said


def test_throttling_and_trouble_are_said():
    said = standing(account=account(Quota(-1, None, 7), allowed=14.0, health=("probation",)))
    assert "probation, SES throttled: 14.0 of 28.0/s for now" in said


def test_the_quota_frees_a_day_after_each_mail():
    sent = [
        AnswerCounts(int(NOW - DAY_SECONDS), 100, 0, 0, 0),
        AnswerCounts(int(NOW - SLICE_SECONDS), 50, 9, 9, 9),
    ]
    found = quota_frees(sent, Quota(1_000, 800, 160), NOW)
    assert found.more == 150
    assert found.until == pytest.approx(NOW + DAY_SECONDS)
    assert found.free[0] == 640 + 100
    assert found.free[-1] == 640 + 150
    assert quota_frees(sent, Quota(-1, None, 160), NOW) is None


def test_what_becomes_free_is_said_in_fewer_words_rather_than_cut():
    quota = Quota(50_000, 40_000, 1_000)
    frees = QuotaFrees((39_000.0, 40_000.0), 1_000, NOW)
    panel = AccountPanel(lambda _instant: "29 Nov 03:30")
    panel.show(account(quota, 1_000), frees, ())
    for width, said in ((60, "1,000 more by 29 Nov 03:30"), (44, "+1,000 by 29 Nov 03:30")):
        line = panel._lines(width)[1]
        assert line.plain.endswith(said)
        assert line.cell_length <= width


def test_no_more_frees_than_is_used_and_what_is_over_the_limit_first():
    sent = [AnswerCounts(int(NOW - SLICE_SECONDS), 500, 0, 0, 0)]
    assert quota_frees(sent, Quota(1_000, 800, 300), NOW).free[-1] == 800
    assert quota_frees(sent, Quota(1_000, 800, 900), NOW).free[-1] == 400
    assert quota_frees([], Quota(1_000, 800, 900), NOW).until is None


def test_the_plot_begins_with_the_first_answer_of_the_hour():
    assert since_first(0, (0.0,) * 300 + (5.0,) * 60) == (3_000, (5.0,) * 60)
    assert since_first(0, (0.0,) * 355 + (5.0,) * 5) == (3_300, (0.0,) * 25 + (5.0,) * 5)
    assert since_first(0, (0.0,) * 360) == (0, (0.0,) * 360)
    assert since_first(0, (5.0, 0.0, None)) == (0, (5.0, 0.0, None))


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (0, "now"),
        (-59, "now"),
        (59, "in <1 min"),
        (60, "in 1 min"),
        (-7_300, "2 h ago"),
        (200_000, "in 2 d"),
    ],
)
def test_times_are_relative(away, said):
    assert relative(NOW + away, NOW) == said


def test_the_exact_time_has_everything():
    assert exact(NOW, None).count(":") == 2
    assert "2027" in exact(NOW, None)


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("sending", "", True),
        ("waiting", "quota", True),
        ("finished", "", False),
        ("cancelled", "", False),
    ],
)
def test_a_warning_needs_somebody_while_the_run_goes_on(state, reason, told):
    needs = needs_of(replace(RUN, state=state, reason=reason, warning="4.2 % have bounced."))
    assert any("4.2 % have bounced." in need.sentence for need in needs) is told
