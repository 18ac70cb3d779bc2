"""The fast lane of hillstar's files: large blocks of plain lines are decoded without a dictionary a line.

The observer's become ``Columns``. Whatever is unusual anywhere in a block sends all of it the long way, which ends in the same
store, by test. Small blocks (a run that is followed, and most runs) always go the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import accumulate
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from tracetui.core.formats._hillstar_run import NO_FIGURES, Figures, HillstarRun, class_of
from tracetui.core.formats._many_keys import span_keys
from tracetui.core.formats._many_times import epoch_times
from tracetui.core.formats._utf8 import check_block
from tracetui.core.formats._values import LARGEST_COUNT
from tracetui.core.model import NO_TIME, Flag, Kind, Status
from tracetui.core.operations import Columns, Operation, Patch, Record, span_key

SMALLEST_BLOCK: Final = 64
"""Lines below which a block is not worth the lane's set-up."""

_Instant = Annotated[float, msgspec.Meta(gt=0, lt=9e9)]
# Nothing decodes to this: a line with such a key is no plain call.
_Never = Literal["\0"]
_NOTHING: Final = msgspec.Raw(b"null")
_NAIVE_LENGTH: Final = len("2026-01-02T03:04:05.678901")
_Line = TypeVar("_Line")


class Observed(msgspec.Struct, gc=False):
    """A line of the observer, as far as it is looked at before somebody asks for it."""

    event_type: str
    epoch_seconds: _Instant
    workflow_id: str
    timestamp: str
    node_id: str = ""
    node_index: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] = 0
    duration_seconds: int | float | None = None
    error: msgspec.Raw = _NOTHING


_NO_ERROR: Final = frozenset({b"null", b'""', b"false", b"0", b"[]", b"{}"})
_OK, _ERROR = int(Status.ok), int(Status.error)

_decode: Final = msgspec.json.Decoder(Observed).decode


def _decoded(
    block: bytes, decode: Callable[[bytes], _Line], careful: Callable[[bytes], _Line] | None = None
) -> tuple[list[bytes], list[_Line]] | None:
    """The lines of a block and what they say; None if the block is not for the lane.

    ``careful`` decodes them where one is not what ``decode`` expects.
    """
    if b"\r" in block:
        return None
    lines = BytesIO(block).readlines()
    if len(lines) < SMALLEST_BLOCK:
        return None
    try:
        check_block(block)
        return lines, _mapped(lines, decode, careful)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _mapped(
    lines: list[bytes], decode: Callable[[bytes], _Line], careful: Callable[[bytes], _Line] | None
) -> list[_Line]:
    try:
        return list(map(decode, lines))
    except msgspec.ValidationError:
        if careful is None:
            raise
        return list(map(careful, lines))


def observer_columns(
    run: HillstarRun, block: bytes, at: int, rest_of: Callable[[bytes, int], list[Operation]]
) -> tuple[Columns, int] | None:
    """Columns of a block of whole lines of one run, and how many lines; None: take the long way.

    ``rest_of`` gives the operations (with the ``Record``) of a line that is neither start nor end of a node.
    """
    decoded = None if run.zone is None else _decoded(block, _decode)
    if decoded is None:
        return None
    lines, records = decoded
    workflow = run.workflow
    if any(record.workflow_id != workflow or record.event_type == "workflow_start" for record in records):
        return None
    return _columns(run, records, lines, at, rest_of), len(lines)


def _columns(
    run: HillstarRun,
    records: list[Observed],
    lines: list[bytes],
    at: int,
    rest_of: Callable[[bytes, int], list[Operation]],
) -> Columns:
    lengths = list(map(len, lines))
    offsets = list(accumulate(lengths, initial=at))
    offsets.pop()
    found = Columns(run.key, [record.event_type for record in records], offsets, [length - 1 for length in lengths])
    rest = found.rest
    keys: dict[str, int] = {}
    """Of the spans that started in this block, since most end in it too."""
    begins: list[tuple[int, int, str, int, int]] = []
    ends: list[tuple[int, int, str, int, int, int, int]] = []
    begin, end_of, kind_of = run.begin, run.end, run.kind_of
    times = epoch_times([record.epoch_seconds for record in records])
    for i, (record, time) in enumerate(zip(records, times, strict=True)):
        kind, node = record.event_type, record.node_id
        if kind == "node_start":
            key = begin(node, record.node_index, time)
            number = keys[key] = span_key(key)
            begins.append((i, number, node, kind_of(node), time))
        elif kind == "node_success" or kind == "node_failure":
            failed = kind == "node_failure"
            key, start, end, flags = end_of(node, record.duration_seconds, time, failed=failed)
            number = keys.pop(key, 0) or span_key(key)
            ends.append((i, number, node, kind_of(node), start, end, _ERROR if failed else _OK))
            if record.error is not _NOTHING and bytes(record.error) not in _NO_ERROR:
                flags |= Flag.has_error
            if flags:
                rest.append((i, Patch(run.key, key, 0, flags=flags)))
            if failed:
                rest.append((i, run.failed(node)))
        else:
            rest += [(i, operation) for operation in rest_of(lines[i][:-1], offsets[i])[1:]]
    if begins:
        columns = map(list, zip(*begins, strict=True))
        found.begin_record, found.begin_key, found.begin_name, found.begin_kind, found.begin_time = columns
    if ends:
        (
            found.end_record,
            found.end_key,
            found.end_name,
            found.end_kind,
            found.end_start,
            found.end_time,
            found.end_status,
        ) = map(list, zip(*ends, strict=True))
    found.begin_parent = [0] * len(found.begin_key)
    found.end_parent = [None] * len(found.end_key)
    return found


class Logged(msgspec.Struct, gc=False):
    """A line of TraceLogger."""

    timestamp: str
    node_id: str = ""
    tool: str = ""
    event: str = ""
    type: msgspec.Raw = _NOTHING
    status: msgspec.Raw = _NOTHING
    tokens_used: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] | None = None
    actual_cost_usd: float | None = None
    model: str = ""
    error: msgspec.Raw = _NOTHING
    event_type: msgspec.Raw = _NOTHING


_decode_logged: Final = msgspec.json.Decoder(Logged).decode


class _Call(msgspec.Struct, gc=False):
    """A plain call that went well; nothing else decodes to it."""

    timestamp: str
    node_id: Annotated[str, msgspec.Meta(min_length=1)]
    tool: Literal["model_call"]
    tokens_used: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] | None = None
    actual_cost_usd: float | None = None
    model: str = ""
    event: _Never = "\0"
    type: _Never = "\0"
    status: _Never = "\0"
    error: _Never = "\0"
    event_type: _Never = "\0"


class _Other(msgspec.Struct, gc=False):
    """Any other line of TraceLogger."""

    event_type: _Never = "\0"


_decode_call: Final = msgspec.json.Decoder(_Call).decode
_decode_other: Final = msgspec.json.Decoder(_Other).decode


def _call(line: bytes) -> _Call | None:
    """A line that is a plain call; None: another one. Raises for what only the long way understands."""
    try:
        return _decode_call(line)
    except msgspec.ValidationError:
        _decode_other(line)
        return None


def _call_or_other(line: bytes) -> _Call | Logged:
    """A line of TraceLogger; raises for what only the long way understands."""
    try:
        return _decode_call(line)
    except msgspec.ValidationError:
        return _decode_logged(line)


def logger_columns(
    run: HillstarRun, block: bytes, at: int, rest_of: Callable[[bytes, int], list[Operation]]
) -> tuple[Columns, int] | None:
    """The same for lines of TraceLogger beside an observer's file; ``rest_of`` for all but plain calls that went well."""
    decoded = None if run.zone is None else _decoded(block, _decode_call, _call_or_other)
    if decoded is None:
        return None
    lines, records = decoded
    if any(type(record) is Logged and record.event_type is not _NOTHING for record in records):
        return None
    return _logged_columns(run, records, lines, at, rest_of), len(lines)


def _logged_columns(
    run: HillstarRun,
    records: list[_Call | Logged],
    lines: list[bytes],
    at: int,
    rest_of: Callable[[bytes, int], list[Operation]],
) -> Columns:
    lengths = list(map(len, lines))
    offsets = list(accumulate(lengths, initial=at))
    offsets.pop()
    found = Columns(run.key, ["model_call"] * len(lines), offsets, [length - 1 for length in lengths])
    figures: list[Figures] = []
    events: list[tuple[int, int, int, int]] = []
    calls: list[_Call] = []
    """Of the records that tell more of a span."""
    for i, record in enumerate(records):
        if type(record) is _Call:
            called = run.called(record.node_id, record.tokens_used, record.actual_cost_usd)
            if called is not None:
                found.more_record.append(i)
                calls.append(record)
                if called is not NO_FIGURES:
                    found.usage_record.append(i)
                    figures.append(called)
                continue
        elif record.event and (time := run.instant(record.timestamp)) != NO_TIME:
            found.types[i] = record.event
            key_of_event = span_key(f"{record.node_id}#1") if record.node_id else 0
            events.append((i, key_of_event, int(class_of(record.event)), time))
            continue
        first, *told = rest_of(lines[i][:-1], offsets[i])
        if isinstance(first, Record):
            found.types[i] = first.type
        found.rest += [(i, operation) for operation in told]
    found.rest += [(len(lines) - 1, operation) for operation in _reached(run, [call.timestamp for call in calls])]
    found.models = [(i, call.model) for i, call in zip(found.more_record, calls, strict=True) if call.model]
    found.more_key = span_keys([f"{call.node_id}#1" for call in calls])
    if events:
        columns = map(list, zip(*events, strict=True))
        found.event_record, found.event_key, found.event_class, found.event_time = columns
    found.more_kind = [int(Kind.llm)] * len(found.more_key)
    found.usage = _usage(figures)
    return found


def _reached(run: HillstarRun, locals_: list[str]) -> list[Operation]:
    """The latest of local times, if the run is not known to have gone on longer."""
    # Texts of one length without a zone are in the order of their times.
    naive = [local for local in locals_ if len(local) == _NAIVE_LENGTH]
    latest = run.instant(max(naive, default=""))
    if len(naive) < len(locals_):
        latest = max(latest, *[run.instant(local) for local in locals_ if len(local) != _NAIVE_LENGTH])
    return list(run.reached(latest))


_UNTIMED: Final = "2026-01-02T03:04:05"
"""Stands for the time of a line that goes the long way."""


def lonely_columns(
    run: HillstarRun, block: bytes, at: int, rest_of: Callable[[bytes, int], list[Operation]]
) -> tuple[Columns, int] | None:
    """The same for a logger's file without an observer's: the first plain call of a node is its span.

    ``rest_of`` gives the operations of all other lines; None: take the long way.
    """
    decoded = None if run.has_nodes else _decoded(block, _decode_call, _call)
    if decoded is None:
        return None
    lines, records = decoded
    times = run.instants([_UNTIMED if record is None else record.timestamp for record in records])
    if NO_TIME in times:
        return None
    lengths = list(map(len, lines))
    offsets = list(accumulate(lengths, initial=at))
    offsets.pop()
    found = Columns(run.key, ["model_call"] * len(lines), offsets, [length - 1 for length in lengths])
    figures = [
        (record.tokens_used or None, record.actual_cost_usd)
        if record is not None and (record.tokens_used or record.actual_cost_usd is not None)
        else NO_FIGURES
        for record in records
    ]
    nodes = ["" if record is None else record.node_id for record in records]
    if "" not in nodes and len(set(nodes)) == len(nodes) and run.told_at.keys().isdisjoint(nodes):
        spans = list(range(len(nodes)))
        run.first_calls(nodes, figures, times)
    else:
        spans = _some_first_calls(run, found, nodes, figures, times, lambda i: rest_of(lines[i][:-1], offsets[i]))
    found.whole_record = spans
    latest = max([times[i] for i in spans], default=NO_TIME)
    found.rest += [(len(lines) - 1, operation) for operation in run.reached(latest)]
    found.usage_record = [i for i in spans if figures[i] is not NO_FIGURES]
    found.usage = _usage([figures[i] for i in found.usage_record])
    found.whole_start = found.whole_end = [times[i] for i in spans]
    _fill_calls(found, [record for i in spans if (record := records[i]) is not None])
    return found, len(lines)


def _some_first_calls(
    run: HillstarRun,
    found: Columns,
    nodes: list[str],
    figures: list[Figures],
    times: list[int],
    rest_of: Callable[[int], list[Operation]],
) -> list[int]:
    """Positions of the first plain calls of nodes; ``rest_of`` says what the others tell, by position."""
    spans: list[int] = []
    for i, node in enumerate(nodes):
        if node and node not in run.told_at:
            run.first_calls([node], [figures[i]], [times[i]])
            spans.append(i)
            continue
        first, *told = rest_of(i)
        if isinstance(first, Record):
            found.types[i] = first.type
        found.rest += [(i, operation) for operation in told]
    return spans


def _fill_calls(found: Columns, calls: list[_Call]) -> None:
    count = len(calls)
    found.whole_name = [call.node_id for call in calls]
    found.whole_key = span_keys([f"{node}#1" for node in found.whole_name])
    found.whole_parent = [0] * count
    found.whole_kind = [int(Kind.llm)] * count
    found.whole_status = [_OK] * count
    found.whole_flags = [int(Flag.start_inferred | Flag.end_inferred)] * count
    found.models = [(i, call.model) for i, call in zip(found.whole_record, calls, strict=True) if call.model]


def _usage(figures: list[Figures]) -> list[list[float | None]]:
    """The columns of usage of a producer that tells totals and costs only."""
    nothing: list[float | None] = [None] * len(figures)
    return [nothing, nothing, [total for total, _ in figures], *[nothing] * 3, [cost for _, cost in figures]]
