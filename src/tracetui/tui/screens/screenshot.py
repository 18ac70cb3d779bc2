"""A picture of the screen in a file, as it is and without the secrets that stand on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

from tracetui.core.exporting.files import new_file
from tracetui.core.model import Flag
from tracetui.core.redaction import Redactor
from tracetui.tui.presentation.picture import picture
from tracetui.tui.screens.exporting import free_name, shown_path, usual_folder
from tracetui.tui.secrets_seen import Striker, secrets_of

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import App

    from tracetui.core.model import SpanDetail
    from tracetui.tui.screens.main import MainScreen
    from tracetui.tui.session import Session

MOST_BYTES: Final = 16_000_000
"""Bytes of the open run's records that are looked through for secrets, beside what is selected."""
_ANSI: Final = (
    (0, 0, 0), (205, 60, 60), (0, 180, 80), (205, 180, 0), (80, 120, 220), (190, 90, 190), (0, 180, 180), (208, 208, 208),
    (110, 110, 110), (255, 95, 95), (135, 255, 175), (255, 215, 95), (95, 175, 255), (215, 135, 215), (95, 215, 215),
    (255, 255, 255),
)  # fmt: skip


async def screenshot(screen: MainScreen, say: Callable[[str], object], value: object = None) -> None:
    """Write a picture of whatever is shown, and say where; `value` is what is shown beside what the main screen shows."""
    app = screen.tracetui
    lines = screen_lines(app)
    gate = Redactor()
    texts = [*_texts(screen), value]
    spans = _spans(screen)
    found = await asyncio.to_thread(lambda: _secrets(screen.session, spans, texts, gate))
    text = await asyncio.to_thread(lambda: painted(lines, app.size.width, found, theme_of(app), gate))
    folder = await asyncio.to_thread(usual_folder, app.options.read_paths())
    path = await asyncio.to_thread(free_name, folder, "tracetui", ".svg")
    await asyncio.to_thread(_write, path, text)
    say(f"wrote {shown_path(path)}" + (", secrets struck out" if found else ""))


def screen_lines(app: App[object]) -> list[list[Segment]]:
    """What stands on the screen, line by line."""
    return [list(strip) for strip in app.screen._compositor.render_strips()]


def painted(
    lines: list[list[Segment]], columns: int, secrets: set[str], theme: TerminalTheme, gate: Redactor | None = None
) -> str:
    """A picture of lines in which the secrets are struck out."""
    striker = Striker(secrets, gate or Redactor())
    return picture([list(_struck(line, striker)) for line in lines], columns, theme)


def _struck(line: list[Segment], striker: Striker) -> Iterator[Segment]:
    before = "".join(segment.text for segment in line)
    after = striker.struck(before)
    at = 0
    for segment in line:
        stop = at + len(segment.text)
        yield Segment(after[at:stop], segment.style)
        at = stop


def theme_of(app: App[object]) -> TerminalTheme:
    """The colours of a picture where the screen leaves them to the terminal."""
    colours = app.theme_variables
    front, back = (_rgb(colours.get(name, ""), usual) for name, usual in (("foreground", 208), ("background", 18)))
    return TerminalTheme(back, front, list(_ANSI[:8]), list(_ANSI[8:]))


def _rgb(colour: str, usual: int) -> tuple[int, int, int]:
    if colour.startswith("#") and len(colour) == 7:
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    return usual, usual, usual


def _texts(screen: MainScreen) -> list[object]:
    """Names that may be on the screen, and values of the run."""
    store = screen.session.store
    runs = [store.runs[row] for row in screen.runs.shown_runs[:10_000]]
    opened = None if screen.opened is None else store.runs[screen.opened]
    texts: list[object] = [text for run in runs for text in (run.name, run.id)]
    return [*texts, *([] if opened is None else [opened.meta, *opened.notes])]


def _spans(screen: MainScreen) -> list[tuple[int, list[int], str]]:
    """Rows of spans to look through with their records and names: what is selected, then the open run as far as it goes."""
    session, store = screen.session, screen.session.store
    if screen.opened is None:
        return []
    selected, event = screen.selection.rows
    if selected is None and event is not None and store.events.span[event] >= 0:
        selected = store.events.span[event]
    rows = [] if selected is None else [selected]
    rows += [row for row in store.rows_of_run(screen.opened).tolist() if row != selected]
    found, left = [], MOST_BYTES
    for row in rows:
        if not store.spans.flags[row] & (Flag.announced | Flag.invented):
            continue
        records = sorted({*session.bodies.records_of(row), *store.records_of(row)})
        left -= sum(store.records.length[record] for record in records)
        if left < 0 and row != selected:
            break
        found.append((row, records, store.strings[store.spans.name[row]]))
    return found


def _secrets(
    session: Session, spans: list[tuple[int, list[int], str]], texts: list[object], gate: Redactor
) -> set[str]:
    found: set[str] = set()
    for text in texts:
        found |= secrets_of(text, gate)
    for row, records, name in spans:
        found |= secrets_of(name, gate)
        raws = list(session.bodies.raws(records))
        if not any(raw is not None and gate.suspects(raw) for raw in raws):
            continue
        from tracetui.core.bodies import NOT_JSON, json_of

        for raw in raws:
            value = NOT_JSON if raw is None else json_of(raw)
            found |= secrets_of((raw or b"").decode("utf-8", "replace") if value is NOT_JSON else value, gate)
        if all(raw is not None for raw in raws):
            detail = session.bodies.detail_of_records(row, records, [raw for raw in raws if raw is not None])
            found |= _of_detail(detail, gate)
    return found


def _of_detail(detail: SpanDetail, gate: Redactor) -> set[str]:
    """Secrets of a span as it is shown: attributes by their keys, texts by their look."""
    error = detail.error
    values = [
        detail.attributes, detail.input, detail.output, detail.subject, detail.logs,
        [] if error is None else [error.type, error.message, error.traceback],
        [[message.text, message.tool_calls, message.raw] for message in detail.messages],
    ]  # fmt: skip
    found: set[str] = set()
    for value in values:
        found |= secrets_of(value, gate)
    return found


def _write(path: Path, text: str) -> None:
    with new_file(path, force=False) as out:
        out(text)
