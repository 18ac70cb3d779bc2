"""What `y`, `Y`, `o` and `|` take from the pane that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.tui.taken import Source, id_of_span, of_event, of_record, of_span, of_value
from tracetui.tui.widgets.empty_view import EXAMPLE

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen


def selected_value(screen: MainScreen) -> Source | None:
    """The id of a run, most telling value of a span, text of an event or value of the detail; None where there is none."""
    if screen.has_no_runs:
        return of_value(EXAMPLE, "the two lines")
    if screen.active == "runs":
        return selected_id(screen)
    if screen.active == "detail":
        return screen.detail.selected_value()
    span, event = _rows(screen)
    if event is not None:
        return of_event(screen.session, event)
    return None if span is None else of_span(screen.session, span)


def longest_value(screen: MainScreen) -> Source | None:
    """The longest value of the selected span, text of the selected event; None where nothing is selected."""
    from tracetui.tui.longest import of_longest

    span, event = _rows(screen)
    if event is not None:
        return of_event(screen.session, event)
    return None if span is None else of_longest(screen.session, span)


def selected_record(screen: MainScreen) -> Source | None:
    """The record of the selected span or event as it was written; None: there is none."""
    if screen.active == "detail" and not screen.has_no_runs:
        return screen.detail.selected_record()
    span, event = _rows(screen)
    store = screen.session.store
    record = store.events.record[event] if event is not None else -1
    if event is None and span is not None:
        record = store.spans.first_record[span]
    return None if record < 0 else of_record(screen.session, record)


def selected_id(screen: MainScreen) -> Source | None:
    """The id of the selected run, or of the selected span as its producer wrote it; None where there is none."""
    store = screen.session.store
    span, event = _rows(screen)
    if screen.active == "runs" or (span is None and event is None):
        row = screen.runs.selected_run if screen.active == "runs" else screen.opened
        run = None if row is None else store.runs[row]
        return None if run is None else of_value(run.id or run.key, "run id")
    if span is None and event is not None:
        span = store.events.span[event]
    if span is None or span < 0:
        return None
    return id_of_span(screen.session, span)


def _rows(screen: MainScreen) -> tuple[int | None, int | None]:
    """Rows of the span and of the event that the cursor is on: a key right behind a move is about where it went."""
    selected = (screen.viewing.other or screen.tree_view).selected
    if selected is None or selected[0] not in ("span", "event"):
        return screen.selection.rows
    what, row = selected
    return (row, None) if what == "span" else (None, row)
