"""What a run is doing now: its open spans as paths, with ages.

The age of an open span is told without mixing clocks: newest record of its run − its start (both the producer's), plus
now − last growth seen (both ours).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tracetui.core.model import NO_TIME, Clock, Status
from tracetui.core.store.preorder import live_parents
from tracetui.core.store.shape import shape

if TYPE_CHECKING:
    from tracetui.core.store import Store


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """One open span."""

    row: int
    level: int
    """Open spans above it."""
    innermost: bool
    """No open span below it: what is being done."""
    age_ns: int | None
    """None: its start is not recorded, or the run has no times."""


def open_stack(store: Store, run: int, now_ns: int, quiet: int | None = None) -> list[OpenSpan]:
    """The open spans of a run, each above what is open in it. Work in parallel gives several paths, one after another.

    ``quiet`` is how long nothing came, ns; by default since it grew before our eyes.
    """
    rows = store.rows_of_run(run)
    rows = rows[store.spans.np("status")[rows] == Status.open]
    tree = shape(_open_parents(store, rows))
    waited = quiet_ns(store, run, now_ns) if quiet is None else quiet
    return [
        OpenSpan(row, level, size == 1, age(store, row, waited))
        for row, level, size in zip(rows[tree.order].tolist(), tree.depth.tolist(), tree.size.tolist(), strict=True)
    ]


def path_to(stack: list[OpenSpan], row: int) -> list[OpenSpan]:
    """The open spans from the outermost down to one of them."""
    found: list[OpenSpan] = []
    index = next((index for index, span in enumerate(stack) if span.row == row), -1)
    while index >= 0 and (not found or found[-1].level):
        if not found or stack[index].level < found[-1].level:
            found.append(stack[index])
        index -= 1
    return found[::-1]


def quiet_ns(store: Store, run: int, now_ns: int) -> int:
    """How long ago, by our clock, a run last grew before our eyes; 0 if it did not."""
    grew = store.runs[run].grew_at_ns
    return 0 if grew is None else max(0, now_ns - grew)


def age(store: Store, row: int, waited_ns: int) -> int | None:
    """How long an open span has been open, ns, where its run has been quiet for ``waited_ns``."""
    run = store.runs[store.spans.run[row]]
    start = store.spans.start[row]
    if start == NO_TIME or run.last_time == NO_TIME or run.clock is Clock.order_only:
        return None
    return max(0, run.last_time - start) + waited_ns


def _open_parents(store: Store, rows: np.ndarray) -> np.ndarray:
    """Of each open span: which of them is the nearest above it, through whatever ended or unrecorded is in between."""
    index = {row: at for at, row in enumerate(rows.tolist())}
    known: dict[int, int] = {}
    found = np.full(len(rows), -1, np.int32)
    parent = store.spans.parent
    for at, above in enumerate(live_parents(store, rows).tolist()):
        passed = []
        while above >= 0 and above not in index and above not in known:
            known[above] = -1
            passed.append(above)
            above = parent[above]
        found[at] = index.get(above, known.get(above, -1))
        for row in passed:
            known[row] = int(found[at])
    return found
