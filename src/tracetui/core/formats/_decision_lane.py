"""The fast lane of ai-decision-tracer: many steps, from lines or from a session, without a dictionary or an operation each.

Only what the rows of a step and its logs hold is decoded; msgspec passes over contexts and texts. Whatever is unusual (a step
without its times, ``NaN``, a log that is no object, a step told twice) sends the steps beside it the long way as well, which
ends in the same store, by test.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate
from operator import lt
from typing import Annotated, Final, NamedTuple

import msgspec

from tracetui.core.formats._decision_steps import LOG_SLACK, Told, usage_of
from tracetui.core.formats._ladder import parse
from tracetui.core.formats._lines import LINE_LIMIT
from tracetui.core.formats._many_times import epoch_array, epoch_times
from tracetui.core.formats._scan import element_places, top_level_keys
from tracetui.core.formats._utf8 import check_block
from tracetui.core.model import NO_TIME, EventClass, Status, Usage

SMALLEST_BLOCK: Final = 64
"""Steps below which the lane's set-up is not worth it."""

_EARLIEST, _LATEST = 10, 8_000_000_000
"""Seconds since the epoch within which the lane takes times: a log's time that lies outside is too far from any step."""
_Instant = Annotated[float, msgspec.Meta(ge=_EARLIEST, lt=_LATEST)]
_NOTHING: Final = msgspec.Raw(b"null")
_OK, _ERROR, _UNSET = int(Status.ok), int(Status.error), int(Status.unset)
_LOG, _DECISION = int(EventClass.log), int(EventClass.decision)


class _Log(msgspec.Struct, gc=False):
    at: float | None = msgspec.field(default=None, name="_t")
    action: msgspec.Raw = _NOTHING
    decision: msgspec.Raw = _NOTHING
    signal: msgspec.Raw = _NOTHING
    total_tokens: msgspec.Raw = _NOTHING
    tokens: msgspec.Raw = _NOTHING
    input_tokens: msgspec.Raw = _NOTHING
    prompt_tokens: msgspec.Raw = _NOTHING
    tokens_in: msgspec.Raw = _NOTHING
    output_tokens: msgspec.Raw = _NOTHING
    completion_tokens: msgspec.Raw = _NOTHING
    tokens_out: msgspec.Raw = _NOTHING
    cost_usd: msgspec.Raw = _NOTHING

    def figures(self) -> dict[str, object]:
        """Tokens and cost by their keys. Raises NotJson."""
        values = {name: getattr(self, name) for name in _FIGURE_NAMES}
        return {name: parse(bytes(raw)) for name, raw in values.items() if raw is not _NOTHING}


_FIGURE_NAMES: Final = _Log.__struct_fields__[4:]


class _Step(msgspec.Struct, gc=False):
    name: str
    started_at: _Instant
    finished_at: _Instant
    outcome: str | None = None
    error: str | None = None
    logs: list[_Log] = []


class _Session(msgspec.Struct, gc=False):
    steps: list[msgspec.Raw]
    agent: msgspec.Raw = _NOTHING
    meta: msgspec.Raw = _NOTHING


_decode: Final = msgspec.json.Decoder(_Step).decode
_decode_session: Final = msgspec.json.Decoder(_Session).decode
_FAULTS: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class PlainSession(NamedTuple):
    """A session whose steps are all as usual."""

    agent: object
    meta: object
    told: Told


def plain_lines(block: bytes, at: int) -> Told | None:
    """What a block of whole lines that begins at offset ``at`` tells; None: it is not for the lane."""
    if b"\r" in block or len(block) > LINE_LIMIT:
        return None
    lines = BytesIO(block).readlines()
    if len(lines) < SMALLEST_BLOCK:
        return None
    lengths = list(map(len, lines))
    try:
        check_block(block)
        steps = list(map(_decode, lines))
        return _told(steps, list(accumulate(lengths[:-1], initial=at)), [length - 1 for length in lengths])
    except _FAULTS:
        return None


def plain_session(data: bytes) -> PlainSession | None:
    """What a whole session tells; None: it is not for the lane."""
    try:
        if not data.isascii():
            data.decode()
        session = _decode_session(data)
        if len(session.steps) < SMALLEST_BLOCK:
            return None
        steps = list(map(bytes, session.steps))
        places = _places(data, steps)
        if places is None:
            return None
        told = _told(list(map(_decode, steps)), places, list(map(len, steps)))
        return None if told is None else PlainSession(parse(bytes(session.agent)), parse(bytes(session.meta)), told)
    except _FAULTS:
        return None


def _places(data: bytes, steps: list[bytes]) -> list[int] | None:
    """Offsets of a session's steps; None if they are not the last thing in it, or other steps stand before them."""
    first = next(element_places(data, (frozenset({"steps"}), None)), None)
    if first is None or top_level_keys(data[: first[0]]).count("steps") != 1:
        return None
    places: list[int] = []
    end = first[0]
    for step in steps:
        start = data.find(b"{", end)
        if not data.startswith(step, start):
            return None
        places.append(start)
        end = start + len(step)
    return places if data[end:].translate(None, b" \t\r\n") == b"]}" else None


def _told(steps: list[_Step], offsets: list[int], lengths: list[int]) -> Told | None:
    """Columns of steps. Raises NotJson for figures that nobody can read."""
    starts = epoch_times([step.started_at for step in steps])
    ends = epoch_times([step.finished_at for step in steps])
    if any(map(lt, ends, starts)):
        return None
    counts = [len(step.logs) for step in steps]
    logs = [log for step in steps for log in step.logs]
    return Told(
        names=[step.name for step in steps],
        started=[step.started_at for step in steps],
        starts=starts,
        ends=ends,
        statuses=[
            _OK
            if step.outcome == "ok"
            else _ERROR
            if step.outcome == "error"
            else _UNSET
            if step.outcome is None
            else _OK
            for step in steps
        ],
        has_error=[bool(step.error) for step in steps],
        log_counts=counts,
        log_times=_log_times(logs, counts, starts, ends) if logs else [],
        log_classes=[_LOG if log.action is log.decision is log.signal else _DECISION for log in logs],
        usage=_usage(steps, logs, counts),
        offsets=offsets,
        lengths=lengths,
    )


def _usage(steps: list[_Step], logs: list[_Log], counts: list[int]) -> list[tuple[int, Usage]]:
    """Figures of the steps whose logs have some, by position."""
    with_figures = [
        number
        for number, log in enumerate(logs)
        if not (
            log.total_tokens
            is log.tokens
            is log.input_tokens
            is log.prompt_tokens
            is log.tokens_in
            is log.output_tokens
            is log.completion_tokens
            is log.tokens_out
            is log.cost_usd
        )
    ]
    if not with_figures:
        return []
    ends = list(accumulate(counts))
    told = {bisect_right(ends, number): None for number in with_figures}
    found = [(i, usage_of([log.figures() for log in steps[i].logs])) for i in told]
    return [(i, usage) for i, usage in found if usage is not None]


def _log_times(logs: Sequence[_Log], counts: list[int], starts: list[int], ends: list[int]) -> list[int]:
    """Times of logs; ``NO_TIME`` for those that have none, or one that lies too far outside their steps."""
    import numpy as np

    seconds = np.array([NO_TIME if log.at is None else log.at for log in logs], np.float64)
    known = (seconds >= _EARLIEST) & (seconds < _LATEST)
    times = epoch_array(np.where(known, seconds, _EARLIEST))
    known &= times >= np.repeat(np.array(starts, np.int64), counts) - LOG_SLACK
    known &= times <= np.repeat(np.array(ends, np.int64), counts) + LOG_SLACK
    found: list[int] = np.where(known, times, NO_TIME).tolist()
    return found
