"""What the tests of bodies and of the detail share: runs told in a few lines, whose records hold what a test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tracetui.core.bodies import Bodies
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.formats._base import RecordBody
from tracetui.core.model import EventDetail, SpanDetail
from tracetui.core.store import Store
from tracetui.core.testing import build_run


@dataclass
class MemorySource:
    """A source of one line for each record: record n is line n + 1, as in what `build_run` says."""

    id: int = 0
    path: str = "/traces/made up.jsonl"
    generation: int = 0
    lines: dict[int, bytes] = field(default_factory=dict)
    fetched: list[int] = field(default_factory=list)
    is_gone: bool = False

    def fetch(self, a: int, b: int) -> bytes:
        if self.is_gone:
            raise ChangedOnDisk("gone")
        self.fetched.append(a)
        return self.lines.get(a // 101, b'{"line": %d}' % (a // 101)).ljust(b if b <= 100 else 0)

    def line_of(self, a: int, near: int, near_line: int) -> int:
        return near_line + (a - near) // 101


@dataclass
class PlainFormat:
    """Says of every span and event what the test wants it to say."""

    detail: Callable[[Sequence[RecordBody]], SpanDetail] = lambda records: SpanDetail()
    event: Callable[[RecordBody], EventDetail] = lambda record: EventDetail(record.type)
    name: str = "test"
    seen: list[list[RecordBody]] = field(default_factory=list)

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        self.seen.append(list(records))
        return self.detail(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        return self.event(record)


class World:
    """A store with one run, and bodies behind it."""

    def __init__(
        self,
        text: str,
        detail: SpanDetail | Callable[[Sequence[RecordBody]], SpanDetail] | None = None,
        event: Callable[[RecordBody], EventDetail] | None = None,
        remembered: int = 32_000_000,
    ) -> None:
        self.store = Store()
        self.source = MemorySource()
        self.format = PlainFormat()
        if isinstance(detail, SpanDetail):
            self.format.detail = lambda records: detail
        elif detail is not None:
            self.format.detail = detail
        if event is not None:
            self.format.event = event
        self.change = self.store.apply(build_run(text))
        self.bodies = Bodies(
            self.store,
            {0: self.source},  # type: ignore[dict-item]  # as much of a source as is asked for
            [self.format],  # type: ignore[list-item]  # as much of a format as is asked for
            remembered=remembered,
        )

    def span(self, name: str) -> int:
        """Row of the first span of this name."""
        return next(
            row for row in range(len(self.store.spans)) if self.store.strings[self.store.spans.name[row]] == name
        )
