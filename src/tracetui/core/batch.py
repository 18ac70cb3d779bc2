"""What the reader hands out: the operations of one block of one source for the store, and what it tells beside them.

These stand between ``tracetui.core.reader`` and ``Store.apply``, commands and screen; they hold no file and no lock, so that
they can cross to another thread or process.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracetui.core.operations import Operation


@dataclass(slots=True, frozen=True)
class Growth:
    """A source's size and when it last changed, as evidence that its writer lives.

    Args:
        size: bytes, at the last look.
        mtime_ns: the file's time of last change, by the clock of the file's own machine.
        grew_at_ns: our own clock when this process saw it grow; None when it was only read as it lay there.
        ended: nobody can write to it any more: the other end of a pipe was closed.
    """

    size: int
    mtime_ns: int
    grew_at_ns: int | None = None
    ended: bool = False


@dataclass(slots=True)
class Batch:
    """Operations of one block of one source. Batches of a source are applied in the order they were made.

    Args:
        source: id of the source (``Reader.sources``).
        format: name of the format that made the operations.
        generation: of the source; larger than before: the source was truncated or replaced.
        base: offset of the first byte that the operations may speak of; ``Source.line_of`` counts from here.
        first_line: number, from 1, of the line that begins at ``base``.
        operations: in the order of the records.
        forget: all that earlier generations of this source said is gone; apply this before the operations.
        restarted: that is because the file was truncated or rewritten while it was followed.
        growth: size and time of the file behind it.
        complete: the source was read to its end as it was then.
        glance: provisional facts from a file's head and tail; the same come again when the file is read.
        gone: the file was deleted or moved out of sight; what was read stays.
    """

    source: int
    format: str
    generation: int = 0
    base: int = 0
    first_line: int = 1
    operations: list[Operation] = field(default_factory=list)
    forget: bool = False
    restarted: bool = False
    growth: Growth | None = None
    complete: bool = False
    glance: bool = False
    gone: bool = False


@dataclass(slots=True, frozen=True)
class Notice:
    """Something worth telling while reading: ``level`` is ``info`` or ``warning``. Path and text are untrusted."""

    level: str
    text: str
    path: str


@dataclass(slots=True, frozen=True)
class Aside:
    """A file that belongs to a run without being one: a report beside it (``side``) or a ``copy``."""

    path: str
    format: str
    bundle: str | None
    role: str
    reason: str


@dataclass(slots=True, frozen=True)
class SeenFile:
    """A file that a format claimed, as it was when it was looked at last. The path is untrusted.

    Args:
        source: its id in ``Reader.sources``; -1 for one that was set aside before it had one.
        bundle: equal for the files of one format that share a bundle.
        role: ``run``, ``side`` or ``copy``.
    """

    path: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    source: int
    format: str
    bundle: int
    role: str
    is_database: bool


@dataclass(slots=True, frozen=True)
class Progress:
    """How far reading has got. ``done``: all that was there at the last look was read."""

    files_found: int
    files_read: int
    bytes_known: int
    bytes_read: int
    discovering: bool
    done: bool


@dataclass(slots=True, frozen=True)
class Explanation:
    """Why a file is read as it is. ``format`` and ``role`` are empty for a file that no format reads."""

    path: str
    reason: str
    format: str = ""
    title: str = ""
    role: str = ""
    bundle: str | None = None
    certain: bool = True
    size: int = 0
