"""`sestui campaign forecast`: when a run will end."""

from sestui.cli.campaigns.local_hours import hours_as_dict, hours_lines
from sestui.cli.shared.common import AsJson, Name, opened, put, put_json
from sestui.core.clock import iso
from sestui.core.delivery.bounce_forecast import BounceRisk
from sestui.core.delivery.holdout import holdout_sentence


def forecast_command(name: Name, *, as_json: AsJson = False) -> None:
    """When the current run, or one started now, will end, and what the quota leaves for later."""
    with opened() as runtime:
        runtime.account.poll()
        told, bounces = runtime.forecasts.of(name), runtime.forecasts.bounces(name)
        over, hours = runtime.forecasts.over_limit(name), runtime.forecasts.hours(name)
        holdout = runtime.campaigns.get(name).holdout
        ends = runtime.local_time(told.ends_at) if told.ends_at is not None else ""
    if as_json:
        put_json(
            {
                "campaign": name,
                "recipients": told.recipients,
                "rate": told.rate,
                "ends_at": iso(told.ends_at) or None,
                "today": told.today,
                "later": told.later,
                "crosses_quota": told.crosses_quota,
                "over_limit": over.recipients,
                "holdout": holdout or None,
                "bounces": round(bounces.expected, 1),
                "bounce_rate": round(bounces.share, 5),
                "acquaintance": {each.value: bounces.groups.get(each, 0) for each in BounceRisk},
                "local_time": None if hours is None else hours_as_dict(hours),
            }
        )
        return
    put(f"{told.recipients:,} recipients at {told.rate:g} a second")
    put(f"ends {ends}" if ends else "unknown: nothing can be sent at the moment")
    put(f"today {told.today:,}, later {told.later:,}")
    if told.crosses_quota:
        put("it will have to wait for the 24-hour quota")
    held_out = holdout_sentence(holdout)
    for sentence in filter(None, (over.sentence(), held_out, bounces.sentence())):
        put(sentence)
    if hours is not None:
        for line in hours_lines(hours):
            put(line)
