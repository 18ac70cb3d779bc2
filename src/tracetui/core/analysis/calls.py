"""What tools were called with and what they answered, as short fingerprints, for very many calls.

Only the first record of a call is read for its arguments, in the order of the file and in large blocks. Where the
arguments are the value under one path of keys in a record, that path is learnt from one call that its format has
read, and the others are looked up there; everything else is asked of the format. What is found to be equal that way
is read once more in full by the one who asks. Calls without arguments (none recorded, or empty ones) have no
fingerprint: they would all look the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.jsontext import json_text
from tracetui.core.model import ABSENT, SpanDetail

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.store import Store

VOLATILE: Final = frozenset(
    {
        *("took", "took_ms", "elapsed", "elapsed_ms", "duration", "duration_ms", "latency", "latency_ms", "ms"),
        *("time", "timestamp", "ts", "date", "created", "created_at", "updated_at", "now"),
        *("id", "request_id", "requestid", "trace_id", "span_id", "uuid", "tool_call_id", "tool_use_id"),
    }
)
"""Keys whose values differ between two equal answers; in lower case."""
PENDING: Final = frozenset(
    {
        *(
            "pending",
            "queued",
            "running",
            "in_progress",
            "in progress",
            "processing",
            "waiting",
            "not ready",
            "not_ready",
        ),
        *("not yet", "started", "starting", "scheduled", "retry later", "still running", "in_queue", "incomplete"),
    }
)
"""Values, or words of a short answer, that say that one has to ask again."""
PROBED: Final = 100
"""Calls of a tool that are looked at first: if none of them has arguments, it is taken to have none."""
_STATE_KEYS: Final = frozenset({"status", "state", "phase", "progress", "result", "conclusion"})
_SHORT: Final = 200
_LARGE: Final = 262_144
"""Bytes of an answer above which it is not read: no state of a job is as long."""


def fingerprint(value: object) -> bytes | None:
    """16 bytes that are equal for equal values, whatever the order of their keys; None for what is nothing or empty."""
    if value is ABSENT or value is None or value == "" or value == {} or value == []:
        return None
    import orjson

    if isinstance(value, str):
        value = _parsed(value)
        if value == {} or value == []:
            return None
    try:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError, RecursionError):
        data = json_text(value).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()


def answer_fingerprint(value: object) -> bytes | None:
    """The same of an answer, without what differs between two equal ones (``VOLATILE``)."""
    if isinstance(value, str):
        value = _parsed(value)
    return fingerprint(_steady(value, 0))


def is_pending(value: object) -> bool:
    """Whether an answer says that one has to ask again: a state in it, or all of a short one."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, str):
        text = value[:_SHORT].lower()
        return len(value) < _SHORT and any(word in text for word in PENDING)
    if isinstance(value, Mapping):
        return any(
            isinstance(key, str) and key.lower() in _STATE_KEYS and isinstance(held, str) and held.lower() in PENDING
            for key, held in list(value.items())[:50]
        )
    return False


def _parsed(text: str) -> object:
    """The object or array that a text holds, else the text."""
    from tracetui.core.bodies import NOT_JSON, json_in_text

    if len(text) > _LARGE:
        return text
    value = json_in_text(text)
    if value is NOT_JSON:
        return {} if text.strip() == "{}" else text
    return value


def _steady(value: object, depth: int) -> object:
    if depth > 6:
        return value
    if isinstance(value, Mapping):
        return {
            key: _steady(held, depth + 1)
            for key, held in value.items()
            if not (isinstance(key, str) and key.lower() in VOLATILE)
        }
    return [_steady(item, depth + 1) for item in value] if isinstance(value, list) else value


class Calls:
    """Fingerprints of the arguments of the tool calls of one store; what was looked up once is remembered."""

    def __init__(self, store: Store, bodies: Bodies) -> None:
        self._store = store
        self._bodies = bodies
        self._known: dict[int, bytes | None] = {}
        self._paths: dict[tuple[int, int], tuple[str, ...] | None] = {}

    def arguments(self, rows: Iterable[int]) -> dict[int, bytes]:
        """Fingerprints by span row; calls that have none are left out."""
        rows = list(rows)
        first, later = self._probes([row for row in rows if row not in self._known])
        self._read(first)
        self._read(self._with_arguments(first, later))
        return {row: found for row in rows if (found := self._known.get(row)) is not None}

    def _probes(self, rows: list[int]) -> tuple[list[int], dict[tuple[int, int], list[int]]]:
        """The first ``PROBED`` calls of each name, and the others by run and name."""
        names, runs = self._store.spans.name, self._store.spans.run
        first: list[int] = []
        seen: dict[tuple[int, int], int] = {}
        later: dict[tuple[int, int], list[int]] = {}
        for row in rows:
            key = runs[row], names[row]
            count = seen[key] = seen.get(key, 0) + 1
            if count <= PROBED:
                first.append(row)
            else:
                later.setdefault(key, []).append(row)
        return first, later

    def _with_arguments(self, first: list[int], later: dict[tuple[int, int], list[int]]) -> list[int]:
        """Of the other calls those of a name that has arguments."""
        if not later:
            return []
        names, runs = self._store.spans.name, self._store.spans.run
        some = {(runs[row], names[row]) for row in first if self._known[row] is not None}
        return [row for key, rows in later.items() if key in some for row in rows]

    def _read(self, rows: list[int]) -> None:
        if not rows:
            return
        store = self._store
        wanted = np.asarray(rows, np.int64)
        records = store.spans.np("first_record")[wanted].astype(np.int64)
        order = np.argsort(records, kind="stable")
        ordered, firsts = wanted[order].tolist(), records[order].tolist()
        types, runs, paths, known = store.records.type, store.spans.run, self._paths, self._known
        for row, record, raw in zip(ordered, firsts, self._bodies.raws(firsts), strict=True):
            key = runs[row], types[record]
            path = paths.get(key)
            found = fingerprint(_at(raw, path)) if path is not None and raw is not None else None
            if found is None:
                value, path = _asked(self._bodies, row, record, raw, learn=paths.get(key) is None)
                found = fingerprint(value)
                if path is not None:
                    paths[key] = path
            known[row] = found


def _asked(
    bodies: Bodies, row: int, record: int, raw: bytes | None, *, learn: bool
) -> tuple[object, tuple[str, ...] | None]:
    """Arguments as the format reads them, from the first record alone where it holds them; and where they stand in it."""
    detail = SpanDetail()
    if raw is not None:
        detail = bodies.detail_of_records(row, [record], [raw])
    if detail.input is ABSENT or raw is None:
        try:
            return bodies.span_detail(row).input, None
        except ChangedOnDisk:
            return ABSENT, None
    return detail.input, _path_of(raw, detail.input) if learn else None


def _at(raw: bytes, path: tuple[str, ...]) -> object:
    import orjson

    try:
        value = orjson.loads(raw)
    except ValueError:
        return ABSENT
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return ABSENT
        value = value[key]
    return value


def _path_of(raw: bytes, wanted: object) -> tuple[str, ...] | None:
    """The keys under which a record holds a value, if they are the only ones and lead through objects alone."""
    import orjson

    if fingerprint(wanted) is None:
        return None
    try:
        value = orjson.loads(raw)
    except ValueError:
        return None
    found = []
    left: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while left and len(left) < 1_000:
        path, held = left.pop()
        if path and type(held) is type(wanted) and held == wanted:
            found.append(path)
        elif isinstance(held, dict) and len(path) < 4:
            left += [((*path, key), item) for key, item in held.items()]
    return found[0] if len(found) == 1 else None
