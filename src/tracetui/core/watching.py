"""Wakes the reader when something happens on disk. A hint only: the reader looks by itself now and then, and misses nothing.

watchfiles (inotify, FSEvents) is asked where it works. Where it does not (network file systems send no events, the number
of watches is limited), the mode is ``polling`` and the reader's own looking is all there is.
"""

# Names as the system gives them: no Path objects in here.
# ruff: noqa: PTH100, PTH112, PTH120, PTH123

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from threading import Event, Lock, Thread
from typing import Final

STEP_MS: Final = 150
"""How long watchfiles waits for more events before it tells of one: a change is told within about 150 to 300 ms.

It wakes as often while nothing happens, which is what an idle screen costs. What grows in the open run is looked at more
often by the reader itself."""
DEBOUNCE_MS: Final = 300
"""The longest it waits while events keep coming; its own 1,600 ms would hide many agents that write at once."""

MISSING_S: Final = 0.25
"""How often a path that does not exist yet is looked for: whoever opens the screen first waits for what is recorded next."""

_SILENT: Final = frozenset(
    {
        "9p",
        "afs",
        "ceph",
        "cifs",
        "fuse",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "prl_fs",
        "smb2",
        "smb3",
        "smbfs",
    }
    | {"vboxsf", "virtiofs", "vmhgfs"}
)
"""File systems whose changes may be made elsewhere, of which this machine hears nothing."""

_OCTAL: Final = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))

_log = logging.getLogger("tracetui")


class Watcher:
    """Watches files and folders (with all that is in them) in threads that never keep the process alive.

    Args:
        paths: what the reader reads. A file is watched through its folder, since it may be replaced.
        mounts: where to learn which file systems are mounted.
    """

    def __init__(self, paths: Sequence[str], *, mounts: str = "/proc/self/mountinfo") -> None:
        self._paths = [os.path.abspath(path) for path in paths]
        self._mounts = mounts
        self._stop = Event()
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._running = 0
        self._changed: Callable[[Iterable[str] | None], None] = lambda _paths: None
        self.mode = "polling"
        """``watching``, or ``polling``: the reader finds changes by looking."""
        self.reason = "not started"
        """Why it is polling; empty while watching."""

    def start(self, changed: Callable[[Iterable[str] | None], None]) -> None:
        """Watch from now on. ``changed`` gets paths, or None for anywhere, and is called from other threads."""
        self._changed = changed
        silent = next((kind for path in self._paths if (kind := silent_file_system(path, self._mounts))), None)
        if silent is not None:
            self._give_up(f"{silent} tells of no changes")
            return
        if self._is_missing():
            self._give_up("a path does not exist yet")
            self._run(self._wait_for_all)
            return
        self._watch_all()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Watch no more; returns when the threads are over, or after ``timeout_s``."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout_s)
        self._threads.clear()

    def _is_missing(self) -> bool:
        return not all(map(os.path.exists, self._paths))

    def _wait_for_all(self) -> None:
        """Watch once all paths are there. What was made in them before the system told of it is found by looking."""
        while self._is_missing():
            if self._stop.wait(MISSING_S):
                return
        self._watch_all()
        self._changed(None)

    def _watch_all(self) -> None:
        folders = [path for path in self._paths if os.path.isdir(path)]
        around = sorted({os.path.dirname(path) for path in self._paths if path not in folders})
        self.mode, self.reason = "watching", ""
        for watched, recursive in ((folders, True), (around, False)):
            if watched:
                self._run(self._watch, watched, recursive)

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=work, args=arguments, name="tracetui-watch", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watch(self, watched: Sequence[str], recursive: bool) -> None:
        try:
            try:
                self._listen(watched, recursive)
            except PermissionError:
                # Only now: told to pass over what it may not see, watchfiles keeps the limit of watches to itself as well.
                self._listen(watched, recursive, passes_over=True)
        except (OSError, RuntimeError) as error:
            # The limit of watches, a folder that vanished while it was being added, or whatever the system says.
            self._give_up(str(error) or type(error).__name__)
        else:
            if not self._stop.is_set():
                self._give_up("watching ended")

    def _listen(self, watched: Sequence[str], recursive: bool, passes_over: bool = False) -> None:
        # Late: reading what lies there does not need it.
        from watchfiles import watch

        for changes in watch(
            *watched,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=self._stop,
            rust_timeout=5_000,
            raise_interrupt=False,
            force_polling=False,
            recursive=recursive,
            ignore_permission_denied=passes_over,
        ):
            self._changed({path for _, path in changes})

    def _give_up(self, reason: str) -> None:
        with self._lock:
            self.mode, self.reason = "polling", reason
        _log.info("polling: %s", reason)
        self._changed(None)


def silent_file_system(path: str, mounts: str = "/proc/self/mountinfo") -> str | None:
    """The kind of file system of a path, if that is one whose changes are not told; None where that is not known."""
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            table = [(_unescaped(left.split()[4]), right.split()[0]) for left, right in map(_halves, file) if right]
    except (OSError, IndexError):
        return None
    path = os.path.realpath(path)
    under = [(point, kind) for point, kind in table if path == point or path.startswith(point.rstrip("/") + "/")]
    # Of two mounts at one point the later one is seen.
    kind = max(enumerate(under), key=lambda entry: (len(entry[1][0]), entry[0]), default=(0, ("", "")))[1][1]
    return kind if kind in _SILENT or kind.startswith("fuse.") else None


def _halves(line: str) -> tuple[str, str]:
    left, _, right = line.partition(" - ")
    return left, right


def _unescaped(text: str) -> str:
    for escape, character in _OCTAL:
        text = text.replace(escape, character)
    return text
