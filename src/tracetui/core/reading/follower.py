"""What a change of a file means for what was read of it.

- grown: read on;
- truncated or rewritten in place: the same source, next generation, read again from the start;
- renamed within what is read: the same source under its new name;
- gone under its name: what is kept open is read to its end, what was read stays; a new file that holds what was read here
  takes its place (the pipeline finds that out);
- a document: read again as a whole when it has come to rest.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH120

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from tracetui.core.discovery import Discovery
from tracetui.core.follow import Change, Name
from tracetui.core.formats._base import HEAD_BYTES, Match
from tracetui.core.reading.attention import Attention
from tracetui.core.reading.member import Member, Stage
from tracetui.core.reading.members import Members
from tracetui.core.reading.pipeline import Pipeline
from tracetui.core.sources.file import PRINT_BYTES, digest, reason_of

SETTLE_S: Final = 0.1
"""A document that is being written is read when it has not changed for this long."""
SETTLE_AT_MOST_S: Final = 1.0
"""And after this long in any case."""


class Follower:
    """Looks at files and sends them where they have to go."""

    def __init__(
        self,
        members: Members,
        pipeline: Pipeline,
        discovery: Discovery,
        attention: Attention,
        *,
        wall: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._members = members
        self._pipeline = pipeline
        self._discovery = discovery
        self._attention = attention
        self._wall = wall
        self._monotonic = monotonic
        self._settling: dict[int, tuple[Member, float, float]] = {}

    def look(self, member: Member) -> None:
        """Look at one file, and at what became of it."""
        if member not in self._members:
            return
        if self._pipeline.ended:
            self._pipeline.end(member)
        before = member.tail.size
        try:
            name, change = member.tail.look()
        except OSError as error:
            self._pipeline.refuse(member, reason_of(error))
            return
        if name is Name.denied:
            self._pipeline.refuse(member, "permission denied")
            return
        if name is Name.ours:
            if member.gone:
                self._move(member, member.path)
        elif not member.gone and not self._follow_name(member, name):
            return
        if member.tail.size > before:
            self._has_grown(member)
        self._act(member, change)
        self._members.count(member)

    def found(self, path: str, status: os.stat_result) -> None:
        """Discovery found a file under a name."""
        known = self._members.same(status)
        if known is not None:
            if known.path == path and not known.gone:
                if self._pipeline.first_done:
                    self.look(known)
                return
            if known.path != path and not known.gone and self._members.is_named(known):
                return  # one file of two names
            if self._members.is_same(known, path):
                self._move(known, path)
                return
            # The number of a deleted file, given to another one.
            self._lose(known, "deleted or moved away")
        former = self._members.named(path)
        if former is not None:
            self.look(former)
        member = self._members.add(path, status)
        if self._pipeline.first_done:
            self._has_grown(member)
        self._pipeline.look_into(member)
        self._pipeline.doubt(os.path.dirname(path))

    def vanished(self, path: str) -> None:
        """Discovery misses a name."""
        # What happens to a database is written to its log first.
        for name in dict.fromkeys((path, path.removesuffix("-wal"), path.removesuffix("-journal"))):
            member = self._members.named(name)
            if member is not None:
                self.look(member)

    def settle(self, now: float) -> None:
        """Read the documents again that have come to rest."""
        for member in self._pipeline.unsettled:
            self._settle(member)
        self._pipeline.unsettled.clear()
        for key, (member, due, _) in list(self._settling.items()):
            if now < due:
                continue
            self.look(member)
            if now >= self._settling[key][1]:
                del self._settling[key]
                if member in self._members and member.stage is Stage.claimed:
                    self._pipeline.begin_again(member)
                elif member in self._members and member.stage is Stage.aside:
                    member.forget()  # it may tell of another run now
                    self._pipeline.look_into(member)

    def next_due(self, now: float) -> float:
        """Seconds until a document may have come to rest."""
        return max(0.0, min((due - now for _, due, _ in self._settling.values()), default=float("inf")))

    def _act(self, member: Member, change: Change) -> None:
        """What a change means for a file at its stage."""
        match member.stage:
            case Stage.unclaimed | Stage.refused:
                if member.has_changed_since_seen() and self._is_worth_a_look(member):
                    self._has_grown(member)
                    self._again(member)
            case Stage.aside:
                if member.has_changed_since_seen():
                    self._settle(member)
            case Stage.claimed if member.rows is not None:
                if member.rows.has_changed() and not member.is_waiting:
                    self._has_grown(member)
                    self._grown(member)
            case Stage.claimed if member.is_document:
                if member.has_changed_since_seen():
                    self._has_grown(member)
                    self._settle(member)
            case Stage.claimed if change is Change.restarted:
                self._attention.grew(member, self._monotonic())
                self._pipeline.restart(member)
            case Stage.claimed if change is Change.grown:
                self._grown(member)

    def _has_grown(self, member: Member) -> None:
        member.grew_at_ns = self._wall()
        self._attention.grew(member, self._monotonic())

    def _grown(self, member: Member) -> None:
        if member.is_closed or not self._is_still_claimed(member):
            self._pipeline.begin_again(member)
        else:
            self._pipeline.wait(member)

    def _is_still_claimed(self, member: Member) -> bool:
        """Whether a longer look leads to the same claim."""
        match = member.match
        if match is None or match.certain:
            return True
        answer = self._pipeline.claim(member)
        if not isinstance(answer, Match):
            return True
        member.match = answer
        return answer.place == match.place

    def _is_worth_a_look(self, member: Member) -> bool:
        """Whether a file that no format claimed may be claimed now: more of its head is there, or another one."""
        length, fingerprint = member.head
        if member.stage is Stage.refused or length < HEAD_BYTES or member.tail.size < length:
            return True
        try:
            return digest(member.tail.peek(0, PRINT_BYTES)) != fingerprint
        except OSError:
            return True

    def _again(self, member: Member) -> None:
        if member.stage is Stage.refused and member.decoder is not None:
            member.stage = Stage.claimed
            self._pipeline.wait(member)
        else:
            self._pipeline.look_into(member)

    def _settle(self, member: Member) -> None:
        """A document changed: read it again when it has not changed for a moment."""
        now = self._monotonic()
        _, _, since = self._settling.get(member.tail.key, (member, now, now))
        member.seen = member.signature
        self._settling[member.tail.key] = (member, min(now + SETTLE_S, since + SETTLE_AT_MOST_S), since)

    def _follow_name(self, member: Member, name: Name) -> bool:
        """Its name leads to nothing or to another file; False: it is not known any more."""
        path = self._members.whereabouts(member)
        if path is not None:
            self._move(member, path)
        else:
            self._lose(member, "replaced" if name is Name.other else "deleted or moved away")
        return member in self._members

    def _move(self, member: Member, path: str) -> None:
        """The same file is found under another name, or found again."""
        old = member.path
        other = self._members.move(member, path)
        if other is not None:
            self._attention.suspect(other)
        member.sync()
        if member.source is not None:
            self._pipeline.out.append(member.batch(complete=not member.unread))
        if old != path:
            self._discovery.look_at(old)
            if member.stage is Stage.unclaimed:
                self._pipeline.look_into(member)

    def _lose(self, member: Member, how: str) -> None:
        """It is gone. What was read stays; what is kept open is read to its end."""
        self._discovery.look_at(member.path)
        if member.source is None:
            self._members.drop(member)
            return
        if self._pipeline.packed_anew(member):
            return
        if member.stage is Stage.aside:  # nothing was read of it that could stay
            member.forget()
            self._pipeline.out.append(member.batch(complete=True))
            self._members.drop(member)
            return
        self._members.lose(member)
        text = f"{how}; what was read stays"
        if member.unread and not member.tail.is_open:
            text += f"; {member.unread:,} bytes were lost before they could be read"
        self._pipeline.notice("info", text, member)
        self._pipeline.out.append(member.batch(complete=not member.unread))
        if member.unread and member.tail.is_open and member.stage is Stage.claimed:
            self._pipeline.wait(member)
