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
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final

from tracetui.core.attributes import KIND_ORIGINAL
from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._decision_lane import SMALLEST_BLOCK, plain_lines, plain_session
from tracetui.core.formats._decision_steps import Steps
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._lines import DocDecoder, LineDecoder
from tracetui.core.formats._scan import element_places, head_of
from tracetui.core.formats._values import (
    amount_of,
    iso_ns,
    list_of,
    mapping_of,
    pairs_line,
    subject_of,
    text_of,
)
from tracetui.core.model import (
    NO_TIME,
    ErrorInfo,
    EventDetail,
    SpanDetail,
)
from tracetui.core.operations import Bad, Operation, RunFact

_STEP_KEYS: Final = {"name", "context", "outcome", "logs", "duration_ms"}
_REPORT_TITLE: Final = re.compile(r"# Trace: (.+) — (\S+)")

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
        logs = list_of(record.once("ai-decision-tracer", _read).get("logs"))
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
        self.steps = Steps(bundle)

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


class _StepDecoder(LineDecoder):
    """The auto-saved lines."""

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps
        self._unstarted: dict[str, int] = {}

    @property
    def bad_run(self) -> str | None:
        """The session."""
        return self._steps.run

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Operations of a block of whole lines, by the fast lane where it is one for it."""
        told = plain_lines(block, a)
        found = None if told is None else self._steps.look_up(told)
        if told is not None and found is not None:
            self._line += len(found.rows)
            return self._steps.tell_all(told, found)
        half = block.find(b"\n", len(block) // 2) + 1
        if block.count(b"\n") < 2 * SMALLEST_BLOCK or half == len(block):
            return super().lines(block, a)
        return self.lines(block[:half], a) + self.lines(block[half:], a + half)  # one odd step leaves the others fast

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """A step, with its logs."""
        if "name" in record or "outcome" in record:
            yield from self._steps.tell(record, self._unstarted, a, b)
        else:
            yield Bad(self.line, a, b, "not a step", self.bad_run)


class _SessionDecoder(DocDecoder):
    """The session saved as one JSON document."""

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    @property
    def bad_run(self) -> str | None:
        """The session."""
        return self._steps.run

    def quick(self, data: bytes) -> list[Operation] | None:
        """The same for a session of many steps that are all as usual."""
        session = plain_session(data)
        found = None if session is None else self._steps.look_up(session.told)
        if session is None or found is None:
            return None
        saved = self._saved(session.agent, session.meta)
        return [*saved, *self._steps.tell_all(session.told, found, twin=True)]

    def _saved(self, agent: object, meta: object) -> Iterable[Operation]:
        yield from self._steps.saved("the session was saved as JSON")
        yield RunFact(self._steps.run, rank=1, name=text_of(agent) or None, meta=mapping_of(meta) or None)

    def elements(self, value: object, data: bytes) -> Iterable[Operation]:
        """Facts of the session, and its steps by name and start."""
        session = mapping_of(value)
        steps = session.get("steps")
        if not isinstance(steps, list):
            yield Bad(0, 0, len(data), "not a session: no list of steps", self.bad_run)
            return
        yield from self._saved(session.get("agent"), session.get("meta"))
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
