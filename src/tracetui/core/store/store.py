"""The only state of the data: folds operations into columns and says what changed.

Operations may come late, twice, or children before parents; a span named before it was read gets a row that waits for it.
No threads, no callbacks, no view state. One writer. What can be asked is in ``lookups``, what an operation does in ``writing``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracetui.core.batch import Batch
from tracetui.core.operations import Bad, Begin, Columns, Drop, End, Event, Link, Patch, Record, RunFact, Whole
from tracetui.core.store.change import Change
from tracetui.core.store.writing.spans import SpanWriter


class Store(SpanWriter):
    """Runs, spans, records and events of everything that has been read."""

    def __init__(self) -> None:
        super().__init__()
        self._melt: Callable[[], None] | None = None
        self._folds: dict[type, Callable[[Any], None]] = {
            Record: self._fold_record,
            Begin: self._fold_begin,
            End: self._fold_end,
            Whole: self._fold_whole,
            Event: self._fold_event,
            Patch: self._fold_patch,
            Drop: self._fold_drop,
            Bad: self._fold_bad,
            RunFact: self._fold_fact,
            Link: self._fold_link,
            Columns: self._fold_columns,
        }

    @property
    def is_frozen(self) -> bool:
        """Whether it is as it was mapped: nothing was folded in since."""
        return self._melt is not None

    def freeze(self, melt: Callable[[], None]) -> None:
        """Its columns are mapped from a file and cannot grow; ``melt`` is called before the first batch is folded in."""
        self._melt = melt

    def apply(self, batch: Batch) -> Change:
        """Fold one batch in. Returns what changed."""
        if self._melt is not None:
            melt, self._melt = self._melt, None
            melt()
        self.kept = None
        change = self._change = Change(
            spans=(len(self.spans), len(self.spans)), events=(len(self.events), len(self.events))
        )
        self._batch = batch
        self._segment_run = -1
        self._record_row = -1
        self._run, self._run_key = None, ""
        if batch.forget:
            from tracetui.core.store.forget import forget_source

            forget_source(self, batch.source, change, restarted=batch.restarted)
        self.generations[batch.source] = batch.generation
        if batch.glance:
            self._glance(batch)
        else:
            folds = self._folds
            for operation in batch.operations:
                folds[type(operation)](operation)
        self._settle(batch)
        self.epoch += 1
        change.epoch = self.epoch
        for row in change.runs | change.reset:
            self.runs[row].epoch = self.epoch
        change.spans = (change.spans[0], len(self.spans))
        change.events = (change.events[0], len(self.events))
        if change.touched:
            first_new = change.spans[0]
            change.touched = {row for row in change.touched if row < first_new}
        return change

    def _glance(self, batch: Batch) -> None:
        """Provisional facts from a file's head and tail: whatever is read later replaces them."""
        for operation in batch.operations:
            if isinstance(operation, RunFact):
                run = self._run_of(operation.run)
                operation.rank, operation.repair, operation.cost_usd = -1, None, None
                self._fold_fact(operation)
                run.glanced = True
            elif isinstance(operation, Link):
                self._fold_link(operation)

    def _fold_columns(self, op: Columns) -> None:
        from tracetui.core.store.bulk import fold_columns

        fold_columns(self, op)
