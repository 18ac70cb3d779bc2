"""Standard input as a file: what comes through a pipe is kept while it is looked at, since bodies are read when somebody looks.

A ``Spool`` copies the pipe, in a thread, to a private file in a private folder; the reader follows that file like any other.
The folder is removed when the spool is closed or the process ends (not by SIGKILL, which nobody hears). A disk that is full
ends what is kept, not the writer: the rest of the pipe is read and dropped.
"""

# Names as the system gives them: no Path objects in here.
# ruff: noqa: PTH118

from __future__ import annotations

import contextlib
import os
import select
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

_BLOCK: Final = 262_144
_TELL_EVERY_S: Final = 0.02


class Spool:
    """What comes through a pipe, in a file.

    Args:
        descriptor: the pipe's end to read from; the spool's own from now on.
        folder: where to make the private folder; None: where temporary files belong.
    """

    def __init__(self, descriptor: int, folder: str | None = None) -> None:
        self._descriptor = descriptor
        private = tempfile.mkdtemp(prefix="tracetui-", dir=folder)
        self._remove = weakref.finalize(self, shutil.rmtree, private, ignore_errors=True)
        self.path = os.path.join(private, "stdin")
        """The file: mode 0600, in a folder of mode 0700."""
        self.fault = ""
        """Why not all of it could be kept; empty if it could."""
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._size = 0
        self._changed: Callable[[], None] = lambda: None
        self._ended: Callable[[], None] = lambda: None
        self._is_dry = Event()
        self._is_over = Event()
        self._thread = Thread(target=self._copy, name="tracetui-stdin", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the writer has ended and all that it wrote is in the file."""
        return self._is_over.is_set()

    def wait(self) -> None:
        """Wait for the writer's end."""
        self._is_over.wait()

    def catch_up(self, timeout_s: float = 0.5) -> None:
        """Wait until what was written so far is in the file; not longer than this for the first of it."""
        self._is_dry.wait(timeout_s)

    def tell(self, changed: Callable[[], None], ended: Callable[[], None]) -> None:
        """Whom to tell, in the spool's thread, that something came (not for every piece) and that no more will come."""
        self._changed, self._ended = changed, ended
        if self.is_over:
            ended()

    def close(self) -> None:
        """Remove the file. The writer gets a closed pipe."""
        with contextlib.suppress(OSError):
            # Not closed: the thread may be about to read from it, and its number would be somebody else's.
            nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            os.dup2(nothing, self._descriptor, inheritable=False)
            os.close(nothing)
        self._remove()

    def _copy(self) -> None:
        told = 0.0
        try:
            while data := self._read():
                self._keep(data)
                is_dry = not self._is_ready()
                if is_dry:
                    self._is_dry.set()
                if is_dry or time.monotonic() - told > _TELL_EVERY_S:
                    self._changed()
                    told = time.monotonic()
        finally:
            os.close(self._file)
            self._is_over.set()
            self._is_dry.set()
            self._ended()

    def _read(self) -> bytes:
        while True:
            try:
                return os.read(self._descriptor, _BLOCK)
            except BlockingIOError:  # whoever shares the pipe may have set it so
                select.select([self._descriptor], [], [])
            except OSError as error:
                self.fault = f"cannot be read on: {(error.strerror or str(error)).lower()}"
                return b""

    def _is_ready(self) -> bool:
        try:
            return bool(select.select([self._descriptor], [], [], 0)[0])
        except (OSError, ValueError):
            return False

    def _keep(self, data: bytes) -> None:
        if self.fault:
            return
        rest = memoryview(data)
        try:
            while rest:
                written = os.write(self._file, rest)
                self._size += written
                rest = rest[written:]
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.fault = f"only its first {self._size:,} bytes could be kept: {reason}"
            self._ended()
