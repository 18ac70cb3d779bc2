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
from pathlib import Path
from typing import Final, Literal

from tracetui.core.recording.records import Record, RunInfo

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
        self._mode, self._buffered, self._fsync, self._clock = mode, buffered, fsync, clock
        self._files: dict[tuple[str, int], _File] = {}
        self.shared = path is not None
        """Records must name their run and process."""
        self._lost = 0

    @property
    def lost(self) -> int:
        """Records that could not be written and are no longer kept."""
        return self._lost + sum(file.lost for file in self._files.values())

    def path(self, run: RunInfo) -> Path:
        """The file of a run and process."""
        return self._path or self._folder / f"{run.id}.{run.pid}.jsonl"

    def emit(self, record: Record) -> None:
        """Append it. A file that refuses is tried again later; what is lost for good is told by a ``gap`` record."""
        file = self._file(record.run)
        file.append(record.seq, record.line + b"\n")
        if record.type == "run_end":
            self._end(file)

    def writer(self, run: RunInfo) -> Callable[[int, bytes], None]:
        """A shorter way for the lines of one run: called with the number of a record, and its line with the line end."""

        def write(seq: int, line: bytes) -> None:
            file = self._files.get(key)
            (file or self._file(run)).append(seq, line)

        key = (run.id, run.pid)
        return write

    def _file(self, run: RunInfo) -> _File:
        file = self._files.get((run.id, run.pid))
        if file is None:
            file = _File(
                self.path(run), run, self._mode, self._fsync, self._clock, BUFFER_BYTES if self._buffered else 0
            )
            self._files[run.id, run.pid] = file
        return file

    def _end(self, file: _File) -> None:
        file.close()
        if not file.holds:
            del self._files[file.run.id, file.run.pid]
            self._lost += file.lost

    def close(self) -> None:
        """Write what is held back and close the files; a further record opens its file again."""
        for file in list(self._files.values()):
            self._end(file)
        for file in self._files.values():
            file.give_up()
            self._lost += file.lost
        self._files.clear()

    def after_fork(self) -> None:
        """Close the copies of the parent's descriptors and forget what the parent holds back."""
        for file in self._files.values():
            file.abandon()
        self._files.clear()
        self._lost = 0

    def lines(self, run: RunInfo) -> Iterator[bytes]:
        """The lines of a run, all its processes, as they stand in the files."""
        for file in list(self._files.values()):
            file.flush()
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

    def __init__(
        self, path: Path, run: RunInfo, mode: int, fsync: Fsync, clock: Callable[[], int], buffer: int
    ) -> None:
        self.run = run
        self.lost = 0
        self._path, self._mode, self._fsync, self._clock = path, mode, fsync, clock
        self._buffer = buffer
        self._fd = -1
        self._ready = False
        """A record may be written at once: nothing is kept, half written, held back or to be synchronised."""
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
        self._written = 0
        """Bytes of the last write that stand in the file."""
        self._synced = 0

    @property
    def holds(self) -> bool:
        """Whether records or a gap are still to be written."""
        return bool(self._kept or self._gap)

    def append(self, seq: int, line: bytes) -> None:
        """Write a record, or keep it for later."""
        if self._ready:
            # Not ready until all is written: an exception of a signal handler may end this call anywhere.
            self._ready = False
            try:
                self._written = os.write(self._fd, line)
            except OSError:
                self._written = 0
            else:
                if self._written == len(line):
                    self._ready = True
                    return
            self._torn = self._written > 0
        self._append(seq, line)

    def _append(self, seq: int, line: bytes) -> None:
        """The same where something is to be thought of."""
        self._keep(seq, line)
        if not (self._retry or self._buffer) or self._is_due():
            self.flush()
        self._ready = not (self._retry or self._buffer or self._torn or self.holds) and self._fsync == "never"

    def _is_due(self) -> bool:
        now = self._clock()
        if self._retry:
            return now >= self._retry
        return self._kept_bytes >= self._buffer or now - self._since >= BUFFER_NS

    def _keep(self, seq: int, line: bytes) -> None:
        if not self._kept:
            self._since = self._clock()
        self._kept.append((seq, line))
        self._kept_bytes += len(line)
        while self._retry and self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            # The header, without which nothing can be read, is the last to go.
            lost, data = self._kept.pop(1 if self._kept[0][0] == 0 else 0)
            self._kept_bytes -= len(data)
            self._lose(lost)

    def _lose(self, seq: int) -> None:
        self.lost += 1
        self._gap += 1
        self._last_lost = max(self._last_lost, seq)

    def flush(self) -> None:
        """Write what is kept, with the gap before what follows it if records were lost."""
        if not self.holds:
            return
        lines = [line for _, line in self._kept]
        place = sum(seq < self._last_lost for seq, _ in self._kept) if self._gap else -1
        if self._gap:
            lines.insert(place, self._gap_record())
        if self._write(b"".join(lines)):
            self._kept.clear()
            self._kept_bytes = self._gap = 0
        else:
            self._forget_written(lines, place)

    def _forget_written(self, lines: list[bytes], gap: int) -> None:
        """After a write that broke off: what stands in the file whole is not written again."""
        left, whole = self._written, 0
        for line in lines:
            left -= len(line)
            if left < 0:
                break
            whole += 1
        if 0 <= gap < whole:
            self._gap = 0
            whole -= 1
        self._kept_bytes -= sum(len(line) for _, line in self._kept[:whole])
        del self._kept[:whole]

    def _gap_record(self) -> bytes:
        """A gap takes the number of the last record lost."""
        import orjson

        values: dict[str, object] = {"type": "gap", "seq": self._last_lost}
        if self.run.shared:
            values |= {"run": self.run.id, "pid": self.run.pid}
        values |= {"time": time.time_ns(), "lost": self._gap, "reason": self._reason}
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)

    def _write(self, data: bytes) -> bool:
        """Append; False: the file refused, ``_written`` bytes of the data stand in it."""
        self._written = 0
        try:
            fd = self._fd if self._fd >= 0 else self._open()
            if self._torn:
                os.write(fd, b"\n")
            self._torn = True  # until all is written, and if an exception of a signal handler ends this call as well
            self._written = os.write(fd, data)
            while self._written < len(data):
                self._written += os.write(fd, data[self._written :])
            self._torn = False
            self._retry = 0
        except InterruptedError:  # only from a handler that raises it; the system's own are repeated by Python
            self._retry = 1
            return False
        except OSError as fault:
            self._reason = fault.strerror or type(fault).__name__
            self._retry = self._clock() + RETRY_NS
            return False
        if self._fsync != "never":
            self._sync(fd)
        return True

    def _sync(self, fd: int) -> None:
        now = self._clock()
        if self._fsync == "every" or now - self._synced >= FSYNC_NS:
            self._synced = now
            with suppress(OSError):  # the record is written; writing it again would only double it
                os.fsync(fd)

    def _open(self) -> int:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            fd = os.open(self._path, os.O_RDWR | _FLAGS, self._mode)
        except PermissionError:  # a file that one may write but not read
            fd = os.open(self._path, os.O_WRONLY | _FLAGS, self._mode)
        self._fd = fd
        with suppress(OSError):  # pipes have no size, and nothing to read back
            size = os.fstat(fd).st_size
            # A writer that was killed may have left half a line.
            self._torn = self._torn or (size > 0 and os.pread(fd, 1, size - 1) != b"\n")
        return fd

    def close(self) -> None:
        """Write what is kept, for the last time if the file still refuses, and close the descriptor."""
        self.flush()
        fd, self._fd, self._ready = self._fd, -1, False
        if fd >= 0:
            with suppress(OSError):  # pipes and some file systems cannot; what matters was written
                os.fsync(fd)
            with suppress(OSError):
                os.close(fd)

    def give_up(self) -> None:
        """Count what is still kept as lost."""
        self.lost += len(self._kept)
        self._kept.clear()
        self._gap = 0

    def abandon(self) -> None:
        """Close without writing anything."""
        fd, self._fd, self._ready = self._fd, -1, False
        self._kept.clear()
        if fd >= 0:
            with suppress(OSError):
                os.close(fd)
