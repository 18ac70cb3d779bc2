"""What a format is: how it recognises its files, which files are one run, how bytes become operations, how bodies read.

Decoders do no IO: ``feed`` takes bytes in whatever pieces they arrive, so that reading, following and testing are the same
code. Content decides detection, names are hints. One file per format; ``formats/__init__.py`` lists them, most specific first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast, runtime_checkable

from tracetui.core.model import EventDetail, SpanDetail
from tracetui.core.operations import Operation

_Made = TypeVar("_Made")

HEAD_BYTES = 65_536
"""How much of a file's beginning detection may look at, bytes."""


@dataclass(slots=True)
class Candidate:
    """What detection may look at. ``path`` and ``name`` are hints, ``head`` decides."""

    path: str
    """Absolute path; may not decode as UTF-8 (surrogateescape), never shown without ``safe()``."""
    name: str
    head: bytes
    """The first ``HEAD_BYTES`` bytes at most."""
    size: int
    """Bytes, at the time of looking."""
    mtime_ns: int = 0
    siblings: frozenset[str] = field(default_factory=frozenset)
    """File names in the same folder; of a folder that is not read as a whole, those that were named."""
    named: bool = False
    """The user named this very file: it is shown even if, in its folder, it would be set aside."""
    tables: Mapping[str, Sequence[str]] | None = None
    """Of an SQLite database on disk: its ordinary tables with their columns; None for other files and unreadable ones."""
    packed: bool = False
    """The file is compressed with gzip: head, size, path and name are those of what is in it."""


@dataclass(slots=True)
class Match:
    """A format's claim on a file, with the reason in words for ``formats --explain``.

    Args:
        role: ``run`` (has records), ``side`` (belongs to a run but holds none: a report), ``copy`` (repeats another file).
        bundle: files with the same format and bundle key are one run's files and share an assembler; None: the file alone.
        certain: False for a claim that a longer head could overturn (a file still almost empty) or a new file beside it:
            it is asked for again when the file grows and when its folder gets a new file.
        order: a bundle's files are read from the lowest to the highest, then by path.
        tables: the file is a database: rows of these tables are read, by a decoder that is a ``RowDecoder``.
        also: further keys of its bundle, where no single one is in all files: those that share any key share an assembler.
    """

    format: Format
    reason: str
    role: str = "run"
    bundle: str | None = None
    certain: bool = True
    order: int = 0
    tables: Sequence[str] = ()
    also: Sequence[str] = ()

    @property
    def place(self) -> tuple[str, str, str | None, Sequence[str]]:
        """What decides how the file is read, and with which others."""
        return self.format.name, self.role, self.bundle, self.also


@dataclass(slots=True)
class RecordBody:
    """One record of a span as the format sees it again when someone looks.

    Args:
        type: the record's type, as the decoder named it.
        raw: the bytes of its locator (a line may hold several records).
        ordinal: which of the ``Record`` operations that these bytes produced, from 0, in the decoder's order.
        shared: what formats keep of these bytes for the other records in them; None: no other is read with this one.
    """

    type: str
    raw: bytes
    ordinal: int = 0
    shared: dict[str, object] | None = None

    def once(self, name: str, make: Callable[[bytes], _Made]) -> _Made:
        """What ``make`` gives for the bytes: asked once for all records that share them, and not to be changed."""
        if self.shared is None:
            return make(self.raw)
        if name not in self.shared:
            self.shared[name] = make(self.raw)
        return cast(_Made, self.shared[name])


class Decoder(Protocol):
    """Turns the bytes of one source into operations. Keeps its own unfinished line."""

    @property
    def document(self) -> bool:
        """True: the file is one value, a change on disk means reading all of it again. One format may have both sorts."""

    def feed(self, data: bytes) -> list[Operation]:
        """Operations of everything that ``data`` completes. Pieces may end anywhere. Never raises for any bytes.

        A decoder with a fast lane may return ``Columns`` for whole lines; the store ends up the same (tested).
        """

    def close(self) -> list[Operation]:
        """There are no more bytes (a cold read's end): what is left over becomes a record or ``Bad``."""

    @property
    def pending(self) -> int:
        """Bytes held back because their record is not complete."""

    @property
    def line(self) -> int:
        """Number of complete lines taken in so far (0 for formats without lines)."""


class Assembler(Protocol):
    """The rules of one bundle: pairing and copies across files. Makes a decoder for each member."""

    def decoder(self, candidate: Candidate) -> Decoder:
        """A fresh decoder for a member with records, starting at its first byte."""

    def side(self, candidate: Candidate) -> list[Operation]:
        """What the presence of a side file or copy says (usually a ``RunFact``)."""

    def forget(self, candidate: Candidate) -> None:
        """A member is read again from its start: drop what was learnt from it."""


@runtime_checkable
class Revising(Protocol):
    """An assembler whose members' operations hang on each other: which file is a copy of which, say.

    Copies across files cannot be told from a head: they are claimed as runs, and their decoders keep quiet (but for
    ``RunFact.aside``) once the assembler has learnt that another member says it all. Their files are not glanced at, unless
    ``glances = True`` says that facts about the run hold all the same.
    """

    def take_stale(self) -> list[str]:
        """Paths of members that would say something else if they were read again, since the last call.

        The reader reads those again from the start (``forget`` first), so that the end hangs on what the files hold and not
        on the order in which they were read. An assembler that names a member twice without news never ends.
        """


class Format(Protocol):
    """One way in which a producer lays out its recordings."""

    name: str
    """What ``stats`` prints as ``format``: the producer's name in lower case with dashes."""
    title: str
    """The name for people."""
    document: bool
    """True: a whole-file format; a change on disk means reading all of it again."""

    def match(self, candidate: Candidate) -> Match | None:
        """Claim the file, or leave it. Content decides."""

    def assembler(self, bundle: str) -> Assembler:
        """A fresh assembler for one bundle."""

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """What the records of one span (in arrival order, its events left out) say. Never raises for any bytes."""

    def event_detail(self, record: RecordBody) -> EventDetail:
        """What one event says. Never raises for any bytes."""
