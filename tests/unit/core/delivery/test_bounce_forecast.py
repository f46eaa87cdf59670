"""What a run is expected to bounce, in figures and in a sentence."""

from sestui.core.delivery.bounce_forecast import BounceRisk, bounce_forecast
from sestui.core.delivery.breaker import Sample


def test_groups_add_up_to_an_expectation_and_are_named() -> None:
    groups = {BounceRisk.NEW: 2_900, BounceRisk.KNOWN: 83, BounceRisk.BOUNCED: 16}
    groups[BounceRisk.INVALID] = 1
    found = bounce_forecast(groups, Sample())
    assert found.recipients == 3_000
    assert 80 < found.expected < 100
    assert found.sentence() == (
        "About 92 of 3,000 may bounce (3.1 %): 2,900 have never been mailed, 16 bounced the last "
        "time, 1 failed its address check."
    )


def test_what_was_measured_replaces_the_rule_of_thumb() -> None:
    groups = {BounceRisk.KNOWN: 10_000}
    before = bounce_forecast(groups, Sample(999, 99))
    assert before.expected == 30
    assert bounce_forecast(groups, Sample(1_000, 20)).expected == 200


def test_a_sample_is_called_one_and_nobody_is_nothing() -> None:
    found = bounce_forecast({BounceRisk.SILENT: 40_000}, Sample(), sampled=True)
    assert "about 40,000 have not been heard of for 180 days" in found.sentence()
    assert bounce_forecast({}, Sample()).sentence() == ""
    assert bounce_forecast({BounceRisk.KNOWN: 3}, Sample()).sentence() == (
        "None of 3 should bounce."
    )
