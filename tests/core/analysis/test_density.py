"""How much ran at once, against the same counted moment by moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.analysis.density import density

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=8)


@given(spans, st.integers(1, 12))
def test_what_ran_in_a_part_is_the_mean_of_its_time(found: list[tuple[int, int]], parts: int) -> None:
    start = np.asarray([at for at, _ in found], np.int64)
    end = start + np.asarray([length for _, length in found], np.int64)
    length = 5 * parts
    counted = [sum(low <= at < high for low, high in zip(start, end, strict=True)) for at in range(length)]
    running = density(start, end, 0, length, parts).running
    assert running.tolist() == pytest.approx(np.asarray(counted).reshape(parts, 5).mean(axis=1).tolist(), abs=1e-6)


def test_a_span_of_no_length_is_seen() -> None:
    found = density(np.asarray([25], np.int64), np.asarray([25], np.int64), 0, 40, 4)
    assert (found.running.tolist(), found.touched.tolist()) == ([0, 0, 0, 0], [False, False, True, False])
