"""The keys of the time axis, for every view that has one: zoom, pan, to the selected span, all of it again."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding
from textual.widget import Widget

from tracetui.tui.messages import Notice
from tracetui.tui.presentation.time_window import Window, around, panned, zoomed_in, zoomed_out
from tracetui.tui.widgets.time_axis import TimeAxis

TIME_BINDINGS: Final = (
    Binding("I", "zoom(1)", "zoom in: less time", id="span.zoom_in", show=False),
    Binding("O", "zoom(-1)", "zoom out: more time", id="span.zoom_out", show=False),
    Binding("comma", "pan(-1)", "earlier", id="span.pan_earlier", show=False),
    Binding("full_stop", "pan(1)", "later", id="span.pan_later", show=False),
    Binding("Z", "zoom_span", "zoom to this span", id="span.zoom_span", show=False),
    Binding("backspace", "whole_time", "the whole time", id="span.whole_time", show=False),
)
"""For the `BINDINGS` of a view; `I` and `O` are In and Out. None of them needs AltGr anywhere."""
TIME_IDS: Final = tuple(binding.id or "" for binding in TIME_BINDINGS)


class TimeKeys:
    """What the keys do. Mixed into a widget that says which axis, which span is selected, and draws itself again."""

    @property
    def time_axis(self) -> TimeAxis | None:
        """The axis of the open run; None without a run."""
        raise NotImplementedError

    def selected_time(self) -> tuple[int, int] | None:
        """From when to when what is selected ran, ns since the axis begins; None where that is not known."""
        raise NotImplementedError

    def time_shown(self, window: Window | None) -> None:
        """Another part of the axis is shown now."""
        raise NotImplementedError

    def action_zoom(self, by: int) -> None:
        """Show less time in more detail, or more; what is selected keeps its place."""
        axis = self._axis()
        if axis is None:
            return
        zoom = zoomed_in if by > 0 else zoomed_out
        self._show(axis, zoom(axis.view, axis.whole, self._anchor(axis)), "zoomed in to the end" if by > 0 else "")

    def action_pan(self, by: int) -> None:
        """Show what was earlier or later."""
        axis = self._axis()
        if axis is None:
            return
        if axis.window is None:
            self._say("the whole time is shown: I zooms in")
        else:
            self._show(axis, panned(axis.view, axis.whole, by), f"nothing {'later' if by > 0 else 'earlier'}")

    def action_zoom_span(self) -> None:
        """Show the time of what is selected; if that is what is shown, all of it."""
        axis = self._axis()
        if axis is None:
            return
        selected = self.selected_time()
        if selected is None:
            self._say("no times are known of this")
            return
        wanted = around(*selected, axis.whole)
        if wanted == axis.window:
            wanted = None
        self._show(axis, wanted, "")

    def action_whole_time(self) -> None:
        """Show the whole axis again."""
        axis = self._axis()
        if axis is not None:
            self._show(axis, None, "")

    def _axis(self) -> TimeAxis | None:
        axis = self.time_axis
        if axis is None or not axis.has_times:
            self._say("this run has no times" if axis is not None else "no run is open")
            return None
        return axis

    def _anchor(self, axis: TimeAxis) -> int | None:
        """What keeps its place: the selected span's middle, of one that fills the view the middle of the view."""
        selected, view = self.selected_time(), axis.view
        if selected is None:
            return None
        start, end = max(selected[0], view.begin), min(selected[1], view.end)
        return (start + end) // 2 if start <= end else None

    def _show(self, axis: TimeAxis, window: Window | None, otherwise: str) -> None:
        if axis.show(window):
            self.time_shown(window)
        else:
            self._say(otherwise or "the whole time is shown")

    def _say(self, words: str) -> None:
        if isinstance(self, Widget):
            self.post_message(Notice(words))
