"""The way of a file: found → claimed by a format → glanced at if large → read block by block → batches.

Works in small pieces, one call each, so that whoever drives it decides how long to go on. It does not look for changes; the
follower does, and sends files back to where they have to begin again.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH120

from __future__ import annotations

import heapq
import os
from typing import Final

from tracetui.core.formats._base import HEAD_BYTES, Match
from tracetui.core.reading.forerunners import Forerunners, inside, is_to_be_drained
from tracetui.core.reading.member import GLANCE_BYTES, Member, Stage, glance
from tracetui.core.sources.file import PRINT_BYTES, FileSource, digest, reason_of
from tracetui.core.sources.gzip import is_packed

LARGE_BYTES: Final = 262_144
"""Files over this are glanced at before they are read."""
_DETECTIONS: Final = 8
"""Groups of files looked into between two looks at the clock: about a millisecond."""


class Pipeline(Forerunners):
    """Reads what is put into it."""

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

    def claim(self, member: Member) -> Match | str | None:
        """A format's claim on a file as it is now, or why there is none; None: it cannot be read."""
        try:
            return self._claims.ask(self._claims.candidate(member.tail, member.tail.peek(0, HEAD_BYTES)))
        except OSError:
            return None

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
        begins = inside(head)
        forerunners = self._forerunners(member, begins) if member.source is None else []
        if any(is_to_be_drained(forerunner) for forerunner in forerunners):
            self.look_into(member, last=True)
            return
        member.seen = member.signature
        member.head = (len(head), digest(head[:PRINT_BYTES]))
        answer = self._claims.ask(self._claims.candidate(member.tail, head))
        if isinstance(answer, str):
            self._leave_unclaimed(member, answer)
            return
        if forerunners:
            self._go_on(forerunners, member, begins, answer)
        self._admit(member, answer, head)

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
