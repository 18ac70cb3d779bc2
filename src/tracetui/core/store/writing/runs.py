"""Runs: found by their producer's key or made, told of their sources, of facts and of links."""

from __future__ import annotations

from tracetui.core.batch import Batch, Growth
from tracetui.core.operations import NO_DURATION, Link, RunFact
from tracetui.core.store.change import Change
from tracetui.core.store.lookups import Lookups
from tracetui.core.store.runs import Run

MAX_TIME = (1 << 63) - 1
"""The latest time that the columns can hold, ns."""


class RunWriter(Lookups):
    """Runs, and what a batch says of the sources that they come from."""

    def __init__(self) -> None:
        super().__init__()
        self._run_rows: dict[tuple[str, str], int] = {}
        self._source_runs: dict[int, set[int]] = {}
        self._complete_sources: set[int] = set()
        self._gone_sources: set[int] = set()
        self._source_states: dict[int, tuple[bool, bool, Growth | None]] = {}
        """What each source's runs were told of it last."""
        self._asides: dict[tuple[str, str], dict[tuple[int, str, str], int]] = {}
        self._told_aside: dict[int, set[tuple[str, str]]] = {}
        """Runs that sources which are set aside said something of."""
        self._change = Change()
        # What is being folded, and the run that was named last.
        self._batch = Batch(-1, "")
        self._run: Run | None = None
        self._run_key = ""

    def _run_of(self, key: str) -> Run:
        """The run with a producer's key, made when it is first named; also tells it of the current source."""
        if self._run is not None and key == self._run_key:
            return self._run
        batch = self._batch
        row = self._run_rows.get((batch.format, key), -1)
        if row < 0:
            row = len(self.runs)
            self._run_rows[batch.format, key] = row
            self.runs.append(Run(row, key, batch.format, id=key))
            self._change.new_runs.append(row)
        run = self.runs[row]
        if batch.source not in run.sources:
            run.sources.append(batch.source)
            self._source_runs.setdefault(batch.source, set()).add(row)
            run.complete = False
        run.live = True
        if self._asides:
            run.repairs.update(self._asides.get((batch.format, key), {}))
        self._change.runs.add(row)
        self._run, self._run_key = run, key
        return run

    def _settle(self, batch: Batch) -> None:
        """What a batch says of its source, told to the source's runs."""
        runs = self._source_runs.setdefault(batch.source, set())
        if batch.gone:
            self._gone_sources.add(batch.source)
        else:
            self._gone_sources.discard(batch.source)
        if batch.complete:
            self._complete_sources.add(batch.source)
        elif not batch.glance and batch.operations:
            self._complete_sources.discard(batch.source)
        growth = batch.growth
        state = (batch.source in self._complete_sources, batch.gone, growth)
        if state == self._source_states.get(batch.source) and not batch.forget:
            runs = runs & self._change.runs  # the others were told: a file may hold many runs and come in many batches
        self._source_states[batch.source] = state
        for row in runs:
            run = self.runs[row]
            complete = all(source in self._complete_sources for source in run.sources)
            if complete != run.complete:
                run.complete = complete
                self._change.runs.add(row)
            if complete:
                run.glanced = False
            gone = not self._gone_sources.isdisjoint(run.sources)
            if gone != run.gone:  # a file that was replaced is gone for a moment
                run.gone = gone
                self._change.runs.add(row)
            if growth is not None:
                run.mtime_ns = max(run.mtime_ns, growth.mtime_ns)
                if run.is_cut_off != growth.ended:
                    run.is_cut_off = growth.ended
                    self._change.runs.add(row)
                if growth.grew_at_ns is not None and (run.grew_at_ns is None or growth.grew_at_ns > run.grew_at_ns):
                    run.grew_at_ns = growth.grew_at_ns
                    self._change.runs.add(row)

    def _fold_fact(self, op: RunFact) -> None:
        if op.aside:
            self._fold_aside(op)
            return
        run, rank = self._run_of(op.run), op.rank
        ranks = run.ranks

        def put(name: str, value: object) -> None:
            if value is not None and rank >= ranks.get(name, rank):
                ranks[name] = rank
                setattr(run, name, value)

        put("name", op.name)
        put("id", op.id)
        put("recorded_status", op.status)
        put("status_reason", op.status_reason)
        put("records_end", op.records_end)
        put("recorded_start", _time(op.start))
        put("recorded_end", _time(op.end))
        put("recorded_duration_ns", op.duration_ns)
        if run.recorded_duration_ns == NO_DURATION:
            run.recorded_duration_ns = None
        put("clock", op.clock)
        put("process", op.process)
        put("meta", op.meta)
        if op.order_by_time is not None and op.order_by_time != run.order_by_time:
            run.order_by_time = op.order_by_time
            self._change.reset.add(run.row)
        if op.note is not None and op.note not in run.notes:
            run.notes.append(op.note)
        if op.repair is not None:
            said = (self._batch.source, op.repair.what, op.repair.detail)
            if op.repair.count == 0 and run.repairs.get(said, 0):
                del run.repairs[said]  # taken back: what was missing came late
            else:
                run.repairs[said] = op.repair.count
        if op.cost_usd is not None:
            source = self._batch.source
            run.usage.cost_usd = (run.usage.cost_usd or 0) + op.cost_usd - run.costs.get(source, 0)
            run.costs[source] = op.cost_usd
        for time in (op.time, op.start, op.end):
            if time is not None and 0 <= time <= MAX_TIME:
                run.seen(time)

    def _fold_aside(self, op: RunFact) -> None:
        """From a file that is set aside: kept as long as the file says so, since the run may come later or be read again."""
        repair = op.repair
        if repair is None:
            return
        key = (self._batch.format, op.run)
        said = (self._batch.source, repair.what, repair.detail)
        self._asides.setdefault(key, {})[said] = repair.count
        self._told_aside.setdefault(self._batch.source, set()).add(key)
        row = self._run_rows.get(key, -1)
        if row >= 0 and self.runs[row].live:
            self.runs[row].repairs[said] = repair.count
            self._change.runs.add(row)

    def _fold_link(self, op: Link) -> None:
        run = self._run_of(op.run)
        if op not in run.links:
            run.links.append(op)


def _time(value: int | None) -> int | None:
    """A recorded time that the columns can hold, else None."""
    return value if value is not None and 0 <= value <= MAX_TIME else None
