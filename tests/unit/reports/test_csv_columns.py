"""CSV written by columns is what `csv.writer` writes cell by cell."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.spreadsheet import guarded
from sestui.reports.csv_columns import csv_text

CELLS = st.text(st.sampled_from("ab=+-@'\",;\r\n\t \u00e9\uff1d"), max_size=5)
ROWS = st.integers(1, 70).flatmap(
    lambda count: st.lists(st.lists(CELLS, min_size=count, max_size=count), min_size=2, max_size=4)
)


def cell_by_cell(columns, *, raw):
    out = io.StringIO(newline="")
    rows = zip(*columns, strict=True)
    csv.writer(out).writerows(row if raw else [guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


@pytest.mark.parametrize("raw", [False, True])
@given(columns=ROWS)
def test_any_cells(columns, raw):
    free = range(len(columns))
    assert csv_text(columns, free=free, raw=raw) == cell_by_cell(columns, raw=raw)


def test_one_row_among_many_needs_quotes():
    columns = [[f"a{number}" for number in range(1_000)], ["b"] * 1_000]
    columns[1][777] = '=1,"2"\r\n'
    text = csv_text(columns, free=[1], raw=False)
    assert text == cell_by_cell(columns, raw=False)
    assert 'a777,"\'=1,""2""\r\n"\r\na778,b\r\n' in text


def test_nothing():
    assert csv_text([[], []], free=[0], raw=False) == ""
