"""Writing the open run into a file: which output, where, and saying what became of it."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.exporting import EXPORTERS, exporter
from tracetui.core.exporting.apart import Order, encoded
from tracetui.core.exporting.files import default_name
from tracetui.core.redaction import REDACTED, Redactor
from tracetui.core.text import bytes_size, cut, safe
from tracetui.resources import from_home, home_dir
from tracetui.tui.screens.choosing import Choice, ChoiceScreen
from tracetui.tui.screens.prompting import PromptScreen

if TYPE_CHECKING:
    from tracetui.core.store import Run
    from tracetui.tui.screens.main import MainScreen

_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[1].split(chr(10));"
    "from tracetui.core.exporting.apart import main; sys.exit(main())"
)
"""Finds tracetui where this process found it, and nothing in the folder where it happens to run."""
_MOST_NAMES: Final = 1_000
_PATH: Final = 36
"""Cells of a path in a notice: what became of it has room beside it."""
_LONGEST_ANSWER: Final = 1 << 20


async def export(screen: MainScreen, run: Run) -> None:
    """Ask what to make of a run and where to put it, and have it written by a process of its own."""
    choices = [Choice(each.name, each.title, f"{each.name}  *{each.suffix}") for each in EXPORTERS]
    title, note = "Export the run", "Secrets are taken out; tracetui export --no-redact leaves them in."
    chosen = await screen.app.push_screen_wait(ChoiceScreen(screen.session, title, choices, screen.facts, note=note))
    if chosen is None:
        return
    folder = await asyncio.to_thread(usual_folder, screen.tracetui.options.read_paths())
    suffix = exporter(chosen).suffix
    offered = await asyncio.to_thread(free_name, folder, file_stem(run), suffix)
    typed = await screen.app.push_screen_wait(
        PromptScreen(screen.session, "write to", text=shown_path(offered), note="nothing is replaced")
    )
    if typed is None or not typed.strip():
        return
    path = from_home(typed.strip())
    if path.is_dir():
        path = await asyncio.to_thread(free_name, path, file_stem(run), suffix)
    await _write(screen, _order(screen, run, chosen, path))


def _order(screen: MainScreen, run: Run, output: str, path: Path) -> Order:
    options, rules = screen.tracetui.options, screen.session.rules
    return Order(
        paths=[str(Path(each).absolute()) for each in options.read_paths()],
        format=run.format,
        key=run.key,
        id=run.id,
        output=output,
        target=str(path.absolute()),
        now_ns=screen.session.now_ns(),
        zone=zone_name(screen.session.tz),
        stall_after_ns=rules.stall_after_ns,
        dead_after_ns=rules.dead_after_ns,
    )


async def _write(screen: MainScreen, order: Order) -> None:
    header = screen.header
    shown = cut(safe(shown_path(Path(order.target))), _PATH, "path", screen.session.symbols)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", _PROGRAM, "\n".join(sys.path),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_ANSWER,
    )  # fmt: skip
    header.say(f"writing {shown}")
    answer: dict[str, Any] = {}
    try:
        answer = await _answers(screen, process, encoded(order), shown)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    if "bytes" not in answer:
        header.say(str(answer.get("error", "the export ended without a word")), "error")
        return
    secrets = answer["secrets"]
    told = f"{secrets:,} secret{'' if secrets == 1 else 's'} taken out" if secrets else "no secrets found"
    header.say(f"wrote {shown}: {bytes_size(answer['bytes'], screen.session.symbols)}, {told}")
    for words in answer["notes"]:
        header.mention(words, "warning")


async def _answers(screen: MainScreen, process: asyncio.subprocess.Process, order: bytes, shown: str) -> dict[str, Any]:
    import json

    if process.stdin is None or process.stdout is None:
        return {}
    process.stdin.write(order)
    process.stdin.close()
    answer: dict[str, Any] = {}
    async for line in process.stdout:
        answer = json.loads(line)
        if words := answer.get("words"):
            screen.header.remark = f"{shown}: {words}"
            screen.header.look_again()
    screen.header.remark = ""
    screen.header.look_again()
    return answer


def file_stem(run: Run) -> str:
    """What the file of a run is called: no secret of its name, and nothing that means something in a path."""
    gate = Redactor()
    name, id = (gate.text(text)[0].replace(REDACTED, "redacted") for text in (run.name, run.id))
    return default_name(name, id, "")


def usual_folder(read: list[str]) -> Path:
    """Where an export goes if nobody says so: here, unless what is read lies here; then home, then nowhere near it."""
    import tempfile

    folders = [Path(os.path.realpath(path)) for path in read]
    folders = [folder if folder.is_dir() else folder.parent for folder in folders]
    for place in (Path.cwd(), home_dir()):
        real = Path(os.path.realpath(place))
        if not any(real.is_relative_to(folder) for folder in folders) and os.access(real, os.W_OK):
            return place
    return Path(tempfile.gettempdir())


def free_name(folder: Path, stem: str, suffix: str) -> Path:
    """A name in a folder that nothing has: `run.html`, else `run-2.html`."""
    for number in range(1, _MOST_NAMES):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        if not os.path.lexists(path):
            return path
    return folder / f"{stem}-{datetime.now():%Y%m%d%H%M%S%f}{suffix}"


def shown_path(path: Path) -> str:
    """A whole path as people write it: from home where it is there, so that nobody has to know where the program runs."""
    path, home = path.absolute(), home_dir()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def zone_name(zone: tzinfo) -> str:
    """A time zone as another process understands it: its name, else seconds east of Greenwich."""
    name = str(getattr(zone, "key", ""))
    offset = datetime.now(zone).utcoffset()
    return name or str(int(offset.total_seconds()) if offset is not None else 0)
