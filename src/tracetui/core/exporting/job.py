"""What is to be exported: one run, what of it, through which gate; and its facts as writers want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from tracetui.core.exporting.gate import Gate
from tracetui.core.model import NO_TIME
from tracetui.core.redaction import Redactor
from tracetui.core.run_view import RunView, SpanLine
from tracetui.core.summary import Facts

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.filter.select import Selector
    from tracetui.core.store import Run, Store
    from tracetui.core.summary import Summaries

_IDS = frozenset({"id", "parent"})
_FIGURES = frozenset(
    {"depth", "kind", "status", "start", "end", "duration_ms", "tokens", "cost_usd", "start_ns", "end_ns"}
)
"""Facts of a span that hold no text of the trace."""
_TOLD_EVERY = 64
"""Spans after which progress is told, if anybody listens."""


class _ExactView(RunView):
    """The same with times to the nanosecond, ns since the epoch."""

    def event_facts(self, row: int, *, full: bool) -> dict[str, Any]:
        time = self.store.events.time[row]
        return super().event_facts(row, full=full) | {"time_ns": None if time == NO_TIME else time}

    def _span_facts(self, line: SpanLine, ids: dict[int, str]) -> dict[str, Any]:
        start, end = self.store.spans.start[line.row], self.store.spans.end[line.row]
        exact = {"start_ns": None if start == NO_TIME else start, "end_ns": None if end == NO_TIME else end}
        return super()._span_facts(line, ids) | exact


class Job:
    """One export of one run.

    Args:
        store: What has been read.
        run: Which of its runs.
        bodies: For texts and values.
        summaries: Facts of runs, by the clock of the answer.
        redact: Take secrets out.
        where: Only the spans and events that it selects, and what leads to them.
        where_text: The same as it is written.
        zone: Time zone of times for people.
        as_of: The clock of the answer, as ISO 8601.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        bodies: Bodies,
        summaries: Summaries,
        *,
        redact: bool = True,
        where: Selector | None = None,
        where_text: str = "",
        zone: tzinfo = UTC,
        as_of: str | None = None,
    ) -> None:
        self.store = store
        self.run = run
        self.bodies = bodies
        self.summaries = summaries
        self.gate = Gate(Redactor() if redact else None)
        self.where = where_text
        self.zone = zone
        self.as_of = as_of
        self.view = _ExactView(store, run, bodies, where=where, costs=summaries.costs)
        self.gone = 0
        """Spans whose records are gone from their file, so far."""
        self.cut = 0
        """Values that were cut, so far."""
        self.lost_events = 0
        """Events that the output has no place for."""
        self.unshown = 0
        """Spans that the output has no room for."""
        self.written = 0
        """Spans written so far."""
        self.is_ascii = False
        """Text for people has no characters but ASCII."""
        self.progress: Callable[[int], None] | None = None
        """Told now and then how many spans are written."""

    def count(self) -> None:
        """One more span is being written."""
        self.written += 1
        if self.progress is not None and not self.written % _TOLD_EVERY:
            self.progress(self.written)

    def told(self) -> list[str]:
        """What a reader of the export has to know of what is not in it, in words."""
        notes = []
        if self.cut:
            notes.append(
                f"{self.cut:,} long value{' was' if self.cut == 1 else 's were'} cut; --to json and jsonl have all"
            )
        if self.unshown:
            notes.append(f"{self.unshown:,} spans have no room in a picture; --to html has them, --where picks some")
        if self.gone:
            notes.append(f"{self.gone:,} bodies are gone: their file changed on disk")
        if self.lost_events:
            notes.append(
                f"{self.lost_events:,} events of the run have no span to stand at; --to json and jsonl have them"
            )
        return notes

    def frame(self, schema: str) -> Facts:
        """How an export begins: what it is, and what was done to it."""
        from tracetui import __version__

        frame: Facts = {"schema": schema, "tool_version": __version__, "as_of": self.as_of}
        if self.where:
            frame["where"] = self.gate.text(self.where)
        return frame | {"redacted": self.gate.is_on}

    def run_facts(self) -> Facts:
        """What ``stats`` says of the run, and its meta."""
        facts = self.summaries.full(self.run)
        meta = self.gate.value(self.run.meta)
        return self._clean_run(facts) | {"meta": meta}

    def _clean_run(self, facts: Facts) -> Facts:
        clean = self.gate.value({name: value for name, value in facts.items() if name != "id"})
        if clean["paths"] != facts["paths"]:
            clean.pop("path_bytes", None)
        if slowest := clean.get("slowest"):
            slowest = clean["slowest"] = dict(slowest)
            slowest["span_id"] = self.gate.id(facts["slowest"]["span_id"])
        return {"id": self.gate.id(facts["id"]), **clean}

    def spans(self) -> Iterator[tuple[SpanLine, Facts]]:
        """Each span in tree order with all that was recorded of it and its events, without secrets."""
        for line, facts in self.view.spans(full=True, events=True):
            self.gone += line.detail is None
            self.count()
            yield line, self._clean_span(facts)

    def _clean_span(self, facts: Facts) -> Facts:
        ids = {name: value if value is None else self.gate.id(value) for name, value in facts.items() if name in _IDS}
        texts = {name: value for name, value in facts.items() if name not in ids and name not in _FIGURES}
        return {**facts, **ids, **self.gate.value(texts)}

    def run_events(self) -> list[dict[str, Any]]:
        """Events of the run that are in no span, without secrets."""
        return [self.gate.value(event) for event in self.view.run_events(full=True)]

    def unreadable(self) -> list[Facts]:
        """Bytes of the run's files that could not be read."""
        paths = set(self.summaries.full(self.run)["paths"])
        found = [bad for bad in self.summaries.unreadable() if bad["path"] in paths]
        clean = [self.gate.value(bad) for bad in found]
        for bad, original in zip(clean, found, strict=True):
            if bad["path"] != original["path"]:
                bad.pop("path_bytes", None)
        return clean
