"""What the tests of live behaviour share: a real writer, a reader that follows in real time, a screen that is waited for."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.hostile.terminal import Terminal
from tracetui.core.bodies import Bodies
from tracetui.core.formats import FORMATS
from tracetui.core.reader import Notice, Reader
from tracetui.core.run_status import StatusResult, StatusRules, run_status
from tracetui.core.store import Run, Store
from tracetui.core.summary import Facts, Summaries
from tracetui.core.watching import Watcher

PATIENCE_S = 30.0
"""Longest wait for something that surely comes; the machine may be busy."""
WRITER = Path(__file__).with_name("native_writer.py")


class LiveRun:
    """A run that a process of its own records, as told. Use as a context manager."""

    def __init__(self, folder: Path, name: str = "live_agent") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(WRITER), str(folder), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.path = Path(self._heard())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def tell(self, *words: str) -> None:
        """Have it write something; returns when it is written."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        assert self._heard() == words[0]

    def end(self) -> None:
        """Let it end well."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self._heard() == "end"
        self.process.stdin = None
        self.process.wait(PATIENCE_S)

    def _heard(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, "the writer ended"
        return line


class Following:
    """A store that a following reader fills, woken as the screen's is. Use as a context manager."""

    def __init__(self, *paths: Path, rules: StatusRules | None = None, watch: bool = True) -> None:
        self.store = Store()
        self.reader = Reader([str(path) for path in paths], follow=True)
        self.watcher = Watcher([str(path) for path in paths]) if watch else None
        self.rules = rules or StatusRules()
        self.notices: list[Notice] = []

    def __enter__(self) -> Self:
        if self.watcher is not None:
            self.watcher.start(self.reader.changed)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.watcher is not None:
            self.watcher.stop()
        self.reader.close()

    def look(self) -> Self:
        """One piece of work."""
        for batch in self.reader.poll():
            self.store.apply(batch)
        self.notices += self.reader.take_notices()
        return self

    def until(self, is_so: Callable[[Self], bool], limit_s: float = PATIENCE_S) -> float:
        """Follow until it is so; how long that took, s. Fails when the limit is over."""
        begun = time.monotonic()
        while not is_so(self.look()):
            assert time.monotonic() - begun < limit_s, f"not so after {limit_s} s: {[run.name for run in self.runs]}"
            time.sleep(min(0.01, max(0.0, self.reader.next_due(time.monotonic()))))
        return time.monotonic() - begun

    @property
    def runs(self) -> list[Run]:
        return self.store.live_runs()

    def run(self, name: str) -> Run | None:
        """The run of this name, if it is there."""
        return next((run for run in self.runs if run.name == name), None)

    def status(self, run: Run) -> StatusResult:
        """How it stands now."""
        return run_status(run, time.time_ns(), self.rules)

    def stats(self, now_ns: int) -> list[Facts]:
        """What `tracetui stats --json` would say of all runs at this time, in the order of their ids."""
        return facts(self.store, self.reader, now_ns, self.rules)


def read_cold(*paths: Path, now_ns: int, rules: StatusRules | None = None) -> list[Facts]:
    """The same by a reader that starts now and does not follow."""
    store, reader = Store(), Reader([str(path) for path in paths])
    while reader.next_due(time.monotonic()) == 0:
        for batch in reader.poll():
            store.apply(batch)
    found = facts(store, reader, now_ns, rules or StatusRules())
    reader.close()
    return found


def facts(store: Store, reader: Reader, now_ns: int, rules: StatusRules) -> list[Facts]:
    """What `tracetui stats --json` would say of all runs, in the order of their ids."""
    summaries = Summaries(store, reader.sources, Bodies(store, reader.sources, FORMATS), now_ns, rules)
    return sorted((summaries.full(run) for run in store.live_runs()), key=lambda run: (run["id"], run["paths"]))


def recorded(name: str, spans: int = 1) -> bytes:
    """A run in the recording format, begun and ended now, with so many tools."""
    now = time.time_ns()
    times = {"time": now, "start": now}
    records: list[dict[str, object]] = [{"tracetui": 1, "type": "header", "run": name.encode().hex(), "name": name}]
    records += [
        {"type": "span_end", "span": f"{number:016x}", "name": f"step {number}", "kind": "tool", "duration_ns": 1}
        for number in range(1, spans + 1)
    ]
    records.append({"type": "run_end", "status": "ok"})
    numbered = ({**record, "seq": number, **times} for number, record in enumerate(records))
    return b"".join(json.dumps(record).encode() + b"\n" for record in numbered)


def listed(*arguments: str | Path) -> dict[str, Facts]:
    """What `tracetui list --json` says of each run, by name."""
    command = [sys.executable, "-m", "tracetui", "list", "--json", *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S)
    assert answer.stderr == b""
    return {run["name"]: run for run in json.loads(answer.stdout)["runs"]}


class LiveTerminal(Terminal):
    """The screen, with a way to wait for what comes by itself and to know when it came."""

    def __init__(
        self, arguments: Sequence[str | Path], cwd: Path, size: tuple[int, int] = (130, 40), **env: str
    ) -> None:
        super().__init__(["--no-state", *map(str, arguments)], size, cwd, **env)

    def until(self, is_so: Callable[[str], bool], limit_s: float = PATIENCE_S) -> float:
        """Read until the screen shows it; how long that took, s. Fails when the limit is over."""
        begun = time.monotonic()
        while not is_so(self.text):
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.text}"
            assert time.monotonic() - begun < limit_s, f"not shown after {limit_s} s; there is:\n{self.text}"
            self._read(0.02)
        return time.monotonic() - begun
