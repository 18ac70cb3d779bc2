"""The longest time that the screen does nothing else, for each action, while a gigabyte is read.

A watchdog in the screen's own loop sleeps 5 ms again and again and notes how much later it wakes. Every action that keys and
palette offer is taken, on the panes and on the screens that it opens, over a run of a million spans, a value of 100 MB and
ten thousand runs.

    python -m benchmarks.pauses RESULT.json PATH…

drives one screen by itself; the benchmark starts that in a terminal.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import data
from benchmarks.measure import Result
from benchmarks.terminal import Terminal

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp

_TICK_S: Final = 0.005
_REST_S: Final = 0.12
"""After an action, for what it sets going."""
_LEFT_OUT: Final = {"app.quit", "take.edit", "take.pipe"}
"""What ends the screen or hands the terminal to another program."""
_SCREEN_KEYS: Final = ("down", "pagedown", "end", "home", "tab", "space", "n")
LONGEST_S: Final = 0.1


def big_value(size: int) -> Path:
    """One run with a tool call that returned a text of `size` bytes, in one line."""

    def make(path: Path) -> None:
        lines = list(data.recording(data._mixed, seed=1002, spans=40, finish=True))
        text = ("spruce beams over water, " * 40 + "\n") * (size // 1001)
        record = next(number for number, line in enumerate(lines) if b'"output"' in line)
        changed = json.loads(lines[record])
        changed["output"] = text
        lines[record] = json.dumps(changed).encode() + b"\n"
        path.write_bytes(b"".join(lines))

    return data.cached(f"value-{size}.jsonl", make)


def _spans(count: int) -> Path:
    """A run of so many spans that is no other benchmark's run."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(data.recording(data._bare, seed=1001, spans=count, finish=True))

    return data.cached(f"pauses-{count}.jsonl", make)


def pauses(quick: bool) -> Iterator[Result]:
    """Every action over large recordings while a gigabyte is read: the longest pause of the screen's loop."""
    large = data.mixed(3_000_000 if quick else 1_000_000_000)
    paths = [_spans(2_000 if quick else 1_000_000), big_value(100_000 if quick else 100_000_000)]
    paths.append(data.many(20 if quick else 10_000))
    for path in paths:
        os.utime(path)  # the newest is read first, and what is read last is to be read while keys are pressed
    os.utime(large, (0, 0))
    found: dict[str, float] = {}
    during = 0
    for part in ("spans", "detail", "runs"):
        told = data.folder() / f"pauses-{os.getpid()}.json"
        told.unlink(missing_ok=True)
        arguments = [sys.executable, "-m", "benchmarks.pauses", str(told), part, *map(str, paths), str(large)]
        with Terminal(arguments) as terminal:
            end = time.perf_counter() + 600
            while not told.exists() and time.perf_counter() < end:
                terminal.during(0.5)
        said = json.loads(told.read_text("utf-8"))
        told.unlink()
        found |= {f"{part}: {name}": late for name, late in said["pauses"].items()}
        during += said["while_reading"]
    worst = sorted(found, key=found.__getitem__, reverse=True)
    slow = [f"{name} {found[name] * 1e3:.0f} ms" for name in worst[:8]]
    yield Result(
        "longest pause of the screen, every action",
        f"{found[worst[0]] * 1e3:.0f} ms",
        "",
        found[worst[0]],
        LONGEST_S,
        f"{len(found)} actions, {during} of them while it read; {'; '.join(slow)}",
    )


class _Driver:
    """Takes every action of one pane, and notes how late the watchdog was meanwhile."""

    def __init__(self, app: TracetuiApp, part: str, told: Path) -> None:
        self.app = app
        self.part = part
        self.told = told
        self.doing = "opening"
        self.late: dict[str, float] = {}
        self.while_reading = 0

    async def watch(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            late = time.perf_counter() - begun - _TICK_S
            if late > self.late.get(self.doing, 0.0):
                self.late[self.doing] = late

    async def run(self) -> None:
        watchdog = asyncio.create_task(self.watch())
        try:
            await self._drive()
        finally:
            watchdog.cancel()
            self.late.pop("opening", None)
            draft = self.told.with_suffix(".draft")
            draft.write_text(json.dumps({"pauses": self.late, "while_reading": self.while_reading}), "utf-8")
            draft.rename(self.told)
            self.app.exit()

    async def _drive(self) -> None:
        main = self.app.main
        await self._until_read()
        runs = self.app.session.store.runs
        many = max(runs, key=lambda run: run.span_count)
        for run in [many, *[run for run in runs if run.live and run.span_count == 41][:1]]:
            self.doing = f"open a run of {run.span_count:,} spans"
            main._chooses = False
            main.open_run(run.row)
            await asyncio.sleep(0.6)
            main.activate(self.part)  # type: ignore[arg-type]  # the name of a pane
            for key in main.actions():
                if key.id not in _LEFT_OUT:
                    await self._take(key)

    async def _until_read(self) -> None:
        """Until all but the largest is read."""
        store = self.app.session.store
        end = time.perf_counter() + 300
        while time.perf_counter() < end:
            await asyncio.sleep(0.1)
            if any(run.complete and run.span_count > 1_000 for run in store.runs):
                return

    async def _take(self, key: Any) -> None:
        app, main = self.app, self.app.main
        self.doing = key.id
        self.while_reading += app.session.is_reading
        await app.run_action(key.action, key.node)
        await asyncio.sleep(_REST_S)
        for name in _SCREEN_KEYS if len(app.screen_stack) > 2 else ():
            if len(app.screen_stack) > 2:
                self.doing = f"{key.id} {name}"
                app.simulate_key(name)
                await asyncio.sleep(_REST_S / 2)
        for _ in range(4):
            if app.screen is main and app.focused in main.views.values():
                break
            app.simulate_key("escape")
            await asyncio.sleep(0.03)
        if main.active != self.part:
            main.activate(self.part)  # type: ignore[arg-type]  # as above
        await asyncio.sleep(0.02)


def main(told: str, part: str, *paths: str) -> int:
    """Open the screen over paths, and drive it."""
    from tracetui.tui import app as module
    from tracetui.tui.run import ScreenOptions, run_screen

    begin = module.TracetuiApp._begin_to_read

    def begin_and_drive(self: TracetuiApp) -> None:
        begin(self)
        self._drive = asyncio.create_task(_Driver(self, part, Path(told)).run())  # type: ignore[attr-defined]

    module.TracetuiApp._begin_to_read = begin_and_drive  # type: ignore[method-assign]
    os.chdir(data.folder())  # where pictures of the screen go
    return run_screen(ScreenOptions(paths=paths, no_state=True))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
