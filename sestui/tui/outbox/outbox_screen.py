"""The simulator's outbox: what was "sent", newest first."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input, Static

from sestui.simulator.outbox.outbox_reader import ListedMail
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.outbox.mail_screen import STATE_KINDS, MailScreen, browse
from sestui.tui.outbox.service import OutboxService, OutboxSource
from sestui.tui.widgets.column_widths import WHOLE_ADDRESS
from sestui.tui.widgets.format import AGO_SECONDS, exact, grouped, relative, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_REFRESH_SECONDS = 0.5
_TYPING_SECONDS = 0.2
"""A search reads every mail: it waits for the end of the word."""

_COLUMNS = (
    Column("when", "Accepted", width=10, right=True),
    Column("to", "To", share=3, whole=WHOLE_ADDRESS),
    Column("subject", "Subject", width=10, share=4),
    Column("from", "From", width=8, share=2, from_width=110, yields=1),
    Column("state", "State", width=12),
)


def _empty() -> str:
    """What to do where nothing was sent yet; the key is the place's own."""
    key = 1 + [place.mode for place in TABS].index("campaigns")
    return (
        "The outbox is empty.\n\n"
        "While mail goes to the simulator, what you send is kept here and nothing leaves this "
        "machine. "
        "Each mail appears as soon as it is accepted.\n\n"
        f"  {key}   Campaigns: s starts one, t sends one mail as a test\n\n"
        "Here enter then opens a mail as its recipient sees it, w shows it in a browser."
    )


class OutboxScreen(BaseScreen):
    """The list of accepted mails."""

    PLACE = "Outbox"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            id="outbox.find",
            tooltip="Show only mails with this in an address or the subject",
        ),
        Binding(
            "w",
            "browse",
            "Browser",
            id="outbox.browse",
            tooltip="Show the outbox as a page in your browser, or its address",
        ),
        Binding("y", "copy", "Copy", id="outbox.copy", tooltip="Copy the recipient's address"),
    ]

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._outbox = OutboxService(services.runtime)
        self._source = self._outbox.source("")
        self._shown: OutboxSource | None = None
        """The source that the table has; another is being searched while they differ."""
        self._table: LazyTable[ListedMail] = LazyTable(_COLUMNS, self._cells)
        self._empty = Static(_empty(), id="empty", markup=False)
        self._find = Input(placeholder="part of an address or subject", id="find")
        self._opened: MailScreen | None = None
        self._typing: Timer | None = None
        self._waiting = 0
        self._mails = "…"

    def body(self) -> ComposeResult:
        """The list or what to do first, the find line."""
        yield self._table
        yield self._empty
        yield self._find

    def on_mount(self) -> None:
        """The table has the focus."""
        self._empty.display = False
        self._find.display = False
        frame(self._table, "Outbox")
        self.set_interval(AGO_SECONDS, self._table.refresh)
        self._table.focus()

    def on_screen_resume(self) -> None:
        """Coming back from a mail, the cursor is on the one that was read last."""
        if self._opened is not None:
            self._table.cursor = self._opened.index
            self._opened = None
        super().on_screen_resume()

    # reading

    async def read(self) -> None:
        """Take in new mail if one looks at the top of the list; else say how much waits."""
        source = self._source
        if source is not self._shown or self._follows:
            came = await self.fetch(source.renew)
            if came is None:
                return
            self._waiting = 0
            if source is not self._shown:
                self._shown = source
                self._table.show(source)
            elif came:
                self._table.reload()
            self._say()
        elif (waiting := await self.fetch(source.waiting)) is not None:
            if waiting < 0:  # somebody has reset the account: what is shown is gone
                self._source = self._outbox.source(source.wanted)
                self.reload()
            self._waiting = max(0, waiting)
            self._say()

    @property
    def _follows(self) -> bool:
        return self._table.cursor == 0 and self._table.scroll_offset.y == 0

    @on(LazyTable.Counted)
    def _say(self) -> None:
        if self._shown is None:
            return
        count, wanted = self._shown.count(), self._shown.wanted
        mails = "1 mail" if count == 1 else f"{grouped(count)} mails"
        if wanted:
            many = "the newest " if self._shown.full else ""
            mails = f"{many}{mails} with {shorten(wanted, 30)} · esc shows all"
        if self._waiting:
            mails += f" · {grouped(self._waiting)} new: g goes to the top"
        self._mails = mails
        self._frame()
        empty = not count and not wanted
        self._table.display = not empty
        self._empty.display = empty
        if self.focused is None and not empty:  # what was hidden has lost it
            self._table.focus()
        self.refresh_bindings()

    def _frame(self) -> None:
        """How many there are, and when exactly the mail under the cursor was accepted."""
        mail = self._table.selected
        note = exact(mail.accepted_at, self.services.zone) if mail is not None else ""
        frame(self._table, f"Outbox · {self._mails}", note)

    @on(LazyTable.Moved)
    def _moved(self) -> None:
        self._frame()
        if self._waiting and self._follows:
            self.reload()

    def _cells(self, mail: ListedMail) -> dict[str, Cell]:
        state = mail.outcome.state
        return {
            "when": (relative(mail.accepted_at, self.services.clock.now()), "quiet"),
            "to": (mail.to, ""),
            "subject": (mail.subject or "(no subject)", "" if mail.subject else "quiet"),
            "from": (mail.sender, "quiet"),
            "state": (state, STATE_KINDS.get(state, "")),
        }

    # doing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An address can be copied where there is a mail."""
        if action == "copy" and self.is_mounted:
            return self._table.selected is not None
        return super().check_action(action, parameters)

    @on(LazyTable.Opened)
    def _open(self) -> None:
        if self._shown is None:
            return
        self._opened = MailScreen(self.services, self._outbox, self._shown, self._table.cursor)
        self.app.push_screen(self._opened)

    def action_copy(self) -> None:
        """Copy the recipients of the mail under the cursor."""
        if (mail := self._table.selected) is not None:
            self.copy(mail.to)

    @work(group="action")
    async def action_browse(self) -> None:
        """Show the outbox in a browser."""
        await browse(self, self._outbox, "")

    # finding

    def action_find(self) -> None:
        """Open the find line."""
        self._find.display = True
        self.set_focus(self._find)  # at once: what is typed on belongs into the line

    def step_back(self) -> bool:
        """Close the find line and show everything again."""
        if not self._find.display and not self._source.wanted:
            return False
        self._find.value = ""
        self._find.display = False
        self._table.focus()
        self._show_matching()
        return True

    @on(Input.Changed, "#find")
    def _typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING_SECONDS, self._show_matching)

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self._table.focus()
        self._show_matching()

    def _show_matching(self) -> None:
        wanted = self._find.value.strip()
        if wanted == self._source.wanted:
            return
        self._source = self._outbox.source(wanted)
        if wanted:
            self._mails = f"searching for {shorten(wanted, 60)}…"
            self._frame()
        self.reload()
