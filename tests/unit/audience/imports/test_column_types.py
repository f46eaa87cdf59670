import pytest

from sestui.audience.imports.column_types import CellFault, TypedColumns
from sestui.audience.imports.columns import recognise
from sestui.cli.imports.import_options import parse_types
from sestui.errors import UsageError

HEAD = ["email", "Age", "VIP", "Signed up", "Tags"]


def taken(kind, cell, column="Age"):
    columns = recognise([HEAD, ["a@example.org", "", "", "", ""]], {}, "f.csv")
    cells = ["", cell, cell, cell, ""]
    (member,) = TypedColumns(columns, {column: kind}).take(cells)
    return member.partition(":")[2]


@pytest.mark.parametrize(
    ("kind", "cell", "kept"),
    [
        ("int", " 42 ", "42"),
        ("int", "-007", "-7"),
        ("float", "1234.5", "1234.5"),
        ("float", "9", "9.0"),
        ("float", "1e3", "1000.0"),
        ("bool", "No", "false"),
        ("bool", "0", "false"),
        ("bool", "FALSE", "false"),
        ("bool", "nein", "false"),
        ("bool", "yes", "true"),
        ("bool", "1", "true"),
        ("bool", "x", "true"),
        ("date", "2026-03-04", '"2026-03-04"'),
        ("date", "20260304", '"2026-03-04"'),
        ("date", "2026-03-04T10:11:12Z", '"2026-03-04"'),
        ("date", "25/12/2026", '"2026-12-25"'),
        ("date", "12/25/2026", '"2026-12-25"'),
        ("date", "4.3.2026", '"2026-03-04"'),
        ("date", "05/05/2026", '"2026-05-05"'),
        ("date-dmy", "04/03/2026", '"2026-03-04"'),
        ("date-mdy", "04/03/2026", '"2026-04-03"'),
        ("text", "007", '"007"'),
    ],
)
def test_a_cell_becomes_what_its_column_is(kind, cell, kept):
    assert taken(kind, cell) == kept


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        *(("int", cell) for cell in ("4.5", "1,234", "x", "9" * 19, "٤")),
        *(("float", cell) for cell in ("1,5", "nan", "inf", "1e999", "")[:4]),
        *(("bool", cell) for cell in ("maybe", "2", "yes please")),
        *(("date", cell) for cell in ("04/03/2026", "2026-02-30", "tomorrow", "31.6.2026")),
    ],
)
def test_what_is_none_is_rejected_with_the_reason(kind, cell):
    with pytest.raises(CellFault, match=r"^The value is not "):
        taken(kind, cell)


def test_a_column_is_named_as_in_the_file_or_as_the_attribute():
    assert taken("date", "2026-03-04", "Signed up") == taken("date", "2026-03-04", "signed_up")


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({"age": "number"}, "the types are text, int, float, bool, date, date-dmy, date-mdy"),
        ({"size": "int"}, "the file has no such attribute"),
        ({"email": "int"}, "the file has no such attribute"),
        ({"Tags": "int"}, "the file has no such attribute"),
    ],
)
def test_what_can_have_no_type(types, said):
    columns = recognise([HEAD, ["a@example.org", "", "", "", ""]], {}, "f.csv")
    with pytest.raises(UsageError, match=said):
        TypedColumns(columns, types)


def test_options():
    assert parse_types(["age=INT", "a=b=bool"]) == {"age": "int", "a=b": "bool"}
    for wrong in (["age"], ["=int"], ["age="], ["age=int", "age=float"]):
        with pytest.raises(UsageError):
            parse_types(wrong)
