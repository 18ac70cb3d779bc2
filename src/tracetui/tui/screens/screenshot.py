"""A picture of the screen in a file, as it is and without the secrets that stand on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

from tracetui.core.bodies import letting_others_run
from tracetui.core.errors import TooLarge
from tracetui.core.exporting.files import new_file
from tracetui.core.model import Flag
from tracetui.core.pieced_text import PiecedText
from tracetui.core.redaction import Redactor
from tracetui.tui.presentation.picture import picture
from tracetui.tui.screens.exporting import free_name, shown_path, usual_folder
from tracetui.tui.secrets_seen import Striker, secrets_of, windows
from tracetui.tui.taken import still

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import App

    from tracetui.core.model import SpanDetail
    from tracetui.tui.screens.main import MainScreen
    from tracetui.tui.session import Session

_Span = tuple[int, list[int], str]
"""Row, records and name of a span."""
_SPANS_AT_ONCE: Final = 100
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
    opened, selected = screen.opened, _selected(screen)
    found = await asyncio.to_thread(
        lambda: _secrets(screen.session, _spans(screen.session, opened, selected), texts, gate)
    )
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


def _selected(screen: MainScreen) -> int | None:
    """The row of the span that is selected, or that holds the selected event."""
    store = screen.session.store
    selected, event = screen.selection.rows
    if selected is None and event is not None and store.events.span[event] >= 0:
        selected = store.events.span[event]
    return selected


def _spans(session: Session, opened: int | None, selected: int | None) -> Iterator[_Span]:
    """What is to be looked through for secrets: what is selected, then the open run as far as it goes. In a thread."""
    if opened is None:
        return
    store = session.store
    with still(session):
        rows = [] if selected is None else [selected]
        rows += [row for row in store.rows_of_run(opened).tolist() if row != selected]
    left = MOST_BYTES
    for at in range(0, len(rows), _SPANS_AT_ONCE):
        found: list[_Span] = []
        with still(session):
            for row in rows[at : at + _SPANS_AT_ONCE]:
                if not store.spans.flags[row] & (Flag.announced | Flag.invented):
                    continue
                records = sorted({*session.bodies.records_of(row), *store.records_of(row)})
                left -= sum(store.records.length[record] for record in records)
                if left < 0 and row != selected:
                    break
                found.append((row, records, store.strings[store.spans.name[row]]))
        yield from found
        if left < 0:
            return


def _secrets(session: Session, spans: Iterable[_Span], texts: list[object], gate: Redactor) -> set[str]:
    found: set[str] = set()
    for text in texts:
        found |= secrets_of(text, gate)
    for row, records, name in spans:
        found |= secrets_of(name, gate)
        with still(session):
            raws = list(session.bodies.raws(records))
        if not any(raw is not None and gate.suspects(part) for raw in raws for part in windows(raw or b"")):
            continue
        for raw in raws:
            found |= secrets_of(_value_of(raw or b""), gate)
        if all(raw is not None for raw in raws):
            found |= _of_span(session, row, records, [raw for raw in raws if raw is not None], gate)
    return found


def _value_of(raw: bytes) -> object:
    """What a record holds; its text where it is no JSON, or too much of it."""
    from tracetui.core.bodies import NOT_JSON, json_of

    try:
        with letting_others_run():
            value = json_of(raw)
    except TooLarge:
        value = NOT_JSON
    return PiecedText.decoded(raw) if value is NOT_JSON else value


def _of_span(session: Session, row: int, records: list[int], raws: list[bytes], gate: Redactor) -> set[str]:
    try:
        with still(session), letting_others_run():
            detail = session.bodies.detail_of_records(row, records, raws)
    except TooLarge:
        return set()  # its records were looked through
    return _of_detail(detail, gate)


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
