"""What was tried again: attempts, the time they cost, and whether one of them succeeded.

Two ways in which a recording shows it: events of class ``retry`` on a span, and a failed span that is followed by a
sibling of its name (for tools with equal arguments, where both are recorded). Lost is the time from the start of
the first attempt to the start of the last one where that went well, else to its end; of retry events, to the last
of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.analysis.calls import arguments
from tracetui.core.analysis.run_spans import RunSpans, grouped
from tracetui.core.model import NO_TIME, EventClass, Kind, Status

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies

_COMPARED: Final = [int(kind) for kind in (Kind.tool, Kind.retriever)]


@dataclass(frozen=True, slots=True)
class Retry:
    """One thing that was tried several times."""

    name: str
    """Untrusted."""
    kind: Kind | None
    """None: retry events that belong to no span."""
    rows: tuple[int, ...]
    """The spans that were attempts, in order; one where its events tell of them."""
    attempts: int
    retries: int
    """Attempts after the first."""
    events: int
    """Retry events that tell of it."""
    lost: tuple[int, int] | None
    """From when to when the time was lost, ns; None without times."""
    recovered: bool
    same_arguments: bool | None
    """None: not recorded, or not compared."""

    @property
    def lost_ns(self) -> int | None:
        """Time that was lost."""
        return None if self.lost is None else self.lost[1] - self.lost[0]


def retries(spans: RunSpans, bodies: Bodies) -> list[Retry]:
    """What was tried again in a run, what cost the most time first."""
    found = _told(spans) + _repeated(spans, bodies)
    return sorted(found, key=lambda each: (-(each.lost_ns or 0), -each.retries, each.rows))


def _told(spans: RunSpans) -> list[Retry]:
    store = spans.store
    if not spans.run.class_counts[EventClass.retry]:
        return []
    events = store.events_of_run(spans.run.row)
    events = events[store.events.np("cls")[events] == EventClass.retry]
    owners = store.events.np("span")[events]
    times = store.events.np("time")[events]
    found = []
    for row, mine in grouped(owners):
        count = len(mine)
        if row < 0:
            found.append(Retry("", None, (), count, count, count, None, False, None))
            continue
        start = store.spans.start[row]
        last = int(times[mine].max())
        lost = (start, last) if start != NO_TIME and last >= start else None
        status = store.spans.status[row]
        found.append(
            Retry(
                store.strings[store.spans.name[row]],
                Kind(store.spans.kind[row]),
                (row,),
                count + 1,
                count,
                count,
                lost,
                status in (Status.ok, Status.unset),
                None,
            )
        )
    return found


def _repeated(spans: RunSpans, bodies: Bodies) -> list[Retry]:
    """Failed spans that a sibling of their name follows."""
    failed = spans.told & (spans.status == Status.error)
    if not failed.any():
        return []
    told = np.flatnonzero(spans.told)
    by_time = spans.start if spans.run.order_by_time else spans.rows.astype(np.int64)
    key = (spans.parent[told].astype(np.int64) + 1) << 32 | spans.name[told].astype(np.int64)
    wanted = np.isin(key, np.unique(key[failed[told]]))
    told, key = told[wanted], key[wanted]
    order = np.lexsort((spans.rows[told], by_time[told], key))
    told, key = told[order], key[order]
    groups = [told[places] for _, places in grouped(key)]
    groups = [group for group in groups if len(group) > 1 and failed[group[:-1]].any()]
    compared = [node for group in groups if spans.kind[group[0]] in _COMPARED for node in group.tolist()]
    prints = arguments(spans.store, bodies, spans.rows[compared].tolist()) if compared else {}
    return [made for group in groups for made in _chains(spans, group.tolist(), prints)]


def _chains(spans: RunSpans, nodes: list[int], prints: dict[int, bytes]) -> list[Retry]:
    """Attempts among siblings of one name: failed ones in a row, and the one after them."""
    chains: list[list[int]] = []
    open_chains: dict[bytes | None, list[int]] = {}
    for node in nodes:
        print_ = prints.get(int(spans.rows[node]))
        chain = open_chains.get(print_)
        if chain is None:
            chain = open_chains[print_] = []
        elif spans.placed[node] and spans.start[node] < spans.end[chain[-1]]:
            continue  # beside it, not after it
        chain.append(node)
        if spans.status[node] != Status.error:
            chains.append(open_chains.pop(print_))
    chains += open_chains.values()
    return [_retry(spans, chain, prints) for chain in chains if len(chain) > 1]


def _retry(spans: RunSpans, chain: list[int], prints: dict[int, bytes]) -> Retry:
    first, last = chain[0], chain[-1]
    well = spans.status[last] in (Status.ok, Status.unset)
    lost = None
    if spans.placed[first] and spans.placed[last]:
        begin = int(spans.start[first])
        lost = begin, max(begin, int(spans.start[last] if well else spans.end[last]))
    rows = tuple(int(spans.rows[node]) for node in chain)
    return Retry(
        spans.name_of(first),
        Kind(int(spans.kind[first])),
        rows,
        len(chain),
        len(chain) - 1,
        0,
        lost,
        bool(well),
        True if rows[0] in prints else None,
    )
