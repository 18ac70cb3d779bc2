"""Files that are read again, or that an earlier reading has read: what was said of them is kept, or taken back as a whole."""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH120

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, cast

from tracetui.core.batch import Batch
from tracetui.core.formats._base import Match, Revising
from tracetui.core.reading.member import Bundle, Member, Stage
from tracetui.core.reading.memory import FileState
from tracetui.core.reading.queues import Queues
from tracetui.core.sources.file import FileSource, Place
from tracetui.core.sources.gzip import GzipSource

if TYPE_CHECKING:
    from tracetui.core.sources.sqlite import SqliteSource


class Again(Queues):
    """Recalls what is as it was, and sends back to the start what is not."""

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

    def _new_source(self, id: int, member: Member, match: Match, packed: bool) -> FileSource | SqliteSource:
        place, key = member.tail.place, member.tail.key
        if match.tables:
            from tracetui.core.sources.sqlite import SqliteSource  # late: few need a database

            return SqliteSource(id, place, match.tables)
        if packed:
            return GzipSource(id, place, self._files, key, self._pages)
        return FileSource(id, place, self._files, key)

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


@cache
def _is_revising(assembler: type) -> bool:
    """Asked for every block; looking a protocol up each time takes as long as decoding some records."""
    return issubclass(assembler, Revising)
