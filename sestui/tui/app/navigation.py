"""The ways to a campaign's text, a run and a contact, for screens that are opened by those."""

from typing import TYPE_CHECKING, Any

from textual.app import App

if TYPE_CHECKING:
    from sestui.tui.app.base_screen import BaseScreen


async def compose_campaign(app: App[Any], name: str) -> None:
    """Go to Compose and open the campaign ``name`` there; '' begins a new one.

    Unsaved changes of another campaign are asked about first. Await it in an action, or run it as
    a worker of the app (``self.app.run_worker(compose_campaign(self.app, name))``).
    """
    from sestui.tui.compose.compose_screen import ComposeScreen  # noqa: PLC0415 - opened when gone to

    await app.switch_mode("compose")
    while not isinstance(app.screen, ComposeScreen):  # a test's run lies on top of it
        await app.pop_screen()
    app.screen.load(name)


def open_run(screen: "BaseScreen", run_id: int) -> None:
    """Show a run on top of ``screen``."""
    from sestui.tui.campaigns.run_screen import RunScreen  # noqa: PLC0415 - it leads to all others

    screen.app.push_screen(RunScreen(screen.services, run_id))


def open_contact(screen: "BaseScreen", email: str) -> None:
    """Show a contact, and what became of every mail to them, on top of ``screen``."""
    from sestui.tui.contacts.contact_screen import ContactScreen  # noqa: PLC0415 - it opens runs itself

    screen.app.push_screen(ContactScreen(screen.services, email))
