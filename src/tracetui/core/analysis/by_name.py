"""How long the spans of each name took, which were the slowest, and where a run has its bottlenecks.

Percentiles are those of the nearest rank, over finished spans. A bottleneck is a name whose finished spans took
``BOTTLENECK_NS`` or more in the mean and that is work, not a holder of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tracetui.core.analysis.run_spans import RunSpans
from tracetui.core.model import Kind, Status
from tracetui.core.store.shape import Ints, Longs

BOTTLENECK_NS: Final = 5_000_000_000
"""Mean duration from which a name is a bottleneck; ``--bottleneck`` says another one."""
FACTOR_AT_LEAST: Final = 3
"""Finished spans that a name needs before one of them is compared with the p50."""


@dataclass(frozen=True, slots=True)
class NameStats:
    """The spans of one name and kind."""

    name: str
    """Untrusted."""
    kind: Kind
    count: int
    """Recorded spans, open ones included."""
    finished: int
    """Of those, with a duration."""
    failed: int
    p50_ns: int | None
    p95_ns: int | None
    max_ns: int | None
    total_ns: int
    own_ns: int
    """Time of the finished ones in which no child was active: never more than ``total_ns``."""
    holds: bool
    """Most of them are agents, chains, steps or plain spans with children."""
    slowest: int | None
    """Row of the longest."""

    @property
    def mean_ns(self) -> int | None:
        """Mean duration of the finished ones."""
        return self.total_ns // self.finished if self.finished else None


@dataclass(frozen=True, slots=True)
class SlowSpan:
    """One of the longest spans at work."""

    row: int
    ns: int
    factor: float | None
    """Times the p50 of its name and kind; None if there are too few of them to say."""


def by_name(spans: RunSpans, own: Longs) -> list[NameStats]:
    """Figures by name and kind, those with the most time of their own first."""
    told = np.flatnonzero(spans.told)
    if not len(told):
        return []
    key = spans.name[told].astype(np.int64) * 16 + spans.kind[told]
    keys, group = np.unique(key, return_inverse=True)
    count = np.bincount(group)
    failed = np.bincount(group[spans.status[told] == Status.error], minlength=len(keys))
    holds = np.bincount(group[spans.holder[told]], minlength=len(keys)) * 2 > count
    took = spans.took[told]
    done = took >= 0
    own_sum = np.zeros(len(keys), np.int64)
    np.add.at(own_sum, group[done], own[told][done])
    by = np.lexsort((took[done], group[done]))
    ordered, rows = took[done][by], spans.rows[told][done][by]
    finished = np.bincount(group[done], minlength=len(keys))
    first = np.cumsum(finished) - finished
    total = np.zeros(len(keys), np.int64)
    np.add.at(total, group[done], took[done])
    found = []
    for at, (each, number) in enumerate(zip(keys.tolist(), finished.tolist(), strict=True)):
        begin = int(first[at])
        p50, p95 = (int(ordered[begin + _rank(number, share)]) if number else None for share in (50, 95))
        found.append(
            NameStats(
                spans.store.strings[each >> 4],
                Kind(each & 15),
                int(count[at]),
                number,
                int(failed[at]),
                p50,
                p95,
                int(ordered[begin + number - 1]) if number else None,
                int(total[at]),
                int(own_sum[at]),
                bool(holds[at]),
                int(rows[begin + number - 1]) if number else None,
            )
        )
    return sorted(found, key=lambda each: (each.holds, -each.total_ns, -each.count, each.name, each.kind))


def _rank(count: int, share: int) -> int:
    """Place of a percentile among ``count`` ordered values: the nearest rank."""
    return max(1, -(-count * share // 100)) - 1


def slowest(spans: RunSpans, names: list[NameStats], limit: int) -> list[SlowSpan]:
    """The longest finished spans at work; holders are left out, since their time is their children's."""
    took = np.where(spans.holder, -1, spans.took)
    nodes: Ints = np.flatnonzero(took >= 0).astype(np.int32)
    if len(nodes) > limit:
        nodes = nodes[np.argpartition(-took[nodes], limit - 1)[:limit]]
    usual = {(each.name, each.kind): each for each in names}
    found = []
    for node in sorted(nodes.tolist(), key=lambda node: (-int(took[node]), node)):
        ns = int(took[node])
        stats = usual[spans.name_of(node), Kind(int(spans.kind[node]))]
        enough = stats.finished >= FACTOR_AT_LEAST and stats.p50_ns
        found.append(SlowSpan(int(spans.rows[node]), ns, ns / stats.p50_ns if enough and stats.p50_ns else None))
    return found


def bottlenecks(names: list[NameStats], at_least_ns: int = BOTTLENECK_NS) -> list[NameStats]:
    """Names at work whose spans take at least so long in the mean, those with the most time first."""
    return [each for each in names if not each.holds and each.mean_ns is not None and each.mean_ns >= at_least_ns]
