"""What is known of one hillstar run while its two files are read, and what their lines say.

The observer's lines make the spans: a start, an end, true instants. TraceLogger's lines add kind, tokens, cost, errors and
events by node id; without an observer they make one span a node themselves. Both may come in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, timedelta, timezone
from typing import Final

from tracetui.core.formats._many_times import utc_array
from tracetui.core.formats._values import (
    amount_of,
    close_ns,
    count_of,
    iso_moment,
    iso_ns,
    length_ns,
    seconds_ns,
    text_of,
)
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Begin, End, Event, Link, Operation, Patch, Record, RunFact, Whole

Figures = tuple[int | None, float | None]
"""Tokens and cost."""
NO_FIGURES: Final[Figures] = (None, None)

_QUARTER: Final = 900_000_000_000
"""Zones differ from UTC by quarters of an hour, ns."""
_FURTHEST: Final = 15 * 3_600_000_000_000
"""No zone is further from UTC, ns."""
_SECOND: Final = 1_000_000_000
_TO_SECOND: Final = len("2026-01-02T03:04:05")
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
        self._executions: dict[str, int] = {}
        """How often each node was executed."""
        self._open: dict[str, list[tuple[int, int, int]]] = {}
        """Executions that have not ended, the oldest first: number, start, index."""
        self._latest = NO_TIME
        self._second = ("", NO_TIME)
        """The newest second that was worked out in the viewer's zone."""
        self._figures_of: dict[str, Figures] = {}
        """What the calls of each node come to."""
        self.told_at: dict[str, int] = {}
        """Only the logger's nodes: when each was first told of."""
        self.foreign: dict[str, int] = {}
        """Lines of other runs in its logger's file, by their workflow."""

    def forget_observed(self) -> None:
        """The observer's file is read again."""
        self.zone, self.started, self.workflow = None, NO_TIME, ""
        self._meta, self._executions, self._open = {}, {}, {}

    def forget_logged(self) -> None:
        """The logger's file is read again."""
        self._models, self._figures_of, self.told_at, self.foreign = set(), {}, {}, {}

    @property
    def has_nodes(self) -> bool:
        """Whether the observer told of a node yet."""
        return bool(self._executions)

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
        self._latest = max(self._latest, time)
        yield Record(self.key, kind, a, b)
        node = text_of(record.get("node_id"))
        if kind == "node_start":
            if not self._executions and self.workflow and (count_of(record.get("node_index")) or 0) > 0:
                # What comes before it was done by another run, whose id is recorded nowhere.
                yield Link(self.key, "continues", self.workflow, by_name=True)
            key = self.begin(node, count_of(record.get("node_index")) or 0, time)
            yield Begin(self.key, key, None, node, self.kind_of(node), time)
        elif kind in ("node_success", "node_failure"):
            yield from self._end(node, record, time, failed=kind == "node_failure")
        else:
            yield from self._workflow(kind, record, time)
            number = self._executions.get(node)
            key_of_event = _key(node, number) if number else None
            yield Event(self.key, key_of_event, _OBSERVED.get(kind, EventClass.event), time)

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
        if self.zone is not None:
            return close_ns(local, self.zone)
        if self.zone_is_assumed:
            return self._assumed(local)
        moment = iso_moment(local)
        return NO_TIME if moment is None or moment.tzinfo is None else iso_ns(local)

    def instants(self, locals_: Sequence[str]) -> list[int]:
        """``instant`` of many times: the zone is asked for once a second."""
        import numpy as np

        naive = utc_array(locals_)
        if naive is None:
            return list(map(self.instant, locals_))
        seconds, firsts, which = np.unique(naive // _SECOND, return_index=True, return_inverse=True)
        starts = [self.instant(locals_[i][:_TO_SECOND]) for i in firsts.tolist()]
        if NO_TIME in starts:
            return list(map(self.instant, locals_))
        found: list[int] = (naive + (np.array(starts, np.int64) - seconds * _SECOND)[which]).tolist()
        return found

    def _assumed(self, local: object) -> int:
        """A time in the viewer's zone: each second is worked out once."""
        if isinstance(local, str) and len(local) == 26 and local[19] == ".":
            digits = local[20:]
            if digits.isdigit() and digits.isascii():
                if local[:19] != self._second[0]:
                    self._second = local[:19], iso_ns(local[:19], None)
                start = self._second[1]
                return start if start == NO_TIME else start + int(digits) * 1_000
        return iso_ns(local, None)

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
            yield RunFact(
                self.key,
                rank=3 if failed else 2,
                status=Status.error if failed else Status.ok,
                status_reason=_last_line(record.get("error")) if failed else None,
                end=instant,
                duration_ns=length_ns(record.get("total_time_seconds")),
                meta=dict(self._meta),
            )

    def begin(self, node: str, index: int, time: int) -> str:
        """A node starts: the key of its span."""
        number = self._executions[node] = self._executions.get(node, 0) + 1
        waiting = self._open.get(node)
        if waiting is None:
            self._open[node] = [(number, time, index)]
        else:
            waiting.append((number, time, index))
        return _key(node, number)

    def end(self, node: str, seconds: object, time: int, *, failed: bool) -> tuple[str, int, int, int]:
        """A node ends, at ``time`` or after ``seconds``: key, start, end and flags of its span.

        It is its oldest execution that has not ended, or one without a start.
        """
        waiting = self._open.pop(node, None)
        if waiting is None:
            number = self._executions[node] = self._executions.get(node, 0) + 1
            start, index = NO_TIME, -1
        else:
            number, start, index = waiting[0]
            if len(waiting) > 1:
                del waiting[0]
                self._open[node] = waiting
        if type(seconds) is float and 0.0 <= seconds <= 1e9:  # nearly always: ``length_ns`` without its questions
            length: int | None = round(seconds * 1e9)
        else:
            length = None if not failed and _is_index(seconds, index) else length_ns(seconds)
        if length is None:
            return f"{node}#{number}", start, time, 0
        if start != NO_TIME:
            # Ends of a batch are all written after its slowest node.
            return f"{node}#{number}", start, start + length, 0
        if time == NO_TIME:
            return f"{node}#{number}", start, time, 0
        return f"{node}#{number}", max(0, time - length), time, int(Flag.start_inferred)

    def _end(self, node: str, record: dict[str, object], time: int, *, failed: bool) -> Iterable[Operation]:
        key, start, end, flags = self.end(node, record.get("duration_seconds"), time, failed=failed)
        flags |= Flag.has_error if record.get("error") else 0
        status = Status.error if failed else Status.ok
        kind = self.kind_of(node)
        yield End(self.key, key, end, status, None, node, kind, start=start, flags=flags)
        if failed:
            yield self.failed(node)

    def failed(self, node: str) -> RunFact:
        """A node failed, and with it the run, unless its end says otherwise."""
        return RunFact(self.key, rank=1, status=Status.error, status_reason=f"node failed: {node}")

    def kind_of(self, node: str) -> Kind:
        """``llm`` for a node that is known to have called a model."""
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
            if is_call and not failed and node not in self.told_at and self._executions.get(node, 0) <= 1:
                # By far the most lines: all that one says of its node at once.
                self.told_at[node] = time
                self._models.add(node)
                usage, model = self._figures(node, record), text_of(record.get("model"))
                yield Whole(self.key, key, None, node, Kind.llm, time, time, Status.ok, usage, model, flags=_INFERRED)
                yield from self.reached(time)
                return
            yield from self._told(node, key, time)
        if not node or not (is_call or failed):
            yield Event(self.key, key if node else None, class_of(kind, failed=failed), time)
            if failed and alone:
                yield RunFact(self.key, status=Status.error, status_reason=_last_line(record.get("error")))
            return
        status = self._status(node, alone=alone, failed=failed)
        if is_call:
            yield from self._call(node, key, record, status)
        if status is not None or not is_call:
            flags = Flag.has_error if failed else 0
            yield Patch(self.key, key, int(alone and failed), status=status, flags=flags)
        yield from self.reached(time)

    def _status(self, node: str, *, alone: bool, failed: bool) -> Status | None:
        """What a line says of how its node went. Where the observer tells how it ended, that counts."""
        if not failed:
            return Status.ok if alone else None
        waiting = self._open.get(node)
        is_open = node not in self._executions or (waiting is not None and waiting[0][0] == 1)
        return Status.error if is_open else None

    def _told(self, node: str, key: str, time: int) -> Iterable[Operation]:
        """Without an observer, a node is a moment: its first line's time."""
        before = self.told_at.get(node)
        if before is None:
            self.told_at[node] = time
            yield Whole(self.key, key, None, node, self.kind_of(node), time, time, Status.unset, flags=_INFERRED)
        elif time != NO_TIME and (before == NO_TIME or time < before):
            self.told_at[node] = time
            yield Patch(self.key, key, 0, start=time, end=time)

    def first_calls(self, nodes: Sequence[str], figures: Sequence[Figures], times: Sequence[int]) -> None:
        """Plain calls that went well, without an observer, each the first thing told of its node."""
        self.told_at.update(zip(nodes, times, strict=True))
        told: Iterable[tuple[str, Figures]] = zip(nodes, figures, strict=True)
        if NO_FIGURES in figures:
            told = [(node, known) for node, known in told if known is not NO_FIGURES]
        self._figures_of.update(told)

    def called(self, node: str, tokens: int | None, cost: float | None) -> Figures | None:
        """A plain call that went well, beside an observer: what the calls of its first execution come to by now.

        None: the long way is needed, since more spans than one are concerned.
        """
        if node not in self._models:
            if self._executions.get(node, 0) > 1:
                return None
            self._models.add(node)
        return self._count(node, tokens, cost)

    def reached(self, time: int) -> Iterable[Operation]:
        """A moment of which a line tells; it is told only if the run is not known to have gone on longer."""
        if time > self._latest:
            self._latest = time
            yield RunFact(self.key, time=time)

    def _call(self, node: str, key: str, record: dict[str, object], status: Status | None) -> Iterable[Operation]:
        """Tokens, cost and model of a call."""
        if node not in self._models:
            self._models.add(node)
            for number in range(2, self._executions.get(node, 0) + 1):
                yield Patch(self.key, _key(node, number), 0, kind=Kind.llm)
        usage = self._figures(node, record)
        flags = Flag.has_error if record.get("error") and status is None else 0
        model = text_of(record.get("model")) or None
        yield Patch(self.key, key, 0, kind=Kind.llm, usage=usage, model=model, flags=flags)

    def _figures(self, node: str, record: dict[str, object]) -> Usage | None:
        if text_of(record.get("status")):
            return None
        tokens, cost = self._count(node, count_of(record.get("tokens_used")), amount_of(record.get("actual_cost_usd")))
        return None if tokens is cost is None else Usage(total=tokens, cost_usd=cost)

    def _count(self, node: str, tokens: int | None, cost: float | None) -> Figures:
        """What all calls of a node come to, this one included; nothing if this one tells nothing."""
        if not tokens and cost is None:  # no tokens are what the producer writes if it does not know
            return NO_FIGURES
        before = self._figures_of.get(node)
        if before is not None:
            tokens = (before[0] or 0) + (tokens or 0)
            cost = before[1] if cost is None else cost + (before[1] or 0.0)
        figures = self._figures_of[node] = (tokens or None, cost)
        return figures


def _key(node: str, number: int) -> str:
    return f"{node}#{number}"


def _is_index(seconds: object, index: int) -> bool:
    """Whether a success's duration is the node's index, as 1.0.0 writes it: a whole number, the one of its start."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return False
    return index < 0 or seconds == index


def class_of(kind: str, *, failed: bool = False) -> EventClass:
    """What an event of a record type is."""
    return EventClass.error if failed else _LOGGED.get(kind, EventClass.event)


def _last_line(error: object) -> str | None:
    text = text_of(error).strip()
    return text.rpartition("\n")[2].strip() or None


def details_of(record: dict[str, object]) -> dict[str, object]:
    """A line's own values without what every line has, for the line of an event."""
    known = {"timestamp", "epoch_seconds", "event_type", "pid", "workflow_id", "event", "node_id"}
    return {key: value for key, value in record.items() if key not in known}
