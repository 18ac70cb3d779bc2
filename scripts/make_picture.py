"""Write docs/pictures/*.svg, what the README shows: the screen over sample traces, painted by the app itself.

`.venv/bin/python scripts/make_picture.py` writes them anew; a test compares their text with what the app paints now.
"""

import asyncio
import html
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

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
from tracetui.tui.session import Session

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
NOON = 1_795_262_400 * SECOND
"""2026-11-21T12:00:00Z: after all that the samples recorded."""
SAMPLES = (
    "tracetui/research_agent.jsonl",
    "tracetui/support_bot.jsonl",
    "tracetui/market_watch.jsonl",
    "ai-decision-tracer/killed_agent_20261120_211548.jsonl",
    "ai-decision-tracer/trading_agent/trading_agent_20261120_211536.jsonl",
    "design-research-agents/run_20261120T212927Z_direct-fail.jsonl",
    "design-research-agents/run_20261120T212928Z_wf-ok.jsonl",
    "design-research-agents/run_20261120T212930Z_killed-run.jsonl",
    "otlp-json/carrier_timeout.jsonl",
    "otlp-json/genai.jsonl",
)
"""By name, so that a new sample changes no picture."""
LIVE = "market_watch.jsonl"
FONTS = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace'


@dataclass(frozen=True)
class Picture:
    """A picture and how to come to it."""

    name: str
    size: tuple[int, int]
    """Columns and rows."""
    live_s: float = 0
    """Seconds that the live run has been going on; 0: it was killed long ago."""
    keys: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where it lies."""
        return FOLDER / f"{self.name}.svg"


PICTURES = (
    Picture("failed", (120, 36)),
    Picture("live", (120, 30), live_s=172, keys=("K",) * 4),
    Picture("small", (80, 24)),
)


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        picture.path.write_text(asyncio.run(paint(picture)), encoding="utf-8")


async def paint(picture: Picture) -> str:
    """The picture as SVG."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = _app(folder, _fill(folder, picture.live_s), is_live=bool(picture.live_s))
        async with app.run_test(size=picture.size) as pilot:
            await _settled(app, pilot)
            for key in picture.keys:
                await pilot.press(key)
                await _settled(app, pilot)
            return _plain(app.export_screenshot(title="tracetui"))


async def _settled(app: TracetuiApp, pilot: Pilot[object]) -> None:
    """All that is there is read and drawn."""
    await pilot.pause()
    if app.session.feed is not None:
        await app.session.feed.idle.wait()
    await app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.pause()


def text_of(svg: str) -> list[str]:
    """The lines of text in a picture."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)" textLength[^>]*>(.*?)</text>', svg):
        rows.setdefault(float(y), []).append((float(x), html.unescape(text)))
    return ["".join(text for _, text in sorted(row)) for _, row in sorted(rows.items())]


def _fill(folder: Path, live_s: float) -> int:
    """Put samples into a folder, the live one as far as it is; returns the time it is then, ns."""
    for sample in SAMPLES:
        shutil.copyfile(samples_dir() / sample, folder / Path(sample).name)
        os.utime(folder / Path(sample).name, ns=(NOON, NOON))
    if not live_s:
        return NOON
    live = folder / LIVE
    lines = live.read_bytes().splitlines(keepends=True)
    times: Sequence[int] = [json.loads(line)["time"] for line in lines]
    now = times[0] + round(live_s * SECOND)
    live.write_bytes(b"".join(line for line, time in zip(lines, times, strict=True) if time <= now))
    os.utime(live, ns=(now, now))
    return now


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


def _plain(svg: str) -> str:
    """Without fonts from elsewhere and without an id that differs each time."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", svg)
    return re.sub(r"\bterminal-\d+-", "terminal-", svg)


if __name__ == "__main__":
    main()
