"""Keys faster than any answer, other sizes and other files meanwhile: whatever comes, the screen lives and stands.

Which keys, in which order and when, a seed says; a failure names it, and what was done last.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from textual.events import Key
from textual.keys import _character_to_key, key_to_character
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from tests.journeys.test_every_action import actions
from tests.tui.helpers import make_app, opened, settled, text
from tracetui.resources import samples_dir
from tracetui.tui.app import TracetuiApp
from tracetui.tui.state import State

KEYS = 200
SIZES = ((80, 24), (20, 5), (1, 1), (40, 10), (60, 16), (100, 30), (120, 40), (200, 50))
_NAMES = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown"}
_ENDS = ("app.quit", "app.interrupt")
_MOST_BYTES = 300_000
_ESCAPES = 12
_PATIENCE_S = 30.0


def keys() -> list[str]:
    """The documented keys, as Textual calls them."""
    found = {_NAMES.get(key, key) for id, key in actions() if id not in _ENDS}
    return sorted(key if len(key) > 1 else _character_to_key(key) for key in found)


async def stands(pilot: Pilot[object]) -> None:
    """Wait until all that was begun is over, but for what waits for an answer."""
    with suppress(TimeoutError, WorkerCancelled):
        await asyncio.wait_for(settled(pilot), _PATIENCE_S)


async def go_home(pilot: Pilot[object]) -> None:
    """Out of whatever is open."""
    for _ in range(_ESCAPES):
        await pilot.press("escape")
    await pilot.resize_terminal(80, 24)
    await stands(pilot)


async def look_at_files(app: TracetuiApp, *, waits: bool) -> None:
    """Have the reader look now; wait for what comes of it, but not for what waits for an answer."""
    feed = app.session.feed
    assert feed is not None
    feed.reader.changed(None)
    feed.idle.clear()
    feed.wake()
    if waits:
        await asyncio.wait_for(feed.idle.wait(), _PATIENCE_S)


class Files:
    """Some recordings, of which not all is there at first, and what may become of them."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        small = [path for path in sorted(samples_dir().rglob("*.jsonl")) if path.stat().st_size < _MOST_BYTES]
        self.whole = {folder / path.name: path.read_bytes() for path in chance.sample(small, 5)}
        folder.mkdir()
        for path, data in self.whole.items():
            path.write_bytes(data[: chance.choice((len(data), len(data) // 2, 0))])

    def change(self, chance: random.Random) -> bool:
        """Now and then append, cut, delete, replace or spoil one of them."""
        if chance.random() > 0.1:
            return False
        path = chance.choice(sorted(self.whole))
        data, here = self.whole[path], path.read_bytes() if path.exists() else b""
        match chance.randrange(7):
            case 0 | 1:
                path.write_bytes(here + data[len(here) : len(here) + chance.randrange(1, 20_000)])
            case 2:
                path.write_bytes(here[: chance.randrange(len(here) + 1)])
            case 3:
                path.unlink(missing_ok=True)
            case 4:
                new = path.with_name("new")
                new.write_bytes(chance.choice(sorted(self.whole.values())))
                new.replace(path)
            case 5:
                path.write_bytes(data)
            case _:
                path.write_bytes(here + chance.randbytes(200) + b"\n")
        return True


async def burst(
    app: TracetuiApp, seed: int, meanwhile: Callable[[random.Random], bool] = lambda _chance: False
) -> None:
    """Press keys without waiting for what they do; `meanwhile` changes files, and says whether it did."""
    chance, every, done = random.Random(seed), keys(), []
    async with opened(app, (80, 24)) as pilot:
        for _ in range(KEYS):
            key = chance.choice(every)
            done.append(key)
            app.post_message(Key(key, key_to_character(key)))
            match chance.randrange(20):
                case 0 | 1 | 2 | 3 | 4:
                    await asyncio.sleep(0)
                case 5:
                    await pilot.pause()
                case 6:
                    done.append(str(size := chance.choice(SIZES)))
                    await pilot.resize_terminal(*size)
            if meanwhile(chance):
                done.append("files")
                await look_at_files(app, waits=chance.random() < 0.5)
            assert not app.fault, f"seed {seed}, after {done[-30:]}\n{app.fault}"
        await go_home(pilot)
        assert not app.fault, f"seed {seed}, after {done[-30:]}\n{app.fault}"
        assert app.screen is app.main, f"seed {seed}: {app.screen} stays, after {done[-30:]}"
        assert "━ " in text(pilot), f"seed {seed}:\n{text(pilot)}"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is exported meanwhile goes where nobody minds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITOR", "true")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
async def test_whatever_keys_come_at_once_the_screen_lives(seed: int) -> None:
    await burst(make_app([samples_dir()]), seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40, 60))
async def test_whatever_keys_come_while_files_are_read_the_screen_lives(seed: int, tmp_path: Path) -> None:
    """What is kept of one folder is taken up by the next one as well."""
    for number in range(2):
        app = make_app([samples_dir()])
        app.session.state = State(tmp_path / "state")
        await burst(app, seed + 1_000 * number)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(60, 100))
async def test_whatever_becomes_of_the_files_meanwhile_the_screen_lives(seed: int, tmp_path: Path) -> None:
    files = Files(tmp_path / "traces", random.Random(seed))
    await burst(make_app([files.folder]), seed, files.change)
