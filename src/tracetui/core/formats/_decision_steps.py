"""The steps of one session of ai-decision-tracer: which are known, what is counted, how they nest."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import accumulate, chain, repeat
from pathlib import PurePath
from typing import Final, NamedTuple

import orjson

from tracetui.core.formats._containment import Containment
from tracetui.core.formats._many_keys import span_keys
from tracetui.core.formats._values import amount_of, count_of, list_of, mapping_of, seconds_ns, text_of
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Columns, Event, Operation, Patch, Record, RunFact, Whole, span_key

_SESSION_NAME: Final = re.compile(r"(?s)(.+)_(\d{8}_\d{6})")
_DECISION_KEYS: Final = ("action", "decision", "signal")
_TOTAL: Final = ("total_tokens", "tokens")
_INPUT: Final = ("input_tokens", "prompt_tokens", "tokens_in")
_OUTPUT: Final = ("output_tokens", "completion_tokens", "tokens_out")
_FIGURES: Final = frozenset({*_TOTAL, *_INPUT, *_OUTPUT, "cost_usd"})
LOG_SLACK: Final = 1_000_000_000
"""How far outside its step a log's time may lie, ns: a caller can overwrite it with anything, which is no time then."""


_STEP, _LOG = "step", "log"
_ERROR: Final = int(Status.error)
_INFERRED, _HAS_ERROR = int(Flag.parent_inferred), int(Flag.has_error)
_USAGE_NAMES: Final = tuple(field.name for field in fields(Usage))


class Told(NamedTuple):
    """What many steps say, each of them as usual, in columns."""

    names: list[str]
    started: list[float]
    """As written, seconds since the epoch, from 10 to 8e9."""
    starts: list[int]
    ends: list[int]
    """Never before the start."""
    statuses: list[int]
    has_error: list[bool]
    log_counts: list[int]
    log_times: list[int]
    """Of all logs, one step's after the other's."""
    log_classes: list[int]
    usage: list[tuple[int, Usage]]
    """Figures of the steps that have some, by position."""
    offsets: list[int]
    lengths: list[int]


class Rows(NamedTuple):
    """Which steps those of a ``Told`` are: the numbers of their keys, and the rows of those that were told before."""

    keys: list[int]
    rows: list[int | None]


class Steps:
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
            usage = usage_of(logs)
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

    def look_up(self, told: Told) -> Rows | None:
        """Which steps these are; None: one is told twice, or otherwise than before, so tell them one by one."""
        # As ``repr`` has them, which takes ten times as long: what lies in this range is written without an exponent.
        started = orjson.dumps(told.started)[1:-1].decode().split(",")
        keys = span_keys([f"{name}@{start}" for name, start in zip(told.names, started, strict=True)])
        if len(set(keys)) < len(keys):
            return None
        rows = list(map(self._rows.get, keys))
        ends = self._end
        if rows.count(None) < len(rows) and any(
            row is not None and ends[row] != end for row, end in zip(rows, told.ends, strict=True)
        ):
            return None
        return Rows(keys, rows)

    def tell_all(self, told: Told, found: Rows, *, twin: bool = False) -> list[Operation]:
        """Operations of many steps, which ``look_up`` found to be plain."""
        operations = list(self.facts())
        first, keys = len(self._names), found.keys
        new = [i for i, row in enumerate(found.rows) if row is None]
        moved: list[tuple[int, int]] = []
        if len(new) == len(keys):
            moved = self._add_new(told.names, told.started, told.starts, told.ends, told.log_counts, twin=twin)
            self._rows.update(zip(keys, range(first, first + len(new)), strict=True))
        elif new:
            moved = self._add_new(
                [told.names[i] for i in new],
                [told.started[i] for i in new],
                [told.starts[i] for i in new],
                [told.ends[i] for i in new],
                [told.log_counts[i] for i in new],
                twin=twin,
            )
            self._rows.update(zip([keys[i] for i in new], range(first, first + len(new)), strict=True))
        rows = list(map(self._rows.__getitem__, keys))
        old = [] if len(new) == len(keys) else [i for i, row in enumerate(found.rows) if row is not None]
        return [*operations, self._columns(told, keys, rows, old, moved, twin=twin)]

    def _add_new(
        self,
        names: list[str],
        started: list[float],
        starts: list[int],
        ends: list[int],
        log_counts: list[int],
        *,
        twin: bool,
    ) -> list[tuple[int, int]]:
        """Rows for steps that were never told before; which older ones get a parent by them, and which one."""
        first, count = len(self._names), len(names)
        self._names += names
        self._started.fromlist(started)
        self._start.fromlist(starts)
        self._end.fromlist(ends)
        self._parent.extend(array("q", (-1,)) * count)
        self._failed.extend(bytes(count))
        none, one = array("I", (0,)) * count, array("I", (1,)) * count
        logs = array("I", log_counts)
        for column, told_by_lines in (
            (self._lines, one),
            (self._lines_counted, one),
            (self._logs, logs),
            (self._logs_counted, logs),
        ):
            column.extend(none if twin else told_by_lines)
        self._twin_counted.extend(one if twin else none)
        self._twin_logs.extend(logs if twin else none)
        moved: list[tuple[int, int]] = []
        self._nesting.add_all(first, starts, ends, moved)
        parents = self._parent
        for child, parent in moved:
            parents[child] = parent
        return [(child, parent) for child, parent in moved if child < first]

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

    def _columns(
        self,
        told: Told,
        keys: list[int],
        rows: list[int],
        old: list[int],
        moved: list[tuple[int, int]],
        *,
        twin: bool,
    ) -> Columns:
        counts = told.log_counts
        steps_at = list(accumulate([1 + count for count in counts[:-1]], initial=0))
        types = [_LOG] * (len(rows) + len(told.log_times))
        for position in steps_at:
            types[position] = _STEP
        each = [1 + count for count in counts]
        found = Columns(self.run, types, _repeated(told.offsets, each), _repeated(told.lengths, each))
        parents = list(map(self._parent.__getitem__, rows))
        found.whole_record = steps_at
        found.whole_key = keys
        found.whole_parent = self._keys_of(parents, dict(zip(rows, keys, strict=True)))
        found.whole_name = told.names
        found.whole_kind = [int(Kind.step)] * len(rows)
        found.whole_start, found.whole_end = told.starts, told.ends
        found.whole_status = told.statuses
        found.whole_flags = [
            (_HAS_ERROR if has_error else 0) | (_INFERRED if parent >= 0 else 0)
            for has_error, parent in zip(told.has_error, parents, strict=True)
        ]
        found.event_record = [position for position, word in enumerate(types) if word is _LOG]
        found.event_key = _repeated(keys, counts)
        found.event_time, found.event_class = told.log_times, told.log_classes
        found.usage_record = [steps_at[i] for i, _ in told.usage]
        found.usage = [[getattr(usage, name) for _, usage in told.usage] for name in _USAGE_NAMES]
        found.copies = self._copies(steps_at, rows, counts, old, twin=twin)
        found.rest = [(0, patch) for patch in self._adopted(moved)]
        failed = self._failed
        for i, status in enumerate(told.statuses):
            if status == _ERROR or failed[rows[i]]:
                found.rest += [(steps_at[i], fact) for fact in self._fail(rows[i], told.names[i], status == _ERROR)]
        return found

    def _adopted(self, moved: list[tuple[int, int]]) -> Iterable[Patch]:
        """Older steps that lie within newer ones."""
        for child, parent in dict(moved).items():
            yield Patch(self.run, self._key(child), parent=self._key(parent), flags=Flag.parent_inferred)

    def _keys_of(self, parents: list[int], known: dict[int, int]) -> list[int]:
        """Numbers of the keys of steps by row; 0 for none."""
        return [0 if parent < 0 else known.get(parent) or span_key(self._key(parent)) for parent in parents]

    def _copies(
        self, steps_at: list[int], rows: list[int], counts: list[int], old: list[int], *, twin: bool
    ) -> list[int]:
        """Positions of the records of older steps that are told elsewhere as well and do not count."""
        copies: list[int] = []
        for i in old:
            at, row, logs = steps_at[i], rows[i], counts[i]
            if not self._count_step(row, twin=twin):
                copies.append(at)
            copies += range(at + 1, at + 1 + logs - self._count_logs(row, logs, twin=twin))
        return copies

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


def _repeated(values: list[int], counts: list[int]) -> list[int]:
    """Each value as often as its count says."""
    return list(chain.from_iterable(map(repeat, values, counts)))


def _key(name: str, started: float) -> str:
    """The step's key: ``search@1795209338.9400914``, or ``search#1`` for one that was never started."""
    return f"{name}@{started!r}" if started >= 0 else f"{name}#{int(-started)}"


def usage_of(logs: list[object]) -> Usage | None:
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
    if (start != NO_TIME and time < start - LOG_SLACK) or (end != NO_TIME and time > end + LOG_SLACK):
        return NO_TIME
    return time
