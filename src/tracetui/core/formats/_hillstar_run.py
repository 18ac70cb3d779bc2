"""What is known of one hillstar run while its two files are read, and what their lines say.

The observer's lines make the spans: a start, an end, true instants. TraceLogger's lines add kind, tokens, cost, errors and
events by node id; without an observer they make one span a node themselves. Both may come in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta, timezone
from typing import Final

from tracetui.core.formats._values import amount_of, count_of, iso_moment, iso_ns, seconds_ns, text_of
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Begin, End, Event, Operation, Patch, Record, RunFact, Whole

_QUARTER: Final = 900_000_000_000
"""Zones differ from UTC by quarters of an hour, ns."""
_FURTHEST: Final = 15 * 3_600_000_000_000
"""No zone is further from UTC, ns."""
_INFERRED: Final = int(Flag.start_inferred | Flag.end_inferred)

_OBSERVED: Final = {
    "workflow_error": EventClass.error,
    "workflow_start": EventClass.event,
    "workflow_complete": EventClass.event,
}
_LOGGED: Final = {
    "retry": EventClass.retry,
    "output_file_write_failed": EventClass.error,
    "warning": EventClass.log,
    "compliance_info": EventClass.log,
    "provider_preference_resolved": EventClass.decision,
    "seat_resolved": EventClass.decision,
    "provider_fallback": EventClass.decision,
}
_FAILED: Final = frozenset({"error", "budget_exceeded"})
_META: Final = (
    *("pid", "total_nodes", "nodes_completed", "nodes_failed", "cumulative_cost_usd", "trace_file", "log_file"),
)


def logger_type(record: dict[str, object]) -> str:
    """What a TraceLogger line is called: its event, else type, else tool with status, else status."""
    for key in ("event", "type"):
        if word := text_of(record.get(key)):
            return word
    tool, status = text_of(record.get("tool")), text_of(record.get("status"))
    if tool:
        return f"{tool}:{status}" if status else tool
    return status or "-"


def is_observed(record: dict[str, object]) -> bool:
    """Whether a line is one of the observer's, wherever it stands."""
    return "event_type" in record and "epoch_seconds" in record


class Execution:
    """One execution of a node."""

    __slots__ = ("end", "index", "key", "start")

    def __init__(self, key: str, start: int, index: int) -> None:
        self.key = key
        self.start = start
        self.index = index
        self.end = False


class HillstarRun:
    """State and rules of one run.

    Args:
        key: the run's key in the store.
        stamp: of the file names, "" if they hold none.
    """

    def __init__(self, key: str, stamp: str) -> None:
        self.key = key
        self.zone: timezone | None = None
        """Offset of the naive times, given away by a line that has both."""
        self.zone_is_assumed = False
        """Nothing will tell the zone: naive times are read in the viewer's own."""
        self.started = NO_TIME
        self.workflow = ""
        self._stamp = stamp
        self._meta: dict[str, object] = {}
        self._models: set[str] = set()
        """Nodes that called a model."""
        self._executions: dict[str, list[Execution]] = {}
        self._usage: dict[str, Usage] = {}
        self._times: dict[str, int] = {}
        """Only the logger's nodes: when each was first told of."""

    def forget_observed(self) -> None:
        """The observer's file is read again."""
        self.zone, self.started, self.workflow = None, NO_TIME, ""
        self._meta, self._executions = {}, {}

    def forget_logged(self) -> None:
        """The logger's file is read again."""
        self._models, self._usage, self._times = set(), {}, {}

    def knows(self, node: str) -> bool:
        """Whether the observer told of this node."""
        return node in self._executions

    # The observer.

    def observed(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What a line of the observer says."""
        kind = text_of(record.get("event_type")) or "-"
        time = seconds_ns(record.get("epoch_seconds"))
        self._learn_zone(record.get("timestamp"), time)
        if time == NO_TIME:
            time = self.instant(record.get("timestamp"))
        yield Record(self.key, kind, a, b)
        node = text_of(record.get("node_id"))
        if kind == "node_start":
            yield from self._start(node, record, time)
        elif kind in ("node_success", "node_failure"):
            yield from self._end(node, record, time, failed=kind == "node_failure")
        else:
            yield from self._workflow(kind, record, time)
            known = self._executions.get(node)
            yield Event(self.key, known[-1].key if known else None, _OBSERVED.get(kind, EventClass.event), time)

    def _learn_zone(self, local: object, time: int) -> None:
        moment = None if time == NO_TIME or self.zone is not None else iso_moment(local)
        if moment is None or moment.tzinfo is not None:
            return
        apart = iso_ns(local, UTC) - time
        quarters = round(apart / _QUARTER)
        if abs(apart) <= _FURTHEST:
            self.zone = timezone(timedelta(minutes=15 * quarters))

    def instant(self, local: object) -> int:
        """A local time as an instant; ``NO_TIME`` as long as its zone may still be told."""
        if self.zone is not None or self.zone_is_assumed:
            return iso_ns(local, self.zone)
        moment = iso_moment(local)
        return NO_TIME if moment is None or moment.tzinfo is None else iso_ns(local)

    def _workflow(self, kind: str, record: dict[str, object], time: int) -> Iterable[Operation]:
        workflow = text_of(record.get("workflow_id"))
        if workflow and workflow != self.workflow:
            self.workflow = workflow
            name = f"{workflow}_{self._stamp}" if self._stamp else workflow
            yield RunFact(self.key, rank=1, name=workflow, id=name, records_end=True, clock=Clock.utc)
        self._meta |= {key: record[key] for key in _META if record.get(key) is not None}
        instant = None if time == NO_TIME else time
        if kind == "workflow_start":
            self.started = time if self.started == NO_TIME else self.started
            yield RunFact(self.key, start=instant, meta=dict(self._meta))
        elif kind in ("workflow_complete", "workflow_error"):
            failed = kind == "workflow_error"
            seconds = amount_of(record.get("total_time_seconds"))
            yield RunFact(
                self.key,
                rank=3 if failed else 2,
                status=Status.error if failed else Status.ok,
                status_reason=_last_line(record.get("error")) if failed else None,
                end=instant,
                duration_ns=None if seconds is None or seconds < 0 else round(seconds * 1e9),
                meta=dict(self._meta),
            )

    def _start(self, node: str, record: dict[str, object], time: int) -> Iterable[Operation]:
        execution = self._execution(node, time, count_of(record.get("node_index")) or 0)
        yield Begin(self.key, execution.key, None, node, self._kind(node), time)

    def _execution(self, node: str, start: int, index: int) -> Execution:
        known = self._executions.setdefault(node, [])
        known.append(Execution(_key(node, len(known) + 1), start, index))
        return known[-1]

    def _end(self, node: str, record: dict[str, object], time: int, *, failed: bool) -> Iterable[Operation]:
        execution = next((one for one in self._executions.get(node, ()) if not one.end), None)
        seconds = amount_of(record.get("duration_seconds"))
        flags = int(Flag.has_error) if record.get("error") else 0
        if execution is None:
            execution = self._execution(node, NO_TIME, -1)
        if seconds is not None and (seconds < 0 or (not failed and _is_index(record["duration_seconds"], execution))):
            seconds = None
        execution.end = True
        start = execution.start
        if seconds is not None and start == NO_TIME and time != NO_TIME:
            start = max(0, time - round(seconds * 1e9))
            flags |= Flag.start_inferred
        elif seconds is not None and start != NO_TIME:
            # Ends of a batch are all written after its slowest node.
            time = start + round(seconds * 1e9)
        status = Status.error if failed else Status.ok
        yield End(self.key, execution.key, time, status, None, node, self._kind(node), start=start, flags=flags)
        if failed:
            yield RunFact(self.key, rank=1, status=Status.error, status_reason=f"node failed: {node}")

    def _kind(self, node: str) -> Kind:
        return Kind.llm if node in self._models else Kind.step

    # TraceLogger.

    def logged(self, record: dict[str, object], a: int, b: int, *, alone: bool) -> Iterable[Operation]:
        """What a line of TraceLogger says; ``alone``: there is no observer to tell of nodes."""
        kind, node = logger_type(record), text_of(record.get("node_id"))
        time = self.instant(record.get("timestamp"))
        is_call = record.get("tool") == "model_call" and not text_of(record.get("event"))
        failed = text_of(record.get("status")) in _FAILED and not text_of(record.get("event"))
        yield Record(self.key, kind, a, b)
        key = _key(node, 1)
        if node and alone:
            yield from self._told(node, key, time)
        if not node or not (is_call or failed):
            yield Event(self.key, key if node else None, _class_of(kind, failed), time)
            if failed and alone:
                yield RunFact(self.key, status=Status.error, status_reason=_last_line(record.get("error")))
            return
        if is_call:
            yield from self._call(node, key, record)
        if failed:
            yield from self._failure(node, key, alone=alone)
        else:
            yield Patch(self.key, key, 0, status=Status.ok if alone else None)
        if time != NO_TIME:
            yield RunFact(self.key, time=time)

    def _told(self, node: str, key: str, time: int) -> Iterable[Operation]:
        """Without an observer, a node is a moment: its first line's time."""
        before = self._times.get(node)
        if before is None:
            self._times[node] = time
            yield Whole(self.key, key, None, node, self._kind(node), time, time, Status.unset, flags=_INFERRED)
        elif time != NO_TIME and (before == NO_TIME or time < before):
            self._times[node] = time
            yield Patch(self.key, key, 0, start=time, end=time)

    def _call(self, node: str, key: str, record: dict[str, object]) -> Iterable[Operation]:
        if node not in self._models:
            self._models.add(node)
            for one in [key, *(other.key for other in self._executions.get(node, ())[1:])]:
                yield Patch(self.key, one, kind=Kind.llm)
        usage = None
        if not text_of(record.get("status")):
            tokens, cost = count_of(record.get("tokens_used")), amount_of(record.get("actual_cost_usd"))
            usage = self._usage.setdefault(node, Usage())
            if tokens:  # 0 is what the producer writes if it does not know
                usage.total = tokens + (usage.total or 0)
            if cost is not None:
                usage.cost_usd = cost + (usage.cost_usd or 0.0)
            usage = None if usage == Usage() else Usage(total=usage.total, cost_usd=usage.cost_usd)
        yield Patch(self.key, key, usage=usage, model=text_of(record.get("model")) or None)

    def _failure(self, node: str, key: str, *, alone: bool) -> Iterable[Operation]:
        known = self._executions.get(node, ())
        # Where the observer tells how the node ended, that counts.
        is_open = not known or not known[0].end
        failure = Status.error if is_open else None
        yield Patch(self.key, key, 1 if alone else 0, status=failure, flags=Flag.has_error)


def _key(node: str, number: int) -> str:
    return f"{node}#{number}"


def _is_index(seconds: object, execution: Execution) -> bool:
    """Whether a success's duration is the node's index, as 1.0.0 writes it: a whole number, the one of its start."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return False
    return execution.index < 0 or seconds == execution.index


def _class_of(kind: str, failed: bool) -> EventClass:
    return EventClass.error if failed else _LOGGED.get(kind, EventClass.event)


def _last_line(error: object) -> str | None:
    text = text_of(error).strip()
    return text.rpartition("\n")[2].strip() or None


def details_of(record: dict[str, object]) -> dict[str, object]:
    """A line's own values without what every line has, for the line of an event."""
    known = {"timestamp", "epoch_seconds", "event_type", "pid", "workflow_id", "event", "node_id"}
    return {key: value for key, value in record.items() if key not in known}
