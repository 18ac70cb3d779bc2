"""What `y` and `Y` take from the pane that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.tui.widgets.empty_view import EXAMPLE

if TYPE_CHECKING:
    from tracetui.tui.screens.main import MainScreen


def value_to_copy(screen: MainScreen) -> str:
    """The id of a run, name of a span, text of an event or value of the detail; empty where there is none. Untrusted."""
    if screen.has_no_runs:
        return EXAMPLE
    if screen.active == "runs":
        row = screen.runs.selected_run
        run = None if row is None else screen.session.store.runs[row]
        return "" if run is None else run.id or run.key
    if screen.active == "detail":
        return screen.detail.copy_value()
    span, event = screen.selection.rows
    if event is not None:
        return screen.session.bodies.event_detail(event).text
    store = screen.session.store
    return "" if span is None else store.strings[store.spans.name[span]]


def record_to_copy(screen: MainScreen) -> str | None:
    """The record of the selected span or event as it was written; None: there is none. Untrusted.

    Raises:
        ChangedOnDisk: The file does not hold it any more.
    """
    if screen.active == "detail":
        return screen.detail.copy_record()
    span, event = screen.selection.rows
    store = screen.session.store
    record = store.events.record[event] if event is not None else -1
    if event is None and span is not None:
        record = store.spans.first_record[span]
    if record < 0:
        return None
    return screen.session.bodies.raw(record).data.decode("utf-8", "replace").rstrip("\r\n")
