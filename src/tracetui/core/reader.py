"""From paths to batches: finds files, asks formats, glances at the large ones, reads all, and follows what grows.

``Reader.poll`` does a bounded amount of work in the caller's thread and returns batches for ``Store.apply``; the reader knows
no store. It works in rounds, cheapest first: list folders, look into new files, glance at large ones, read one block.
While following, the view is what reading the folder anew would give, with the files that were deleted while they were
followed; ``tracetui.core.reading.follower`` says what becomes of a file's source when the file changes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from tracetui.core.batch import Aside, Batch, Explanation, Notice, Progress, SeenFile
from tracetui.core.discovery import Discovery, Found, Trouble, Vanished
from tracetui.core.formats._base import Format
from tracetui.core.reading.attention import Attention
from tracetui.core.reading.claims import Claims, Detect
from tracetui.core.reading.follower import Follower
from tracetui.core.reading.member import BLOCK_BYTES, Stage
from tracetui.core.reading.members import Members
from tracetui.core.reading.memory import FileState, Memory, ReadingState, states_of
from tracetui.core.reading.pipeline import Pipeline
from tracetui.core.sources._base import Source
from tracetui.core.sources.file import OpenFiles

__all__ = ["Aside", "Explanation", "Notice", "Progress", "Reader"]


class Reader:
    """Reads the recordings under ``paths``.

    Args:
        paths: files and folders.
        formats: which formats to ask, most specific first; None: all that tracetui knows.
        follow: go on when all is read, with what grows and what is new.
        detect: how formats are asked; None: ``tracetui.core.formats.detect``.
        wall: clock for when growth was seen, ns since the epoch.
        monotonic: clock for budgets and for when to look again, s.
        block_bytes: how much is decoded at a time.
        shown: what to call a path that means nothing to anybody: standard input, kept in a file for a while.
        memory: the files of an earlier reading, whose batches the store has: they are read only where they changed.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        formats: Sequence[Format] | None = None,
        follow: bool = False,
        detect: Detect | None = None,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
        block_bytes: int = BLOCK_BYTES,
        shown: Mapping[str, str] | None = None,
        memory: Sequence[FileState] = (),
    ) -> None:
        self._began_ns = wall()
        self._follow = follow
        self._monotonic = monotonic
        self._files = OpenFiles()
        self._discovery = Discovery(paths)
        self._shown = {} if shown is None else dict(shown)
        self._claims = Claims(formats, detect, self._discovery.siblings, self._discovery.roots, self._shown)
        self._members = Members(self._files)
        self._attention = Attention(monotonic())
        self._pipeline = Pipeline(
            self._members, self._claims, self._files, follow=follow, wall=wall, block_bytes=block_bytes
        )
        self._pipeline.shown = self._shown
        self._memory: Memory | None = Memory(memory) if memory else None
        self._pipeline.expect(memory)
        self._follower = Follower(
            self._members, self._pipeline, self._discovery, self._attention, wall=wall, monotonic=monotonic
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files. Sources still answer for files that are where they were."""
        self._files.close()

    # What a driver calls.

    def poll(self, budget_s: float = 0.05, max_bytes: int = 8_388_608) -> list[Batch]:
        """Work for about ``budget_s`` seconds or ``max_bytes`` bytes, at least one round; what came of it."""
        now = self._monotonic()
        deadline = now + budget_s
        self._pipeline.bytes_left = max_bytes
        self._members.forget_listings()
        if self._follow:
            self._attend(now)
        while self._round() and self._pipeline.bytes_left > 0 and self._monotonic() < deadline:
            pass
        batches, self._pipeline.out = self._pipeline.out, []
        return batches

    def be_told(self, is_told: bool) -> None:
        """Whether a watcher tells of changes now: what nobody names is looked at less often then."""
        self._attention.is_told = is_told

    def changed(self, paths: Iterable[str] | None) -> None:
        """A watcher says that something happened at these paths; None: anywhere. May be called from any thread."""
        self._attention.name(paths)

    def end(self, path: str, fault: str = "") -> None:
        """Nobody can write to this file any more: what it holds is all there will be, for a ``fault`` if there is one.

        May be called from any thread.
        """
        is_news = path not in self._pipeline.ended
        self._pipeline.ended.add(path)
        if fault and is_news:
            self._pipeline.notices.append(Notice("warning", fault, self._shown.get(path, path)))
        self._attention.name([path])

    def prefer(self, paths: Iterable[str]) -> None:
        """Read these files first, and look at them most often (those of the open run). For the polling thread."""
        real = {shown: path for path, shown in self._shown.items()}
        self._attention.preferred = frozenset(real.get(path, path) for path in paths)
        self._pipeline.prefer(self._attention.preferred)

    def next_due(self, now: float) -> float:
        """Seconds until a poll is useful, at monotonic time ``now``; infinite when there is nothing more to come."""
        if self._has_work():
            return 0.0
        if not self._follow:
            return float("inf")
        return min(self._attention.next_due(now, has_young=self._discovery.has_unsettled), self._follower.next_due(now))

    # What a driver asks.

    @property
    def sources(self) -> dict[int, Source]:
        """Every source that batches speak of, by id."""
        return self._pipeline.sources

    @property
    def progress(self) -> Progress:
        """How far reading has got."""
        read, known_bytes, read_bytes = self._members.tally
        done = self._pipeline.first_done and not self._has_work()
        return Progress(len(self._members), read, known_bytes, read_bytes, self._discovery.busy, done)

    def take_notices(self) -> list[Notice]:
        """Notices since the last call."""
        notices, self._pipeline.notices = self._pipeline.notices, []
        return notices

    @property
    def unrecognised(self) -> list[tuple[str, str]]:
        """Paths that no format reads, with the reason."""
        members = [(member.path, member.reason) for member in self._members if member.stage is Stage.unclaimed]
        return sorted((self._shown.get(path, path), why) for path, why in (*members, *self._discovery.oddities.items()))

    @property
    def unreadable_paths(self) -> list[tuple[str, str]]:
        """Files and folders that the system does not let be read, with the reason."""
        members = [(member.path, member.reason) for member in self._members if member.stage is Stage.refused]
        return sorted(
            {(self._shown.get(path, path), why) for path, why in (*members, *self._discovery.troubles.items())}
        )

    @property
    def set_aside(self) -> list[Aside]:
        """Reports and copies, which belong to runs without being read."""
        return [
            Aside(self._shown.get(member.path, member.path), match.format.name, match.bundle, match.role, match.reason)
            for member in sorted(self._members, key=lambda member: member.path)
            if member.stage is Stage.aside and not member.gone and (match := member.match) is not None
        ]

    @property
    def files(self) -> list[SeenFile]:
        """The files that formats claimed, with what tells whether one has changed since it was looked at."""
        return [
            SeenFile(
                member.path,
                member.tail.place.device,
                member.tail.place.inode,
                member.tail.size,
                member.tail.mtime_ns,
                -1 if member.source is None else member.source.id,
                member.match.format.name,
                -1 if member.bundle is None else member.bundle.number,
                member.match.role,
                member.rows is not None,
            )
            for member in self._members
            if member.match is not None and not member.gone and member.stage in (Stage.claimed, Stage.aside)
        ]

    def explain(self, path: str) -> Explanation:
        """Why a file is read as it is, by looking at it now. Raises OSError for a path that cannot be read."""
        return self._claims.explain(path)

    # One round of work.

    def _has_work(self) -> bool:
        return self._discovery.busy or self._pipeline.has_work

    def _attend(self, now: float) -> None:
        """While following, at the start of each poll: what is due."""
        for path in self._attention.take_named():
            self._follower.vanished(path)
            self._discovery.look_at(path)
        folders, young = self._attention.begin(now, self._members)
        if folders or young:
            self._discovery.refresh(unsettled=not folders)
        for member in self._attention.due(now):
            self._follower.look(member)
        self._follower.settle(now)

    def _round(self) -> bool:
        """A little of everything that waits; whether anything is left."""
        if self._follow:
            for member in self._attention.sweep():
                self._follower.look(member)
        if self._discovery.busy:
            self._take(self._discovery.step())
        # A file is judged beside its siblings, so all of them are to be known.
        if not self._discovery.busy:
            if self._memory is not None:
                self._settle_memory(self._memory)
            self._pipeline.work()
        if self._has_work():
            return True
        self._pipeline.first_done = True
        return self._attention.is_sweeping

    def _take(self, findings: Iterable[Found | Vanished | Trouble]) -> None:
        for finding in findings:
            match finding:
                case Found(path, status):
                    if self._memory is None or not self._recalls(self._memory, path, status):
                        self._follower.found(path, status)
                case Vanished(path):
                    self._follower.vanished(path)
                case Trouble(path, reason):
                    self._pipeline.notices.append(Notice("warning", f"cannot be read: {reason}", path))

    # Taking up an earlier reading.

    def _recalls(self, memory: Memory, path: str, status: os.stat_result) -> bool:
        """Whether a file is known from an earlier reading and is as it was; then it is known now."""
        if self._members.same(status) is not None:
            return False  # one file of two names
        state = memory.known(path, status)
        if state is None:
            return False
        member = self._members.add(path, status)
        self._pipeline.recall(member, state)
        memory.recalled(member, state)
        return True

    def _settle_memory(self, memory: Memory) -> None:
        """All files are found: take back what an earlier reading said of those that changed or are gone."""
        self._memory = None
        left = memory.take_left()
        again = memory.overturned(left)
        for state in left:
            self._pipeline.take_back(state, self._members.named(state.path))
        for member in again:
            self._pipeline.read_again(member)

    @property
    def state(self) -> ReadingState | None:
        """What a later reading can take up, when this one is done; None: nothing, as things are."""
        if self._has_work() or not self._pipeline.first_done:
            return None
        files = states_of(self._members, self._began_ns)
        if files is None:
            return None
        discovery = self._discovery
        return ReadingState(files, discovery.states, dict(discovery.troubles), dict(discovery.oddities))
