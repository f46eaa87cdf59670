"""When who gets a campaign's mail by their own clock, as lines and as an object."""

from collections.abc import Iterator

from sestui.core.delivery.local_hours import LocalHours

_BAR_CELLS = 30


def hours_as_dict(hours: LocalHours) -> dict[str, object]:
    """For ``--json``."""
    return {
        "at": hours.local_time,
        "hours": [
            {"hour": hour.isoformat(timespec="minutes"), "recipients": count}
            for hour, count in hours.by_hour()
        ],
        "zones": {source.value: count for source, count in hours.sources.items()},
        "unreadable": hours.unread,
        "examples": list(hours.examples),
        "outside_window": hours.outside,
    }


def hours_lines(hours: LocalHours) -> Iterator[str]:
    """For people: a bar for each hour of the campaign's clock, and what tells the zones."""
    yield f"{hours.local_time}, in hours of the campaign's time zone:"
    by_hour = hours.by_hour()
    most = max((count for _, count in by_hour), default=1)
    for hour, count in by_hour:
        bar = "█" * max(1, round(_BAR_CELLS * count / most))
        yield f"  {hour:%a %d %b %H:%M}  {count:>11,}  {bar}"
    if told := hours.by_source():
        yield told
    yield from filter(None, (hours.unread_words(), hours.outside_words()))
