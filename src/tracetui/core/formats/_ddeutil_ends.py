"""When spans of ddeutil-workflow begin and end.

Starts are exact, and an end is placed between the newest id before it and the next one on its thread. Before 0.0.85 neither
jobs nor stages record an end, and a span reaches to what was told of it last.
"""

from __future__ import annotations

from typing import Final

from tracetui.core.formats._ddeutil_failures import Failures
from tracetui.core.formats._ddeutil_grammar import is_skip
from tracetui.core.formats._ddeutil_records import Entry
from tracetui.core.formats._ddeutil_spans import Span, Thread
from tracetui.core.model import NO_TIME, Flag, Kind, Status
from tracetui.core.operations import Begin, End, Operation, Patch, Whole

_SECOND: Final = 1_000_000_000
_INFERRED_END: Final = int(Flag.end_inferred)


class Ends(Failures):
    """The spans of one run as they begin, go on and end."""

    def clear(self) -> None:
        """Begin again with the first record."""
        super().clear()
        self._threads: dict[object, Thread] = {}
        self._open_jobs = 0

    def _open(self, span: Span, kind: Kind, stamp: int, at: int, out: list[Operation]) -> None:
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

    def _end(self, span: Span, thread: Thread, at: int, out: list[Operation]) -> None:
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

    def _say(self, entry: Entry, span: Span | None, at: int, out: list[Operation]) -> None:
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

    def _bound(self, thread: Thread, stamp: int) -> list[tuple[Patch, Span]]:
        """A new id on a thread: what ended on it in this very second had ended by then."""
        out: list[tuple[Patch, Span]] = []
        later: list[tuple[Span, int]] = []
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

    def _reach(self, span: Span | None, at: int, out: list[Operation]) -> None:
        while span is not None:
            if at > span.end:
                span.end = at
                out.append(Patch(self.key, span.key, 0, end=at, flags=_INFERRED_END))
            span = span.parent
