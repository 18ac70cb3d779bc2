"""A run of any format as a recording in tracetui's own (``docs/recording-format.md``), which reads back equal.

Records come in the order in which the run's own came: a span's start where its first record was, its end, with all that was
said of it, at its last. So bodies are read in the order in which they lie on disk, and rows of a store that reads the export
are in the order of this one's. What the format has no other place for stands in ``header.exported`` and in keys of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.exporting.ids import SpanIds
from tracetui.core.exporting.plain import json_line
from tracetui.core.formats._native_exported import INFERRED
from tracetui.core.formats.native import VERSION, answered_in, messages_in, subject_of
from tracetui.core.model import ABSENT, NO_TIME, Clock, EventClass, Flag, Kind, Message, SpanDetail, Status
from tracetui.core.store.usage import TOKENS

if TYPE_CHECKING:
    from tracetui.core.exporting import Write
    from tracetui.core.exporting.job import Job

Record = dict[str, Any]

MINOR: Final = 2
"""``format_minor`` of exports."""
_DERIVED: Final = frozenset({"nesting", "starts", "ends", "orphans", "early", "late", "negative", "backwards"})
"""Repairs that are found again in the columns of whoever reads the export."""
_START, _EVENT, _END = range(3)


def write(job: Job, out: Write) -> None:
    """Write the recording."""
    for seq, record in enumerate(_records(job)):
        # The key that the format is known by comes first, then the number, as readers of a part expect it.
        first = {"tracetui": VERSION} if seq == 0 else {}
        out(json_line({**first, "type": record.pop("type"), "seq": seq, **record}) + "\n")


def _records(job: Job) -> Iterator[Record]:
    yield _header(job)
    spans = _Spans(job)
    yield from spans.records()
    end = _run_end(job)
    if end is not None:
        yield end


def _header(job: Job) -> Record:
    run, gate = job.run, job.gate
    record: Record = {"type": "header", "run": gate.id(run.id), "name": gate.text(run.name)}
    if run.start is not None:
        record["time"] = run.start
    return record | {"format_minor": MINOR, "exported": _exported(job), "meta": gate.value(run.meta)}


def _exported(job: Job) -> Record:
    """What a reader of the export would not find in its records."""
    from tracetui import __version__

    run, gate = job.run, job.gate
    exported: Record = {"format": run.format, "tool_version": __version__, "redacted": gate.is_on}
    if job.where:
        exported["where"] = gate.text(job.where)
    if not run.records_end:
        exported["records_end"] = False
    if run.clock is not Clock.utc:
        exported["clock"] = run.clock.value
    if run.order_by_time:
        exported["order_by_time"] = True
    if run.last_time != NO_TIME:
        exported["last"] = run.last_time
    if run.cost_of_no_call is not None:
        exported["cost_usd"] = run.cost_of_no_call
    if run.recorded_duration_ns is not None:
        exported["duration_ns"] = run.recorded_duration_ns
    lists = {"notes": [gate.text(note) for note in run.notes], "repairs": _repairs(job), "links": _links(job)}
    return exported | {name: values for name, values in lists.items() if values}


def _repairs(job: Job) -> list[Record]:
    """Everything that had to be put right and that the columns of the export do not show."""
    told: dict[tuple[str, str], int] = {}
    for (_, what, detail), count in job.run.repairs.items():
        told[what, detail] = told.get((what, detail), 0) + count
    for found in job.summaries.repairs.of(job.run):
        if found.sort.recorded and not any(what == found.what for what, _ in told):
            told[found.what, ""] = found.count
    return [
        {"what": what, "count": count, **({"detail": job.gate.text(detail)} if detail else {})}
        for (what, detail), count in told.items()
        if what not in _DERIVED
    ]


def _links(job: Job) -> list[Record]:
    """The run's relations as it records them itself."""
    return [
        {
            "kind": link.kind,
            "run": job.gate.id(link.other),
            **({"span": job.gate.id(link.span)} if link.span else {}),
            **({"by_name": True} if link.by_name else {}),
        }
        for link in job.run.links
    ]


def _run_end(job: Job) -> Record | None:
    run = job.run
    if run.recorded_status in (None, Status.open) and run.recorded_end is None:
        return None
    status = run.recorded_status or Status.ok
    record: Record = {"type": "run_end"}
    if run.recorded_end is not None:
        record["time"] = run.recorded_end
    record["status"] = status.name
    if run.status_reason:
        record["reason"] = job.gate.text(run.status_reason)
    return record | {"redacted": job.gate.count}


class _Spans:
    """The records of spans and events, in order."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._store = job.store
        self._ids = SpanIds(job)

    def records(self) -> Iterator[Record]:
        """Starts, events and ends in the order of the original's records."""
        for what, row in self._order():
            if what == _START:
                self._job.count()
                yield self._start(row)
            elif what == _EVENT:
                yield self._event(row)
            else:
                yield from self._end(row)

    def _order(self) -> Iterator[tuple[int, int]]:
        import numpy as np

        store, run = self._store, self._job.run
        spans, events = self._job.view.shown()
        flags = store.spans.np("flags")[spans]
        spans = np.sort(spans[(flags & (Flag.announced | Flag.invented)) > 0])
        first = store.spans.np("first_record")[spans].astype(np.int64)
        last = _last_records(store, run, spans, first)
        ended = (store.spans.np("flags")[spans] & Flag.announced) > 0
        places = np.concatenate((first, store.events.np("record")[events].astype(np.int64), last[ended]))
        counts = (len(spans), len(events), int(ended.sum()))
        whats = np.repeat(np.arange(3), counts)
        rows = np.concatenate((spans, events, spans[ended])).astype(np.int64)
        del first, last, flags
        for index in np.lexsort((rows, whats, places)):
            yield int(whats[index]), int(rows[index])

    def _named(self, row: int) -> Record:
        """Who the span is, as its start and its end say."""
        spans, parent = self._store.spans, self._store.spans.parent[row]
        record: Record = {"span": self._ids.of(row)}
        if parent >= 0 and not spans.flags[parent] & Flag.dropped:
            record["parent"] = self._ids.of(parent)
        return record | {
            "name": self._job.gate.text(self._store.strings[spans.name[row]]),
            "kind": Kind(spans.kind[row]).name,
        }

    def _start(self, row: int) -> Record:
        spans = self._store.spans
        record: Record = {"type": "span_start"}
        if spans.start[row] != NO_TIME:
            record["time"] = spans.start[row]
        record |= self._named(row)
        flags = spans.flags[row]
        if flags & Flag.invented and not flags & Flag.announced:
            end, status = spans.end[row], Status(spans.status[row])
            record |= {
                "invented": True,
                "status": status.name,
                **({} if end == NO_TIME else {"end": end}),
                **self._body(row),
            }
        if inferred := [word for word, flag in INFERRED.items() if flags & flag]:
            record["inferred"] = inferred
        return record

    def _end(self, row: int) -> Iterator[Record]:
        """The end, or what is known so far of a span that has none."""
        spans, body = self._store.spans, self._body(row)
        status = Status(spans.status[row])
        if status is Status.open:
            if body:
                yield {"type": "span_update", "span": self._ids.of(row), **body}
            return
        start, end = spans.start[row], spans.end[row]
        record: Record = {"type": "span_end"}
        if end != NO_TIME:
            record["time"] = end
        record |= self._named(row)
        if start != NO_TIME:
            record["start"] = start
        if start != NO_TIME and end != NO_TIME:
            record["duration_ns"] = max(0, end - start)
        yield record | {"status": status.name, **body}

    def _body(self, row: int) -> Record:
        """Figures and bodies."""
        store, gate = self._store, self._job.gate
        detail = self._detail(row)
        written = self._job.gate.id(detail.id)
        usage, model = store.usage_of(row), store.model_of(row)
        body: Record = {"id": written} if written not in ("", self._ids.of(row)) else {}
        if model:
            body["model"] = gate.text(model)
        elif detail.model:
            body["model_mentioned"] = gate.text(detail.model)
        if usage is not None:
            counts = {name: count for name in TOKENS if (count := getattr(usage, name)) is not None}
            body |= {"usage": counts} if counts else {}
            body |= {"cost_usd": usage.cost_usd} if usage.cost_usd is not None else {}
        if detail.error is not None:
            error = detail.error
            body["error"] = gate.value({"type": error.type, "message": error.message, "traceback": error.traceback})
        return body | self._said(detail)

    def _said(self, detail: SpanDetail) -> Record:
        gate, said = self._job.gate, {}
        for name, value in (("input", detail.input), ("output", detail.output)):
            if value is not ABSENT:
                said[name] = gate.value({name: value})[name]
        if detail.provider and detail.provider != detail.attributes.get("gen_ai.provider.name"):
            said["provider"] = gate.text(detail.provider)
        if detail.subject != subject_of(detail):
            said["subject"] = gate.text(detail.subject)
        if _told(detail.messages) != _told(_found_in(detail)):
            said["messages"] = gate.value(_told(detail.messages))
            said |= {"reply": detail.reply} if detail.reply is not None else {}
        if detail.continues:
            said["continues"] = True
        if detail.logs:
            said["logs"] = gate.value(detail.logs)
        if detail.attributes:
            said["attributes"] = gate.value(detail.attributes)
        return said

    def _detail(self, row: int) -> SpanDetail:
        detail = self._job.view.span_detail(row)
        if detail is None:
            self._job.gone += 1
        return detail or SpanDetail()

    def _event(self, row: int) -> Record:
        store, gate = self._store, self._job.gate
        time, span = store.events.time[row], store.events.span[row]
        record: Record = {"type": "event"}
        if time != NO_TIME:
            record["time"] = time
        if span >= 0:
            record["span"] = self._ids.of(span)
        record |= {
            "class": EventClass(store.events.cls[row]).name,
            "name": gate.text(store.record_type(store.events.record[row])),
        }
        try:
            detail = self._job.bodies.event_detail(row)
        except ChangedOnDisk:
            self._job.gone += 1
            return record
        record["text"] = gate.text(detail.text)
        return record | ({"attributes": gate.value(detail.attributes)} if detail.attributes else {})


def _last_records(store: Any, run: Any, spans: Any, first: Any) -> Any:
    """The last record of each span, its events' left out of account; its first where there is none."""
    import numpy as np

    last = first.copy()
    if run.first_record < 0 or not len(spans):
        return last
    low, high = run.first_record, run.last_record + 1
    owners = store.records.np("span", low, high).astype(np.int64)
    owners[store.events.np("record")[store.events_of_run(run.row)].astype(np.int64) - low] = -1
    at = np.searchsorted(spans, owners)
    at[at == len(spans)] = 0
    mine = spans[at] == owners
    np.maximum.at(last, at[mine], np.flatnonzero(mine) + low)
    return last


def _found_in(detail: SpanDetail) -> list[Message]:
    """The conversation that a reader finds in input and output."""
    found = [] if detail.input is ABSENT else messages_in(detail.input)
    if detail.output is not ABSENT:
        found = found + answered_in(detail.output) if found else []
    return found


def _told(messages: list[Message]) -> list[Record]:
    return [_message(message) for message in messages]


def _message(message: Message) -> Record:
    ids = message.call_ids or [""] * len(message.tool_calls)
    calls = [
        {"name": name, "arguments": given} | ({"id": ident} if ident else {})
        for (name, given), ident in zip(message.tool_calls, ids, strict=False)
    ]
    record: Record = {"role": message.role}
    if message.text:
        record["text"] = message.text
    if calls:
        record["tool_calls"] = calls
    if message.tool_name:
        record["tool_name"] = message.tool_name
    if message.answers:
        record["answers"] = message.answers
    if message.failed:
        record["failed"] = True
    return record
