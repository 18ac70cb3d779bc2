"""The whole screen over real files, for tests: opened headless, waited for without sleeping, read back as text."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

from textual.pilot import Pilot

from tracetui.core.bodies import Bodies
from tracetui.core.formats import FORMATS
from tracetui.core.reader import Reader
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Store
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.testing import SECOND, TickingClock
from tracetui.resources import samples_dir
from tracetui.tui.app import TracetuiApp
from tracetui.tui.feed import Feed
from tracetui.tui.run import ScreenOptions
from tracetui.tui.session import Session

NOON = 1_795_262_400 * SECOND
"""2026-11-21T12:00:00Z: after all that the samples recorded."""


def make_app(
    paths: Sequence[Path | str],
    *,
    plain: bool = False,
    options: ScreenOptions | None = None,
    shown_path: str = "traces/",
    now_ns: int = NOON,
    writers_run: bool | None = None,
) -> TracetuiApp:
    """The app over `paths`, without a watcher, on a clock that stands still and in UTC; nothing rests.

    Args:
        paths: Files and folders.
        plain: With ASCII symbols.
        options: How the screen was asked for.
        shown_path: What the header names.
        now_ns: The time it is.
        writers_run: Whether the processes that write run; None: that cannot be told.
    """
    clock = TickingClock(now_ns)
    store = Store()
    reader = Reader([str(path) for path in paths], follow=True, wall=clock)
    session = Session(
        store=store,
        bodies=Bodies(store, reader.sources, FORMATS),
        feed=Feed(store, reader),
        symbols=ASCII if plain else UNICODE,
        now_ns=clock,
        tz=UTC,
        rules=StatusRules(is_running=lambda _process: writers_run),
    )
    return TracetuiApp(session, shown_path, options, rest_s=0)


def write_live(folder: Path, seconds: float) -> int:
    """Write the first seconds of the sample `market_watch` as if that was now; returns the time of its last record, ns."""
    written = (samples_dir() / "tracetui" / "market_watch.jsonl").read_bytes().splitlines(keepends=True)
    times = [json.loads(line)["time"] for line in written]
    kept = [(line, time) for line, time in zip(written, times, strict=True) if time <= times[0] + seconds * SECOND]
    path = folder / "market_watch.jsonl"
    path.write_bytes(b"".join(line for line, _ in kept))
    now = max(time for _, time in kept)
    os.utime(path, ns=(now, now))
    return now


@asynccontextmanager
async def opened(app: TracetuiApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[object]]:
    """The app running at a size, everything that is there read and shown."""
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot


async def settled(pilot: Pilot[object]) -> None:
    """Wait until all that is there is read, told and drawn."""
    app = pilot.app
    assert isinstance(app, TracetuiApp)
    await pilot.pause()
    feed = app.session.feed
    if feed is not None:
        await feed.idle.wait()
    if app.pricing is not None:
        await app.pricing.idle.wait()
    await app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.pause()


async def look_again(pilot: Pilot[object]) -> None:
    """Let the reader look at its files now, and wait for what comes of it."""
    app = pilot.app
    assert isinstance(app, TracetuiApp)
    assert app.session.feed is not None
    app.session.feed.reader.changed(None)
    app.session.feed.idle.clear()
    app.session.feed.wake()
    await settled(pilot)


async def press(pilot: Pilot[object], *keys: str) -> None:
    """Press keys, and wait for what comes of them."""
    await pilot.press(*keys)
    await settled(pilot)


def lines(pilot: Pilot[object]) -> list[str]:
    """What stands on the screen, line by line, blanks at the ends left out."""
    return [strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips()]


def text(pilot: Pilot[object]) -> str:
    """What stands on the screen."""
    return "\n".join(lines(pilot))
