"""The palette's entries: one line for each object and for each action of each tab."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from sestui.core.delivery.states import run_name
from sestui.core.fuzzy import Match, match
from sestui.core.text import printable
from sestui.settings import Settings
from sestui.store.runs.finder import FoundObjects
from sestui.tui.app.navigation.navigation import (
    do_there,
    find_contact,
    open_list,
    open_newest_run,
    open_setting,
)
from sestui.tui.app.navigation.pages import Location, Page
from sestui.tui.app.navigation.screen_registry import screen_class
from sestui.tui.app.navigation.tabs import TABS

if TYPE_CHECKING:
    from sestui.tui.app.app import SestuiApp

_MOST_SIGNS = 200
"""Of a name: more fit on no line."""
_IN_NOTE = 5.0
"""What a word counts that is not in an entry's name but in what it means."""
_ORDER = {
    kind: number
    for number, kind in enumerate(
        ("here", "tab", "campaign", "run", "contact", "list", "task", "action", "setting")
    )
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette."""

    kind: str
    """A key of the order in which entries stand that match alike."""
    name: str
    """What is matched: printable."""
    note: str
    """What it means, or where it is; printable."""
    key: str
    """The key that does it; '' for none."""
    run: Callable[[], object]
    """Opens or does it; called once the palette is closed."""

    def matched(self, words: list[str]) -> Match | None:
        """How well the words match its name; what stands in its note alone counts little."""
        note = self.note.lower()
        in_name, score = [], 0.0
        for word in words:
            if match([word], self.name) is None and len(word) > 1 and word.lower() in note:
                score += _IN_NOTE
            else:
                in_name.append(word)
        found = match(in_name, self.name)
        return None if found is None else Match(found.score + score, found.at)


def ranked(entries: list[Entry], typed: str) -> list[tuple[Entry, Match]]:
    """The entries that match, best first; all of them, in their order, while nothing is typed."""
    words = typed[:_MOST_SIGNS].split()
    found = [(entry, matched) for entry in entries if (matched := entry.matched(words))]
    if not words:
        return [(entry, Match(0, ())) for entry, _ in found]
    return sorted(found, key=lambda each: (-each[1].score, _ORDER[each[0].kind]))


def actions_here(app: "SestuiApp") -> list[Entry]:
    """What can be done now on the screen in front, from the focused widget up, then in the app."""
    found: dict[str, tuple[Entry, bool]] = {}
    for node, binding, enabled, tooltip in app.screen.active_bindings.values():
        action = binding.action
        if action == "command_palette" or action.startswith("go("):
            continue  # the palette itself, and the tabs, which come with what is in them
        known = action in found and (found[action][1] or not binding.show)
        if tooltip and enabled and not known:  # of two keys, the one that the footer has
            run = partial(_do, app, action, node)
            key = app.get_key_display(binding)
            found[action] = Entry("here", binding.description, tooltip, key, run), binding.show
    theme = Entry("here", "Theme", "Choose a colour theme", "", app.action_change_theme)
    return [*(entry for entry, _ in found.values()), theme]


def _do(app: "SestuiApp", action: str, node: DOMNode) -> None:
    app.run_worker(app.run_action(action, node))


def tabs(app: "SestuiApp", counts: Mapping[str, str]) -> list[Entry]:
    """Every tab with how much there is in it, where that is known."""
    return [
        Entry(
            "tab",
            tab.name,
            counts.get(tab.mode, tab.tooltip),
            app.tab_keys.get(tab.mode, ""),
            partial(app.navigator.go_to, Location(tab.mode)),
        )
        for tab in TABS
        if tab.offered(simulated=app.account_label.simulated)
    ]


def actions_elsewhere(app: "SestuiApp", besides: type[Screen[Any]] | None) -> Iterator[Entry]:
    """Every action of the tabs' screens but one's own; imports them, so call it off the UI thread.

    Whether it can be done is found out there: it may depend on what is under the cursor.
    """
    for tab in TABS:
        kind = screen_class(tab.mode)
        if kind is besides or not tab.offered(simulated=app.account_label.simulated):
            continue
        for binding in _declared(kind):
            run = partial(do_there, app, tab.mode, binding.action, binding.description)
            name = f"{tab.name}: {binding.description}"
            yield Entry("action", name, binding.tooltip, _key_of(app, binding), run)


def _declared(kind: type[Screen[Any]]) -> list[Binding]:
    """The explained bindings of a screen's class and of those it derives from, one an action."""
    found: dict[str, Binding] = {}
    for each in kind.__mro__:
        for binding in each.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.tooltip and binding.id != "back":
                found.setdefault(binding.action, binding)
    return list(found.values())


def _key_of(app: "SestuiApp", binding: Binding) -> str:
    """The first key of an action, under the operator's keymap."""
    keys = app.keymap.get(binding.id or "", binding.key)
    first = next(iter(Binding.make_bindings([Binding(keys, "")])))
    return (
        binding.key_display
        if keys == binding.key and binding.key_display
        else (app.get_key_display(first))
    )


def report(app: "SestuiApp") -> Entry:
    """Leads to where opens and clicks are told, by the words that other tools have for that."""
    note = "tracking: the newest run; `sestui campaign report` lists the links"
    return Entry("run", "Report: opens and clicks", note, "", partial(open_newest_run, app))


def settings(app: "SestuiApp") -> list[Entry]:
    """Every setting, by its name."""
    return [
        Entry(
            "setting", name, f"setting: {field.description}", "", partial(open_setting, app, name)
        )
        for name, field in Settings.model_fields.items()
    ]


def objects(app: "SestuiApp", found: FoundObjects) -> list[Entry]:
    """What was found in the database."""

    def page(name: str, note: str, mode: str, *pages: Page) -> Entry:
        opened = partial(app.navigator.go_to, Location(mode, pages))
        return Entry(pages[-1].kind, _shown(name), note, "", opened)

    return [
        *(page(name, "campaign", "campaigns", Page("campaign", name)) for name in found.campaigns),
        *(
            page(
                f"{run.campaign} › {run_name(run.kind, run.number)}",
                f"{run.kind} run, {run.state}",
                "campaigns",
                Page("campaign", run.campaign),
                Page("run", run.id),
            )
            for run in found.runs
        ),
        *(page(email, "contact", "contacts", Page("contact", email)) for email in found.contacts),
        *(
            Entry("list", _shown(name), "list", "", partial(open_list, app, name))
            for name in found.lists
        ),
        *(page(name, "task", "schedule", Page("task", name)) for name in found.tasks),
    ]


def all_contacts(app: "SestuiApp", typed: str) -> Entry:
    """Looks for what was typed in everybody's address and attributes."""
    name = f"Find contacts with {_shown(typed)}"
    note = "in any part of addresses and attributes"
    return Entry("contact", name, note, "", partial(find_contact, app, typed))


def _shown(name: str) -> str:
    return printable(name[:_MOST_SIGNS])
