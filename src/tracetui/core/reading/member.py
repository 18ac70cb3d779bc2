"""One file on its way from bytes to operations: claimed by a format, decoded block by block, with its place and lines kept.

A ``Member`` is a file that the reader knows; a ``Bundle`` is the files of one run, which share their format's assembler.
What is read when is decided by the pipeline, what happens when a file changes by the follower.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH120, RUF100

from __future__ import annotations

import logging
from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from tracetui.core.batch import Batch, Growth
from tracetui.core.follow import Tail
from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, Revising
from tracetui.core.model import NO_TIME
from tracetui.core.operations import Bad, Begin, Columns, Link, Operation, RunFact, Whole
from tracetui.core.sources.file import FileSource
from tracetui.core.sources.gzip import GzipSource

if TYPE_CHECKING:
    from tracetui.core.sources.sqlite import Block, SqliteSource

BLOCK_BYTES: Final = 262_144
"""Bytes decoded at a time: some milliseconds of work, so that whoever waits for the reader does not notice."""

GLANCE_BYTES: Final = 65_536
"""How much of a large file's head and tail is looked at to fill the run list."""

_log = logging.getLogger("tracetui")


class Stage(Enum):
    """How far a file has come."""

    found = 0
    """Not looked into yet, or to be looked into again."""
    claimed = 1
    """A format reads it; it may have bytes that are not read."""
    aside = 2
    """Belongs to a run and holds no records of its own."""
    unclaimed = 3
    """No format reads it."""
    refused = 4
    """The system does not let it be read."""


@dataclass(slots=True, eq=False)
class Bundle:
    """The files of one run, or one file alone, with what they share."""

    assembler: Assembler
    number: int
    newest: int = 0
    """Latest time of change among its files, ns."""
    waiting: list[Member] = field(default_factory=list)
    """Members with bytes to read, in the order the format wishes."""
    is_queued: bool = False
    """Whether it is among the bundles that wait."""
    united_with: Bundle | None = None
    """The bundle that its files go over to, after another file has shown that both are one."""
    recalled: list[Member] = field(default_factory=list)
    """Files that an earlier reading read: its assembler does not know what they hold."""
    _waits: set[Member] = field(default_factory=set)

    def push(self, member: Member) -> None:
        """Put a member among those that wait; there may be 10,000 of them."""
        if member not in self._waits:
            self._waits.add(member)
            insort(self.waiting, member, key=lambda waiting: waiting.rank)

    def remove(self, member: Member) -> None:
        """Take a member from those that wait."""
        if member in self._waits:
            self._waits.discard(member)
            self.waiting.remove(member)

    def awaits(self, member: Member) -> bool:
        """Whether a member is among those that wait."""
        return member in self._waits


@dataclass(slots=True, eq=False)
class Member:
    """A file, and all that the reader keeps of it."""

    tail: Tail
    stage: Stage = Stage.found
    source: FileSource | SqliteSource | None = None
    match: Match | None = None
    bundle: Bundle | None = None
    reason: str = ""
    """Why it is unclaimed, refused or aside."""
    candidate: Candidate | None = None
    """As its decoder was made for it, without the head."""
    decoder: Decoder | None = None
    is_closed: bool = False
    """Its decoder was told that there is no more."""
    gone: bool = False
    is_over: bool = False
    """Nobody can write to it any more."""
    forgetting: bool = False
    """What earlier generations said has not been taken back yet."""
    restarted: bool = False
    """That is because it was truncated or rewritten."""
    head: tuple[int, bytes] = (0, b"")
    """Length and digest of what detection saw."""
    seen: tuple[int, int, int] = (-1, -1, -1)
    """Size and times at the last detection or document."""
    grew_at_ns: int | None = None
    """Our clock when we saw it grow."""
    grew: float = float("-inf")
    """The same on the monotonic clock, s."""
    base: int = 0
    first_line: int = 1
    held: list[Operation] = field(default_factory=list)
    """A document's operations until all of it is read."""
    was_document: bool = False
    """An earlier reading read it as a whole; there is no decoder of it yet."""
    counted: tuple[int, int, int] = (0, 0, 0)
    """What it adds to the tally, as it was last counted."""

    @property
    def path(self) -> str:
        """Where it is, or was last."""
        return self.tail.place.path

    @property
    def rank(self) -> tuple[int, str]:
        """Its place among the files of its bundle."""
        return (self.match.order if self.match is not None else 0, self.path)

    @property
    def is_waiting(self) -> bool:
        """Whether it has bytes to read."""
        return self.bundle is not None and self.bundle.awaits(self)

    @property
    def share(self) -> tuple[int, int, int]:
        """What it adds to the tally: 1 if nothing of it waits, bytes known, bytes read."""
        is_read = int(self.stage is not Stage.found and not self.is_waiting)
        if self.stage in (Stage.found, Stage.claimed):
            done = self.tail.size if self.rows is not None and is_read else self.tail.position
            return is_read, self.tail.size, done
        return is_read, 0, 0

    @property
    def rows(self) -> SqliteSource | None:
        """Its source if it is a database, which is read row by row and not by its bytes."""
        return None if self.source is None or not self.source.is_rows else self.source

    @property
    def packed(self) -> GzipSource | None:
        """Its source if it is compressed, which counts what is read in decompressed bytes."""
        return self.source if isinstance(self.source, GzipSource) else None

    @property
    def position(self) -> int:
        """Bytes handed to its decoder so far."""
        packed = self.packed
        return self.tail.position if packed is None else packed.position

    @property
    def is_torn(self) -> bool:
        """Whether what was read ends within a record, or within compressed data."""
        packed = self.packed
        return self._decoder().pending > 0 or (packed is not None and packed.is_amid)

    @property
    def unread(self) -> int:
        """Bytes known to be there that were not read."""
        return 0 if self.rows is not None else self.tail.unread

    @property
    def mtime_ns(self) -> int:
        """When it was last changed, ns; of a database that has a log, the log's time counts too."""
        rows = self.rows
        return self.tail.mtime_ns if rows is None else max(self.tail.mtime_ns, rows.log_mtime_ns)

    @property
    def is_document(self) -> bool:
        """Whether a change means reading all of it again."""
        return self.decoder.document if self.decoder is not None else self.was_document

    @property
    def signature(self) -> tuple[int, int, int]:
        """What tells that something in it changed."""
        return self.tail.size, self.tail.mtime_ns, self.tail.changed_ns

    def has_changed_since_seen(self) -> bool:
        """Whether it is another one than when it was looked into; rights count for a file that could not be read."""
        return self.signature != self.seen if self.stage is Stage.refused else self.signature[:2] != self.seen[:2]

    def has_changed(self) -> bool:
        """The same, after a look at it now."""
        try:
            self.tail.look()
        except OSError:
            return False
        return self.has_changed_since_seen()

    def sync(self) -> None:
        """Tell the source where the file is now."""
        if self.source is not None:
            self.source.place = self.tail.place

    def batch(self, operations: list[Operation] | None = None, *, complete: bool = False) -> Batch:
        """A batch of this file as it is now; takes back what earlier generations said if that is still to be done."""
        if self.source is None or self.match is None:
            raise ValueError("a file that no format claimed says nothing")
        forget, self.forgetting = self.forgetting, False
        restarted, self.restarted = self.restarted and forget, self.restarted and not forget
        return Batch(
            self.source.id,
            self.match.format.name,
            self.tail.place.generation,
            self.base,
            self.first_line,
            operations or [],
            forget=forget,
            restarted=restarted,
            growth=Growth(self.tail.size, self.mtime_ns, self.grew_at_ns, self.is_over),
            complete=complete,
            gone=self.gone,
        )

    def begin(self, candidate: Candidate) -> None:
        """Make the decoder; the candidate's head is not kept."""
        if self.bundle is None:
            raise ValueError("a file that no format claimed cannot be decoded")
        self.decoder = self.bundle.assembler.decoder(candidate)
        self.candidate = Candidate(candidate.path, candidate.name, b"", candidate.size, candidate.mtime_ns)
        self.base, self.first_line = 0, 1

    def read(self, limit: int) -> tuple[bytes | None, bool]:
        """Up to ``limit`` new bytes for the decoder (None: the file was restarted), and whether they are the last for now.

        Raises OSError when the system refuses.
        """
        packed = self.packed
        if packed is not None:
            return packed.read(self.tail, limit), packed.at_end
        data = self.tail.read(limit)
        return data, data is None or len(data) < limit

    def faults(self) -> list[Operation]:
        """What was found wrong with compressed data since the last call: one unreadable record each."""
        packed = self.packed
        if packed is None:
            return []
        run = getattr(self.decoder, "bad_run", None)
        return [Bad(0, fault.at, 0, fault.reason, run) for fault in packed.take_faults()]

    def decode(self, data: bytes) -> list[Operation]:
        """Operations of the next bytes."""
        decoder = self._decoder()
        return self._guarded(lambda: decoder.feed(data), len(data))

    def decode_rows(self, block: Block) -> list[Operation]:
        """Operations of the next rows, if it is a database; its damage is one unreadable record."""
        from tracetui.core.formats._rows import RowDecoder  # late, as all that brings a parser

        decoder = self._decoder()
        if not isinstance(decoder, RowDecoder):
            raise TypeError("the format claims rows and decodes bytes")
        operations = self._guarded(lambda: decoder.rows(block.rows), 0)
        return [*operations, Bad(0, 0, 0, block.damage, decoder.bad_run)] if block.damage else operations

    def close(self) -> list[Operation]:
        """Operations of what was held back: there are no more bytes."""
        decoder = self._decoder()
        self.is_closed = True
        if self.packed is not None:
            self.packed.finish()
        return [*self._guarded(decoder.close, decoder.pending), *self.faults()]

    def advance(self, data: bytes) -> None:
        """After ``data`` was decoded: where the first record begins that is not complete, and on which line."""
        decoder = self._decoder()
        start = self.position - decoder.pending
        begin = self.position - len(data)
        # While a record that began in an earlier block goes on, the earlier base is still right.
        if start >= begin:
            self.base = start
            # Counted by the decoder, with whole lines that it holds back; counting them here takes as long as reading.
            self.first_line = 1 + decoder.line - data.count(b"\n", start - begin)

    def forget(self) -> None:
        """The next generation begins: what was learnt from the file is dropped."""
        if self.bundle is not None and self.candidate is not None:
            self.bundle.assembler.forget(self.candidate)
        self.decoder = self.candidate = None
        self.is_closed = self.was_document = False
        self.base, self.first_line = 0, 1
        self.held = []
        self.forgetting = self.source is not None

    def _decoder(self) -> Decoder:
        if self.decoder is None:
            raise ValueError("not begun")
        return self.decoder

    def _guarded(self, call: Callable[[], list[Operation]], size: int) -> list[Operation]:
        try:
            return call()
        except Exception as fault:  # a border: a format, perhaps a third party's, must not stop the others
            _log.exception("decoder fault in %s", ascii(self.path))
            return [Bad(0, max(0, self.position - size), size, f"decoder fault: {type(fault).__name__}")]


def glance(member: Member, candidate: Candidate, tail: bytes) -> list[Operation]:
    """What the first and the last bytes of a large file say of its run, by a decoder that is thrown away.

    Only facts about the run, links, and the time of the first span are kept: rows come when the file is read.
    """
    if member.match is None:
        return []
    throwaway = member.match.format.assembler(member.match.bundle or member.path)
    if isinstance(throwaway, Revising) and not getattr(throwaway, "glances", False):
        return []  # what one file says hangs on others
    head = candidate.head
    try:
        decoder = throwaway.decoder(candidate)
        if decoder.document:
            return []
        operations = decoder.feed(head[: head.rfind(b"\n") + 1])
        operations += decoder.feed(tail[tail.find(b"\n") + 1 : tail.rfind(b"\n") + 1])
    except Exception:  # a border: the file itself is read later, and tells of the fault then
        _log.exception("decoder fault at a glance at %s", ascii(member.path))
        return []
    return _facts(operations)


def _facts(operations: Sequence[Operation]) -> list[Operation]:
    facts: list[Operation] = []
    timed = False
    for operation in _spread(operations):
        if isinstance(operation, RunFact | Link):
            facts.append(operation)
        elif not timed and isinstance(operation, Begin | Whole):
            time = operation.time if isinstance(operation, Begin) else operation.start
            if time != NO_TIME:
                facts.append(RunFact(operation.run, time=time))
                timed = True
    return facts


def _spread(operations: Sequence[Operation]) -> Sequence[Operation]:
    """Operations, with what is of interest here taken out of columns."""
    spread: list[Operation] = []
    for operation in operations:
        if not isinstance(operation, Columns):
            spread.append(operation)
            continue
        if operation.begin_time:
            spread.append(Begin(operation.run, "", time=operation.begin_time[0]))
        spread += [rest for _, rest in operation.rest]
    return spread
