"""What a filter means, span by span and without columns: written apart from the code, to hold it against."""

import math
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.filter import And, Node, Not, Op, Or, Term
from tracetui.core.filter.select import Setting
from tracetui.core.model import Clock, EventDetail, Flag, Kind, SpanDetail, Status
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Run, Store
from tracetui.core.summary import Summaries
from tracetui.core.testing import EPOCH, SECOND

NOW = EPOCH + 3_600 * SECOND
SOURCES: Any = {number: SimpleNamespace(path=f"/traces/{number}.jsonl") for number in range(9)}


class FakeBodies:
    """Bodies by row, some of them gone; counts which were asked for."""

    def __init__(self, spans: dict[int, SpanDetail | None], events: dict[int, EventDetail] | None = None) -> None:
        self.spans = spans
        self.events = events or {}
        self.asked: list[int] = []

    def span_detail(self, row: int) -> SpanDetail:
        self.asked.append(row)
        detail = self.spans.get(row, SpanDetail())
        if detail is None:
            raise ChangedOnDisk("gone")
        return detail

    def event_detail(self, row: int) -> EventDetail:
        return self.events.get(row, EventDetail())


def setting(store: Store, bodies: FakeBodies | None = None, now_ns: int = NOW) -> Setting:
    found: Any = bodies or FakeBodies({})
    summaries = Summaries(store, SOURCES, None, now_ns, StatusRules())
    return Setting(summaries, lambda run: found, now_ns)


def plain_rows(node: Node, store: Store, bodies: FakeBodies) -> list[int]:
    """Rows of the recorded spans for which the filter holds, looked at one by one."""
    spans = store.spans
    told = [
        row for row in range(len(spans)) if spans.flags[row] & Flag.announced and not spans.flags[row] & Flag.dropped
    ]
    return [row for row in told if _holds(node, _Span(store, row, bodies))]


def _holds(node: Node, span: "_Span") -> bool:
    if isinstance(node, Not):
        return not _holds(node.part, span)
    if isinstance(node, And):
        return all(_holds(part, span) for part in node.parts)
    if isinstance(node, Or):
        return any(_holds(part, span) for part in node.parts)
    return span.term(node)


class _Span:
    def __init__(self, store: Store, row: int, bodies: FakeBodies) -> None:
        self.store, self.row, self.bodies = store, row, bodies
        self.run: Run = store.runs[store.spans.run[row]]

    def term(self, term: Term) -> bool:
        values = getattr(self, f"{term.field}_")
        if term.field == "attr":
            return self.attr_(term)
        if term.field in ("since", "until"):
            return bool(values(term))
        if term.field in ("kind", "status") and term.op is Op.has:
            term = Term(term.field, Op.equal, term.value)
        found = values()
        if not isinstance(found, list):
            return _figure(term, *(found if isinstance(found, tuple) else (found, False)))
        return _texts(term, [text for text in found if text])

    def kind_(self) -> list[str]:
        return [Kind(self.store.spans.kind[self.row]).name]

    def status_(self) -> list[str]:
        return [Status(self.store.spans.status[self.row]).name]

    def name_(self) -> list[str]:
        return [self.store.strings[self.store.spans.name[self.row]]]

    def format_(self) -> list[str]:
        return [self.run.format]

    def run_(self) -> list[str]:
        return [self.run.name, self.run.id]

    def type_(self) -> list[str]:
        return [self.store.record_type(record) for record in self.store.records_of(self.row)]

    def model_(self) -> list[str]:
        known = self.store.model_of(self.row)
        if known or self.store.spans.kind[self.row] != Kind.llm:
            return [known]
        detail = self._detail()
        return [detail.model if detail is not None else ""]

    def dur_(self) -> tuple[int | None, bool]:
        start, end = self.store.spans.start[self.row], self.store.spans.end[self.row]
        if start >= 0 and end >= 0:
            return max(0, end - start), False
        if start < 0 or self.store.spans.status[self.row] != Status.open or self.run.last_time < 0:
            return None, False
        return max(0, self.run.last_time - start), True

    def own_(self) -> int | None:
        start, end = self.store.spans.start[self.row], self.store.spans.end[self.row]
        if start < 0 or end < 0:
            return None
        edges = set()
        for child in self._children():
            begin, stop = self.store.spans.start[child], self.store.spans.end[child]
            if begin >= 0 and self.store.spans.flags[child] & Flag.announced:
                stop = end if stop < 0 else stop
                edges |= set(range(max(begin, start) // SECOND, min(stop, end) // SECOND))
        return max(0, end - start) - len(edges) * SECOND

    def _children(self) -> list[int]:
        spans = self.store.spans
        rows = [row for row in range(len(spans)) if not spans.flags[row] & Flag.dropped]
        return [row for row in rows if self._parent(row) == self.row]

    def _parent(self, row: int) -> int:
        spans, row = self.store.spans, self.store.spans.parent[row]
        while row >= 0 and spans.flags[row] & Flag.dropped:
            row = spans.parent[row]
        return row

    def depth_(self) -> int:
        depth, row = 0, self._parent(self.row)
        while row >= 0:
            depth, row = depth + 1, self._parent(row)
        return depth

    def errors_(self) -> int:
        spans, found, left = self.store.spans, 0, [self.row]
        while left:
            row = left.pop()
            found += spans.status[row] == Status.error and bool(spans.flags[row] & Flag.announced)
            left += _Span(self.store, row, self.bodies)._children()
        return found

    def _usage(self, name: str) -> Any:
        usage = self.store.usage_of(self.row)
        return None if usage is None else getattr(usage, name)

    def tokens_(self) -> tuple[int | None, bool]:
        total, read, written = (self._usage(name) for name in ("total", "input", "output"))
        if total is not None:
            return total, False
        if read is None and written is None:
            return None, False
        return (read or 0) + (written or 0), read is None or written is None

    def in_(self) -> Any:
        return self._usage("input")

    def out_(self) -> Any:
        return self._usage("output")

    def cached_(self) -> Any:
        return self._usage("cached")

    def cost_(self) -> Any:
        return self._usage("cost_usd")

    def age_(self) -> int | None:
        start = self.store.spans.start[self.row]
        if start < 0 or self.run.clock is Clock.order_only or self.run.last_time < 0 or not self.run.mtime_ns:
            return None
        return max(0, self.run.last_time - start) + max(0, NOW - self.run.mtime_ns)

    def since_(self, term: Term) -> bool:
        start = self.store.spans.start[self.row]
        return start >= 0 and start >= _ago(term)

    def until_(self, term: Term) -> bool:
        start = self.store.spans.start[self.row]
        return 0 <= start < _ago(term)

    def _detail(self) -> SpanDetail | None:
        return self.bodies.spans.get(self.row, SpanDetail())

    def text_(self) -> list[str]:
        detail = self._detail()
        if detail is None:
            return []
        said = [
            *self.name_(),
            detail.subject,
            detail.model,
            *detail.attributes,
            *map(_json, detail.attributes.values()),
        ]
        return said if detail.input.__class__ is object else [*said, str(detail.input)]

    def attr_(self, term: Term) -> bool:
        detail = self._detail()
        if detail is None or ".".join(term.path) not in detail.attributes:
            return False
        value = detail.attributes[".".join(term.path)]
        if term.op in (Op.less, Op.at_most, Op.more, Op.at_least):
            return isinstance(value, int | float) and not isinstance(value, bool) and _figure(term, value, False)
        if term.op in (Op.equal, Op.unequal) and isinstance(value, int) and not isinstance(value, bool):
            is_equal = str(term.value) in (str(value), f"{value}.0")
            return is_equal is (term.op is Op.equal)
        return _texts(term, [_json(value)])


def _json(value: object) -> str:
    return (
        {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else str(value)
    )


def _ago(term: Term) -> int:
    return NOW - int(str(term.value).removesuffix("s")) * SECOND


def _texts(term: Term, texts: list[str]) -> bool:
    wanted = str(term.value)
    test: dict[Op, Callable[[str], bool]] = {
        Op.has: lambda text: wanted in (text.lower() if wanted.islower() or wanted.lower() == wanted else text),
        Op.equal: lambda text: text == wanted,
        Op.unequal: lambda text: text == wanted,
        Op.match: lambda text: re.search(wanted, text) is not None,
    }
    found = any(test[term.op](text) for text in texts)
    return bool(texts) and not found if term.op is Op.unequal else found


def _figure(term: Term, figure: float | None, at_least: bool) -> bool:
    if figure is None or not math.isfinite(figure):
        return False
    wanted = term.value
    assert isinstance(wanted, int | float)
    if at_least:  # the true figure is this or more
        return {Op.more: figure > wanted, Op.at_least: figure >= wanted, Op.unequal: figure > wanted}.get(
            term.op, False
        )
    return {
        Op.has: figure == wanted,
        Op.equal: figure == wanted,
        Op.unequal: figure != wanted,
        Op.less: figure < wanted,
        Op.at_most: figure <= wanted,
        Op.more: figure > wanted,
        Op.at_least: figure >= wanted,
    }[term.op]
