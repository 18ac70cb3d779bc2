"""What was tried again: attempts, the time they cost, and whether one of them succeeded.

Two ways in which a recording shows it: events of class ``retry`` on a span, and a failed span that is followed by a
sibling of its name (for tools with equal arguments, where both are recorded). Siblings that retry events of
theirs or of their parent tell of are not counted again. Lost is the time from the start of
the first attempt to the start of the last one where that went well, else to its end; of retry events, to the last
of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tracetui.core.analysis.calls import Calls
from tracetui.core.analysis.run_spans import RunSpans, distinct, grouped
from tracetui.core.model import NO_TIME, EventClass, Kind, Status

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


def retries(spans: RunSpans, calls: Calls) -> list[Retry]:
    """What was tried again in a run, what cost the most time first."""
    found = _once(spans, _told(spans), _repeated(spans, calls))
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


def _once(spans: RunSpans, told: list[Retry], repeated: list[Retry]) -> list[Retry]:
    """Each retry as one, whether events or siblings show it, or both.

    Events of the parent tell of the siblings below it. Where siblings have events themselves, those that are no more than
    there are siblings after the first announce these; more of them are attempts within one.
    """
    by_row = {each.rows[0]: each for each in told if each.rows}
    for each in repeated:
        parent = int(spans.parent[spans.node(each.rows[0])])
        above = by_row.get(int(spans.rows[parent])) if parent >= 0 else None
        own = [by_row[row] for row in each.rows if row in by_row]
        events = sum(one.events for one in own)
        if (above is not None and above.events >= each.retries) or events > each.retries:
            continue
        for one in own:
            del by_row[one.rows[0]]
        by_row[each.rows[0]] = replace(each, events=events)
    return [*by_row.values(), *(each for each in told if not each.rows)]


def _repeated(spans: RunSpans, calls: Calls) -> list[Retry]:
    """Failed spans that a sibling of their name follows."""
    failed = spans.told & (spans.status == Status.error)
    if not failed.any():
        return []
    told = np.flatnonzero(spans.told)
    key = (spans.parent[told].astype(np.int64) + 1) << 32 | spans.name[told].astype(np.int64)
    wanted = np.isin(key, distinct(key[failed[told]]))
    told, key = told[wanted], key[wanted]
    prints = calls.arguments(spans.rows[told[np.isin(spans.kind[told], _COMPARED)]].tolist())
    numbers = {found: number for number, found in enumerate(dict.fromkeys(prints.values()), 1)}
    arguments = np.asarray([numbers.get(prints.get(row, b""), 0) for row in spans.rows[told].tolist()], np.int64)
    by_time = spans.start if spans.run.order_by_time else spans.rows.astype(np.int64)
    order = np.lexsort((spans.rows[told], by_time[told], arguments, key))
    told, key, arguments = told[order], key[order], arguments[order]
    same = np.concatenate(((key[1:] == key[:-1]) & (arguments[1:] == arguments[:-1]), [False]))
    follows = failed[told] & same
    edge = np.diff(np.concatenate(([0], follows.astype(np.int8), [0])))
    starts, stops = np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist()
    chains = [
        chain
        for begin, end in zip(starts, stops, strict=True)
        for chain in _apart(spans, told[begin : end + 1].tolist())
    ]
    return [_retry(spans, chain, prints) for chain in chains]


def _apart(spans: RunSpans, nodes: list[int]) -> Iterator[list[int]]:
    """Attempts one after another: where the next one began before the last had ended, it was beside it."""
    chain: list[int] = []
    for node in nodes:
        if chain and spans.placed[node] and spans.start[node] < spans.end[chain[-1]]:
            if len(chain) > 1:
                yield chain
            chain = []
        chain.append(node)
    if len(chain) > 1:
        yield chain


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
