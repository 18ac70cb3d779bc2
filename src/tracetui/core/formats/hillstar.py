"""hillstar: what its observer and its TraceLogger write of one run, two files of JSON lines; all else beside them is set aside.

A rerun of a step appends its observer lines to the logger file of an earlier run as well (through a link in ``audit/``): they
belong to the run whose observer file holds them, and are kept here for the raw view only.

Runs: the two files of one start, paired by folder and time; the id is the workflow's id and that time.

Spans: one for each execution of a node, from the observer's file; the kind, model and figures come from the logger's file.
A logger's file alone tells of a node by its first and last line: one inferred span for each.

Events: each line of both files counts once. Observer lines under ``event_type``; logger lines under ``event``, else
``type``, else ``tool`` (with ``:status``), else ``status``.

Status: ``workflow_complete`` is ok, even if nodes failed; ``workflow_error``, or a failed node without
``workflow_complete``, is failed; else the run is open. A logger's file alone has no end: failed if a node failed, else
unknown.

Times: ``epoch_seconds`` of the observer. A node lasts ``duration_seconds``, but in 1.0.0 that is the node's number when it
went well, and the difference of the two lines counts. A logger's file alone has local times without a zone: assumed.

Tokens and cost: ``tokens_used`` above 0 of model calls that went well, as a total; 1.0.0 also ``actual_cost_usd``, which is
summed, never ``cumulative_cost_usd``.

Not recorded: inputs and outputs (only in checkpoints), edges between nodes, skips, the zone.

Quirks: ready nodes run in batches whose ends are written together, so in 1.2.1 a node's end is its start and its duration.
A resumed run is a run of its own, without the nodes that were done before: its first node is not the workflow's first. It
continues the newest run of its workflow before it, which no record names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final

from tracetui.core.attributes import KIND_ORIGINAL
from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._errors import error_of
from tracetui.core.formats._hillstar_files import (
    has_observers,
    is_audit_copy,
    run_of_side,
    run_path,
    sort_of,
    stamp_of,
)
from tracetui.core.formats._hillstar_lane import logger_columns, lonely_columns, observer_columns
from tracetui.core.formats._hillstar_run import HillstarRun, details_of, is_observed
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats._values import iso_moment, pairs_line, seconds_ns, text_of
from tracetui.core.formats._whole_file import WholeFileDecoder, values_of
from tracetui.core.model import NO_TIME, Clock, ErrorInfo, EventDetail, SpanDetail
from tracetui.core.operations import Operation, Record, Repair, RunFact

_SAME_RUN_NS: Final = 2_000_000_000
"""Workflows of one name that start further apart are two runs, ns: the names of files hold seconds."""


class HillstarFormat:
    """Traces of the hillstar orchestrator, 1.0.0 and 1.2.1: observer and TraceLogger lines of a run.

    Producer: hillstar-orchestrator 1.0.0 and 1.2.1
    Files: ``traces/trace_step_<NN>_<time>.jsonl`` and ``traces/trace_<time>.jsonl``
    Live: yes
    Status: yes, with the observer's file
    Figures: tokens; cost in 1.0.0
    """

    name = "hillstar"
    title = "hillstar"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims both trace files; sets aside the copies in ``audit/``, summaries, checkpoints and logs."""
        sort = sort_of(candidate)
        if sort is None:
            return None
        if not sort.is_trace:
            role = "run" if candidate.named else "side"
            return Match(self, sort.reason, role=role, bundle=candidate.path, order=2)
        if is_audit_copy(candidate) and not candidate.named:
            reason = "a copy in audit/ of lines that traces/ holds; shown if it is named by itself"
            return Match(self, reason, role="copy", bundle=candidate.path, order=2)
        path, is_uncertain = run_path(candidate, sort.what)
        return Match(self, sort.reason, bundle=path, certain=not is_uncertain, order=int(sort.what == "logger"))

    def assembler(self, bundle: str) -> Assembler:
        """One run: the observer's file, the logger's file, or both."""
        return HillstarAssembler(bundle)

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """What the node's lines in both files say."""
        return _span_detail(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        """One line of either file."""
        values = values_of(record.raw)
        return EventDetail(_event_text(record.type, values), values)


class HillstarAssembler:
    """One run, by the path of its observer's file, or of its logger's file where there is no other."""

    def __init__(self, bundle: str) -> None:
        self._bundle = bundle
        self.main = HillstarRun(bundle, stamp_of(PurePath(bundle).name))
        self.runs = _Runs(bundle, self.main)
        self._observers: set[str] = set()
        self._loggers: set[str] = set()
        self._unplaced: set[str] = set()
        self._stale: list[str] = []

    def decoder(self, candidate: Candidate) -> Decoder:
        """The decoder for one of the two files, or for a side file that was named by itself."""
        sort = sort_of(candidate)
        if sort is not None and not sort.is_trace:
            return WholeFileDecoder(candidate.path, sort.what, PurePath(candidate.name).stem, sort.reason)
        if sort is not None and sort.what == "observer":
            self._observers.add(candidate.path)
            return _ObserverDecoder(self)
        self._loggers.add(candidate.path)
        if self._bundle == candidate.path:
            return _LonelyLoggerDecoder(self.main, None if has_observers(candidate) else _Runs(self._bundle, None))
        return _LoggerDecoder(self, candidate.path)

    def side(self, candidate: Candidate) -> list[Operation]:
        """Tells the run that something of its own was set aside."""
        sort = sort_of(candidate)
        run = None if sort is None else run_of_side(candidate, sort.what)
        if sort is None or run is None:
            return []
        parts = PurePath(candidate.path).parts
        shown = str(PurePath(*parts[-3 if len(parts) > 2 and parts[-3] == "audit" else -2 :]))
        what = "copies" if sort.is_trace else "side_files"
        return [RunFact(run, repair=Repair(what, 1, shown), aside=True)]

    def forget(self, candidate: Candidate) -> None:
        """A file is read again. The logger's lines lean on the observer's, so they are then read again too."""
        self._unplaced.discard(candidate.path)
        if candidate.path in self._observers:
            self.main.forget_observed()
            self.runs = _Runs(self._bundle, self.main)
            self._stale += sorted(self._loggers)
        else:
            self.main.forget_logged()

    def take_stale(self) -> list[str]:
        """The logger's file, if its lines were read before the observer's that they lean on."""
        stale, self._stale = self._stale, []
        return stale

    def unplaced(self, path: str) -> None:
        """Lines of this logger were read before anything told their zone."""
        self._unplaced.add(path)

    def zone_known(self) -> None:
        """The observer told the zone."""
        self._stale += sorted(self._unplaced)
        self._unplaced.clear()


class _Runs:
    """The runs that a file's observer lines tell of. Workflows of one second share a file; names and starts part them."""

    def __init__(self, bundle: str, first: HillstarRun | None) -> None:
        self._bundle = bundle
        self._first = first
        self._number = 0
        self._current: dict[str, HillstarRun] = {}
        self.all: list[HillstarRun] = []

    def of(self, record: dict[str, object]) -> HillstarRun:
        """The run of an observer line."""
        workflow = text_of(record.get("workflow_id"))
        run = self._current.get(workflow)
        if run is not None and record.get("event_type") == "workflow_start" and run.started != NO_TIME:
            started = seconds_ns(record.get("epoch_seconds"))
            if started != NO_TIME and abs(started - run.started) > _SAME_RUN_NS:
                run = None
        if run is None:
            run = self._current[workflow] = self._next(workflow, record)
            self.all.append(run)
        return run

    def with_node(self, node: str, main: HillstarRun) -> HillstarRun:
        """The run that a logger line with this node belongs to: the main one unless only another one knows the node."""
        if len(self.all) > 1 and not main.knows(node):
            return next((run for run in self.all if run.knows(node)), main)
        return main

    def _next(self, workflow: str, record: dict[str, object]) -> HillstarRun:
        first, self._first = self._first, None
        if first is not None:
            return first
        self._number += 1
        moment = iso_moment(record.get("timestamp"))
        stamp = "" if moment is None else f"{moment:%Y%m%d_%H%M%S}"
        return HillstarRun(f"{self._bundle}#{self._number}#{workflow}", stamp)


class _ObserverDecoder(LineDecoder):
    """Lines of the observer's file."""

    def __init__(self, assembler: HillstarAssembler) -> None:
        super().__init__()
        self._assembler = assembler

    @property
    def bad_run(self) -> str | None:
        """The run whose file it is."""
        return self._assembler.main.key

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Operations of a block of whole lines, by the fast lane if it is one for it."""
        runs = self._assembler.runs.all
        if not runs and (end := block.find(b"\n") + 1) < len(block):
            # The first line tells the run and the zone, without which the lane cannot be taken.
            return super().lines(block[:end], a) + self._lines_of_known_run(block[end:], a + end)
        return self._lines_of_known_run(block, a)

    def _lines_of_known_run(self, block: bytes, a: int) -> list[Operation]:
        runs = self._assembler.runs.all
        if runs and not runs[0].has_nodes and (at := block.find(b'"node_start"')) >= 0:
            # The first node tells whether the run is resumed, which is for the slow lane to see.
            end = block.find(b"\n", at) + 1
            if end < len(block):
                return super().lines(block[:end], a) + self._lines_of_known_run(block[end:], a + end)
            return super().lines(block, a)
        found = observer_columns(runs[0], block, a, self.record) if len(runs) == 1 else None
        if found is None:
            return super().lines(block, a)
        columns, count = found
        self._line += count
        return [columns]

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """A start, an end, or something about the workflow."""
        had_zone = self._assembler.main.zone is not None
        yield from self._assembler.runs.of(record).observed(record, a, b)
        if not had_zone and self._assembler.main.zone is not None:
            self._assembler.zone_known()


class _LoggerDecoder(LineDecoder):
    """Lines of the logger's file that lies beside its observer's."""

    def __init__(self, assembler: HillstarAssembler, path: str) -> None:
        super().__init__()
        self._assembler = assembler
        self._path = path

    @property
    def bad_run(self) -> str | None:
        """The run whose file it is."""
        return self._assembler.main.key

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Operations of a block of whole lines, by the fast lane if it is one for it."""
        runs = self._assembler.runs.all
        found = logger_columns(runs[0], block, a, self.record) if len(runs) == 1 else None
        if found is None:
            return super().lines(block, a)
        columns, count = found
        self._line += count
        return [columns]

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one line adds to the run."""
        main = self._assembler.main
        if is_observed(record):
            yield from _set_aside(main, record, a, b)
            return
        if main.zone is None:
            self._assembler.unplaced(self._path)
        run = self._assembler.runs.with_node(text_of(record.get("node_id")), main)
        yield from run.logged(record, a, b, alone=False)


class _LonelyLoggerDecoder(LineDecoder):
    """Lines of a logger's file without an observer's: nodes are moments, and times are read in the viewer's zone.

    Args:
        run: the run that the file is.
        appended: takes the observer lines of later runs if no observer's file lies anywhere near that could hold them.
    """

    def __init__(self, run: HillstarRun, appended: _Runs | None) -> None:
        super().__init__()
        self._run = run
        self._appended = appended
        self._told = False
        run.zone_is_assumed = True

    @property
    def bad_run(self) -> str | None:
        """The run that the file is."""
        return self._run.key

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Operations of a block of whole lines, by the fast lane if it is one for it."""
        if not self._told and (end := block.find(b"\n") + 1) < len(block):
            # What the first line says of the run is for the slow lane.
            return super().lines(block[:end], a) + self._others(block[end:], a + end)
        return self._others(block, a)

    def _others(self, block: bytes, a: int) -> list[Operation]:
        found = lonely_columns(self._run, block, a, self.record) if self._told else None
        if found is None:
            return super().lines(block, a)
        columns, count = found
        self._line += count
        return [columns]

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one line says."""
        if is_observed(record):
            if self._appended is None:
                yield from _set_aside(self._run, record, a, b)
            else:
                yield from self._appended.of(record).observed(record, a, b)
            return
        yield from self._run.logged(record, a, b, alone=True)
        if not self._told:
            self._told = True
            stem = PurePath(self._run.key).stem
            clock, repair = Clock.assumed, Repair("zone_assumed", 0)
            yield RunFact(self._run.key, name=stem, id=stem, records_end=False, clock=clock, repair=repair)


def _set_aside(run: HillstarRun, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
    yield Record(run.key, text_of(record.get("event_type")) or "-", a, b, counted=False)
    workflow = text_of(record.get("workflow_id"))
    count = run.foreign[workflow] = run.foreign.get(workflow, 0) + 1
    yield RunFact(run.key, repair=Repair("other_lines", count, workflow))


def _span_detail(records: Sequence[RecordBody]) -> SpanDetail:
    detail = SpanDetail(attributes={KIND_ORIGINAL: "node"})
    for body in records:
        record = values_of(body.raw)
        detail.id = text_of(record.get("node_id")) or detail.id
        observed = is_observed(record)
        if not observed and record.get("tool") == "model_call":
            detail.attributes[KIND_ORIGINAL] = "model"
            detail.model = text_of(record.get("model")) or detail.model
            detail.provider = text_of(record.get("provider")) or detail.provider
            detail.subject = detail.model
        detail.attributes |= {key: value for key, value in record.items() if key not in _SHOWN_ELSEWHERE}
        # The observer's text and the logger's are one and the same; the longer one says all of it.
        error = text_of(record.get("error"))
        if error and body.type not in _SURVIVED and (detail.error is None or len(error) >= _length(detail.error)):
            detail.error = error_of(error)
    return detail


_SHOWN_ELSEWHERE: Final = frozenset(
    {"timestamp", "epoch_seconds", "event_type", "pid", "workflow_id", "node_id", "model", "provider", "error", "tool"}
)
_SURVIVED: Final = frozenset({"retry", "provider_fallback", "output_file_write_failed"})


def _length(error: ErrorInfo) -> int:
    return len(error.message) + len(error.traceback)


def _event_text(kind: str, values: dict[str, object]) -> str:
    get = values.get
    match kind:
        case "retry":
            return f"{text_of(get('retry_attempt'))} of {text_of(get('max_retries'))}: {text_of(get('error'))}"
        case "provider_fallback":
            return f"{text_of(get('from_provider'))} → {text_of(get('to_provider'))}: {text_of(get('reason'))}"
        case "output_file_written":
            return text_of(get("file_path"))
        case "output_file_write_failed":
            return f"{text_of(get('file_path'))}: {text_of(get('error'))}"
        case "compliance_info" | "warning" | "workflow_start":
            return text_of(get("message"))
        case "workflow_error":
            return text_of(get("error"))
        case _:
            return pairs_line(details_of(values))
