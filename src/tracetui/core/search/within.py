"""Where hits have to lie: the spans and records that a filter selects, worked out before any body is searched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tracetui.core.filter.select import Selector
    from tracetui.core.store import Run, Store


@dataclass(slots=True, frozen=True)
class Within:
    """The rows of a store, as it was, that may hold hits."""

    runs: frozenset[int]
    """Rows of the runs whose own name, id and unreadable bytes may be one: those that the filter selects as runs."""
    spans: npt.NDArray[np.bool_]
    """By span row: whether its name may be one."""
    records: npt.NDArray[np.bool_]
    """By record row: whether what it holds may be one."""
    searched: frozenset[int]
    """Rows of the runs that have any of these."""

    @classmethod
    def selected(cls, selector: Selector, store: Store, runs: Iterable[Run]) -> Within:
        """What a filter selects of some runs: spans with all of their records, and events if it names a class of them.

        A filter that asks for nothing but what runs have is asked of the runs as well, for what is in no span.
        """
        import numpy as np

        runs = list(runs)
        rows = [run.row for run in runs]
        whole = [] if selector.asks_for_spans else [run.row for run in selector.runs(runs)]
        spans = np.zeros(len(store.spans), np.bool_)
        spans[selector.spans()] = True
        spans &= np.isin(store.spans.np("run"), rows)
        of_record = store.records.np("span")
        first = store.segments.np("first_record").astype(np.int64)
        run_of = np.repeat(store.segments.np("run"), np.diff(first, append=len(of_record)))
        records = np.where(
            of_record >= 0, spans[np.maximum(of_record, 0)] if len(spans) else False, np.isin(run_of, whole)
        )
        if selector.names_events:
            for row in rows:
                records[store.events.np("record")[selector.events(row)]] = True
        searched = {*whole, *np.unique(store.spans.np("run")[spans]).tolist(), *np.unique(run_of[records]).tolist()}
        return cls(frozenset(whole), spans, records, frozenset(searched))

    def has_record(self, row: int) -> bool:
        """Whether a record may hold a hit."""
        return row < len(self.records) and bool(self.records[row])
