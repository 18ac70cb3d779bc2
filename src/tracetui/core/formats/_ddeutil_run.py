"""One run of ddeutil-workflow: its messages become workflow, job and stage spans, and its failures the run's status.

Rules of the message grammar of 0.0.86, and of what differs before 0.0.85, where neither jobs nor stages record an end. Times
are whole seconds, but ids hold the microsecond at which they were made: starts are exact, and an end is placed between the
newest id before it and the next one on its thread.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tracetui.core.formats._ddeutil_records import Entry, Id, cut_id_of, has_zone, id_of, unfolded
from tracetui.core.formats._values import iso_ns
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status
from tracetui.core.operations import Begin, End, Event, Operation, Patch, Record, Repair, RunFact, Whole

_MINUTE: Final = 60_000_000_000

_SECOND: Final = 1_000_000_000
_QUARTER: Final = 900 * _SECOND
_HOUR: Final = 3_600 * _SECOND
_WIDEST_ZONE: Final = 14 * _HOUR
_INFERRED_END: Final = int(Flag.end_inferred)
_HAS_ERROR: Final = int(Flag.has_error)
_MOST_ALIKE: Final = 1_000
"""Executions of one stage that are looked through for the one that a job's error names."""

_QUOTED = r"(?:'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\")"
WORKFLOW: Final = re.compile(rf"Execute: ({_QUOTED}) \((?:parallel|sequential) jobs\)", re.DOTALL)
JOB: Final = re.compile(rf"Handler (\w+): ({_QUOTED})\.", re.DOTALL)
OLD_JOB: Final = re.compile(rf"Routing for ([\w -]+): ({_QUOTED})", re.DOTALL)
STAGE: Final = re.compile(rf"Handler ([\w-]+?)-Stage: ({_QUOTED})(?: with ID: ({_QUOTED}))?\.", re.DOTALL)
_EXECUTE_STAGE: Final = re.compile(rf"Execute Stage: ({_QUOTED})", re.DOTALL)
_NESTED_STAGE: Final = re.compile(r"nested-stage, (.+), failed", re.DOTALL)
_SKIP: Final = re.compile(
    r"(?:⏭\S* )?Skip(?::|\b because job condition | Handler:)|Handler:\s.{0,20}Stage(?:Nested)?SkipError", re.DOTALL
)
_DONE: Final = ("does not set jobs", "Does not rerun because", "It does not have job to rerun")


def unquoted(text: str) -> str:
    """The text that a Python literal stands for."""
    if "\\" not in text:
        return text[1:-1]
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text[1:-1]


def is_skip(message: str) -> bool:
    """Whether a message says that its job or stage was skipped."""
    return message[:1] in "⏭SH" and _SKIP.match(message) is not None


class _Span:
    """A workflow execution, a job with all its attempts, or a stage execution."""

    __slots__ = (
        "end",
        "failed",
        "failed_jobs",
        "hash",
        "is_open",
        "key",
        "label",
        "name",
        "number",
        "open_jobs",
        "parent",
        "retried",
        "retried_at",
        "skipped",
        "start",
        "what",
    )

    def __init__(self, what: str, key: str, name: str, parent: _Span | None, hash_: str = "") -> None:
        self.what = what
        self.key = key
        self.name = name
        self.parent = parent
        self.hash = hash_
        self.label = name
        """Of a stage: its id if it has one, as a job's error names it."""
        self.is_open = True
        self.failed = False
        self.skipped = False
        self.start = NO_TIME
        self.end = NO_TIME
        self.failed_jobs = 0
        self.open_jobs = 0
        self.number = 0
        """Spans that had started when it did."""
        self.retried = -1
        """Spans that had started when its newest attempt began."""
        self.retried_at = NO_TIME


class _Failure(NamedTuple):
    """What failed, in words, and how many spans had started by then."""

    span: _Span | None
    words: str
    started: int


class _Thread:
    """What a thread of the producer is at."""

    __slots__ = ("ended", "job", "markers", "stages", "workflow")

    def __init__(self) -> None:
        self.workflow: _Span | None = None
        """Whose job it was given last."""
        self.job: _Span | None = None
        """The job that was handled on it last."""
        self.markers: list[_Span] = []
        """Jobs and container stages that said on this thread that a stage comes next, the newest last."""
        self.stages: list[_Span] = []
        """Stages started on it that have not ended."""
        self.ended: list[tuple[_Span, int]] = []
        """Spans that ended on it in a second in which no later id has been seen, with that second."""


class DdeutilRun:
    """The state of one run while its records come."""

    def __init__(self, run: str) -> None:
        self.key = run
        self.zone: int | None = None
        """Offset of the written times from UTC, ns, as ids gave it away."""
        self.clear()

    def clear(self) -> None:
        """Begin again with the first record; the zone stays known."""
        self.is_placed = False
        """Times were told in a zone that was only assumed."""
        self._is_utc = False
        self._announced = False
        self._has_ends: bool | None = None
        self._second: object = None
        self._now = NO_TIME
        self._newest = NO_TIME
        self._told = NO_TIME
        self._first = NO_TIME
        """Where no id tells the run's start: the time of its earliest record."""
        self._status: tuple[Status, str] | None = None
        self._is_news = True
        """Something has happened that may change the run's status."""
        self._spans: dict[str, _Span] = {}
        self._workflows: dict[str, _Span] = {}
        self._jobs: dict[str, _Span] = {}
        self._jobs_by_hash: dict[str, list[_Span]] = {}
        self._stages: dict[str, _Span] = {}
        self._stages_by_label: dict[str, list[_Span]] = {}
        self._threads: dict[object, _Thread] = {}
        self._failures: dict[object, _Failure] = {}
        self._outer: dict[object, str] = {}
        """Those of them that are of a job or workflow, in words."""
        self._open_jobs = 0
        self._open_alone = 0
        self._is_done = False

    # -- records -------------------------------------------------------------------------------------------------------

    def tell(self, entry: Entry, a: int, b: int) -> list[Operation]:
        """Operations of one record with locator (``a``, ``b``)."""
        out: list[Operation] = [Record(self.key, entry.level, a, b)]
        self.say(entry, out)
        return out

    def say(self, entry: Entry, out: list[Operation]) -> None:
        """What a record says, without the record itself."""
        ids = cut_id_of(entry.own) if entry.is_cut else id_of(entry.own)
        if entry.second == self._second and self.zone is not None:
            now = self._now
        else:
            now = self._time(entry, ids)
        stamp = self._stamp(ids, now) if entry.is_cut else ids.stamp
        if stamp > self._newest:
            self._newest = stamp
        at = now
        if NO_TIME != now < self._newest:
            # Written after the newest id was made, in a second that begins before it.
            at = self._newest if self._newest < now + _SECOND else now + _SECOND - 1
        if not self._announced:
            self._announce(entry, now, out)
        elif NO_TIME != now < self._first:
            self._first = now
            out.append(RunFact(self.key, start=now))
        if entry.has_ends is not None and self._has_ends is None:
            self._learn_ends(out, has_ends=entry.has_ends)
        thread = self._threads.get(entry.thread)
        if thread is None:
            thread = self._threads[entry.thread] = _Thread()
        late = self._bound(thread, stamp) if thread.ended and stamp != NO_TIME else ()
        self._tell(entry, ids, thread, stamp, at, out)
        # A record belongs to the span that it names first: what it means for others comes after.
        out += [patch for patch, span in late if span.end != NO_TIME]  # a workflow may go on with this very record
        if self._has_ends is False:
            self._stretch(thread, entry, at, out)
        if at > self._told:
            self._told = at
            out.append(RunFact(self.key, time=at))
        if self._is_news:
            self._is_news = False
            self._judge(out)

    def _tell(self, entry: Entry, ids: Id, thread: _Thread, stamp: int, at: int, out: list[Operation]) -> None:
        match entry.module:
            case "stage":
                self._stage(entry, thread, stamp, at, out)
            case "job":
                self._job(entry, ids, thread, stamp, at, out)
            case "nested":
                self._nested(entry, thread, at, out)
            case "workflow":
                self._workflow(entry, thread, stamp, at, out)
            case _:
                self._event(entry, self._of(entry), at, out)

    def _announce(self, entry: Entry, now: int, out: list[Operation]) -> None:
        """Once: what is known of the run without its spans."""
        self._announced = True
        start = id_of(self.key).stamp
        if start == NO_TIME and entry.is_cut:
            start = self._stamp(cut_id_of(self.key), now)
        if start == NO_TIME:
            start = self._first = now
        elif start > self._newest:
            self._newest = start
        clock = Clock.utc if self._is_utc else Clock.assumed if self.zone is None else Clock.inferred
        out.append(
            RunFact(
                self.key,
                name=self.key,
                start=None if start == NO_TIME else start,
                clock=clock,
                repair=self._zone_repair(clock) if now != NO_TIME else None,
            )
        )

    def _zone_repair(self, clock: Clock) -> Repair | None:
        """That the times' zone is recorded nowhere, and which one they are read in."""
        if clock is Clock.assumed:
            return Repair("zone_assumed", 0)
        minutes = 0 if self.zone is None else self.zone // _MINUTE
        apart = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else ""
        return Repair("zone_inferred", 0, f"UTC{apart}, from the times in the ids") if clock is Clock.inferred else None

    def _learn_ends(self, out: list[Operation], *, has_ends: bool) -> None:
        self._has_ends = has_ends
        self._is_news = True
        out.append(RunFact(self.key, records_end=has_ends))

    # -- times ---------------------------------------------------------------------------------------------------------

    def _time(self, entry: Entry, ids: Id) -> int:
        """When a record was written, ns; whole seconds."""
        second = entry.second
        if second == self._second and not (self.zone is None and ids.stamp != NO_TIME):
            return self._now
        self._second = second
        naive = iso_ns(second)
        if naive == NO_TIME:
            self._now = NO_TIME
        elif has_zone(second):
            self._is_utc = True
            self._now = naive
        else:
            if self.zone is None:
                self._infer_zone(entry, ids, naive)
            if self.zone is None:
                self.is_placed = True
                self._now = iso_ns(second, None)
            else:
                self._now = naive - self.zone
        return self._now

    def _infer_zone(self, entry: Entry, ids: Id, naive: int) -> None:
        """The first time as written, less the instant in the id beside it, is the zone: a whole number of quarter hours."""
        stamp = ids.stamp
        if stamp == NO_TIME and (not entry.is_cut or ids == cut_id_of(_cut(self.key))):
            stamp = id_of(self.key).stamp
        if stamp == NO_TIME:
            return
        zone = round((naive - stamp) / _QUARTER) * _QUARTER
        if abs(zone) <= _WIDEST_ZONE:
            self.zone = zone

    def _stamp(self, ids: Id, now: int) -> int:
        """The instant at which an id was made; of a cut one, the last such place within an hour before the record."""
        if ids.stamp != NO_TIME:
            return ids.stamp
        if ids.within_hour < 0 or now == NO_TIME:
            return NO_TIME
        # Zones differ by quarter hours, so of an assumed one only the place within a quarter hour is certain.
        period = _QUARTER if self.zone is None and not self._is_utc else _HOUR
        latest = now + _SECOND - 1
        return latest - (latest - ids.within_hour) % period

    def _bound(self, thread: _Thread, stamp: int) -> list[tuple[Patch, _Span]]:
        """A new id on a thread: what ended on it in this very second had ended by then."""
        out: list[tuple[Patch, _Span]] = []
        later: list[tuple[_Span, int]] = []
        for span, second in thread.ended:
            end = stamp
            if end < span.end:  # an id that was made before
                later.append((span, second))
                continue
            parent = span.parent
            is_over = parent is not None and parent.what != "workflow" and not parent.is_open
            if parent is not None and is_over and span.start <= parent.end < end:
                end = parent.end
            if not second <= end < second + _SECOND or end <= span.end:
                continue
            span.end = end
            out.append((Patch(self.key, span.key, 0, end=end, flags=_INFERRED_END), span))
            if parent is not None and parent.what == "workflow" and not parent.is_open and parent.end < end:
                parent.end = end
                out.append((Patch(self.key, parent.key, 0, end=end), parent))
        thread.ended = later
        return out

    # -- workflows -----------------------------------------------------------------------------------------------------

    def _workflow(self, entry: Entry, thread: _Thread, stamp: int, at: int, out: list[Operation]) -> None:
        message = entry.message
        workflow = self._workflows.get(entry.own)
        if message.startswith("Execute: ") and (found := WORKFLOW.match(message)) is not None:
            if workflow is None:
                self._begin_workflow(entry, unquoted(found[1]), thread, stamp, at, out)
                return
        elif message.startswith("Execute Job: "):
            thread.workflow = workflow
        elif any(words in message for words in _DONE):
            self._is_done = self._is_news = True
            if workflow is not None:
                self._close_workflow(workflow, at, out)
        self._say(entry, workflow, at, out)
        if workflow is None or self._has_ends is False:
            return
        # Failed before its first job, or after its last one.
        is_over = not workflow.is_open and at > workflow.end
        if is_over or (workflow.open_jobs <= 0 and (workflow.failed or workflow.skipped)):
            self._close_workflow(workflow, at, out)

    def _begin_workflow(
        self, entry: Entry, name: str, thread: _Thread, stamp: int, at: int, out: list[Operation]
    ) -> None:
        is_top = entry.own == entry.run or not self._workflows
        parent = None if is_top else self._container(thread, of_workflow=True)
        workflow = self._workflows[entry.own] = _Span("workflow", f"workflow:{entry.own}", name, parent)
        if is_top:
            out.append(RunFact(self.key, rank=1, name=name))
        self._open(workflow, Kind.chain, stamp, at, out)

    def _close_workflow(self, workflow: _Span, at: int, out: list[Operation]) -> None:
        """Its last job has ended: nothing records more of its end."""
        workflow.is_open = False
        workflow.end = max(at, workflow.end)
        status = Status.error if workflow.failed or workflow.failed_jobs else Status.ok
        status = Status.skipped if workflow.skipped else status
        end = workflow.end if workflow.end != NO_TIME else None
        out.append(Patch(self.key, workflow.key, 0, end=end, status=status, flags=_INFERRED_END))

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def _job(self, entry: Entry, ids: Id, thread: _Thread, stamp: int, at: int, out: list[Operation]) -> None:
        message = entry.message
        found, has_ends = None, True
        if message.startswith("Handler "):
            found = JOB.match(message)
        elif message.startswith("Routing for "):
            found, has_ends = OLD_JOB.match(message), False
        if found is not None and entry.own not in self._workflows:
            is_news = self._has_ends is None
            if is_news:
                self._learn_ends(out, has_ends=has_ends)
            if self._begin_job(entry, ids, unquoted(found[2]), thread, stamp, at, out):
                if is_news and not has_ends:
                    out += [Patch(self.key, open_.key, 0, status=Status.unset) for open_ in self._workflows.values()]
                return
        job = self._job_of(entry, ids, thread)
        if job is None:
            self._say(entry, self._workflows.get(entry.own), at, out)
            return
        if message.startswith("End Handler job execution"):
            self._end(job, thread, at, out)
            if job.parent is not None and job.parent.what == "workflow":
                self._job_ended(job.parent, at, out)
            return
        if message.startswith("Execute Stage: "):
            _mark(thread, job)
        self._say(entry, job, at, out)
        if entry.is_error and (named := _NESTED_STAGE.search(message)) is not None and not is_skip(message):
            self._fail_named(job, unquoted(named[1]), out)

    def _begin_job(
        self, entry: Entry, ids: Id, name: str, thread: _Thread, stamp: int, at: int, out: list[Operation]
    ) -> bool:
        """Whether this is the job's first attempt."""
        workflow = thread.workflow or self._workflows.get(entry.run) or next(iter(self._workflows.values()), None)
        key = f"job:{workflow.key if workflow is not None else ''}:{ids.hash}"
        known = self._spans.get(key)
        if known is not None:
            self._jobs[entry.own] = thread.job = known
            return False
        job = _Span("job", key, name, workflow, ids.hash)
        self._jobs[entry.own] = thread.job = self._spans[key] = job
        self._jobs_by_hash.setdefault(ids.hash, []).append(job)
        self._open_jobs += 1
        self._open(job, Kind.step, stamp, at, out)
        if workflow is not None:
            workflow.open_jobs += 1
            if not workflow.is_open:
                workflow.is_open, workflow.end = True, NO_TIME
                out.append(Patch(self.key, workflow.key, 0, end=NO_TIME, status=Status.open))
        return True

    def _job_of(self, entry: Entry, ids: Id, thread: _Thread) -> _Span | None:
        """The job of an id: a job has several, with one hash; ids without a time have only their thread in common."""
        job = self._jobs.get(entry.own)
        if job is not None or entry.own in self._workflows or entry.own in self._stages:
            return job
        if thread.job is not None and (thread.job.hash == ids.hash or ids.hash == entry.own):
            job = thread.job
        else:
            alike = self._jobs_by_hash.get(ids.hash, [])
            job = next((job for job in reversed(alike) if job.is_open), alike[-1] if alike else None)
        if job is not None:
            self._jobs[entry.own] = job
        return job

    def _job_ended(self, workflow: _Span, at: int, out: list[Operation]) -> None:
        workflow.open_jobs -= 1
        if workflow.open_jobs <= 0:
            self._close_workflow(workflow, at, out)

    def _fail_named(self, job: _Span, label: str, out: list[Operation]) -> None:
        """A job's error names the stage that failed, which may have logged no error of its own."""
        alike = [stage for stage in self._stages_by_label.get(label, ())[-_MOST_ALIKE:] if _within(stage, job)]
        if alike and not any(stage.failed for stage in alike):
            alike[-1].failed = True
            self._add_failure(alike[-1])
            out.append(Patch(self.key, alike[-1].key, 0, status=Status.error, flags=_HAS_ERROR))

    # -- stages --------------------------------------------------------------------------------------------------------

    def _stage(self, entry: Entry, thread: _Thread, stamp: int, at: int, out: list[Operation]) -> None:
        message = entry.message
        stage = self._stages.get(entry.own)
        if stage is None and message.startswith("Handler ") and (found := STAGE.match(message)) is not None:
            parent = self._container(thread)
            stage = _Span("stage", f"stage:{entry.own}", unquoted(found[2]), parent)
            if found[3]:
                stage.label = unquoted(found[3])
            self._stages[entry.own] = stage
            self._stages_by_label.setdefault(stage.label, []).append(stage)
            thread.stages.append(stage)
            if parent is None:
                self._open_alone += 1
            self._open(stage, Kind.step, stamp, at, out)
            return
        if stage is not None and message.startswith("End Handler stage execution"):
            if stage.is_open and stage.parent is None:
                self._open_alone -= 1
            self._end(stage, thread, at, out)
            return
        self._say(entry, stage, at, out)

    def _nested(self, entry: Entry, thread: _Thread, at: int, out: list[Operation]) -> None:
        """A container stage tells what it does on this thread next."""
        container = self._stages.get(entry.own)
        if container is not None and entry.message.startswith(("Execute ", "Case: ")):
            _mark(thread, container)
        self._event(entry, container, at, out)

    def _container(self, thread: _Thread, *, of_workflow: bool = False) -> _Span | None:
        """What a stage (or a triggered workflow) that starts on this thread hangs below."""
        if of_workflow and thread.stages:
            return thread.stages[-1]
        markers = thread.markers
        while markers and not markers[-1].is_open:
            markers.pop()
        if markers:
            return markers[-1]
        return thread.job or next(iter(self._workflows.values()), None)

    # -- what all spans have in common ---------------------------------------------------------------------------------

    def _open(self, span: _Span, kind: Kind, stamp: int, at: int, out: list[Operation]) -> None:
        self._is_news = True
        self._spans[span.key] = span
        span.number = len(self._spans)
        span.start = stamp if stamp != NO_TIME else at
        if span.start > self._told:
            self._told = span.start
        parent = None if span.parent is None else span.parent.key
        flags = 0 if span.parent is None or span.what == "job" else int(Flag.parent_inferred)
        flags |= Flag.in_pieces  # each attempt of a job ends it again
        if self._has_ends is False:
            span.end = max(at, span.start)
            flags |= _INFERRED_END
            out.append(
                Whole(self.key, span.key, parent, span.name, kind, span.start, span.end, Status.unset, flags=flags)
            )
        else:
            out.append(Begin(self.key, span.key, parent, span.name, kind, span.start, flags))

    def _end(self, span: _Span, thread: _Thread, at: int, out: list[Operation]) -> None:
        span.is_open = False
        self._is_news = True
        if span.what == "job":
            self._open_jobs -= 1
        elif span in thread.stages:
            thread.stages.remove(span)
        else:
            for other in self._threads.values():
                if span in other.stages:
                    other.stages.remove(span)
        span.end = end = max(at, span.start)
        status = Status.error if span.failed else Status.skipped if span.skipped else Status.ok
        # Not what the record says, but where between ids it must lie.
        flags = _INFERRED_END if end != self._now else 0
        if end > self._told:
            self._told = end
        out.append(End(self.key, span.key, end, status, flags=flags))
        if self._now != NO_TIME:
            thread.ended.append((span, self._now))

    def _say(self, entry: Entry, span: _Span | None, at: int, out: list[Operation]) -> None:
        """A record of a span that neither starts nor ends it: a retry, a skip, a failure, or any other line."""
        message = entry.message
        if span is not None and is_skip(message):
            span.skipped = True
            out.append(Patch(self.key, span.key, 0, status=Status.skipped))
        elif entry.is_error and not is_skip(message):
            self._fail(entry, span, at, out)
        else:
            if span is not None and message.startswith("Retry count:"):
                self._retried(span, out)
            self._event(entry, span, at, out)

    def _fail(self, entry: Entry, span: _Span | None, at: int, out: list[Operation]) -> None:
        self._is_news = True
        if span is None:
            words = unfolded(entry.message).partition("\n")[0][:200]
            self._failures[len(self._failures)] = _Failure(None, words, len(self._spans))
            self._event(entry, None, at, out)
            return
        if entry.is_late and self._was_retried(span, entry):
            # Errors rendered as text are in a file of their own, which is read after the retries.
            self._event(entry, span, at, out)
            return
        if not _is_undone(span):
            self._add_failure(span)
        out.append(Patch(self.key, span.key, 0, status=Status.error, flags=_HAS_ERROR))
        if not span.failed:
            span.failed = True
            if span.what == "job" and span.parent is not None:
                self._count_failed_job(span.parent, 1, out)

    def _retried(self, span: _Span, out: list[Operation]) -> None:
        """What failed before in this job or stage, and below it, is undone by the attempt that follows."""
        self._is_news = True
        span.retried, span.retried_at = len(self._spans), self._now
        for key, failure in list(self._since(span)):
            if _within(failure.span, span):
                del self._failures[key]
                self._outer.pop(key, None)
        if span.failed:
            span.failed = False
            out.append(Patch(self.key, span.key, 0, status=Status.unset if self._has_ends is False else Status.open))
            if span.what == "job" and span.parent is not None:
                self._count_failed_job(span.parent, -1, out)

    def _since(self, span: _Span) -> Iterator[tuple[object, _Failure]]:
        """Failures since a span started, the newest first."""
        for key, failure in reversed(self._failures.items()):
            if failure.started < span.number:
                break
            yield key, failure

    def _add_failure(self, span: _Span) -> None:
        words = f"{span.what} failed: {span.name}"
        self._failures.pop(span.key, None)
        self._failures[span.key] = _Failure(span, words, len(self._spans))
        if span.what != "stage":
            self._outer[span.key] = words

    def _worst(self) -> str:
        """What the run failed of, in words."""
        if self._outer:
            return next(reversed(self._outer.values()))
        return next(reversed(self._failures.values())).words

    def _was_retried(self, span: _Span, entry: Entry) -> bool:
        is_last = entry.message.startswith("Reach the maximum")
        return span.what == "job" and not is_last and NO_TIME != self._now <= span.retried_at

    def _count_failed_job(self, workflow: _Span, by: int, out: list[Operation]) -> None:
        workflow.failed_jobs += by
        if workflow.failed:
            return
        if workflow.failed_jobs == 1 and by > 0:
            out.append(Patch(self.key, workflow.key, 0, status=Status.error))
        elif workflow.failed_jobs == 0:
            status = Status.unset if self._has_ends is False else Status.open if workflow.is_open else Status.ok
            out.append(Patch(self.key, workflow.key, 0, status=status))

    def _event(self, entry: Entry, span: _Span | None, at: int, out: list[Operation]) -> None:
        if entry.message.startswith("Retry count:"):
            cls = EventClass.retry
        else:
            cls = EventClass.error if entry.is_error else EventClass.log
        if at > self._told:
            self._told = at
        out.append(Event(self.key, None if span is None else span.key, cls, at))

    def _of(self, entry: Entry) -> _Span | None:
        own = entry.own
        return self._stages.get(own) or self._jobs.get(own) or self._workflows.get(own)

    def _stretch(self, thread: _Thread, entry: Entry, at: int, out: list[Operation]) -> None:
        """Before 0.0.85: what goes on on this thread had not ended when its record was written."""
        if at == NO_TIME:
            return
        span = self._of(entry)
        self._reach(span, at, out)
        for stage in list(thread.stages):
            if span is not None and not _within(span, stage):
                # Another one is at work on the thread: this is the upper bound of its end.
                self._reach(stage, at, out)
                thread.stages.remove(stage)
                thread.ended.append((stage, self._now))

    def _reach(self, span: _Span | None, at: int, out: list[Operation]) -> None:
        while span is not None:
            if at > span.end:
                span.end = at
                out.append(Patch(self.key, span.key, 0, end=at, flags=_INFERRED_END))
            span = span.parent

    def _judge(self, out: list[Operation]) -> None:
        """The run's status, if it is another one now."""
        if self._failures:
            status = Status.error, self._worst()
        elif self._has_ends is not False and self._is_open():
            status = Status.open, ""
        else:
            status = Status.ok, self._reason()
        if status != self._status:
            self._status = status
            out.append(RunFact(self.key, status=status[0], status_reason=status[1]))

    def _is_open(self) -> bool:
        if self._open_jobs > 0:
            return True
        return not self._jobs and not self._is_done and (bool(self._workflows) or self._open_alone > 0)

    def _reason(self) -> str:
        if self._has_ends is False:
            return "nothing failed; ends are not recorded before 0.0.85"
        return "every job that was started has ended" if self._jobs else "nothing failed"


def _mark(thread: _Thread, span: _Span) -> None:
    if not thread.markers or thread.markers[-1] is not span:
        thread.markers[:] = [marker for marker in thread.markers[-31:] if marker.is_open]
        thread.markers.append(span)


def _is_undone(span: _Span) -> bool:
    """Whether what it belongs to was tried again after it had started."""
    outer = span.parent
    while outer is not None:
        if outer.retried >= span.number:
            return True
        outer = outer.parent
    return False


def _within(span: _Span | None, outer: _Span) -> bool:
    while span is not None:
        if span is outer:
            return True
        span = span.parent
    return False


def _cut(run: str) -> str:
    """A run id as it is cut for display."""
    stamp, t, hash_ = run.partition("T")
    return stamp[10:20] + hash_[-8:] if t else run[-8:]
