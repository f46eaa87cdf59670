"""The hours at which recipients get a campaign's mail by their own clock, on a line."""

from textual.content import Content

from sestui.core.delivery.local_hours import LocalHours
from sestui.tui.campaigns.run_figures import Figure
from sestui.tui.widgets.format import grouped, weekday_time

_BARS = "▁▂▃▄▅▆▇█"
_HOUR = 3600.0


def hours_line(hours: LocalHours) -> str:
    """``09:00 local  Sat 22:00 ▂ ▁█▃ Sun 18:00, most Sun 09:00 (1,204)``, by the campaign's clock.

    '' if nobody is left.
    """
    by_hour = hours.by_hour()
    if not by_hour:
        return ""
    first, last = by_hour[0][0], by_hour[-1][0]
    fullest, most = max(by_hour, key=lambda each: each[1])
    cells = [" "] * (1 + round((last.timestamp() - first.timestamp()) / _HOUR))
    for hour, count in by_hour:
        height = round((len(_BARS) - 1) * count / most)
        cells[round((hour.timestamp() - first.timestamp()) / _HOUR)] = _BARS[height]
    bars = "".join(cells)
    return (
        f"{hours.local_time}  {weekday_time(first)} {bars} {weekday_time(last)}, "
        f"most {weekday_time(fullest)} ({grouped(most)})"
    )


class RunHours(Figure):
    """When who is pending gets the mail; shown only where that is by their own clock."""

    def draw(self) -> Content:
        """One line."""
        hours = self.snapshot.hours if self.snapshot is not None else None
        return Content.styled(hours_line(hours) if hours is not None else "", "$text-muted")

    @property
    def has_hours(self) -> bool:
        """Whether there is anything to show."""
        snapshot = self.snapshot
        return (
            snapshot is not None
            and snapshot.replay is None
            and snapshot.hours is not None
            and bool(snapshot.hours.dues)
        )
