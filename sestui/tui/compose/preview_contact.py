"""Choose the contact for whom a draft's mail is previewed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from sestui.compose.draft_checker import PreviewTarget
from sestui.tui.app.screens.base_screen import FAILED
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.compose.mail_preview import Drawn
from sestui.tui.dialogs.ask import AskScreen

if TYPE_CHECKING:
    from sestui.tui.compose.draft_screen import DraftScreen


class PreviewContact(ScreenPart):
    """The contact of the preview, and the actions that choose another one."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "right_square_bracket,ctrl+n",
            "contact(1)",
            "Next",
            id="compose.next",
            tooltip="Preview the mail for the next contact on its lists",
        ),
        Binding(
            "left_square_bracket,alt+p",
            "contact(-1)",
            "Previous contact",
            show=False,
            id="compose.previous",
            tooltip="Preview the mail for the previous contact",
        ),
        Binding(
            "slash,alt+f",
            "find_contact",
            "Find contact",
            show=False,
            id="compose.find",
            tooltip="Find a contact and preview the mail for it",
        ),
    ]

    def __init__(
        self,
        screen: "DraftScreen",
        drawn: Callable[[], Drawn | None],
        show: Callable[[int], object],
    ) -> None:
        """``drawn`` returns the current preview; ``show`` makes another, so many contacts on."""
        super().__init__(screen)
        self._draft = screen
        self._drawn = drawn
        self._show = show
        self._contact_id: int | None = None

    def target(self, step: int) -> PreviewTarget:
        """The contact ``step`` contacts on from the current one."""
        return PreviewTarget(self._contact_id, step)

    def shown(self, drawn: Drawn) -> None:
        """The preview is for this contact now."""
        contact = drawn.checked.contact
        self._contact_id = contact.contact_id if contact is not None else None

    def offers(self, action: str) -> bool:
        """Only while a contact's mail is shown."""
        drawn = self._drawn()
        return drawn is not None and drawn.checked.contact is not None

    def action_contact(self, step: int) -> None:
        """See the mail of the next contact, or of the one before."""
        self._show(step)

    @in_worker("action")
    async def action_find_contact(self) -> None:
        """See the mail of one contact."""
        address = await self.app.push_screen_wait(
            AskScreen("Preview for whom?", "A contact on its lists.", placeholder="ada@example.com")
        )
        if not address:
            return
        draft = self._draft.form.draft
        found = await self.screen.attempt(lambda: self._draft.drafts.contact(draft, address))
        if found is not FAILED:
            self._contact_id = found.contact_id
            self._show(0)

    def action_copy(self) -> None:
        """Copy the contact's address."""
        if (drawn := self._drawn()) is not None:
            self.screen.copy(drawn.checked.email)
