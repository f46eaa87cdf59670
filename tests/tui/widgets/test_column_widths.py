import pytest

from sestui.core.delivery.states import Standing
from sestui.store.contacts.key_queries import Order
from sestui.tui.campaigns import cannot_start, run_table
from sestui.tui.contacts.contact_cells import contact_columns
from sestui.tui.deliveries import delivery_table
from sestui.tui.outbox import outbox_screen
from sestui.tui.widgets.column_widths import GAP, ColumnWidths
from sestui.tui.widgets.lazy_table import Column

PEOPLE = contact_columns(Order.ADDRESS)
TABLES = {
    "contacts": (PEOPLE, "email"),
    "deliveries of a run": (delivery_table._OF_ONE_RUN, "email"),
    "log": (delivery_table._MIXED, "email"),
    "not mailable": (cannot_start.CONTACT_COLUMNS, "email"),
    "outbox": (outbox_screen._COLUMNS, "to"),
}


def widths(columns, total, **texts):
    found = ColumnWidths()
    found.note(columns, [texts], lambda row: {key: (text, "") for key, text in row.items()})
    return {column.key: room for column, room in found.share_out(columns, total)}


@pytest.mark.parametrize("total", [48, 76, 116, 196])
@pytest.mark.parametrize("table", TABLES)
def test_an_address_is_whole_wherever_it_fits(table, total):
    columns, key = TABLES[table]
    for length in (12, 29, 40):
        shown = widths(columns, total, **{key: "a" * length})
        needed = {column.key: column.width for column in columns if not column.yields}
        fixed = sum(needed.values()) + GAP * (len(needed) - 1) + 2
        assert shown[key] >= min(length, total - fixed)
        assert sum(shown.values()) + GAP * (len(shown) - 1) + 2 <= total


def test_columns_go_in_their_order_and_only_where_their_room_is_needed():
    columns = (
        Column("key", "", share=1, whole=30),
        Column("first", "", width=10, yields=1),
        Column("last", "", width=10, yields=2),
        Column("stays", "", width=10),
    )
    keys = [[*widths(columns, 60, key="a" * length)] for length in (10, 30, 31)]
    assert keys == [["key", "first", "last", "stays"], ["key", "last", "stays"], keys[1]]
    assert [*widths(columns, 50, key="a" * 30)] == ["key", "stays"]
    assert widths(columns, 30, key="a" * 30) == {"key": 16, "stays": 10}


def test_what_is_out_of_sight_still_counts_until_other_rows_are_shown():
    found = ColumnWidths()
    columns = (Column("key", "", share=1, whole=30), Column("other", "", share=1))

    def note(length):
        found.note(columns, ["a" * length], lambda text: {"key": (text, "")})
        return {column.key: room for column, room in found.share_out(columns, 44)}["key"]

    assert [note(10), note(30), note(10)] == [20, 30, 30]
    found.forget()
    assert note(10) == 20


def test_the_standing_of_a_contact_goes_only_where_an_address_would_have_no_room():
    assert widths(PEOPLE, 31, email="a" * 29)["email"] >= 26
    for standing in Standing:
        shown = widths(PEOPLE, 48, email="a" * 200, status=standing.value)
        assert set(shown) == {"mark", "email", "status"}
        assert shown["status"] == max(len("Status"), len(standing.value))
        assert sum(shown.values()) + GAP * (len(shown) - 1) + 2 == 48


def test_what_a_short_text_leaves_goes_to_the_long_one():
    columns = (
        Column("long", "", share=1, whole=40),
        Column("short", "", width=2, whole=12),
    )
    assert widths(columns, 34, long="a" * 40, short="b" * 6) == {"long": 24, "short": 6}
    assert widths(columns, 14, long="a" * 40, short="b" * 12) == {"long": 5, "short": 5}


@pytest.mark.parametrize("length", [12, 40])
def test_what_became_of_the_mail_is_there_at_80_cells(length):
    for columns in (delivery_table._OF_ONE_RUN, delivery_table._MIXED):
        assert widths(columns, 78, email="a" * length)["outcome"] >= len("complained")
    shown = widths(run_table._COLUMNS, 78)
    assert {"number", "state", "accepted", "delivered", "bounced", "rejected"} <= shown.keys()


def test_no_column_of_runs_is_in_the_others_way():
    for total in range(78, 200):
        shown = widths(run_table._COLUMNS, total)
        assert sum(shown.values()) + GAP * (len(shown) - 1) + 2 <= total
