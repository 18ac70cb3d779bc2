"""What is kept of a ddeutil-workflow run while its records come: its spans, its failures, and what its threads are at."""

from __future__ import annotations

from typing import NamedTuple

from tracetui.core.model import NO_TIME


class Span:
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

    def __init__(self, what: str, key: str, name: str, parent: Span | None, hash_: str = "") -> None:
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


class Failure(NamedTuple):
    """What failed, in words, and how many spans had started by then."""

    span: Span | None
    words: str
    started: int


class Thread:
    """What a thread of the producer is at."""

    __slots__ = ("ended", "job", "markers", "stages", "workflow")

    def __init__(self) -> None:
        self.workflow: Span | None = None
        """Whose job it was given last."""
        self.job: Span | None = None
        """The job that was handled on it last."""
        self.markers: list[Span] = []
        """Jobs and container stages that said on this thread that a stage comes next, the newest last."""
        self.stages: list[Span] = []
        """Stages started on it that have not ended."""
        self.ended: list[tuple[Span, int]] = []
        """Spans that ended on it in a second in which no later id has been seen, with that second."""


def mark(thread: Thread, span: Span) -> None:
    """A job or container stage says on a thread that a stage comes next."""
    if not thread.markers or thread.markers[-1] is not span:
        thread.markers[:] = [marker for marker in thread.markers[-31:] if marker.is_open]
        thread.markers.append(span)


def is_undone(span: Span) -> bool:
    """Whether what it belongs to was tried again after it had started."""
    outer = span.parent
    while outer is not None:
        if outer.retried >= span.number:
            return True
        outer = outer.parent
    return False


def is_within(span: Span | None, outer: Span) -> bool:
    """Whether a span is another one or below it."""
    while span is not None:
        if span is outer:
            return True
        span = span.parent
    return False
