"""Write docs/pictures/*.svg, what README.md and docs/tour.md show: the screen over sample traces, painted by the app itself.

`.venv/bin/python scripts/make_picture.py` writes them anew; a test compares their text with what the app paints now.
`.venv/bin/python scripts/make_picture.py --folder FOLDER` writes the traces that the pictures show, to try the tour on.
"""

import argparse
import asyncio
import html
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from textual.pilot import Pilot

from tracetui.core.bodies import Bodies
from tracetui.core.formats import FORMATS
from tracetui.core.reader import Reader
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Store
from tracetui.core.symbols import UNICODE
from tracetui.core.testing import SECOND, TickingClock
from tracetui.resources import samples_dir
from tracetui.tui.app import TracetuiApp
from tracetui.tui.feed import Feed
from tracetui.tui.presentation.picture import picture
from tracetui.tui.screens.screenshot import screen_lines, theme_of
from tracetui.tui.session import Session

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
NOON = 1_795_262_400 * SECOND
"""2026-11-21T12:00:00Z: after all that the samples recorded."""
DAY = 86_400 * SECOND
FAILED = "tracetui/research_agent.jsonl"
SAMPLES = (
    FAILED,
    "tracetui/support_bot.jsonl",
    "tracetui/market_watch.jsonl",
    "ai-decision-tracer/killed_agent_20261120_211548.jsonl",
    "ai-decision-tracer/trading_agent/trading_agent_20261120_211536.jsonl",
    "claude-code/projects/-home-demo-shop/0f6f3b3e-6a3b-4a55-9d7c-2b0f7f1f9a10.jsonl",
    "design-research-agents/run_20261120T212927Z_direct-fail.jsonl",
    "design-research-agents/run_20261120T212928Z_wf-ok.jsonl",
    "design-research-agents/run_20261120T212930Z_killed-run.jsonl",
    "otlp-json/carrier_timeout.jsonl",
    "otlp-json/genai.jsonl",
)
"""By name, so that a new sample changes no picture."""
LIVE = "market_watch.jsonl"
NAMED = ("down", "enter", "escape")
"""Keys that have a name; any other word is typed."""


@dataclass(frozen=True)
class Stop:
    """A picture and how to come to it."""

    name: str
    keys: tuple[str, ...] = ()
    """What is pressed at the picture before it: names of keys, and texts that are typed."""

    @property
    def path(self) -> Path:
        """Where it lies."""
        return FOLDER / f"{self.name}.svg"


@dataclass(frozen=True)
class Walk:
    """One start of the app, with pictures on the way."""

    size: tuple[int, int]
    """Columns and rows."""
    stops: tuple[Stop, ...]
    live_s: float = 0
    """Seconds that the live run has been going on; 0: it was killed long ago."""

    @property
    def name(self) -> str:
        """That of its first picture."""
        return self.stops[0].name


WALKS = (
    Walk(
        (120, 36),
        (
            Stop("failed"),
            Stop("cause", ("enter", "z")),
            Stop("filter", ("z", "escape", "f", "kind:tool dur>10s", "enter")),
            Stop("names", ("escape", "v", "v")),
            Stop("timeline", ("v",)),
            Stop("summary", ("v", "a")),
            Stop("compare", ("escape", "d")),
            Stop("conversation", ("escape", ":", "orders", "enter", "2", "G", *("k" * 5), "enter", "z", "]")),
            Stop("themes", ("z", "escape", "0", "T", "down", "enter")),
            Stop("export", ("x",)),
        ),
    ),
    Walk((120, 30), (Stop("live", ("K",) * 4),), live_s=172),
    Walk((80, 24), (Stop("small"),)),
)
STOPS = tuple(stop for walk in WALKS for stop in walk.stops)


def main() -> None:
    """Write all pictures, or the traces that they show."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--folder", type=Path, help="write the traces that the pictures show into this new folder instead"
    )
    folder = parser.parse_args().folder
    if folder is not None:
        write_traces(folder)
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for walk in WALKS:
        asyncio.run(_write(walk))


def write_traces(folder: Path) -> None:
    """The traces of the tour in a new folder."""
    folder.mkdir(parents=True)
    _fill(folder, 0)


async def _write(walk: Walk) -> None:
    async for stop, svg in paint(walk):
        stop.path.write_text(svg, encoding="utf-8")


async def paint(walk: Walk) -> AsyncIterator[tuple[Stop, str]]:
    """The pictures of a walk as SVG, one after another."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = _app(folder, _fill(folder, walk.live_s), is_live=bool(walk.live_s))
        async with app.run_test(size=walk.size) as pilot:
            await _settled(app, pilot)
            for stop in walk.stops:
                for key in stop.keys:
                    await pilot.press(*([key] if len(key) == 1 or key in NAMED else key))
                    await _settled(app, pilot)
                yield stop, picture(screen_lines(app), walk.size[0], theme_of(app))


async def _settled(app: TracetuiApp, pilot: Pilot[object]) -> None:
    """All that is there is read and drawn."""
    await pilot.pause()
    if app.session.feed is not None:
        await app.session.feed.idle.wait()
    if app.pricing is not None:
        await app.pricing.idle.wait()
    # What takes an export away waits for the answer to its question, not for work to end.
    if working := [worker for worker in app.workers if worker.group != "export"]:
        await app.workers.wait_for_complete(working)
    await pilot.pause()
    await pilot.pause()


def text_of(svg: str) -> dict[int, list[tuple[float, str]]]:
    """The texts in a picture with their places: by the height of their line, from left to right."""
    lines: dict[int, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text x="([\d.]+)" y="(\d+)"[^>]*>(.*?)</text>', svg):
        lines.setdefault(int(y), []).append((float(x), html.unescape(text)))
    return lines


def _fill(folder: Path, live_s: float) -> int:
    """Put samples into a folder, the live one as far as it is; returns the time it is then, ns."""
    for sample in SAMPLES:
        shutil.copyfile(samples_dir() / sample, folder / Path(sample).name)
    _write_night_before(folder)
    for path in folder.iterdir():
        os.utime(path, ns=(NOON, NOON))
    if not live_s:
        return NOON
    live = folder / LIVE
    lines = live.read_bytes().splitlines(keepends=True)
    times: Sequence[int] = [json.loads(line)["time"] for line in lines]
    now = times[0] + round(live_s * SECOND)
    live.write_bytes(b"".join(line for line, time in zip(lines, times, strict=True) if time <= now))
    os.utime(live, ns=(now, now))
    return now


def _write_night_before(folder: Path) -> None:
    """The failed run as it was one night earlier, when it went well: the page that later timed out came in 4 s."""
    lines = (samples_dir() / FAILED).read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    changed = [_night_before(record, records[0]["time"]) for record in records]
    earlier = [record for record in changed if record is not None]
    lines = [json.dumps(record | {"seq": seq}, ensure_ascii=False) for seq, record in enumerate(earlier)]
    text = "".join(f"{line}\n" for line in lines)
    (folder / "research_agent_the_night_before.jsonl").write_text(text, encoding="utf-8")


def _night_before(record: dict[str, Any], began: int) -> dict[str, Any] | None:
    if record.get("class") in ("retry", "error") or record.get("level") == "error":
        return None
    record = {**record}
    for name in ("time", "start"):
        if name in record:
            record[name] -= _sooner(record[name] - began) + DAY
    if "run" in record:
        record["run"] = record["run"][::-1]
    if record.get("status") not in (None, "ok"):
        record["status"] = "ok"
        record.pop("error", None)
        record.get("attributes", {}).pop("reason", None)
        if record.get("name") == "fetch_page":
            record["time"] = record["start"] + 4 * SECOND
            record |= {"attributes": {"http.method": "GET"}, "output": {"status": 200, "characters": 21_977}}
        if record.get("name") == "extract_facts":
            record["output"] = {"role": "assistant", "content": "- 61 kg CO2e/m², glulam"}
    if "duration_ns" in record:
        record["duration_ns"] = record["time"] - record["start"]
    return record


def _sooner(offset: int) -> int:
    """How much sooner all went on that night, ns: by 87 s after the page, by 112.6 s after the call that it was for."""
    return 0 if offset < 215_150_000_000 else 87 * SECOND if offset < 261 * SECOND else 112_600_000_000


def _app(folder: Path, now: int, *, is_live: bool) -> TracetuiApp:
    clock = TickingClock(now)
    store = Store()
    reader = Reader([str(folder)], follow=True, wall=clock)
    session = Session(
        store=store,
        bodies=Bodies(store, reader.sources, FORMATS),
        feed=Feed(store, reader),
        symbols=UNICODE,
        now_ns=clock,
        tz=UTC,
        rules=StatusRules(is_running=lambda _process: is_live),
    )
    return TracetuiApp(session, "traces/", rest_s=0)


if __name__ == "__main__":
    main()
