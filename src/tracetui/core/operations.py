"""What decoders say and the store folds: one small operation for each thing learnt from a record.

A decoder turns one record (a line, a row, an element of a list) into one ``Record`` followed by what it tells: spans that
begin, end or are whole, events, better knowledge of something earlier, facts about the run. Operations name runs and spans by
the producer's own keys; the store finds the rows. They may arrive late, twice, or children first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from tracetui.core.model import NO_TIME, Clock, EventClass, Kind, Status, Usage


@dataclass(slots=True)
class Record:
    """One thing the producer wrote. Operations that follow, up to the next ``Record``, are what it says.

    Args:
        run: key of the run it belongs to.
        type: the producer's own name of the record, as written (``ModelCallStarted``).
        a: byte offset in the source (or row id, or member).
        b: byte length without the line end (or table).
        counted: False for a record that repeats another one (a copy): it is kept for the raw view and not counted.
    """

    run: str
    type: str
    a: int
    b: int
    counted: bool = True


@dataclass(slots=True)
class Begin:
    """A span started."""

    run: str
    key: str
    parent: str | None = None
    name: str = ""
    kind: Kind = Kind.span
    time: int = NO_TIME
    flags: int = 0


@dataclass(slots=True)
class End:
    """A span ended. Name, kind, parent and start fill what the lost or late ``Begin`` did not say."""

    run: str
    key: str
    time: int = NO_TIME
    status: Status = Status.unset
    parent: str | None = None
    name: str = ""
    kind: Kind | None = None
    start: int = NO_TIME
    usage: Usage | None = None
    model: str = ""
    flags: int = 0


@dataclass(slots=True)
class Whole:
    """A span told in one record: begin and end at once. Said again, the later one replaces the earlier."""

    run: str
    key: str
    parent: str | None = None
    name: str = ""
    kind: Kind = Kind.span
    start: int = NO_TIME
    end: int = NO_TIME
    status: Status = Status.unset
    usage: Usage | None = None
    model: str = ""
    flags: int = 0
    provider: str = ""
    """Who sells the model, by the producer's word."""


@dataclass(slots=True)
class Event:
    """A moment in a span (``span`` is its key), or of the run itself (``span`` None). Its type is its record's type."""

    run: str
    span: str | None
    cls: EventClass = EventClass.event
    time: int = NO_TIME


@dataclass(slots=True)
class Patch:
    """Better knowledge of a span: every field that is not None replaces what came with a lower or equal rank.

    ``usage`` with all figures None takes the usage back, ``end`` of NO_TIME the end. Ranks are per field and start at 0
    (Begin, End and Whole are 0).
    """

    run: str
    key: str
    rank: int = 1
    parent: str | None = None
    name: str | None = None
    kind: Kind | None = None
    start: int | None = None
    end: int | None = None
    status: Status | None = None
    usage: Usage | None = None
    model: str | None = None
    flags: int = 0


@dataclass(slots=True)
class Drop:
    """The producer took a span back: nothing counts it any more."""

    run: str
    key: str


@dataclass(slots=True)
class Bad:
    """Bytes that could not be read: kept, counted, listed with place and reason, and shown raw.

    Args:
        line: line number from 1 (0 where the source has no lines).
        a: byte offset in the source.
        b: length in bytes.
        reason: short and in plain words (``not JSON: unexpected end of data``).
        run: key of the run it belongs to, where that is known.
    """

    line: int
    a: int
    b: int
    reason: str
    run: str | None = None


@dataclass(slots=True, frozen=True)
class Repair:
    """What reading a file had to put right or to leave out, as a figure of the run.

    Args:
        what: which repair, a key of ``tracetui.core.repairs.WORDS``.
        count: how often so far; said again with the same ``what`` and ``detail`` by the same file, the later count replaces
            the earlier. 0: it cannot be counted (an assumed zone).
        detail: which file, why; untrusted.
    """

    what: str
    count: int = 1
    detail: str = ""


NO_DURATION: Final = -1
"""Takes back what a file that turned out to be a copy said."""


@dataclass(slots=True)
class RunFact:
    """Something about a run. Every field that is not None replaces what came with a lower or equal rank.

    Args:
        status: the recorded outcome: ``ok`` or ``error`` (the end is recorded, or the format's rule says so); None: not said.
        records_end: whether this recording can hold an end at all (rule 5 or 6 of the run status).
        end: the recorded end of the run, ns. Only what the recording says, never a guess.
        duration_ns: the recorded duration, where the producer writes one; ``NO_DURATION``: there is none after all.
        process: (pid, start time in clock ticks since boot or 0, host, boot id) of the writer.
        order_by_time: siblings are ordered by start time because records are written at the end of spans.
        note: a line for the run's notes that is no repair; notes add up, they do not replace.
        repair: what had to be put right or left out; repairs add up.
        time: an instant of the recording (a header's), to bound the run where nothing else does.
        cost_usd: cost that is recorded of the run as a whole and of no call, US dollars. Said again by the same file, the later
            one replaces the earlier; what files say adds up, with what is recorded of calls.
        aside: said by a file that is set aside: only the repair counts, it waits for the run, and neither makes one nor adds
            the file to its paths.
    """

    run: str
    rank: int = 0
    name: str | None = None
    id: str | None = None
    status: Status | None = None
    status_reason: str | None = None
    records_end: bool | None = None
    start: int | None = None
    end: int | None = None
    duration_ns: int | None = None
    clock: Clock | None = None
    process: tuple[int, int, str, str] | None = None
    order_by_time: bool | None = None
    meta: dict[str, object] | None = None
    note: str | None = None
    repair: Repair | None = None
    time: int | None = None
    aside: bool = False
    cost_usd: float | None = None


@dataclass(slots=True)
class Link:
    """A run's relation to another: ``kind`` is ``parent``, ``continues``, ``retry_of`` or ``copy_of``.

    Args:
        other: key or id of the other run; with ``by_name`` the name that both have, where the recording gives no more: the
            other one is the newest of that name that began before.
        span: the other run's span in which this one was started.
    """

    run: str
    kind: str
    other: str
    span: str | None = None
    by_name: bool = False


@dataclass(slots=True)
class Columns:
    """Many records at once, as parallel lists: what a decoder's fast lane says instead of operations.

    All records belong to one run. ``*_record`` are positions in ``types``, ``a`` and ``b``. Span keys are the numbers that
    ``span_key`` gives for the key as text; a parent of 0 means none (no span key is 0). Times are within 0 to 2**63 - 1; events
    may have none (``NO_TIME``).
    The parents of ends are texts, since they are looked at only where a start is missing.
    """

    run: str
    types: list[str]
    a: list[int]
    b: list[int]
    begin_record: list[int] = field(default_factory=list)
    begin_key: list[int] = field(default_factory=list)
    begin_parent: list[int] = field(default_factory=list)
    begin_name: list[str] = field(default_factory=list)
    begin_kind: list[int] = field(default_factory=list)
    begin_time: list[int] = field(default_factory=list)
    end_record: list[int] = field(default_factory=list)
    end_key: list[int] = field(default_factory=list)
    end_parent: list[str | None] = field(default_factory=list)
    end_name: list[str] = field(default_factory=list)
    end_kind: list[int] = field(default_factory=list)
    end_start: list[int] = field(default_factory=list)
    end_time: list[int] = field(default_factory=list)
    end_status: list[int] = field(default_factory=list)
    event_record: list[int] = field(default_factory=list)
    event_key: list[int] = field(default_factory=list)
    event_class: list[int] = field(default_factory=list)
    event_time: list[int] = field(default_factory=list)
    begin_flags: list[int] = field(default_factory=list)
    """Flags of each start; empty: none."""
    end_flags: list[int] = field(default_factory=list)
    """Flags of each end; empty: none."""
    more_record: list[int] = field(default_factory=list)
    """Records that tell of a span without being its start or end."""
    more_key: list[int] = field(default_factory=list)
    more_kind: list[int] = field(default_factory=list)
    """What they say the span is, as a ``Patch`` of rank 0 does."""
    whole_record: list[int] = field(default_factory=list)
    """Records that tell all of a span at once, as a ``Whole`` does; what they tell without usage has none."""
    whole_key: list[int] = field(default_factory=list)
    whole_parent: list[int] = field(default_factory=list)
    whole_name: list[str] = field(default_factory=list)
    whole_kind: list[int] = field(default_factory=list)
    whole_start: list[int] = field(default_factory=list)
    whole_end: list[int] = field(default_factory=list)
    whole_status: list[int] = field(default_factory=list)
    whole_flags: list[int] = field(default_factory=list)
    copies: Sequence[int] = ()
    """Records that repeat others and are not counted."""
    ahead: list[tuple[int, Operation]] = field(default_factory=list)
    """What is folded before all columns, each with its record's position: spans without a record that others hang on."""
    usage_record: list[int] = field(default_factory=list)
    """Ends, wholes and others that tell usage, and in ``usage`` one list for each figure of ``Usage``, in its order."""
    usage: Sequence[Sequence[float | None]] = ()
    models: list[tuple[int, str]] = field(default_factory=list)
    """Records of spans that name a model, by position."""
    rest: list[tuple[int, Operation]] = field(default_factory=list)
    """What fits no column (run facts, updates, bad lines), each with its record's position."""


Operation = Record | Begin | End | Whole | Event | Patch | Drop | Bad | RunFact | Link | Columns


def span_key(key: str) -> int:
    """The 64-bit number under which the store knows a span key; never 0.

    Sixteen hexadecimal digits (OpenTelemetry's span ids) are their own number; anything else is hashed (BLAKE2b, 8 bytes:
    the same in every process, which Python's ``hash`` is not).
    """
    if len(key) == 16 and key.isascii() and key.isalnum() and key[1] not in "xX":
        try:
            return int(key, 16) or 1
        except ValueError:
            pass
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") or 1
