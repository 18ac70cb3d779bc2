"""Filters over the columns of a large run, against a plain pass in Python over lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks import data
from benchmarks.measure import Result, cpu, in_turns
from benchmarks.reading import read
from tracetui.core.bodies import Bodies
from tracetui.core.filter import parse
from tracetui.core.filter.select import Selector, Setting
from tracetui.core.model import Flag, Status
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Run, Store
from tracetui.core.summary import Summaries

_LONG_NS: Final = 50_000_000


def setting(store: Store) -> Setting:
    """What filters are answered with here: they need no bodies."""

    def no_bodies(run: Run) -> Bodies:
        raise AssertionError(f"a column filter asked for a body of {run.id}")

    return Setting(Summaries(store, {}, None, 0, StatusRules()), no_bodies, 0)


def filters(quick: bool) -> Iterator[Result]:
    """The spans of a type, a status and at least a duration, out of a million."""
    count = 20_000 if quick else 1_000_000
    store = read(data.spans(count))
    spans, records = store.spans, store.records
    starts, ends, statuses, flags = (column.tolist() for column in (spans.start, spans.end, spans.status, spans.flags))
    owners, types = records.span.tolist(), records.type.tolist()
    wanted, error, announced = "span_end", int(Status.error), int(Flag.announced)
    number = store.strings.find(wanted)

    def plain() -> list[int]:
        left = {
            row
            for row, status in enumerate(statuses)
            if status == error and ends[row] - starts[row] > _LONG_NS and flags[row] & announced
        }
        return sorted({row for row, said in zip(owners, types, strict=True) if said == number and row in left})

    given = setting(store)
    node = parse(f"type:{wanted} status:error dur>{_LONG_NS // 1_000_000}ms")

    def ours() -> list[int]:
        found: list[int] = Selector(node, store, given).spans().tolist()
        return found

    expected = plain()
    if not expected or ours() != expected:
        raise AssertionError("the filter and the plain pass find different spans")
    turns = in_turns(cpu(plain), cpu(ours), rounds=15)
    yield Result(
        f"filter over {count:,} spans, type, status, duration",
        f"{turns.ours * 1e3:.1f} ms",
        f"plain pass {turns.yardstick * 1e3:.0f} ms",
        turns.ratio,
        0.1,
        f"processor time; {turns.rounds} turns; {len(expected):,} found",
    )
