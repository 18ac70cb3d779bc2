"""Rows kept as stretches without a hole."""

import numpy as np
import pytest

from tracetui.core.store.row_blocks import RowBlocks

ROWS = [3, 4, 5, 9, 12, 13]


def blocks(rows: list[int]) -> RowBlocks:
    return RowBlocks.of(np.asarray(rows, np.int32))


@pytest.mark.parametrize("rows", [[], [7], [7, 8, 9], ROWS])
def test_a_row_is_found_where_it_stands_and_any_other_nowhere(rows: list[int]) -> None:
    held, asked = blocks(rows), list(range(-1, 16))
    expected = [rows.index(row) if row in rows else -1 for row in asked]
    assert [held.index(row) for row in asked] == expected
    assert held.indices(np.asarray(asked, np.int32)).tolist() == expected


@pytest.mark.parametrize("more", [[14], [14, 15, 20], [17, 18], []])
def test_rows_that_come_after_are_found_as_if_they_had_been_there(more: list[int]) -> None:
    grown, whole = blocks(ROWS).grown(np.asarray(more, np.int32)), blocks(ROWS + more)
    asked = np.arange(-1, 25, dtype=np.int32)
    assert grown.indices(asked).tolist() == whole.indices(asked).tolist()
    assert (len(grown), grown.last, grown.nbytes) == (len(whole), whole.last, whole.nbytes)


def test_rows_that_come_to_none_are_all_there_are() -> None:
    assert blocks([]).grown(np.asarray(ROWS, np.int32)).indices(np.asarray(ROWS)).tolist() == list(range(len(ROWS)))
