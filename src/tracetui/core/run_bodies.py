"""Bodies of one whole run, for what walks over all of its spans: an export, the tree as text.

``Bodies`` looks for a span's records each time, which is right for the few that a screen shows and too slow for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tracetui.core.bodies import Bodies

if TYPE_CHECKING:
    import numpy.typing as npt

    from tracetui.core.formats._base import Format
    from tracetui.core.sources._base import Source
    from tracetui.core.store import Run, Store


class RunBodies(Bodies):
    """Bodies of the spans of one run as it is now; nothing may be applied to the store meanwhile."""

    def __init__(self, store: Store, sources: Mapping[int, Source], formats: Iterable[Format], run: Run) -> None:
        super().__init__(store, sources, formats)
        self._records, self._owners = _own_records(store, run)

    @classmethod
    def beside(cls, bodies: Bodies, store: Store, run: Run) -> RunBodies:
        """Bodies of a run of a copy of the store, read from where ``bodies`` reads; for another thread."""
        return cls(store, bodies._sources, bodies._formats.values(), run)

    def records_of(self, span_row: int) -> list[int]:
        """Rows of a span's own records, its events left out, in arrival order."""
        first, last = self._owners.searchsorted([span_row, span_row + 1]).tolist()
        if first < last:
            found: list[int] = self._records[first:last].tolist()
            return found
        return super().records_of(span_row)


def _own_records(store: Store, run: Run) -> tuple[npt.NDArray, npt.NDArray]:  # type: ignore[type-arg]
    """Record rows that are no events, ordered by their span, and the span rows beside them."""
    import numpy as np

    if run.first_record < 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    low, high = run.first_record, run.last_record + 1
    owners = store.records.np("span", low, high).astype(np.int64)
    events = store.events_of_run(run.row)
    owners[store.events.np("record")[events].astype(np.int64) - low] = -1
    by_span = np.argsort(owners, kind="stable")
    by_span = by_span[np.searchsorted(owners[by_span], 0) :]
    return by_span + low, owners[by_span]
