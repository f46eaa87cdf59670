"""A campaign in a few lines: message, audience, schedule, and a forecast of a run."""

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive

from sestui.core.clock import Instant
from sestui.core.delivery.forecast import Forecast
from sestui.tui.campaigns.hours import hours_line
from sestui.tui.campaigns.run_figures import STATE_COLOURS
from sestui.tui.campaigns.service import CampaignSnapshot
from sestui.tui.widgets.drawn import DrawnWidget
from sestui.tui.widgets.format import counted, duration, grouped, recipients, shorten
from sestui.tui.widgets.pager import folded
from sestui.tui.widgets.schedule_words import schedule_words


class CampaignFigure(DrawnWidget):
    """Draws one picture of a campaign; ``at`` says an instant in the operator's time."""

    snapshot: reactive[CampaignSnapshot | None] = reactive(None, repaint=False)

    def __init__(self, at: Callable[[Instant], str]) -> None:
        super().__init__()
        self.at = at

    def watch_snapshot(self) -> None:
        """Most looks at a campaign show what the last one did."""
        self.redraw()


class CampaignTitle(CampaignFigure):
    """Name and state, where no run goes on whose title says both."""

    def draw(self) -> Content:
        """One line."""
        if self.snapshot is None:
            return Content("")
        view = self.snapshot.view
        colour = f"$text-{STATE_COLOURS[view.state]}" if view.state in STATE_COLOURS else ""
        state = Content.styled(view.state, f"bold {colour}".strip())
        room = max(1, self.size.width - state.cell_length - 2)
        name = Content.styled(shorten(view.name, room), "bold").truncate(room, pad=True)
        return name + Content("  ") + state


class CampaignAbout(CampaignFigure):
    """Subject, sender and audience, schedule and limits."""

    def draw(self) -> Content:
        """Three lines."""
        if self.snapshot is None:
            return Content("")
        width = max(1, self.size.width)
        campaign = self.snapshot.campaign
        audience = self.snapshot.view.audience
        gone = "no such segment" if campaign.segment else "no such list"
        size = gone if audience is None else counted(audience, "contact")
        mailable = self.snapshot.view.mailable
        if audience is not None and mailable is not None and mailable < audience:
            size += f", {grouped(mailable)} of them can be mailed"
        lists = self.snapshot.view.whom.words or "no list"
        room = max(20, width - len(size) - 13)
        who = Content.assemble(
            ("from ", "$text-muted"),
            shorten(campaign.from_address, max(room // 2, room - len(lists))),
            ("  to ", "$text-muted"),
            shorten(lists, max(room // 2, room - len(campaign.from_address))),
            f" ({size})",
        )
        lines = (
            Content(shorten(self.snapshot.view.subject, width)),
            who.truncate(width),
            Content.styled(shorten(self._when(), width), "$text-muted"),
        )
        return Content("\n").join(lines)

    def _when(self) -> str:
        snapshot = self.snapshot
        if snapshot is None:
            return ""
        campaign = snapshot.campaign
        parts = self._starts(snapshot)
        if campaign.local_time:
            parts.append(f"at {campaign.local_time}")
        if campaign.send_window:
            parts.append(f"window {campaign.send_window}")
        timed = campaign.schedule or campaign.send_window or campaign.local_time
        if campaign.timezone and timed:
            parts.append(campaign.timezone)
        if campaign.max_rate is not None:
            parts.append(f"at most {campaign.max_rate:g}/s")
        if campaign.split:
            parts.append(f"{len(campaign.split)} subjects to {campaign.split_share:g} %")
        if campaign.at_most:
            parts.append(f"at most {campaign.at_most} to each")
        if campaign.holdout:
            parts.append(f"{campaign.holdout} held out")
        if campaign.transactional:
            parts.append("transactional")
        return " · ".join(parts)

    def _starts(self, snapshot: CampaignSnapshot) -> list[str]:
        """When it starts by itself, or did."""
        campaign, due = snapshot.campaign, snapshot.view.next_due_at
        parts = [f"next run {self.at(due)}"] if due is not None else []
        if campaign.schedule:
            parts.append(f"{schedule_words(campaign.schedule)} ({campaign.schedule})")
        if not parts and campaign.start_at is not None and snapshot.view.run is not None:
            parts.append(f"was scheduled for {self.at(campaign.start_at)}")
        return parts or ["not scheduled"]


class CampaignForecast(CampaignFigure):
    """What a run that starts now would do; of a campaign that was sent, another one."""

    changes_height = True

    def draw(self) -> Content:
        """One line, or two where it is narrow."""
        return self._folded(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes at that width."""
        return self._folded(width).get_height({}, width)

    def _folded(self, width: int) -> Content:
        if self.snapshot is None:
            return Content("")
        told = self.snapshot.forecast
        if told is None:
            unknown = (
                "its audience is empty" if self.snapshot.view.audience == 0 else "not known yet"
            )
            return Content.assemble(("forecast ", "$text-muted"), unknown)
        text = (
            f"up to {recipients(told.recipients)} at {grouped(told.rate, 1)}/s, {self._end(told)}"
        )
        style = "$text-warning" if told.crosses_quota or told.ends_at is None else ""
        label = "if started now " if self.snapshot.view.run is None else "if sent again now "
        lines = list(folded(f"{label}{text}", max(len(label) + 1, width)))
        first = Content.assemble((label, "$text-muted"), (lines[0][len(label) :], style))
        more = [Content.styled(line, style) for line in lines[1:]]
        if self.snapshot.hours is not None and (by_hour := hours_line(self.snapshot.hours)):
            more.append(Content.styled(shorten(by_hour, max(1, width)), "$text-muted"))
        return Content("\n").join([first, *more])

    def _end(self, told: Forecast) -> str:
        if told.ends_at is None:
            return "but nothing can be sent at the moment"
        ends = f"ends {self.at(told.ends_at)} (in {duration(told.ends_at - told.at)})"
        if not told.later:
            return ends
        why = ", because of the quota" if told.crosses_quota else ""
        return f"{grouped(told.today)} today and {grouped(told.later)} later{why}, {ends}"
