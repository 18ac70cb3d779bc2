"""Which attributes a run has, by looking at some of its spans: for completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.filter.values import written_part
from tracetui.core.model import ABSENT
from tracetui.tui.matching import bodies_of

if TYPE_CHECKING:
    from tracetui.core.store.snapshot import Snapshot
    from tracetui.tui.session import Session

SPANS: Final = 200
"""Spans that are looked at, at even distances."""
MOST: Final = 500
_LARGEST: Final = 262_144
"""Bytes of a span that is looked at."""
_DEEPEST: Final = 4
_LONGEST: Final = 80


def attribute_paths(session: Session, snapshot: Snapshot, run: int) -> tuple[str, ...]:
    """Paths as a filter has them behind `attr.`, the frequent ones first. Untrusted. In any thread."""
    import numpy as np

    rows = snapshot.rows_of_run(run)
    bodies = bodies_of(session, snapshot)
    counts: dict[str, int] = {}
    for at in np.unique(np.linspace(0, max(0, len(rows) - 1), min(SPANS, len(rows))).astype(int)).tolist():
        row = int(rows[at])
        if bodies.size_of(row) > _LARGEST:
            continue
        try:
            detail = bodies.span_detail(row)
        except ChangedOnDisk:
            continue
        values = dict(detail.attributes)
        values |= {name: value for name in ("input", "output") if (value := getattr(detail, name)) is not ABSENT}
        for path in set(_paths(values, "", 0)):
            if path in counts or len(counts) < MOST:
                counts[path] = counts.get(path, 0) + 1
    return tuple(sorted(counts, key=lambda path: (-counts[path], path)))


def _paths(value: object, above: str, depth: int) -> Iterator[str]:
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in list(value.items())[:MOST]:
            if isinstance(key, str) and key and len(key) <= _LONGEST:
                part = written_part(key)
                yield from _paths(inner, f"{above}.{part}" if above else part, depth + 1)
    elif isinstance(value, list) and value and depth < _DEEPEST and isinstance(value[0], dict):
        yield from _paths(value[0], f"{above}.0", depth + 1)
    elif above:
        yield above
