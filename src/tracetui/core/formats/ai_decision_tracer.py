"""ai-decision-tracer: a line per finished step, a JSON twin of the session, a Markdown report, receipts; all one run.

Nothing names a parent, so nesting is worked out from times. A step is known by its name and start, wherever it is told; the
twin repeats what the lines said and counts only what they lack.

Runs: the files of one stem, ``<agent>_<date>_<time>``, in one folder. The stem is the id, its first part the agent's name.

Spans: one for each step, by name and ``started_at``; the last told values win. Steps without a start are counted by their
order.

Events: each step's line counts as ``step``, each of its ``logs`` as ``log``.

Status: ends are not recorded. A failed step (outcome ``error``) makes the run failed; else a ``.json``, ``.md`` or receipts
file of the stem shows that it was saved, and it is taken as ok; else it is unknown. Other outcomes than ``ok`` and
``error`` are kept as an attribute.

Times: seconds since the epoch; the run lasts from the first start to the last finish.

Tokens and cost: only what the program logs, under ``tokens`` or ``total_tokens``, ``input_tokens`` (``prompt_tokens``,
``tokens_in``), ``output_tokens`` (``completion_tokens``, ``tokens_out``) and ``cost_usd``.

Not recorded: steps that are open when the process dies, parents, tracebacks, the end of a session.

Quirks: a step is written when it ends, so inner ones come before outer ones. Finishing twice writes a line twice: one span,
two records. ``NaN`` and ``Infinity`` occur. Two tracers of one agent in one second write into one file and cannot be told
apart.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final

from tracetui.core.attributes import KIND_ORIGINAL
from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._containment import Containment
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._lines import DocDecoder, LineDecoder
from tracetui.core.formats._scan import element_places, head_of
from tracetui.core.formats._values import (
    amount_of,
    count_of,
    iso_ns,
    list_of,
    mapping_of,
    pairs_line,
    seconds_ns,
    subject_of,
    text_of,
)
from tracetui.core.model import (
    NO_TIME,
    Clock,
    ErrorInfo,
    EventClass,
    EventDetail,
    Flag,
    Kind,
    SpanDetail,
    Status,
    Usage,
)
from tracetui.core.operations import Bad, Event, Operation, Patch, Record, RunFact, Whole, span_key

_STEP_KEYS: Final = {"name", "context", "outcome", "logs", "duration_ms"}
_SESSION_NAME: Final = re.compile(r"(?s)(.+)_(\d{8}_\d{6})")
_REPORT_TITLE: Final = re.compile(r"# Trace: (.+) — (\S+)")
_DECISION_KEYS: Final = ("action", "decision", "signal")
_TOTAL: Final = ("total_tokens", "tokens")
_INPUT: Final = ("input_tokens", "prompt_tokens", "tokens_in")
_OUTPUT: Final = ("output_tokens", "completion_tokens", "tokens_out")
_FIGURES: Final = frozenset({*_TOTAL, *_INPUT, *_OUTPUT, "cost_usd"})
_LOG_SLACK: Final = 1_000_000_000
"""How far outside its step a log's time may lie, ns: a caller can overwrite it with anything, which is no time then."""

_AGENT_NAME = re.compile(rb'"agent"[ \t\r\n]{0,64}:[ \t\r\n]{0,64}"')
"""A session's agent is a text; other producers' trajectories have an object under that key."""


class AiDecisionTracerFormat:
    """Traces of ai-decision-tracer: steps as JSON lines or as a JSON session, with report and receipts beside them.

    Producer: ai-decision-tracer 0.1.0 to 0.2.0
    Files: ``<agent>_<date>_<time>.jsonl``, ``.json``, ``.md``, ``receipts/*_receipts.json``
    Live: yes
    Status: failed or saved
    Figures: if logged
    """

    name = "ai-decision-tracer"
    title = "ai-decision-tracer"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims step lines, the session's JSON, its Markdown report and its receipts."""
        head = head_of(candidate.head)
        stem = PurePath(candidate.name).stem
        if head.first is not None and head.first.keys() >= _STEP_KEYS:
            return self._claim(candidate, "lines with name, context, outcome, logs and duration_ms", stem)
        if head.body.startswith(b"# Trace: ") and b"\n## Summary" in head.body:
            return self._side(candidate, "report of ai-decision-tracer in Markdown", _title(head.body))
        if not head.body.startswith(b"{"):
            return None
        keys = head.keys
        is_session = {"agent", "session_id"} <= set(keys) and ("steps" in keys or {"saved_at", "meta"} <= set(keys))
        if is_session and _AGENT_NAME.search(head.body):
            reason = "a document with agent, session_id and steps"
            return self._claim(candidate, reason, _session_stem(candidate, head.body, "agent"), order=1)
        if {"agent_id", "receipts"} <= set(keys) or {"agent_id", "receipt_count"} <= set(keys):
            stem = _session_stem(candidate, head.body, "agent_id")
            return self._side(candidate, "receipts of ai-decision-tracer", stem)
        if head.first is None and not head.first_line_complete and not head.whole and keys[:2] == ["name", "context"]:
            reason = "a long line that begins with name and context"
            return self._claim(candidate, reason, stem, certain=False)
        return None

    def _claim(self, candidate: Candidate, reason: str, stem: str, order: int = 0, *, certain: bool = True) -> Match:
        return Match(self, reason, bundle=_bundle(candidate, stem), order=order, certain=certain)

    def _side(self, candidate: Candidate, reason: str, stem: str) -> Match:
        return Match(self, reason, role="side", bundle=_bundle(candidate, stem), order=2)

    def assembler(self, bundle: str) -> Assembler:
        """One session: its lines, its twin, its side files."""
        return _Assembler(bundle)

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """The step as it was told last."""
        return _span_detail(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        """One log of a step."""
        logs = list_of(_read(record.raw).get("logs"))
        log = logs[record.ordinal - 1] if 0 < record.ordinal <= len(logs) else None
        return EventDetail(_log_text(log), mapping_of(log))


def is_torn_save(candidate: Candidate) -> bool:
    """Whether a file is what an interrupted save of a session left behind (``*.tmp``): its session is in another file."""
    if not candidate.name.endswith(".tmp"):  # asked of every file, before its format has looked at the head
        return False
    keys = head_of(candidate.head).keys
    return bool({"agent", "agent_id"} & set(keys)) and "session_id" in keys


def _bundle(candidate: Candidate, stem: str) -> str:
    folder = PurePath(candidate.path).parent
    if folder.name == "receipts":  # where the producer's own example puts them
        folder = folder.parent
    return str(folder / stem) if stem not in ("", ".", "..") else candidate.path


def _session_stem(candidate: Candidate, body: bytes, agent_key: str) -> str:
    """What a document's session is called: the name of the lines beside it, else agent and session as it says itself."""
    stem = PurePath(candidate.name).stem
    if f"{stem}.jsonl" in candidate.siblings:
        return stem
    values = _leading_texts(body)
    agent, session = values.get(agent_key), values.get("session_id")
    return f"{agent}_{session}".replace("/", "_") if agent and session else stem


_LEADING = re.compile(rb'\s*[{,]\s*("(?:[^"\\]|\\.)*+")\s*:\s*("(?:[^"\\]|\\.)*+")')


def _leading_texts(body: bytes) -> dict[str, str]:
    """The members with which an object begins, as long as they are texts."""
    texts: dict[str, str] = {}
    at = 0
    while (pair := _LEADING.match(body, at)) is not None:
        at = pair.end()
        try:
            texts[str(parse(pair[1]))] = str(parse(pair[2]))
        except NotJson:
            break
    return texts


def _title(body: bytes) -> str:
    line = body.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    found = _REPORT_TITLE.fullmatch(line)
    return f"{found[1]}_{found[2]}".replace("/", "_") if found else ""


class _Assembler:
    """One session. Its run's key is the bundle's: folder and stem, since stems of two folders are two runs."""

    def __init__(self, bundle: str) -> None:
        self.steps = _Steps(bundle)

    def decoder(self, candidate: Candidate) -> Decoder:
        if {"agent", "session_id"} <= set(head_of(candidate.head).keys):
            return _SessionDecoder(self.steps)
        return _StepDecoder(self.steps)

    def side(self, candidate: Candidate) -> list[Operation]:
        what = "receipts" if head_of(candidate.head).body.startswith(b"{") else "a report"
        return [*self.steps.saved(f"{what} of the session saved")]

    def forget(self, candidate: Candidate) -> None:
        if {"agent", "session_id"} <= set(head_of(candidate.head).keys):
            self.steps.forget_twin()
        else:
            self.steps.forget_lines()


class _Steps:
    """What is known of a session's steps, in columns, by name and start.

    Records count as the lines say; the twin's count only for steps that no line told, in whatever order the files are read.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.is_saved = False
        self._forget()

    def _forget(self) -> None:
        self._rows: dict[int, int] = {}
        self._names: list[str] = []
        self._started = array("d")
        self._start = array("q")
        self._end = array("q")
        self._parent = array("q")
        self._failed = bytearray()
        self._failures = 0
        # Records of each step: told by lines, counted of them, counted of the twin; the same for its logs.
        self._lines, self._lines_counted, self._twin_counted = array("I"), array("I"), array("I")
        self._logs, self._logs_counted, self._twin_logs = array("I"), array("I"), array("I")
        self._nesting = Containment()
        self._announced = False

    def forget_twin(self) -> None:
        """The twin is read again; what the lines counted stays counted."""
        self._forget_counts(any(self._lines), self._twin_counted, self._twin_logs)

    def forget_lines(self) -> None:
        """The lines are read again; what the twin counted stays counted."""
        counted = (self._lines, self._lines_counted, self._logs, self._logs_counted)
        self._forget_counts(any(self._twin_counted), *counted)

    def _forget_counts(self, told_elsewhere: bool, *columns: array[int]) -> None:
        if told_elsewhere:
            for column in columns:
                column[:] = array("I", bytes(column.itemsize * len(column)))
        else:
            self._forget()
        self._announced = False

    def facts(self) -> Iterable[Operation]:
        """Once: what is known of the run without its steps."""
        if not self._announced:
            self._announced = True
            stem = PurePath(self.run).name
            named = _SESSION_NAME.fullmatch(stem)
            yield RunFact(
                self.run,
                name=named[1] if named else stem,
                id=stem,
                records_end=False,
                clock=Clock.utc,
                order_by_time=True,
            )

    def saved(self, reason: str) -> Iterable[Operation]:
        """The session was saved, which is as near to an end as this producer comes."""
        self.is_saved = True
        yield from self.facts()
        # Not over a failure that was told before, but over the end of one.
        yield RunFact(self.run, rank=0 if self._failures else 2, status=Status.ok, status_reason=reason)

    def tell(
        self, step: dict[str, object], unstarted: dict[str, int], a: int, b: int, *, twin: bool = False
    ) -> Iterable[Operation]:
        """Operations of one step; ``unstarted`` counts the source's steps without a start, by name."""
        yield from self.facts()
        name, outcome = text_of(step.get("name")), step.get("outcome")
        start, end = seconds_ns(step.get("started_at")), seconds_ns(step.get("finished_at"))
        row, is_new = self._row(name, step.get("started_at"), start, unstarted)
        key = self._key(row)
        logs = list_of(step.get("logs"))
        yield Record(self.run, "step", a, b, self._count_step(row, twin=twin))
        moved: list[Operation] = []
        if is_new or end >= self._end[row]:
            moved = list(self._place(row, start, end, is_new=is_new))
            status = Status.error if outcome == "error" else Status.ok if isinstance(outcome, str) else Status.unset
            usage = _usage(logs)
            flags = int(Flag.has_error) if text_of(step.get("error")) else 0
            yield Whole(
                self.run,
                key,
                self._parent_key(row),
                name,
                Kind.step,
                start,
                end,
                status,
                usage if usage is not None or is_new else Usage(),
                flags=flags | (Flag.parent_inferred if self._parent[row] >= 0 else 0),
            )
            yield from self._fail(row, name, status is Status.error)
        else:
            yield Patch(self.run, key, 0)  # an older copy: it belongs to the step and says nothing new
        yield from moved
        counted = self._count_logs(row, len(logs), twin=twin)
        for number, log in enumerate(logs):
            yield Record(self.run, "log", a, b, number >= len(logs) - counted)
            yield Event(self.run, key, _log_class(log), _log_time(log, start, end))

    def _row(self, name: str, started_at: object, start: int, unstarted: dict[str, int]) -> tuple[int, bool]:
        if start == NO_TIME:
            number = unstarted[name] = unstarted.get(name, 0) + 1
            started = -float(number)
        else:
            started = amount_of(started_at) or 0.0
        number_of_key = span_key(_key(name, started))
        row = self._rows.get(number_of_key)
        if row is not None:
            return row, False
        row = self._rows[number_of_key] = len(self._names)
        self._names.append(name)
        self._started.append(started)
        self._start.append(start)
        self._end.append(NO_TIME)
        self._parent.append(-1)
        self._failed.append(0)
        for column in (
            self._lines,
            self._lines_counted,
            self._twin_counted,
            self._logs,
            self._logs_counted,
            self._twin_logs,
        ):
            column.append(0)
        return row, True

    def _key(self, row: int) -> str:
        return _key(self._names[row], self._started[row])

    def _parent_key(self, row: int) -> str | None:
        parent = self._parent[row]
        return None if parent < 0 else self._key(parent)

    def _place(self, row: int, start: int, end: int, *, is_new: bool) -> Iterable[Operation]:
        """Find the step's parent, and give it as parent to those that lie within it."""
        before = self._end[row]
        self._end[row] = end
        if start == NO_TIME or end < start or (end == before and not is_new):
            return
        if before >= start:
            self._nesting.remove(row, start, before)
        parent, children = self._nesting.add(row, start, end)
        if parent is not None:
            self._parent[row] = parent
            if not is_new:
                yield Patch(self.run, self._key(row), parent=self._key(parent), flags=Flag.parent_inferred)
        for child in children:
            self._parent[child] = row
            yield Patch(self.run, self._key(child), parent=self._key(row), flags=Flag.parent_inferred)

    def _fail(self, row: int, name: str, failed: bool) -> Iterable[Operation]:
        """A failed step fails its run; told when the first one fails and when the last one turns out well."""
        if failed == bool(self._failed[row]):
            return
        self._failed[row] = failed
        self._failures += 1 if failed else -1
        if failed and self._failures == 1:
            yield RunFact(self.run, rank=2, status=Status.error, status_reason=f"step failed: {name}")
        elif not failed and self._failures == 0:
            outcome = Status.ok if self.is_saved else Status.unset
            yield RunFact(self.run, rank=2, status=outcome, status_reason="no step failed in the end")

    def _count_step(self, row: int, *, twin: bool) -> bool:
        if twin:
            counts = max(self._lines[row], 1) > self._lines_counted[row] + self._twin_counted[row]
            self._twin_counted[row] += counts
        else:
            self._lines[row] += 1
            counts = self._lines[row] > self._lines_counted[row] + self._twin_counted[row]
            self._lines_counted[row] += counts
        return counts

    def _count_logs(self, row: int, logs: int, *, twin: bool) -> int:
        """How many of a copy's logs count."""
        if twin:
            told = self._logs[row] if self._lines[row] else logs
            counts = max(0, min(logs, told - self._logs_counted[row] - self._twin_logs[row]))
            self._twin_logs[row] += counts
        else:
            self._logs[row] += logs
            counts = max(0, min(logs, self._logs[row] - self._logs_counted[row] - self._twin_logs[row]))
            self._logs_counted[row] += counts
        return counts


def _key(name: str, started: float) -> str:
    """The step's key: ``search@1795209338.9400914``, or ``search#1`` for one that was never started."""
    return f"{name}@{started!r}" if started >= 0 else f"{name}#{int(-started)}"


class _StepDecoder(LineDecoder):
    """The auto-saved lines."""

    def __init__(self, steps: _Steps) -> None:
        super().__init__()
        self._steps = steps
        self._unstarted: dict[str, int] = {}

    @property
    def bad_run(self) -> str | None:
        """The session."""
        return self._steps.run

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """A step, with its logs."""
        if "name" in record or "outcome" in record:
            yield from self._steps.tell(record, self._unstarted, a, b)
        else:
            yield Bad(self.line, a, b, "not a step", self.bad_run)


class _SessionDecoder(DocDecoder):
    """The session saved as one JSON document."""

    def __init__(self, steps: _Steps) -> None:
        super().__init__()
        self._steps = steps

    @property
    def bad_run(self) -> str | None:
        """The session."""
        return self._steps.run

    def elements(self, value: object, data: bytes) -> Iterable[Operation]:
        """Facts of the session, and its steps by name and start."""
        session = mapping_of(value)
        steps = session.get("steps")
        if not isinstance(steps, list):
            yield Bad(0, 0, len(data), "not a session: no list of steps", self.bad_run)
            return
        yield from self._steps.saved("the session was saved as JSON")
        named = {"name": text_of(session.get("agent")) or None, "meta": mapping_of(session.get("meta")) or None}
        yield RunFact(self._steps.run, rank=1, **named)  # type: ignore[arg-type]
        if not steps and (saved := iso_ns(session.get("saved_at"))) != NO_TIME:
            yield RunFact(self._steps.run, time=saved)
        objects = [step for step in steps if isinstance(step, dict)]
        places = list(element_places(data, (frozenset({"steps"}), None)))
        if len(places) != len(objects):  # two members called "steps": show the whole document
            places = [(0, len(data))] * len(objects)
        unstarted: dict[str, int] = {}
        for step, (a, b) in zip(objects, places, strict=True):
            yield from self._steps.tell(step, unstarted, a, b, twin=True)
        if len(objects) < len(steps):
            yield Bad(0, 0, len(data), f"{len(steps) - len(objects)} steps are not objects", self.bad_run)


def _usage(logs: list[object]) -> Usage | None:
    """Tokens and cost by the keys that callers use in logs; None if no log has one."""
    usage = Usage()
    for log in logs:
        if not isinstance(log, dict) or _FIGURES.isdisjoint(log):
            continue
        usage.total = _add(usage.total, _first_count(log, _TOTAL))
        usage.input = _add(usage.input, _first_count(log, _INPUT))
        usage.output = _add(usage.output, _first_count(log, _OUTPUT))
        cost = amount_of(log.get("cost_usd"))
        if cost is not None:
            usage.cost_usd = cost + (usage.cost_usd or 0.0)
    return None if usage == Usage() else usage


def _first_count(log: dict[str, object], keys: Sequence[str]) -> int | None:
    return next((count for key in keys if (count := count_of(log.get(key))) is not None), None)


def _add(one: int | None, other: int | None) -> int | None:
    return one if other is None else other + (one or 0)


def _log_class(log: object) -> EventClass:
    values = mapping_of(log)
    return EventClass.decision if any(key in values for key in _DECISION_KEYS) else EventClass.log


def _log_time(log: object, start: int, end: int) -> int:
    time = seconds_ns(mapping_of(log).get("_t"))
    if (start != NO_TIME and time < start - _LOG_SLACK) or (end != NO_TIME and time > end + _LOG_SLACK):
        return NO_TIME
    return time


def _log_text(log: object) -> str:
    if not isinstance(log, dict):
        return text_of(log)
    return pairs_line({key: value for key, value in log.items() if key != "_t"})


def _read(raw: bytes) -> dict[str, object]:
    try:
        return mapping_of(parse(raw))
    except NotJson:
        return {}


def _span_detail(records: Sequence[RecordBody]) -> SpanDetail:
    detail = SpanDetail(attributes={KIND_ORIGINAL: "step"})
    latest = float("-inf")
    for body in records:
        step = _read(body.raw)
        finished = amount_of(step.get("finished_at"))
        if step and (finished is None or finished >= latest):
            latest = latest if finished is None else finished
            detail = _described(step)
    return detail


def _described(step: dict[str, object]) -> SpanDetail:
    known = {"name", "context", "error", "logs"}
    context, error = step.get("context"), step.get("error")
    failed = step.get("outcome") == "error" or (isinstance(error, str) and error != "")
    return SpanDetail(
        id=text_of(step.get("name")),
        subject=subject_of(context),
        input=context,
        error=ErrorInfo(text_of(error)) if failed else None,
        attributes={KIND_ORIGINAL: "step"} | {key: value for key, value in step.items() if key not in known},
        logs=[_log_text(log) for log in list_of(step.get("logs"))],
    )
