"""Rows are found by their keys at any time, also while they move from an outgrown table to the next."""

from array import array

from tracetui.core.store.key_index import KeyIndex

LOT = 16_384


def keys_of(lot: int) -> list[int]:
    return [
        (number * 0x9E37_79B9_7F4A_7C15 + 1) & 0xFFFF_FFFF_FFFF_FFFF for number in range(lot * LOT, (lot + 1) * LOT)
    ]


def test_every_row_is_found_while_the_table_grows() -> None:
    column = array("Q")
    index = KeyIndex(column)
    moving = 0
    for lot in range(14):
        keys = keys_of(lot)
        column.extend(keys)
        index.add_all(keys, lot * LOT)
        moving += index._outgrown is not None
        some = list(range(0, len(column), 997))
        assert index.get_all([column[row] for row in some]) == some
        assert [index.get(column[row]) for row in some[:50]] == some[:50]
        assert index.get_all(keys_of(50)[:40]) == [-1] * 40
    assert moving


def test_a_table_that_is_left_to_be_kept_holds_all_rows() -> None:
    column = array("Q")
    index = KeyIndex(column)
    while index._outgrown is None:
        keys = keys_of(len(column) // LOT)
        column.extend(keys)
        index.add_all(keys, len(column) - LOT)
    kept = KeyIndex(array("Q"))
    kept.restore(column, *index.sealed())
    assert kept.get_all(column.tolist()[::991]) == list(range(0, len(column), 991))
