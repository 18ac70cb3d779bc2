"""Records a run in the recording format, from a process of its own that can be killed.

    python native_writer.py FOLDER [NAME]

Writes the beginning of a run (an agent with a finished model call and a tool that is still at work) and then does what each
line of its standard input says: `event TYPE`, `open NAME`, `close`. At the end of the input everything that is open ends well.
After each step it says so in one line of standard output.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path


class Writer:
    """One append-only write a record (docs/recording-format.md)."""

    def __init__(self, folder: Path, name: str) -> None:
        self.run = os.urandom(16).hex()
        self.path = folder / f"{self.run}.{os.getpid()}.jsonl"
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._number = 0
        self._stack: list[dict[str, object]] = []
        now = time.time_ns()
        identity = {"pid": os.getpid(), "process_start": started(), "host": socket.gethostname(), "boot": boot()}
        times = {"time": now, "mono": time.monotonic_ns()}
        self._write({"tracetui": 1, "type": "header", "seq": 0, "run": self.run, "name": name, **times, **identity})

    def _write(self, record: dict[str, object]) -> None:
        self._number += 1
        os.write(self._descriptor, json.dumps(record).encode() + b"\n")

    def _record(self, type_: str, **more: object) -> None:
        self._write({"type": type_, "seq": self._number, "time": time.time_ns(), **more})

    def open(self, name: str, kind: str) -> None:
        parent = {"parent": self._stack[-1]["span"]} if self._stack else {}
        span = {"span": os.urandom(8).hex(), **parent, "name": name, "kind": kind}
        self._record("span_start", **span)
        self._stack.append({**span, "start": time.time_ns()})

    def close(self) -> None:
        span = self._stack.pop()
        length = time.time_ns() - int(str(span["start"]))
        self._record("span_end", **span, duration_ns=length, status="ok")

    def event(self, name: str) -> None:
        self._record("event", span=self._stack[-1]["span"], **{"class": "log"}, name=name, level="info", text=name)

    def end(self) -> None:
        while self._stack:
            self.close()
        self._record("run_end", status="ok")


def started() -> int:
    """When this process started, in clock ticks since boot; 0 where that is not told."""
    try:
        return int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return 0


def boot() -> str:
    """Id of this boot of the machine; empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def main() -> None:
    """Begin the run, then do as told."""
    folder, *name = sys.argv[1:]
    writer = Writer(Path(folder), *(name or ["live_agent"]))
    writer.open("live_agent", "agent")
    writer.open("plan", "llm")
    writer.close()
    writer.open("crawl", "tool")
    say(str(writer.path))
    for line in sys.stdin:
        word, *rest = line.split()
        {"event": writer.event, "open": lambda name: writer.open(name, "tool"), "close": writer.close}[word](*rest)
        say(word)
    writer.end()
    say("end")


def say(line: str) -> None:
    """One line for whoever started this."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
