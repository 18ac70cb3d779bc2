"""JSON lines in files: the default sink, and the one that survives the death of the program.

A record is one ``write`` to a descriptor opened for appending, so it is on the kernel's side when the call returns: a killed
process loses nothing that it was told was written, and processes that share a file do not tear each other's lines. A power
failure is another matter: see ``fsync``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import EAGAIN
from io import FileIO
from pathlib import Path
from threading import RLock
from typing import Final, Literal

from tracetui.core.recording.records import Record, RunInfo, Write, Writer, refuse
from tracetui.core.recording.sinks._places import make_folder

Fsync = Literal["never", "interval", "every"]
KEPT_BYTES: Final = 1 << 20
"""Bytes of records that are kept in memory while the disk refuses them."""
RETRY_NS: Final = 1_000_000_000
"""Time until a file that refused is tried again, ns."""
FSYNC_NS: Final = 1_000_000_000
"""Time between two calls of fsync with ``fsync="interval"``, ns."""
BUFFER_BYTES: Final = 64 << 10
"""Bytes held back in buffered mode."""
BUFFER_NS: Final = 1_000_000_000
"""Age of the oldest record held back at which the next one writes them all, ns."""
_FLAGS: Final = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


class JsonlSink:
    """Appends records to ``<folder>/<run>.<pid>.jsonl``, or to one file.

    Args:
        folder: where files of runs are made; made itself, mode 0700, if it is not there.
        path: one file for all runs, in place of the folder; several processes may be given the same.
        mode: permissions of files that are made.
        buffered: hold records back until there are 64 KB of them, the oldest is a second old at the next record, or the run
            ends. Cheaper; a killed process loses what is held back.
        fsync: ``never`` (but when a file is closed), ``interval`` (at most once a second), ``every`` (record).
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] = "traces",
        path: str | os.PathLike[str] | None = None,
        *,
        mode: int = 0o600,
        buffered: bool = False,
        fsync: Fsync = "never",
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._folder = Path(folder).absolute()
        self._path = Path(path).absolute() if path is not None else None
        self.settings = (mode, fsync, clock, BUFFER_BYTES if buffered else 0)
        """What its files need to know: mode, fsync, clock, bytes held back."""
        self._files: dict[tuple[str, int], _File] = {}
        self.shared = path is not None
        """Records must name their run and process."""
        self._ended: list[_File] = []
        """Files of runs that are over, which still refuse what came last."""
        self._lost = 0

    @property
    def lost(self) -> int:
        """Records that could not be written and are no longer kept."""
        return self._lost + sum(file.lost for file in list(self._files.values()))

    def path(self, run: RunInfo) -> Path:
        """The file of a run and process."""
        return self._path or self._folder / f"{run.id}.{run.pid}.jsonl"

    def emit(self, record: Record) -> None:
        """Append it. A file that refuses is tried again later; what is lost for good is told by a ``gap`` record."""
        file = self._file(record.run)
        file.append(record.seq, record.line + b"\n")
        if record.type == "run_end":
            file.end()

    def writer(self, run: RunInfo) -> Writer:
        """The shorter way for a run."""
        return self._file(run)

    def _file(self, run: RunInfo) -> _File:
        found = self._files.get((run.id, run.pid))
        return found or _File(self, self.path(run), run)

    def opened(self, file: _File) -> None:
        """A file was opened, or holds something."""
        self._files[file.run.id, file.run.pid] = file

    def closed(self, file: _File) -> None:
        """The run of a file is over. A file that still holds something is tried again when others end, and by ``close``."""
        waiting = [*(each for each in self._ended if each is not file), file]
        self._ended = []
        for each in waiting:
            if each is not file:
                each.try_again()
            if each.holds:
                self._ended.append(each)
            else:
                self._settle(each)
        while sum(each.held_bytes for each in self._ended) > KEPT_BYTES:
            self._give_up(self._ended.pop(0))

    def _settle(self, file: _File) -> None:
        """Forget a file; what it lost stays counted."""
        self._files.pop((file.run.id, file.run.pid), None)
        self._lost += file.lost
        file.lost = 0

    def _give_up(self, file: _File) -> None:
        file.give_up()
        self._settle(file)

    def close(self) -> None:
        """Write what is held back and close the files; a further record opens its file again."""
        for file in list(self._files.values()):
            file.end()
        for file in list(self._files.values()):
            if not file.busy:
                self._give_up(file)
        self._ended.clear()

    def flush(self) -> None:
        """Write what is held back."""
        for file in list(self._files.values()):
            file.flush()

    def after_fork(self) -> None:
        """Close the copies of the parent's descriptors and forget what the parent holds back."""
        for file in list(self._files.values()):
            file.abandon()
        self._files.clear()
        self._ended.clear()
        self._lost = 0

    def lines(self, run: RunInfo) -> Iterator[bytes]:
        """The lines of a run, all its processes, as they stand in the files."""
        self.flush()
        wanted = b'"run":"%b"' % run.id.encode()
        paths = [self._path] if self._path else sorted(self._folder.glob(f"{run.id}.*.jsonl"))
        for path in paths:
            try:
                data = path.read_bytes()
            except OSError:
                continue
            for line in data.split(b"\n"):
                if line and (not self._path or wanted in line[:200]):
                    yield line


class _File:
    """One file being appended to, and what to do while it refuses."""

    def __init__(self, sink: JsonlSink, path: Path, run: RunInfo) -> None:
        self.run = run
        self.lost = 0
        self._sink, self._path = sink, path
        self._mode, self._fsync, self._clock, self._buffer = sink.settings
        self._lock = RLock()
        self._file: FileIO | None = None
        self.write: Write = refuse
        """That of the file, while records may be written at once: nothing is kept, torn, held back or to be synchronised."""
        self._torn = False
        """What stands last in the file may be half a line."""
        self._kept: list[tuple[int, bytes]] = []
        """Records not yet written: their numbers and lines."""
        self._kept_bytes = 0
        self._since = 0
        """When the oldest of them came, ns."""
        self._retry = 0
        """When a file that refused is tried again, ns; 0: it does not refuse."""
        self._gap = 0
        """Records lost since the last one written."""
        self._last_lost = 0
        self._reason = ""
        self._told: list[int | None] = []
        """What the writes of the last flush returned."""
        self._flushed: tuple[list[bytes], int] | None = None
        """The lines of that flush, and the place of the gap among them, while what they tell is not noted yet."""
        self.busy = False
        """A flush is going on: who comes then, in the same thread, is a signal handler or a finaliser, and only adds to it."""
        self._synced = 0

    @property
    def has_taken(self) -> bool:
        """Whether a record has come: it is in the file, or will be written with the next one."""
        return self._file is not None or bool(self._kept) or self._gap > 0

    @property
    def holds(self) -> bool:
        """Whether records or a gap are still to be written."""
        return bool(self._kept or self._gap)

    @property
    def held_bytes(self) -> int:
        """Bytes of records that are still to be written."""
        return self._kept_bytes

    @property
    def is_due(self) -> bool:
        """Whether what is kept is to be written, or to be tried again."""
        now = self._clock()
        if self._retry:
            return now >= self._retry
        return self._kept_bytes >= self._buffer or now - self._since >= BUFFER_NS

    def append(self, seq: int, line: bytes, taken: int = 0) -> None:
        """Write a record that could not be written at once, or keep it for later."""
        with self._lock:
            self._torn = self._torn or bool(taken)
            self._append(seq, line if taken != len(line) - 1 else b"\n")  # if only its line end is missing, it is there

    def _append(self, seq: int, line: bytes) -> None:
        self.write = refuse
        if not self.busy:
            self._forget_written()
        self._keep(seq, line)
        if not (self._retry or self._buffer) or self.is_due:
            self.flush()
        clean = not (self._retry or self._buffer or self._torn or self.holds)
        if clean and self._fsync == "never" and self._file is not None:
            self.write = self._file.write

    def _keep(self, seq: int, line: bytes) -> None:
        if not self._kept:
            self._since = self._clock()
            self._sink.opened(self)
        size = len(line)  # called first: between taking a number and putting back a sum no signal is to come
        self._kept.append((seq, line))
        self._kept_bytes += size
        while self._retry and not self.busy and self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            # The header, without which nothing can be read, is the last to go.
            lost, data = self._kept.pop(1 if self._kept[0][0] == 0 else 0)
            self._kept_bytes -= len(data)
            self._lose(lost)

    def _lose(self, seq: int) -> None:
        self.lost += 1
        self._gap += 1
        self._last_lost = max(self._last_lost, seq)

    def flush(self) -> None:
        """Write what is kept, and what is added meanwhile, until the file refuses."""
        if self.busy:
            return
        self.busy = True
        try:
            while self.holds and self._flush():
                pass
        finally:
            self.busy = False

    def _flush(self) -> bool:
        """Write what is kept now, with the gap before what follows it if records were lost."""
        self._forget_written()
        lines = [line for _, line in self._kept]
        place = sum(seq < self._last_lost for seq, _ in self._kept) if self._gap else -1
        if self._gap:
            lines.insert(place, self._gap_record())
        self._told = []
        self._flushed = (lines, place)
        try:
            return self._write(b"".join(lines))
        finally:
            self._forget_written()

    def _forget_written(self) -> None:
        """What stands in the file whole is not written again, however the write ended."""
        if self._flushed is None:
            return
        lines, gap = self._flushed
        left, whole, size = sum(filter(None, self._told)), 0, 0
        for line in lines:
            left -= len(line)
            if left < 0:
                break
            whole += 1
            size += len(line)
        kept = self._kept[whole - (0 <= gap < whole)] if left == -1 and whole != gap else None
        """All of it but its line end is there, which is written in any case before the next one."""
        tells_gap = 0 <= gap < whole
        if tells_gap:
            whole -= 1
            size -= len(lines[gap])
        size += 0 if kept is None else len(kept[1]) - 1
        # Nothing is called from here on, so that no signal comes in between: all of it is noted, or nothing.
        if tells_gap:
            self._gap = 0
        if kept is not None:
            self._kept[whole] = (kept[0], b"\n")
        self._kept_bytes -= size
        del self._kept[:whole]
        self._flushed = None

    def _gap_record(self) -> bytes:
        """A gap takes the number of the last record lost."""
        import orjson

        values: dict[str, object] = {"type": "gap", "seq": self._last_lost}
        if self.run.shared:
            values |= {"run": self.run.id, "pid": self.run.pid}
        values |= {"time": time.time_ns(), "lost": self._gap, "reason": self._reason}
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)

    def _write(self, data: bytes) -> bool:
        """Append; False: the file refused, and ``_told`` says how much of the data stands in it."""
        was_torn = self._torn
        try:
            file = self._file or self._open()
            if self._torn and not file.write(b"\n"):
                _refused()
            self._torn = True  # until all is written, and if an exception of a signal handler ends this call as well
            left = data
            while left:
                # The write and the note of it in one step of the interpreter, so that no signal comes between them.
                self._told.extend(map(file.write, (left,)))
                left = left[self._told[-1] or _refused() :]
            self._torn = False
            self._retry = 0
        except InterruptedError:  # only from a handler that raises it; the system's own are repeated by Python
            self._retry = 1
            self._torn = was_torn or any(self._told)
            return False
        except Exception as fault:  # ValueError: a path that cannot be, a file closed meanwhile
            self._reason = getattr(fault, "strerror", None) or type(fault).__name__
            self._retry = self._clock() + RETRY_NS
            self._torn = was_torn or any(self._told)
            return False
        if self._fsync != "never":
            self._sync(file.fileno())
        return True

    def _sync(self, fd: int) -> None:
        now = self._clock()
        if self._fsync == "every" or now - self._synced >= FSYNC_NS:
            self._synced = now
            with suppress(OSError):  # the record is written; writing it again would only double it
                os.fsync(fd)

    def _open(self) -> FileIO:
        make_folder(self._path.parent)
        try:
            fd = os.open(self._path, os.O_RDWR | _FLAGS, self._mode)
        except PermissionError:  # a file that one may write but not read
            fd = os.open(self._path, os.O_WRONLY | _FLAGS, self._mode)
        file = self._file = FileIO(fd, "ab")
        with suppress(OSError):  # pipes have no size, and nothing to read back
            size = os.fstat(fd).st_size
            # A writer that was killed may have left half a line.
            self._torn = self._torn or (size > 0 and os.pread(fd, 1, size - 1) != b"\n")
        return file

    def end(self) -> None:
        """The run is over. What comes later is not held back, as nothing would make sure that it is written."""
        with self._lock:
            if self.busy:
                return
            self._buffer = 0
            self.close()
        self._sink.closed(self)

    def try_again(self) -> None:
        """Write what is kept if it is time, and close the descriptor."""
        with self._lock:
            if not self.busy and self.is_due:
                self.close()

    def close(self) -> None:
        """Write what is kept, for the last time if the file still refuses, and close the descriptor."""
        self.flush()
        file, self._file, self.write = self._file, None, refuse
        if file is not None:
            with suppress(OSError):  # pipes and some file systems cannot; what matters was written
                os.fsync(file.fileno())
            with suppress(OSError):
                file.close()

    def give_up(self) -> None:
        """Count what is still kept as lost."""
        self._forget_written()
        for seq, _ in self._kept:
            self._lose(seq)
        self._kept.clear()
        self._kept_bytes = 0

    def abandon(self) -> None:
        """Close without writing anything."""
        file, self._file, self.write = self._file, None, refuse
        self._flushed = None
        self._kept.clear()
        self._kept_bytes = self._gap = 0
        if file is not None:
            with suppress(OSError):
                file.close()


def _refused() -> int:
    """A descriptor that takes nothing now, as one that does not block."""
    raise BlockingIOError(EAGAIN, os.strerror(EAGAIN))
