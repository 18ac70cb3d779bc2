"""One run of ddeutil-workflow: its messages become workflow, job and stage spans, and its failures the run's status."""

from __future__ import annotations

from typing import Final

from tracetui.core.formats._ddeutil_ends import Ends
from tracetui.core.formats._ddeutil_grammar import DONE, JOB, NESTED_STAGE, OLD_JOB, STAGE, WORKFLOW, is_skip, unquoted
from tracetui.core.formats._ddeutil_records import Entry, Id, cut_id_of, id_of
from tracetui.core.formats._ddeutil_spans import Span, Thread, is_within, mark
from tracetui.core.model import NO_TIME, Clock, Flag, Kind, Status
from tracetui.core.operations import Operation, Patch, Record, RunFact

_SECOND: Final = 1_000_000_000
_INFERRED_END: Final = int(Flag.end_inferred)
_HAS_ERROR: Final = int(Flag.has_error)
_MOST_ALIKE: Final = 1_000
"""Executions of one stage that are looked through for the one that a job's error names."""


class DdeutilRun(Ends):
    """The state of one run while its records come."""

    def clear(self) -> None:
        """Begin again with the first record; the zone stays known."""
        super().clear()
        self._announced = False
        self._first = NO_TIME
        """Where no id tells the run's start: the time of its earliest record."""
        self._status: tuple[Status, str] | None = None
        self._workflows: dict[str, Span] = {}
        self._jobs: dict[str, Span] = {}
        self._jobs_by_hash: dict[str, list[Span]] = {}
        self._stages: dict[str, Span] = {}
        self._stages_by_label: dict[str, list[Span]] = {}
        self._open_alone = 0
        self._is_done = False

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
            thread = self._threads[entry.thread] = Thread()
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

    def _tell(self, entry: Entry, ids: Id, thread: Thread, stamp: int, at: int, out: list[Operation]) -> None:
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

    def _learn_ends(self, out: list[Operation], *, has_ends: bool) -> None:
        self._has_ends = has_ends
        self._is_news = True
        out.append(RunFact(self.key, records_end=has_ends))

    def _stretch(self, thread: Thread, entry: Entry, at: int, out: list[Operation]) -> None:
        """Before 0.0.85: what goes on on this thread had not ended when its record was written."""
        if at == NO_TIME:
            return
        span = self._of(entry)
        self._reach(span, at, out)
        for stage in list(thread.stages):
            if span is not None and not is_within(span, stage):
                # Another one is at work on the thread: this is the upper bound of its end.
                self._reach(stage, at, out)
                thread.stages.remove(stage)
                thread.ended.append((stage, self._now))

    def _of(self, entry: Entry) -> Span | None:
        own = entry.own
        return self._stages.get(own) or self._jobs.get(own) or self._workflows.get(own)

    # -- workflows -----------------------------------------------------------------------------------------------------

    def _workflow(self, entry: Entry, thread: Thread, stamp: int, at: int, out: list[Operation]) -> None:
        message = entry.message
        workflow = self._workflows.get(entry.own)
        if message.startswith("Execute: ") and (found := WORKFLOW.match(message)) is not None:
            if workflow is None:
                self._begin_workflow(entry, unquoted(found[1]), thread, stamp, at, out)
                return
        elif message.startswith("Execute Job: "):
            thread.workflow = workflow
        elif any(words in message for words in DONE):
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
        self, entry: Entry, name: str, thread: Thread, stamp: int, at: int, out: list[Operation]
    ) -> None:
        is_top = entry.own == entry.run or not self._workflows
        parent = None if is_top else self._container(thread, of_workflow=True)
        workflow = self._workflows[entry.own] = Span("workflow", f"workflow:{entry.own}", name, parent)
        if is_top:
            out.append(RunFact(self.key, rank=1, name=name))
        self._open(workflow, Kind.chain, stamp, at, out)

    def _close_workflow(self, workflow: Span, at: int, out: list[Operation]) -> None:
        """Its last job has ended: nothing records more of its end."""
        workflow.is_open = False
        workflow.end = max(at, workflow.end)
        status = Status.error if workflow.failed or workflow.failed_jobs else Status.ok
        status = Status.skipped if workflow.skipped else status
        end = workflow.end if workflow.end != NO_TIME else None
        out.append(Patch(self.key, workflow.key, 0, end=end, status=status, flags=_INFERRED_END))

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def _job(self, entry: Entry, ids: Id, thread: Thread, stamp: int, at: int, out: list[Operation]) -> None:
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
            mark(thread, job)
        self._say(entry, job, at, out)
        if entry.is_error and (named := NESTED_STAGE.search(message)) is not None and not is_skip(message):
            self._fail_named(job, unquoted(named[1]), out)

    def _begin_job(
        self, entry: Entry, ids: Id, name: str, thread: Thread, stamp: int, at: int, out: list[Operation]
    ) -> bool:
        """Whether this is the job's first attempt."""
        workflow = thread.workflow or self._workflows.get(entry.run) or next(iter(self._workflows.values()), None)
        key = f"job:{workflow.key if workflow is not None else ''}:{ids.hash}"
        known = self._spans.get(key)
        if known is not None:
            self._jobs[entry.own] = thread.job = known
            return False
        job = Span("job", key, name, workflow, ids.hash)
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

    def _job_of(self, entry: Entry, ids: Id, thread: Thread) -> Span | None:
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

    def _job_ended(self, workflow: Span, at: int, out: list[Operation]) -> None:
        workflow.open_jobs -= 1
        if workflow.open_jobs <= 0:
            self._close_workflow(workflow, at, out)

    def _fail_named(self, job: Span, label: str, out: list[Operation]) -> None:
        """A job's error names the stage that failed, which may have logged no error of its own."""
        alike = [stage for stage in self._stages_by_label.get(label, ())[-_MOST_ALIKE:] if is_within(stage, job)]
        if alike and not any(stage.failed for stage in alike):
            alike[-1].failed = True
            self._add_failure(alike[-1])
            out.append(Patch(self.key, alike[-1].key, 0, status=Status.error, flags=_HAS_ERROR))

    # -- stages --------------------------------------------------------------------------------------------------------

    def _stage(self, entry: Entry, thread: Thread, stamp: int, at: int, out: list[Operation]) -> None:
        message = entry.message
        stage = self._stages.get(entry.own)
        if stage is None and message.startswith("Handler ") and (found := STAGE.match(message)) is not None:
            parent = self._container(thread)
            stage = Span("stage", f"stage:{entry.own}", unquoted(found[2]), parent)
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

    def _nested(self, entry: Entry, thread: Thread, at: int, out: list[Operation]) -> None:
        """A container stage tells what it does on this thread next."""
        container = self._stages.get(entry.own)
        if container is not None and entry.message.startswith(("Execute ", "Case: ")):
            mark(thread, container)
        self._event(entry, container, at, out)

    def _container(self, thread: Thread, *, of_workflow: bool = False) -> Span | None:
        """What a stage (or a triggered workflow) that starts on this thread hangs below."""
        if of_workflow and thread.stages:
            return thread.stages[-1]
        markers = thread.markers
        while markers and not markers[-1].is_open:
            markers.pop()
        if markers:
            return markers[-1]
        return thread.job or next(iter(self._workflows.values()), None)

    # -- the run's own status ------------------------------------------------------------------------------------------

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
