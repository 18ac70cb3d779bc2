"""What an earlier reading knew of its files, taken up again: files that are as they were are not looked into a second time.

A file that changed, or is gone, is taken back with all that its run's other files said, and those are read again: what was
learnt across them is not remembered. So is the run of a new file that belongs to it.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH120

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracetui.core.follow import UNSETTLED_NS
from tracetui.core.sources.file import Place
from tracetui.core.sources.marks import signature_of

if TYPE_CHECKING:
    from tracetui.core.reading.member import Member

_GZIP_BYTES = 16_777_216
"""A compressed file with more in it than this is read anew: unpacking it from its first byte for a body would be felt."""


UNKNOWN = (0, 0, -1, 0, 0)
"""The status of a file that is to be looked into again in any case."""


@dataclass(slots=True, frozen=True)
class FileState:
    """A file as an earlier reading left it. All of it is plain, so that it can be kept in a file.

    Args:
        status: device, inode, size, times of change of content and of anything, ns: the file is the same while these are.
        marks: what tells of a database and its log the same; empty for other files.
        stage: name of the ``Stage`` it came to.
        format: of its claim; empty for a file that no format reads. The claim's other fields follow.
        source: id of its source; -1 without one.
        bundle_number: equal for files that share an assembler; -1 without one.
        generation, head, head_length: of its place.
        looked: length and digest of what detection saw.
        packed: it is compressed with gzip.
        document: a change means reading all of it again.
        mtime_ns: when it was last changed, the log of a database included.
        group: equal for files that tell of the same runs, or share an assembler with one that does.
    """

    path: str
    status: tuple[int, int, int, int, int]
    marks: tuple[int, ...]
    stage: str
    reason: str
    format: str
    role: str
    bundle: str | None
    also: tuple[str, ...]
    certain: bool
    order: int
    tables: tuple[str, ...]
    source: int
    bundle_number: int
    generation: int
    head: str
    head_length: int
    looked: tuple[int, str]
    packed: bool
    document: bool
    mtime_ns: int
    group: int = -1

    @property
    def row(self) -> tuple[object, ...]:
        """Its values in order, from which it is made again."""
        return tuple(getattr(self, name) for name in self.__slots__)

    @property
    def place(self) -> Place:
        """Where its source is, and how it is recognised there."""
        device, inode, *_ = self.status
        return Place(self.path, device, inode, self.generation, bytes.fromhex(self.head), self.head_length)

    def is_same(self, status: os.stat_result) -> bool:
        """Whether the file is still as it was."""
        return self.status == signature(status) and (not self.marks or self.marks == _marks(self.path))


@dataclass(slots=True, frozen=True)
class ReadingState:
    """What a reading that is over knows, for a later one to take up.

    Args:
        folders: path, device, inode and time of change of each folder; with the last one -1, it has to be listed again.
        troubles: files and folders that could not be looked at, with the reason.
        oddities: names that lead to no regular file, with what they are.
    """

    files: list[FileState]
    folders: list[tuple[str, int, int, int]]
    troubles: dict[str, str]
    oddities: dict[str, str]


def signature(status: os.stat_result) -> tuple[int, int, int, int, int]:
    """What tells one state of a file from another."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _marks(path: str) -> tuple[int, ...]:
    try:
        return signature_of(path)
    except OSError:
        return ()


class Memory:
    """The files of an earlier reading by path. What is left in it after all files were found is gone or changed."""

    def __init__(self, states: Iterable[FileState]) -> None:
        self._left = {state.path: state for state in states}
        self._recalled: list[tuple[Member, FileState]] = []
        self._folders: set[str] = set()
        self._stems: set[tuple[str, str]] = set()

    def known(self, path: str, status: os.stat_result) -> FileState | None:
        """The state of a file that is as it was; each once."""
        state = self._left.get(path)
        if state is not None and state.is_same(status):
            del self._left[path]
            return state
        self._touch(path)
        return None

    def recalled(self, member: Member, state: FileState) -> None:
        """A file was taken up as it was."""
        self._recalled.append((member, state))

    def take_left(self) -> list[FileState]:
        """The files that are gone or changed."""
        left, self._left = list(self._left.values()), {}
        for state in left:
            self._touch(state.path)
        return left

    def overturned(self, left: Iterable[FileState]) -> list[Member]:
        """Files that are as they were and have to be read again all the same.

        They tell of the same runs as one that changed, or their claim hangs on what lies beside them: one of their name but for
        its ending, or, where the claim is not certain, anything.
        """
        groups = {state.group for state in left}
        groups |= {state.group for _, state in self._recalled if self._is_beside(state)}
        groups.discard(-1)
        return [member for member, state in self._recalled if state.group in groups or self._is_beside(state)]

    def _touch(self, path: str) -> None:
        self._folders.add(os.path.dirname(path))
        self._stems.add(_stem(path))

    def _is_beside(self, state: FileState) -> bool:
        if not state.certain and os.path.dirname(state.path) in self._folders:
            return True
        return _stem(state.path) in self._stems


def grouped(files: list[FileState], runs: Mapping[int, Iterable[int]]) -> list[FileState]:
    """The same files with their groups: those that share a run (``runs`` by source), a bundle, or a file that does."""
    head: dict[object, object] = {}

    def root(node: object) -> object:
        while head.setdefault(node, node) != node:
            head[node] = node = head[head[node]]
        return node

    for state in files:
        if state.source >= 0:
            here = root(("source", state.source))
            shared = [("bundle", state.bundle_number)] if state.bundle_number >= 0 else []
            for node in [*shared, *(("run", run) for run in runs.get(state.source, ()))]:
                head[root(node)] = here
                here = root(here)
    numbers: dict[object, int] = {}
    return [
        replace(state, group=numbers.setdefault(root(("source", state.source)), len(numbers)))
        if state.source >= 0
        else state
        for state in files
    ]


def _stem(path: str) -> tuple[str, str]:
    folder, name = os.path.split(path)
    return folder, name.partition(".")[0] or name


def states_of(members: Iterable[Member], began_ns: int) -> list[FileState] | None:
    """What is to be remembered of a reading that began at ``began_ns`` (ns since the epoch) and is over.

    None: it cannot be remembered; something waits to be read or is gone, or is too costly to take up again.
    """
    states = []
    for member in members:
        state = _state(member, began_ns)
        if state is None:
            return None
        states.append(state)
    return states


def _state(member: Member, began_ns: int) -> FileState | None:
    packed, stage = member.packed is not None, member.stage.name
    is_unread = stage == "claimed" and (member.is_waiting or member.unread > 0 or bool(member.held))
    is_borrowed = member.source is not None and bool(member.source.shown)
    if member.gone or stage == "found" or is_unread or is_borrowed or (packed and member.position > _GZIP_BYTES):
        return None
    tail, match = member.tail, member.match
    claimed = match is not None and stage in ("claimed", "aside")
    status = (tail.place.device, tail.place.inode, tail.size, tail.mtime_ns, tail.changed_ns)
    if stage == "refused" or max(member.mtime_ns, tail.changed_ns) > began_ns - UNSETTLED_NS:
        status = UNKNOWN  # it may have changed again without its time of change telling
    return FileState(
        member.path,
        status,
        () if member.rows is None else _marks(member.path),
        stage,
        member.reason if match is None or not claimed else match.reason,
        match.format.name if match is not None and claimed else "",
        match.role if match is not None else "run",
        match.bundle if match is not None else None,
        tuple(match.also) if match is not None else (),
        match.certain if match is not None else True,
        match.order if match is not None else 0,
        tuple(match.tables) if match is not None else (),
        -1 if member.source is None else member.source.id,
        -1 if member.bundle is None else member.bundle.number,
        tail.place.generation,
        tail.place.head.hex(),
        tail.place.head_length,
        (member.head[0], member.head[1].hex()),
        packed,
        member.is_document,
        member.mtime_ns,
    )
