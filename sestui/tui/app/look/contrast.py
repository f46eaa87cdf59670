"""Colours of a theme, made readable: every text has WCAG's AA contrast on every ground of ours.

Most themes that ship with Textual fall short of it somewhere: an accent that is fine on the
background disappears on the cursor's row. What is readable stays as the theme has it; the rest is
moved towards white or black just as far as it takes.
"""

from collections.abc import Iterable, Mapping

from textual.color import BLACK, WHITE, Color

LEAST = 4.5
"""WCAG 2.2, success criterion 1.4.3: normal text."""

GROUNDS = ("background", "surface", "panel", "surface-lighten-1", "primary-muted")
"""What the screens' own text stands on: ``primary-muted`` is the cursor's row."""
FAULT_SHARE = 0.2
"""How much of the error's colour is in the ground of what has gone wrong."""
TEXTS = (
    "foreground",
    "text-primary",
    "text-secondary",
    "text-accent",
    "text-success",
    "text-warning",
    "text-error",
)
"""What may be written on any of the grounds."""
FILLS = ("primary", "secondary", "accent", "success", "warning", "error")
"""What labels and buttons are filled with; ``on-primary`` and so on are readable on them."""
_QUIET_SHARE = 0.6
_RULE_SHARE = 0.3
_PLAIN = 6.0
"""The foreground's contrast at least: what is quiet has to differ from it."""
_ROOM = 7.0
"""The foreground's contrast on a ground on which there is room for a quieter text."""
_MOST_CALM = 0.6
_STEP = 0.05


def readable(variables: Mapping[str, str]) -> dict[str, str]:
    """A theme's variables with readable texts, and some of our own.

    ``text-muted`` becomes a colour of its own instead of one that depends on what it stands on,
    ``on-…`` are for text on the :data:`FILLS`, ``rule`` is for lines between things. Themes of ANSI
    colours are left to the terminal.
    """
    found = dict(variables)
    background = Color.parse(found["background"])
    if background.ansi is not None or background.a < 1:
        own = {"text-muted": "ansi_default", "rule": "ansi_bright_black"}
        return found | own | {f"on-{fill}": "ansi_black" for fill in FILLS}
    foreground = Color.parse(found["foreground"])
    for name in GROUNDS[1:]:
        found[name] = _calm(background + Color.parse(found[name]), background, foreground).hex
    grounds = grounds_of(found)
    foreground = legible(foreground, grounds, least=_PLAIN)
    found["foreground"] = foreground.hex
    for name in TEXTS[1:]:
        found[name] = legible(background + Color.parse(found[name]), grounds).hex
    quiet = background.blend(foreground, _QUIET_SHARE)
    found["text-muted"] = _towards(quiet, foreground, grounds[:-1], LEAST).hex
    # What Textual has derived from them as it was: footers, scrollbars, cursors.
    changed = {variables[name]: found[name] for name in (*GROUNDS, *TEXTS)}
    found = {name: changed.get(value, value) for name, value in found.items()}
    found |= {
        "footer-background": found["panel"],
        "footer-foreground": found["foreground"],
        "footer-description-foreground": found["foreground"],
        "footer-key-foreground": found["text-primary"],
        "block-cursor-blurred-background": found["primary-muted"],
        "block-cursor-blurred-foreground": found["foreground"],
    }
    found["rule"] = background.blend(foreground, _RULE_SHARE).hex
    for fill in FILLS:
        found[f"on-{fill}"] = _on(Color.parse(found[fill])).hex
    found["button-color-foreground"] = found["on-primary"]
    cursor = background + Color.parse(found["block-cursor-background"])
    found["block-cursor-foreground"] = _on(cursor).hex
    return found


def grounds_of(variables: Mapping[str, str]) -> list[Color]:
    """What text stands on, all of it opaque; the last is for what has gone wrong."""
    background = Color.parse(variables["background"])
    fault = background.blend(Color.parse(variables["error"]), FAULT_SHARE)
    return [*(background + Color.parse(variables[name]) for name in GROUNDS), fault]


def _calm(ground: Color, background: Color, foreground: Color) -> Color:
    """A ground that leaves room for quiet text beside the foreground: nearer to the background."""
    share, found = 0.0, ground
    while share < _MOST_CALM and contrast(found, foreground) < _ROOM:
        share += _STEP
        found = ground.blend(background, share)
    return found


def contrast(one: Color, other: Color) -> float:
    """WCAG's contrast of two opaque colours: 1 (the same) to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def legible(color: Color, grounds: Iterable[Color], *, least: float = LEAST) -> Color:
    """The colour next to ``color``, towards white or black, that is readable on all grounds."""
    standing = list(grounds)
    best = max((WHITE, BLACK), key=lambda end: _least(end, standing))
    return _towards(color, best, standing, least)


def _towards(color: Color, end: Color, grounds: list[Color], least: float) -> Color:
    share, found = 0.0, color
    while share < 1 and _least(found, grounds) < least:
        share = min(1.0, share + _STEP)
        found = color.blend(end, share)
    return found


def _on(fill: Color) -> Color:
    return max((WHITE, BLACK), key=lambda end: contrast(end, fill))


def _least(color: Color, grounds: list[Color]) -> float:
    return min(contrast(color, ground) for ground in grounds)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(value / 255) for value in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
