"""The way of a file: found → claimed by a format → glanced at if large → read block by block → batches.

Works in small pieces, one call each, so that whoever drives it decides how long to go on. It does not look for changes; the
follower does, and sends files back to where they have to begin again.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH119, PTH120

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from tracetui.core.batch import Batch, Notice
from tracetui.core.formats._base import HEAD_BYTES, Match, Revising
from tracetui.core.reading.claims import Claims
from tracetui.core.reading.member import GLANCE_BYTES, Bundle, Member, Stage, glance
from tracetui.core.reading.members import Members
from tracetui.core.reading.memory import FileState
from tracetui.core.sources._base import Source
from tracetui.core.sources.file import PRINT_BYTES, FileSource, OpenFiles, Place, digest, reason_of
from tracetui.core.sources.gzip import SUFFIX, GzipSource, Pages, is_packed, unpacked_head, unpacked_name

if TYPE_CHECKING:
    from tracetui.core.sources.sqlite import SqliteSource

LARGE_BYTES: Final = 262_144
"""Files over this are glanced at before they are read."""

QUIET_NS: Final = 60_000_000_000
"""A file that nobody wrote to for this long when it was opened is not being written: its last line needs no line end."""

_PREFERRED: Final = 0
_USUAL: Final = 1
_AFTER_ALL: Final = 2

_DETECTIONS: Final = 8
"""Groups of files looked into between two looks at the clock: about a millisecond."""


class Pipeline:
    """Reads what is put into it.

    Args:
        members: the files known.
        claims: says which format reads a file.
        files: keeps files open.
        follow: files may grow: unfinished records are held back, files stay open.
        wall: clock, ns since the epoch.
        block_bytes: how much is decoded at a time.
    """

    def __init__(
        self,
        members: Members,
        claims: Claims,
        files: OpenFiles,
        *,
        follow: bool,
        wall: Callable[[], int],
        block_bytes: int,
    ) -> None:
        self._members = members
        self._claims = claims
        self._files = files
        self._follow = follow
        self._wall = wall
        self._block_bytes = block_bytes
        self.sources: dict[int, Source] = {}
        self.out: list[Batch] = []
        """Batches made since somebody took them."""
        self.notices: list[Notice] = []
        self.bytes_left = 0
        """How many bytes may still be read in this poll; counted down, never below what one block needs."""
        self.first_done = False
        """Whether all that was there at the beginning was read."""
        self.unsettled: list[Member] = []
        """Documents that changed while they were read."""
        self.ended: set[str] = set()
        """Files that nobody can write to any more, by path. Added to by any thread."""
        self.shown: Mapping[str, str] = {}
        """What sources of some paths are called instead."""
        self._preferred: frozenset[str] = frozenset()
        self._numbers = itertools.count()
        self._groups: dict[tuple[str, str], list[Member]] = {}
        self._undetected: list[tuple[int, int, int, tuple[str, str]]] = []
        self._glances: list[Member] = []
        self._waiting: list[tuple[int, int, int, Bundle]] = []
        self._uncertain: dict[str, dict[Member, None]] = {}
        self._pages = Pages()

    @property
    def has_work(self) -> bool:
        """Whether anything is to be looked into or read."""
        return bool(self._undetected or self._glances or self._waiting)

    # Taking up an earlier reading.

    def expect(self, states: Iterable[FileState]) -> None:
        """What an earlier reading knew of: sources keep their numbers, and can be asked even when their file is gone."""
        known = {state.source: state for state in states if state.source >= 0}
        for id in range(max(known, default=-1) + 1):
            # A number whose file was given up is not used again.
            place = known[id].place if id in known else Place("", -1, -1)
            self.sources[id] = FileSource(id, place, self._files, -1 - id)

    def recall(self, member: Member, state: FileState) -> None:
        """A file is as an earlier reading left it: nothing of it is to be read."""
        member.tail.recall(state.place)
        member.seen = member.signature
        member.stage, member.reason = Stage[state.stage], state.reason
        member.head = (state.looked[0], bytes.fromhex(state.looked[1]))
        match = self._claims.recalled(state)
        if match is not None:
            self._resume(member, state, match)
            member.is_closed, member.was_document = True, state.document
            if not match.certain and self._follow:
                self._uncertain.setdefault(os.path.dirname(member.path), {})[member] = None
        self._members.count(member)

    def take_back(self, state: FileState, member: Member | None) -> None:
        """A file that an earlier reading read is gone (no ``member``), or changed: what was read of it is no more."""
        match = self._claims.recalled(state)
        if match is None or state.source < 0:
            return
        if member is not None:
            self._resume(member, state, match)
            member.tail.restart(state.generation + 1)
            member.sync()
            member.forget()
            self._take_back_now(member)
            self._read_recalled(member.bundle)
            return
        bundle = self._claims.numbered(state)
        self.out.append(Batch(state.source, state.format, state.generation + 1, forget=True, complete=True))
        self._read_recalled(bundle)

    def read_again(self, member: Member) -> None:
        """A file that was recalled is to be read after all."""
        if member in self._members and member.decoder is None and member.stage is not Stage.found:
            self.begin_again(member)
            self._take_back_now(member)

    def _resume(self, member: Member, state: FileState, match: Match) -> None:
        member.match = match
        member.bundle = self._claims.numbered(state, member, match)
        if state.source >= 0:
            member.source = self._new_source(state.source, member, match, state.packed)
            self.sources[state.source] = member.source
            if member.rows is not None:
                member.rows.recall(state.marks)
        if member.bundle is not None:
            member.bundle.newest = max(member.bundle.newest, state.mtime_ns)
            member.bundle.recalled.append(member)

    def _read_recalled(self, bundle: Bundle | None) -> None:
        """One file of a run is read: the others have to be, since its assembler knows only what it was told."""
        if bundle is None or not bundle.recalled:
            return
        recalled, bundle.recalled = bundle.recalled, []
        for member in recalled:
            if member.is_closed:
                self.read_again(member)

    def _take_back_now(self, member: Member) -> None:
        """All that a run's files said goes before any of it is said again: nothing of it may outlive them."""
        if member.forgetting:
            self.out.append(member.batch())

    # What is to be read first.

    def prefer(self, paths: frozenset[str]) -> None:
        """Files to be looked into and read before all others."""
        self._preferred = paths
        self._undetected = [(self._urgency(self._groups[key]), at, n, key) for _, at, n, key in self._undetected]
        self._waiting = [(self._urgency(bundle.waiting), at, n, bundle) for _, at, n, bundle in self._waiting]
        heapq.heapify(self._undetected)
        heapq.heapify(self._waiting)

    def work(self) -> None:
        """A little of what waits: look into a few files, then glance at one or read one block."""
        for _ in range(min(_DETECTIONS, len(self._undetected))):
            self._look_into_group(self._groups.pop(heapq.heappop(self._undetected)[-1]))
        if self._glances:
            self._glance(self._glances.pop())
        elif self._waiting:
            self._read_next()

    def doubt(self, folder: str) -> None:
        """A folder got a new file: the claims that this may overturn are asked for again."""
        for member in self._uncertain.pop(folder, {}):
            if member not in self._members or member.match is None or member.match.certain or member.gone:
                continue
            answer = self.claim(member)
            if isinstance(answer, Match) and answer.place != member.match.place:
                self._move(member)
            else:
                self._uncertain.setdefault(folder, {})[member] = None

    def _move(self, member: Member) -> None:
        """A file belongs elsewhere. Those it was read with are read again: what it said of their spans may live on in them."""
        left = member.bundle
        self.begin_again(member)
        for other in list(self._members):
            if other is not member and other.bundle is left and other.decoder is not None:
                self.begin_again(other)

    def notice(self, level: str, text: str, member: Member) -> None:
        """Tell something about a file."""
        self.notices.append(Notice(level, text, self.shown.get(member.path, member.path)))

    # Finding out the format.

    def look_into(self, member: Member, *, last: bool = False) -> None:
        """Put a file among those whose format is to be found out, together with those that differ in their ending only."""
        member.stage = Stage.found
        folder, name = os.path.split(member.path)
        key = (folder, name.partition(".")[0] or name)
        group = self._groups.get(key)
        if group is None:
            self._groups[key] = [member]
            urgency = _AFTER_ALL if last else self._urgency([member])
            entry = (urgency, -member.tail.mtime_ns, next(self._numbers), key)
            heapq.heappush(self._undetected, entry)
        elif member not in group:
            group.append(member)

    def claim(self, member: Member) -> Match | str | None:
        """A format's claim on a file as it is now, or why there is none; None: it cannot be read."""
        try:
            return self._claims.ask(self._claims.candidate(member.tail, member.tail.peek(0, HEAD_BYTES)))
        except OSError:
            return None

    def refuse(self, member: Member, reason: str) -> None:
        """The system does not let it be read."""
        if member.stage is not Stage.refused or member.reason != reason:
            self.notice("warning", f"cannot be read: {reason}", member)
        member.stage, member.reason = Stage.refused, reason
        member.seen = member.signature
        if member.bundle is not None:
            member.bundle.remove(member)
        self._members.count(member)

    def _look_into_group(self, group: list[Member]) -> None:
        for member in group:
            if member in self._members and member.stage is Stage.found:
                self._find_format(member)
                self._members.count(member)

    def _find_format(self, member: Member) -> None:
        try:
            member.tail.look()
            head = member.tail.peek(0, HEAD_BYTES)
        except OSError as error:
            self.refuse(member, reason_of(error))
            return
        # A file that was read already goes on with nobody else's recording.
        inside = _inside(head)
        forerunners = self._forerunners(member, inside) if member.source is None else []
        if any(_is_to_be_drained(forerunner) for forerunner in forerunners):
            self.look_into(member, last=True)
            return
        member.seen = member.signature
        member.head = (len(head), digest(head[:PRINT_BYTES]))
        answer = self._claims.ask(self._claims.candidate(member.tail, head))
        if isinstance(answer, str):
            self._leave_unclaimed(member, answer)
            return
        if forerunners:
            self._go_on(forerunners, member, inside, answer)
        self._admit(member, answer, head)

    def _forerunners(self, member: Member, head: bytes) -> list[Member]:
        """Files that are gone and whose recording this file may go on with: of the same name, or the same beginning."""
        former = self._members.former(member.path) or self._members.former(unpacked_name(member.path))
        return [*([] if former is None else [former]), *self._members.gone_like(head)]

    def _go_on(self, forerunners: list[Member], member: Member, head: bytes, match: Match) -> None:
        """A new file holds the recording of one that is gone: it takes its place, so that nothing is there twice."""
        former = self._members.former(member.path)
        self._members.settle_name(member.path)
        for gone in forerunners:
            is_same_name = gone is former
            is_document = (
                is_same_name and gone.is_document and gone.match is not None and match.format is gone.match.format
            )
            is_anew = is_same_name and gone.tail.begins_like(head)
            if is_document or is_anew or gone.tail.goes_on_in(member.tail) or self._is_packed_in(gone, member):
                self._take_place(gone, member)
                return

    def packed_anew(self, member: Member) -> bool:
        """Whether a file that is gone lies packed beside where it was: then that file says all that it said."""
        twin = self._members.named(member.path + SUFFIX)
        if twin is None or twin.gone or not self._is_packed_in(member, twin):
            return False
        member.tail.restart()
        member.sync()
        if member.bundle is not None:
            member.bundle.remove(member)
        member.forget()
        if member.forgetting:
            self.out.append(member.batch(complete=True))
        self.notice("info", f"compressed: read on in {os.path.basename(twin.path)}", member)
        self._members.drop(member)
        self.begin_again(twin)  # its name is that of what is in it only now
        return True

    def _is_packed_in(self, gone: Member, member: Member) -> bool:
        """Whether a compressed file begins with what was read of another and, by its own account, holds as much."""
        try:
            head = member.tail.peek(0, HEAD_BYTES)
            size = int.from_bytes(member.tail.peek(max(0, member.tail.size - 4), 4), "little")
        except OSError:
            return False
        is_as_long = (
            size >= gone.tail.position if gone.tail.position < 1 << 32 else size == gone.tail.position % (1 << 32)
        )
        if not is_packed(head) or not is_as_long:
            return False
        inside = _inside(head)
        # What was set aside was only looked into.
        return gone.tail.begins_like(inside) or (not gone.tail.position and gone.head[1] == digest(inside))

    def _take_place(self, gone: Member, member: Member) -> None:
        was_document = gone.is_document
        member.source, member.match, member.bundle = gone.source, gone.match, gone.bundle
        member.candidate = gone.candidate
        if member.source is not None:
            member.source.moved_to(member.tail.key)
        member.forget()
        member.tail.restart(gone.tail.place.generation + 1)
        member.sync()
        self._members.drop(gone)
        self.notice("info", "written anew: read again from the start", member)
        if not was_document:
            self.out.append(member.batch())

    def _leave_unclaimed(self, member: Member, reason: str) -> None:
        if member.forgetting:
            self.out.append(member.batch(complete=True))
        member.stage, member.reason = Stage.unclaimed, reason
        if member.source is None:
            member.tail.release()

    def _admit(self, member: Member, match: Match, head: bytes) -> None:
        """A format reads this file."""
        member.is_over = member.path in self.ended
        if member.path in self.shown and not member.is_over:
            member.grew_at_ns = self._wall()  # a pipe has a writer as long as it is open
        if member.forgetting and (member.match is None or member.match.format is not match.format):
            self.out.append(member.batch())
        member.match = match
        self._give_source(member, match, is_packed(head))
        member.sync()
        if not match.certain and self._follow:
            self._uncertain.setdefault(os.path.dirname(member.path), {})[member] = None
        bundle, has_united = self._claims.bundle(member, match)
        member.bundle = bundle
        if has_united:
            self._unite()
        bundle.newest = max(bundle.newest, member.tail.mtime_ns)
        if match.role != "run":
            member.stage, member.reason = Stage.aside, match.reason
            said = bundle.assembler.side(self._claims.candidate(member.tail, head))
            self.out.append(member.batch(said, complete=True))
            member.tail.release()
            return
        member.stage = Stage.claimed
        self._read_recalled(bundle)
        if member.tail.size > LARGE_BYTES and not self.first_done:
            self._glances.append(member)
        self.wait(member)

    def _unite(self) -> None:
        """A new file has shown that files of several bundles belong together: they go over to one."""
        for member in list(self._members):
            old = member.bundle
            if old is None or old.united_with is None or member.stage is not Stage.claimed:
                continue
            if member.decoder is not None:
                self.begin_again(member)
            else:
                old.remove(member)
                member.bundle = old.united_with
                self.wait(member)

    def _give_source(self, member: Member, match: Match, packed: bool) -> None:
        """The source that its bodies come from; another one of the same id if the file has become one of another sort."""
        if member.rows is not None and member.rows.is_of(match.tables):
            member.rows.restart()
            return
        if member.packed is not None and packed:
            member.packed.restart()
            return
        if isinstance(member.source, FileSource) and member.packed is None and not match.tables and not packed:
            return
        id = len(self.sources) if member.source is None else member.source.id
        member.source = self._new_source(id, member, match, packed)
        member.source.shown = self.shown.get(member.path, "")
        self.sources[id] = member.source

    def _new_source(self, id: int, member: Member, match: Match, packed: bool) -> FileSource | SqliteSource:
        place, key = member.tail.place, member.tail.key
        if match.tables:
            from tracetui.core.sources.sqlite import SqliteSource  # late: few need a database

            return SqliteSource(id, place, match.tables)
        if packed:
            return GzipSource(id, place, self._files, key, self._pages)
        return FileSource(id, place, self._files, key)

    def _glance(self, member: Member) -> None:
        if member.stage is not Stage.claimed or member.tail.position:
            return
        try:
            head = member.tail.peek(0, GLANCE_BYTES)
            tail = member.tail.peek(max(len(head), member.tail.size - GLANCE_BYTES), GLANCE_BYTES)
        except OSError:
            return  # told when it is read
        # The end of what is compressed cannot be looked at without all that is before it.
        facts = glance(member, self._claims.candidate(member.tail, head), b"" if member.packed is not None else tail)
        if facts:
            batch = member.batch(facts)
            batch.glance = True
            self.out.append(batch)

    # Reading.

    def end(self, member: Member) -> None:
        """It is one of those that nobody can write to any more: read what it held back."""
        if member.path in self.ended and not member.is_over:
            member.is_over = True
            if member.stage is Stage.claimed:
                self.wait(member)

    def wait(self, member: Member) -> None:
        """Put a file among those that are to be read."""
        bundle = member.bundle
        if bundle is None:
            return
        bundle.push(member)
        self._members.count(member)
        if not bundle.is_queued:
            bundle.is_queued = True
            heapq.heappush(self._waiting, (self._urgency([member]), -bundle.newest, bundle.number, bundle))

    def begin_again(self, member: Member) -> None:
        """The next generation: what was said is taken back, at once or, for a document, when it is read again."""
        was_document = member.is_document
        member.tail.restart()
        member.sync()
        if member.bundle is not None:
            member.bundle.remove(member)
        member.forget()
        if member.forgetting and not was_document:
            self.out.append(member.batch())
        self.look_into(member)
        if member.bundle is not None:
            self._read_recalled(member.bundle)
            self._revise(member.bundle)

    def restart(self, member: Member) -> None:
        """Truncated or rewritten in place."""
        lost = member.tail.lost
        cut = 0 if member.decoder is None or member.is_document else member.decoder.pending
        text = "truncated or rewritten: read again from the start"
        if lost:
            text += f"; {lost:,} bytes were cut before they could be read"
        if cut:
            text += f"; an unfinished record of {cut:,} bytes was cut"
        self.notice("warning", text, member)
        member.grew_at_ns = self._wall()
        member.restarted = not member.is_document  # a document is written anew each time
        self.begin_again(member)

    def _revise(self, bundle: Bundle) -> None:
        """Read again what the bundle's assembler knows better now."""
        if not _is_revising(type(bundle.assembler)):
            return
        for path in cast(Revising, bundle.assembler).take_stale():
            member = self._members.named(self._claims.real_path(path))
            if member is not None and member.bundle is bundle and member.decoder is not None:
                self.begin_again(member)

    def _urgency(self, members: Iterable[Member]) -> int:
        return _PREFERRED if any(member.path in self._preferred for member in members) else _USUAL

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


def _inside(head: bytes) -> bytes:
    """How a file begins, or what is in it if it is compressed."""
    return unpacked_head(head, PRINT_BYTES, is_all=False).data if is_packed(head) else head


def _is_to_be_drained(gone: Member) -> bool:
    """Whether the end of a file that is gone comes first: it tells whether a new one goes on with it."""
    has_more = gone.tail.unread > 0 and gone.tail.is_open
    return has_more and gone.stage in (Stage.found, Stage.claimed)


@cache
def _is_revising(assembler: type) -> bool:
    """Asked for every block; looking a protocol up each time takes as long as decoding some records."""
    return issubclass(assembler, Revising)
