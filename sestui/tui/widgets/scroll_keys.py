"""The vim keys of what scrolls."""

from textual.binding import Binding


def scroll_keys(top: str = "Top", end: str = "End") -> list[Binding]:
    """Lines and ends; ``top`` and ``end`` say what is there."""
    return [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", top, show=False),
        Binding("G", "scroll_end", end, show=False),
    ]


PAGE_KEYS = [
    Binding("space,ctrl+d", "page_down", "Page down", show=False),
    Binding("ctrl+u", "page_up", "Page up", show=False),
]
