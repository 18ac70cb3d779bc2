"""What failed in a run of ddeutil-workflow, and what another attempt undid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracetui.core.formats._ddeutil_records import Entry, unfolded
from tracetui.core.formats._ddeutil_spans import Failure, Span, is_undone, is_within
from tracetui.core.formats._ddeutil_times import RunTimes
from tracetui.core.model import NO_TIME, EventClass, Flag, Status
from tracetui.core.operations import Event, Operation, Patch

_HAS_ERROR: Final = int(Flag.has_error)


class Failures(RunTimes):
    """The failures of one run while its records come."""

    def clear(self) -> None:
        """Begin again with the first record."""
        super().clear()
        self._has_ends: bool | None = None
        self._is_news = True
        """Something has happened that may change the run's status."""
        self._spans: dict[str, Span] = {}
        self._failures: dict[object, Failure] = {}
        self._outer: dict[object, str] = {}
        """Those of them that are of a job or workflow, in words."""

    def _event(self, entry: Entry, span: Span | None, at: int, out: list[Operation]) -> None:
        if entry.message.startswith("Retry count:"):
            cls = EventClass.retry
        else:
            cls = EventClass.error if entry.is_error else EventClass.log
        if at > self._told:
            self._told = at
        out.append(Event(self.key, None if span is None else span.key, cls, at))

    def _fail(self, entry: Entry, span: Span | None, at: int, out: list[Operation]) -> None:
        self._is_news = True
        if span is None:
            words = unfolded(entry.message).partition("\n")[0][:200]
            self._failures[len(self._failures)] = Failure(None, words, len(self._spans))
            self._event(entry, None, at, out)
            return
        if entry.is_late and self._was_retried(span, entry):
            # Errors rendered as text are in a file of their own, which is read after the retries.
            self._event(entry, span, at, out)
            return
        if not is_undone(span):
            self._add_failure(span)
        out.append(Patch(self.key, span.key, 0, status=Status.error, flags=_HAS_ERROR))
        if not span.failed:
            span.failed = True
            if span.what == "job" and span.parent is not None:
                self._count_failed_job(span.parent, 1, out)

    def _retried(self, span: Span, out: list[Operation]) -> None:
        """What failed before in this job or stage, and below it, is undone by the attempt that follows."""
        self._is_news = True
        span.retried, span.retried_at = len(self._spans), self._now
        for key, failure in list(self._since(span)):
            if is_within(failure.span, span):
                del self._failures[key]
                self._outer.pop(key, None)
        if span.failed:
            span.failed = False
            out.append(Patch(self.key, span.key, 0, status=Status.unset if self._has_ends is False else Status.open))
            if span.what == "job" and span.parent is not None:
                self._count_failed_job(span.parent, -1, out)

    def _since(self, span: Span) -> Iterator[tuple[object, Failure]]:
        """Failures since a span started, the newest first."""
        for key, failure in reversed(self._failures.items()):
            if failure.started < span.number:
                break
            yield key, failure

    def _add_failure(self, span: Span) -> None:
        words = f"{span.what} failed: {span.name}"
        self._failures.pop(span.key, None)
        self._failures[span.key] = Failure(span, words, len(self._spans))
        if span.what != "stage":
            self._outer[span.key] = words

    def _worst(self) -> str:
        """What the run failed of, in words."""
        if self._outer:
            return next(reversed(self._outer.values()))
        return next(reversed(self._failures.values())).words

    def _was_retried(self, span: Span, entry: Entry) -> bool:
        is_last = entry.message.startswith("Reach the maximum")
        return span.what == "job" and not is_last and NO_TIME != self._now <= span.retried_at

    def _count_failed_job(self, workflow: Span, by: int, out: list[Operation]) -> None:
        workflow.failed_jobs += by
        if workflow.failed:
            return
        if workflow.failed_jobs == 1 and by > 0:
            out.append(Patch(self.key, workflow.key, 0, status=Status.error))
        elif workflow.failed_jobs == 0:
            status = Status.unset if self._has_ends is False else Status.open if workflow.is_open else Status.ok
            out.append(Patch(self.key, workflow.key, 0, status=status))
