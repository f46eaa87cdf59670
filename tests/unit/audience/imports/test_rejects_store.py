import csv
from pathlib import Path

import pytest

from sestui.audience.imports.rejects_store import RejectsStore
from sestui.audience.imports.rows import Reject
from sestui.errors import StateError, UsageError

LABELS = ["Email", "Name"]


def filled(count: int) -> RejectsStore:
    shelf = RejectsStore()
    for number in range(count):
        row = (f"x{number}\n", "Ada")
        why = "There is no @ in it."
        shelf.add(Reject(number + 2, "Email", row[0], why, "x, Ada", cells=row))
    return shelf


@pytest.mark.parametrize("count", [0, 1, 499, 500, 2_500])
def test_rejects_come_in_pages_in_the_order_of_the_file(count: int) -> None:
    shelf = filled(count)
    assert shelf.count() == count
    pages = [shelf.page(offset, 100) for offset in range(0, count + 100, 100)]
    lines = [reject.line for page in pages for reject in page]
    assert lines == list(range(2, count + 2))
    shelf.close()


def test_they_are_saved_whole_and_never_over_another_file_unasked(tmp_path: Path) -> None:
    shelf = filled(2_500)
    source, path = tmp_path / "list.csv", tmp_path / "list-rejects.csv"
    source.write_text("x")
    shelf.save(path, LABELS, source=source, overwrite=False)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["rejected_line", "rejected_because", "Email", "Name"]
    last = ["2501", "Email: There is no @ in it.", "x2499\n", "Ada"]
    assert (len(rows), rows[2_500]) == (2_501, last)
    path.write_text("mine")
    with pytest.raises(StateError, match="already"):
        shelf.save(path, LABELS, source=source, overwrite=False)
    assert path.read_text() == "mine"
    shelf.save(path, LABELS, source=source, overwrite=True)
    assert path.read_text() != "mine"
    with pytest.raises(UsageError, match="imported file itself"):
        shelf.save(source, LABELS, source=source, overwrite=True)
    with pytest.raises(UsageError, match="can't be written"):
        shelf.save(tmp_path / "none" / "x.csv", LABELS, source=source, overwrite=False)
    assert source.read_text() == "x"
