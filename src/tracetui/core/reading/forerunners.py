"""Files that go on with what another one held: renamed, written anew under the same name, or packed."""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH119

from __future__ import annotations

import os

from tracetui.core.formats._base import HEAD_BYTES, Match
from tracetui.core.reading.blocks import Blocks
from tracetui.core.reading.member import Member, Stage
from tracetui.core.sources.file import PRINT_BYTES, digest
from tracetui.core.sources.gzip import SUFFIX, is_packed, unpacked_head, unpacked_name


class Forerunners(Blocks):
    """Lets a new file take the place of one that is gone, so that nothing is there twice."""

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
        within = inside(head)
        # What was set aside was only looked into.
        return gone.tail.begins_like(within) or (not gone.tail.position and gone.head[1] == digest(within))

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


def inside(head: bytes) -> bytes:
    """How a file begins, or what is in it if it is compressed."""
    return unpacked_head(head, PRINT_BYTES, is_all=False).data if is_packed(head) else head


def is_to_be_drained(gone: Member) -> bool:
    """Whether the end of a file that is gone comes first: it tells whether a new one goes on with it."""
    has_more = gone.tail.unread > 0 and gone.tail.is_open
    return has_more and gone.stage in (Stage.found, Stage.claimed)
