import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sestui.tui.widgets.format import (
    bar,
    duration,
    gauge,
    grouped,
    moment,
    shorten,
    shorten_address,
)
from sestui.tui.widgets.rate_meter import RateMeter
from tests.support.modules import PACKAGE, nodes

SCREENS = PACKAGE / "tui"


def groups_by_itself(node):
    """Whether a figure gets its separators there: by the comma or underscore of a format."""
    if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        parts = getattr(node.format_spec, "values", [])
        specs = [each.value for each in parts if isinstance(each, ast.Constant)]
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "format":
        specs = [ast.unparse(each) for each in node.args[1:]]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        specs = re.findall(r"\{\w*:([^{}\s]*)\}", node.value)
    else:
        return False
    return any(set(spec) & set(",_") for spec in specs)


@pytest.mark.parametrize(
    "line",
    ["f'{count:,} sent'", "f'{count:>9,}'", "f'{rate:,.1f}/s'",
     "format(count, ',')",
     "'{:,} sent'.format(count)", "f'{count:_}'", "f'{count:>{width},}'",
     "f'{rate:,.{digits}f}'"],
)  # fmt: skip
def test_a_format_that_groups_figures_is_known(line):
    assert any(map(groups_by_itself, ast.walk(ast.parse(line))))


def test_figures_get_their_separators_in_one_place():
    found = {
        str(path.relative_to(SCREENS))
        for path, module in nodes().items()
        if path.is_relative_to(SCREENS)
        for node in module
        if groups_by_itself(node)
    }
    assert found == {"widgets/format.py"}


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [(0, 0, "0"), (999, 0, "999"), (1505, 0, "1,505"), (-20_000, 0, "-20,000"), (14.0, 1, "14.0"),
     (1717.25, 1, "1,717.2"), (40_000.0, 0, "40,000"), (10**15, 0, "1,000,000,000,000,000")],
)  # fmt: skip
def test_figures_are_grouped_by_thousands(value, digits, said):
    assert grouped(value, digits) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (41, "41 s"),
        (281, "4 min 41 s"),
        (3600, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (273_600, "3 d 4 h"),
        (-5, "0 s"),
    ],
)
def test_durations_have_two_units_at_most(seconds, said):
    assert duration(seconds) == said


@given(st.floats(0, 1), st.integers(0, 200))
def test_bars_fill_their_width(fraction, width):
    assert len(bar(fraction, width)) == width
    assert len(gauge(fraction, width)) == width


def test_a_bar_is_drawn_to_an_eighth():
    assert bar(0.5, 3) == "█▌ "
    assert bar(1, 3) == "███"
    assert bar(0, 3) == "   "


@given(st.text(), st.integers(1, 40))
def test_shortened_text_fits_and_obeys_nothing(text, width):
    short = shorten(text, width)
    assert cell_len(short) <= width
    assert "\x1b" not in short
    assert "\n" not in short


@pytest.mark.parametrize("name", ["[bold red]x[/]", "日本語", "news"])
def test_short_text_stays_as_typed(name):
    assert shorten(name, 20) == name


def test_ten_thousand_characters_are_cut_with_an_ellipsis():
    assert shorten("z" * 10_000, 5) == "zzzz…"
    assert shorten("e" + "\u0301" * 10_000, 5).startswith("e")


def test_moments_say_the_day_only_when_it_is_another():
    noon = 1_795_348_800.0
    assert ":" in moment(noon, noon, None)
    assert " " not in moment(noon, noon, None)
    assert len(moment(noon - 40 * 86_400, noon, None).split()) == 3


def test_the_meter_measures_an_even_rate_from_uneven_batches():
    meter = RateMeter()
    for quarter in range(80):
        meter.add(quarter / 4, quarter // 2 * 14)  # 14 more every half second: 28 a second
    assert meter.rate() == pytest.approx(28, abs=5)
    assert len(meter.history(60)) == 19
    assert all(14 <= value <= 42 for value in meter.history(60))


def test_the_meter_starts_anew_when_the_total_shrinks():
    meter = RateMeter()
    meter.add(0, 100)
    meter.add(1, 40)
    assert meter.rate() == 0
    assert meter.history(60) == []


def test_the_meter_keeps_a_minute():
    meter = RateMeter()
    for second in range(1000):
        meter.add(second, second * 5)
    assert meter.history(60) == [5.0] * 60
    assert len(meter._samples) < 70


@pytest.mark.parametrize(
    ("address", "width", "said"),
    [
        ("ada@example.com", 15, "ada@example.com"),
        ("ada.lovelace@example.com", 20, "ada.lov…@example.com"),
        ("ada.lovelace@example.com", 16, "ada…@example.com"),
        ("ada.lovelace@example.com", 15, "ada.lovelace@e…"),  # no room for three characters
        ("a@" + "long-domain" * 4 + ".com", 20, "a@long-domainlong-d…"),
        ("no address at all", 8, "no addr…"),
        ("a\x1b[2J" * 9 + "@x.co", 12, "a\\x1b[…@x.co"),
    ],
)
def test_a_long_address_keeps_its_domain(address, width, said):
    assert shorten_address(address, width) == said


@given(st.text(max_size=80), st.integers(1, 90))
def test_a_shortened_address_fits_and_obeys_nothing(text, width):
    short = shorten_address(text, width)
    assert cell_len(short) <= width
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in short)
