"""Whether the process that wrote a recording still runs on this machine.

A pid alone proves nothing, since pids come back: where the recording names them, host, boot and the process's own start time
have to agree as well. Used by ``run_status`` through ``StatusRules``, so that tests give their own answers.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

Process = tuple[int, int, str, str]
"""pid, start time in clock ticks since boot (0: not recorded), host, boot id (empty: not recorded)."""


class Processes:
    """The processes of this machine.

    Args:
        proc: where the kernel tells of processes; absent (not Linux): a pid that can be signalled counts as running.
        host: this machine's name.
    """

    def __init__(self, proc: Path = Path("/proc"), host: str | None = None) -> None:
        self._proc = proc
        self._host = socket.gethostname() if host is None else host
        self._boot = _text(proc / "sys/kernel/random/boot_id")
        self._has_proc = (proc / "self").exists()

    def is_running(self, process: Process) -> bool | None:
        """True: it runs; False: it is known to be gone; None: nobody here can tell (another machine)."""
        pid, started, host, boot = process
        if pid <= 0 or (host and host != self._host):
            return None
        if boot and self._boot and boot != self._boot:
            # Without a host a boot id that is not ours may be another machine's; with it, this machine was restarted.
            return False if host else None
        if not host and not boot:
            return None
        return self._is_running(pid, started)

    def identity(self, pid: int) -> Process:
        """How a recording names a process of this machine; its start is 0 where the kernel does not tell."""
        return pid, self._stat(pid)[1], self._host, self._boot

    def _is_running(self, pid: int, started: int) -> bool:
        if not self._has_proc:
            return _can_be_signalled(pid)
        state, since = self._stat(pid)
        if state in ("", "Z", "X"):  # a zombie writes no more
            return False
        return not started or since == started

    def _stat(self, pid: int) -> tuple[str, int]:
        """State and start time of a process; an empty state: there is none."""
        # The name in parentheses may hold anything, so fields are counted from the last parenthesis.
        fields = _text(self._proc / str(pid) / "stat").rpartition(")")[2].split()
        if len(fields) < 20 or not fields[19].isdigit():
            return "", 0
        return fields[0], int(fields[19])


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _can_be_signalled(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
