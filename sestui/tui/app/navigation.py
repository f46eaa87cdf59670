"""The way into Compose from other screens."""

from typing import Any

from textual.app import App


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
