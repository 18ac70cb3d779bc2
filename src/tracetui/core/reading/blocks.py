"""Reading: block by block, from files that grow, documents and databases, into batches."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from tracetui.core.formats._base import HEAD_BYTES
from tracetui.core.reading.again import Again
from tracetui.core.reading.member import Member
from tracetui.core.sources.file import reason_of

if TYPE_CHECKING:
    from tracetui.core.sources.sqlite import SqliteSource

QUIET_NS: Final = 60_000_000_000
"""A file that nobody wrote to for this long when it was opened is not being written: its last line needs no line end."""


class Blocks(Again):
    """Reads and decodes what waits for it."""

    def _read_next(self) -> None:
        bundle = self._waiting[0][-1]
        if bundle.waiting:
            member = bundle.waiting[0]
            if not self._read_block(member):
                bundle.remove(member)
            self._revise(bundle)
            self._members.count(member)
        while self._waiting and not self._waiting[0][-1].waiting:
            heapq.heappop(self._waiting)[-1].is_queued = False

    def _read_block(self, member: Member) -> bool:
        """Read and decode a block; whether there is more."""
        if member.rows is not None:
            return self._read_rows(member, member.rows)
        try:
            data, ended = member.read(self._block_bytes)
            if member.decoder is None and data is not None:
                self._begin(member, data)
        except OSError as error:
            self.refuse(member, reason_of(error))
            return False
        if data is None:
            self.restart(member)
            return False
        self.bytes_left -= len(data)
        member.sync()
        if member.gone:
            self._members.gone_read_on()
        if member.is_document:
            self._read_document(member, data, ended=ended)
        else:
            self._read_lines(member, data, ended=ended)
        if ended and not self._follow:
            member.tail.release()
        return not ended

    def _read_rows(self, member: Member, rows: SqliteSource) -> bool:
        """The same of a database."""
        try:
            if member.decoder is None:
                head = member.tail.peek(0, HEAD_BYTES)
                member.tail.release()
                member.begin(self._claims.candidate(member.tail, head))
            block = rows.read(self._block_bytes)
        except OSError as error:
            self.refuse(member, reason_of(error))
            return False
        if block is None:
            self.restart(member)
            return False
        self.bytes_left -= block.size
        self.out.append(member.batch(member.decode_rows(block), complete=block.ended))
        return not block.ended

    def _begin(self, member: Member, data: bytes) -> None:
        """Make the decoder; the first block is the head that it is made for, if it is long enough."""
        is_head = member.packed is None and (len(data) >= HEAD_BYTES or len(data) < self._block_bytes)
        head = data[:HEAD_BYTES] if is_head else member.tail.peek(0, HEAD_BYTES)
        member.begin(self._claims.candidate(member.tail, head))

    def _read_lines(self, member: Member, data: bytes, *, ended: bool) -> None:
        batch = member.batch(member.decode(data) if data else [], complete=ended)
        member.advance(data)
        batch.operations += member.faults()
        if ended and self._is_over(member):
            batch.operations += member.close()
        self.out.append(batch)

    def _is_over(self, member: Member) -> bool:
        """Whether what the decoder holds back is all that will ever come."""
        if member.is_closed:
            return False
        if not self._follow or member.is_over:
            return True
        is_old = member.grew_at_ns is None and self._wall() - member.tail.mtime_ns > QUIET_NS
        return is_old and member.decoder is not None and member.is_torn

    def _read_document(self, member: Member, data: bytes, *, ended: bool) -> None:
        member.held += member.decode(data)
        if not ended:
            return
        if self._follow and member.has_changed():
            self.unsettled.append(member)
        operations = [*member.held, *member.close()]
        member.held = []
        self.out.append(member.batch(operations, complete=True))
