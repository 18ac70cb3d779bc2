"""The sources of a reader in another process, made again in this one, so that bodies are fetched here.

A source is described by value: what sort it is, and where its file is and how it is recognised there. A description comes
before the batches that were made with it, so a locator never leads into an older or newer generation than its own: while
the two differ the body counts as gone.
"""

# Names as the system gives them, by the thousand: no Path objects in here.

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.sources._base import Source
from tracetui.core.sources.file import FileSource, NotAFile, OpenFiles, Place, open_regular
from tracetui.core.sources.gzip import GzipSource, Pages
from tracetui.core.sources.inflate import Inflater

if TYPE_CHECKING:
    from tracetui.core.sources.sqlite import SqliteSource

Description = tuple[int, str, Place, str, tuple[str, ...]]
"""Id, sort (``file``, ``gzip``, ``sqlite``), place, what it is called instead of its path, tables of a database."""

WALK_BYTES: Final = 262_144
"""A compressed file of more bytes than this is gone through once in the background, so that its bodies are found quickly."""

_RAW_BYTES: Final = 65_536
_STEP_BYTES: Final = 1_048_576


class Describer:
    """The reader's end: which sources are new or have changed since they were described last."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[Any, Place]] = {}

    def changed(self, sources: Mapping[int, Source], only: Iterable[int] | None = None) -> list[Description]:
        """Descriptions of those that are not known as they are now; ``only``: looked at are these."""
        changed = []
        for id in sources if only is None else dict.fromkeys(only):
            source: Any = sources.get(id)
            if source is None:
                continue
            told = self._told.get(id)
            if told is None or told[0] is not source or told[1] is not source.place:
                self._told[id] = (source, source.place)
                changed.append(_described(source))
        return changed


def _described(source: FileSource | SqliteSource) -> Description:
    if source.is_rows:
        return source.id, "sqlite", source.place, source.shown, source.tables
    sort = "gzip" if isinstance(source, GzipSource) else "file"
    return source.id, sort, source.place, source.shown, ()


class Mirrors:
    """The receiver's end: sources by id, for whoever fetches bodies."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self._sorts: dict[int, tuple[str, tuple[str, ...]]] = {}
        self._files = OpenFiles()
        self._pages = Pages()

    def take(self, description: Description) -> None:
        """Make a source, or bring it up to date."""
        id, sort, place, shown, tables = description
        source: Any = self.sources.get(id)
        if source is None or self._sorts[id] != (sort, tables):
            source = self._make(id, sort, place, tables)
            self._sorts[id] = (sort, tables)
        else:
            self._move(source, place)
        source.shown = shown
        self.sources[id] = source
        if sort != "sqlite":
            self._keep_open(id, place)

    def _make(self, id: int, sort: str, place: Place, tables: tuple[str, ...]) -> Source:
        if sort == "sqlite":
            from tracetui.core.sources.sqlite import SqliteSource  # late: few need a database

            return SqliteSource(id, place, tables)
        self._files.release(id)
        return (
            WalkedGzip(id, place, self._files, id, self._pages)
            if sort == "gzip"
            else FileSource(id, place, self._files, id)
        )

    def _move(self, source: Any, place: Place) -> None:
        was, source.place = source.place, place
        if (was.device, was.inode) != (place.device, place.inode):
            self._files.release(source.id)
        if was.generation != place.generation and isinstance(source, WalkedGzip):
            source.restart()

    def _keep_open(self, id: int, place: Place) -> None:
        """So that what was read can be looked at when its name is gone; the files described last are the ones kept."""
        if self._files.get(id) is not None:
            return
        try:
            descriptor = open_regular(place.path)
        except (NotAFile, OSError):
            return
        self._rank += 1
        if not place.is_at(os.fstat(descriptor)) or not self._files.keep(id, descriptor, self._rank):
            os.close(descriptor)

    _rank = 0

    def close(self) -> None:
        """Let go of all files. Sources still answer for files that are where they were."""
        self._files.close()
        for source in self.sources.values():
            if isinstance(source, WalkedGzip):
                source.stop()


class WalkedGzip(GzipSource):
    """A compressed file that is read elsewhere: the places to unpack from are found here, by a thread that goes through it."""

    _walker: Thread | None = None
    _walked: tuple[int, int] = (-1, -1)
    _is_stopped = False

    def stop(self) -> None:
        """Go through it no further."""
        self._is_stopped = True

    def fetch(self, a: int, b: int) -> bytes:
        """``b`` decompressed bytes at offset ``a``. Raises ChangedOnDisk when they are not there any more."""
        self.walk()
        return super().fetch(a, b)

    def walk(self) -> None:
        """Go through the file in the background, if it is large and that was not done for so much of it."""
        if self._walker is not None and self._walker.is_alive():
            return
        try:
            size = os.stat(self.place.path).st_size  # noqa: PTH116
        except OSError:
            return
        seen = (self.place.generation, size)
        if size < WALK_BYTES or seen == self._walked:
            return
        self._walked = seen
        self._walker = Thread(target=self._walk, name="tracetui-unpack", daemon=True)
        self._walker.start()

    def _walk(self) -> None:
        points, generation = self._points, self.place.generation
        inflater = points.before(1 << 62)[0]
        with contextlib.suppress(Exception):  # whoever fetches is told what is wrong with the file
            descriptor = self.descriptor()
            try:
                for passed in _passed(descriptor, inflater):
                    if self._is_stopped or self.place.generation != generation:
                        return
                    points.pass_(passed)
            finally:
                os.close(descriptor)


def _passed(descriptor: int, inflater: Inflater) -> Iterator[Inflater]:
    """An inflater on its way through a file."""
    raw_at = inflater.raw_at
    while True:
        yield inflater
        inflater.take(_STEP_BYTES)
        if inflater.is_hungry:
            data = os.pread(descriptor, _RAW_BYTES, raw_at)
            if not data:
                return
            raw_at += len(data)
            inflater.feed(data)
