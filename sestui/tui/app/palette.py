"""The command palette: every place with what is in it now, beside the actions of the screen."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

from sestui.errors import SestuiError
from sestui.tui.app.tabs import TABS

if TYPE_CHECKING:
    from sestui.tui.app.app import SestuiApp


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the palette."""

    text: str
    help: str
    run: Callable[[], object]


class EntriesProvider(Provider):
    """Offers the entries that :meth:`entries` gives when the palette opens."""

    async def entries(self) -> list[PaletteEntry]:
        """What there is to choose from."""
        raise NotImplementedError

    async def startup(self) -> None:
        """Gather while the palette opens."""
        self._entries = await self.entries()

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for entry in self._entries:
            yield DiscoveryHit(entry.text, entry.run, help=entry.help)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for entry in self._entries:
            score = matcher.match(entry.text)
            if score > 0:
                yield Hit(score, matcher.highlight(entry.text), entry.run, help=entry.help)


class ActionsProvider(EntriesProvider):
    """Every action that can be done here now, from the same declarations as footer and help."""

    async def entries(self) -> list[PaletteEntry]:
        """The screen's, from the focused widget up, then the app's."""
        found: dict[str, PaletteEntry] = {}
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.system or binding.action.startswith("go("):
                continue  # the palette itself, and the places, which come with their counts
            if tooltip and enabled:
                run = partial(self._do, binding.action, node)
                found.setdefault(binding.action, PaletteEntry(binding.description, tooltip, run))
        theme = PaletteEntry("Theme", "Choose a colour theme", self.app.action_change_theme)
        bring = PaletteEntry(
            "Import contacts", "Bring contacts from a CSV or TSV file", self._import
        )
        return [*found.values(), bring, theme]

    def _import(self) -> None:
        from sestui.tui.imports.import_screen import ImportScreen  # noqa: PLC0415 - only when wanted

        self.app.push_screen(ImportScreen(cast("SestuiApp", self.app).services))

    def _do(self, action: str, node: DOMNode) -> None:
        self.app.run_worker(self.app.run_action(action, node))


class PlacesProvider(EntriesProvider):
    """Every place, with how much there is in it as of the palette's opening."""

    async def entries(self) -> list[PaletteEntry]:
        """In the order of the top bar."""
        services = cast("SestuiApp", self.app).services
        try:
            counts = await asyncio.to_thread(services.place_counts)
        except SestuiError:
            counts = {}  # a busy database: the places are there all the same
        return [
            PaletteEntry(
                f"{place.name} · {counts[place.mode]}" if place.mode in counts else place.name,
                place.tooltip,
                partial(self.app.switch_mode, place.mode),
            )
            for place in TABS
            if place.offered(simulated=services.label.simulated)
        ]
