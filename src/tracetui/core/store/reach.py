"""Until when something ran in or below a span: some begin what outlasts them, as a model call does with its tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tracetui.core.store.shape import Ints, Longs


def reach_of(parent: Ints, end: Longs) -> Longs:
    """The latest end of each span and of all that lies below it.

    Args:
        parent: Of each span the index of its parent, -1 for roots; ways that go round in circles are left soon.
        end: When each ended, ns; -1 where that is not known.

    Each span is raised once at most, since those that end last come first.
    """
    child = np.flatnonzero(parent >= 0)
    late = child[end[child] > end[parent[child]]]
    if not len(late):
        return end
    reach = end.copy()
    window, parents = memoryview(reach), memoryview(parent)  # type: ignore[arg-type]  # typed as buffers from numpy 2.3 on
    for index in late[np.argsort(-end[late], kind="stable")].tolist():
        last, over = window[index], parents[index]
        while over >= 0 and window[over] < last:
            window[over] = last
            over = parents[over]
    return reach
