"""Rates as SES counts them, beside its lines."""

import pytest

from sestui.core.delivery.breaker import BreakerRule, Sample
from sestui.core.delivery.reputation import known_rates


def test_each_rate_is_of_its_own_sample():
    bounced, complained = known_rates(Sample(1_000, 40, 10_000, 2), BreakerRule())
    assert (bounced.share, complained.share) == (0.04, 0.0002)
    assert bounced.sentence() == (
        "4.0 % of the last 1,000 mails (40); SES reviews accounts at 5 % and pauses them at 10 %, "
        "sestui warns at 4 % and pauses runs at 8 %"
    )
    assert "SES reviews accounts at 0.1 % and pauses them at 0.5 %" in complained.sentence()
    assert complained.as_dict()["mails"] == 10_000


def test_nothing_is_made_up_where_nothing_is_known():
    for rate in known_rates(Sample(), BreakerRule()):
        assert rate.as_dict()["rate"] is None
        assert rate.sentence() == "no delivery events yet"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (BreakerRule(0, 0, 0, 0), "the breaker is off"),
        (BreakerRule(bounce_warning=0), "sestui pauses runs at 8 %"),
        (BreakerRule(bounce_pause=0), "sestui warns at 4 %"),
    ],
)
def test_what_is_switched_off_is_not_promised(rule, said):
    assert known_rates(Sample(100, 1, 100, 0), rule)[0].sentence().endswith(said)
