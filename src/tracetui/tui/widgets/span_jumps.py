"""Keys that jump in the span tree: to causes, warnings, slow spans, hits of a search and gaps, from wherever one is.

Where they stop is found by `stops`, `RunStudy` and `GapJumps`; what takes long in a large run is looked for in a thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event
from typing import TYPE_CHECKING, Final

from textual.binding import Binding

from tracetui.core.text import safe
from tracetui.tui.messages import Jumped, Notice, SpanSelected, TimeShown
from tracetui.tui.presentation.marks import Marks
from tracetui.tui.session import Session
from tracetui.tui.widgets.gap_jumps import GapJumps
from tracetui.tui.widgets.span_data import SpanData
from tracetui.tui.widgets.span_rows import SpanRows

if TYPE_CHECKING:
    from tracetui.core.store.shape import Bools
    from tracetui.tui.widgets.stops import Found, Stop, WarningSearch

JUMP_BINDINGS: Final = (
    Binding("e", "cause(1)", "next cause", id="span.next_cause"),
    Binding("E", "cause(-1)", "previous cause", id="span.previous_cause", show=False),
    Binding("s", "slow(1)", "next slow span", id="span.next_slow"),
    Binding("S", "slow(-1)", "previous slow span", id="span.previous_slow", show=False),
    Binding("w", "warning(1)", "next warning", id="span.next_warning", show=False),
    Binding("W", "warning(-1)", "previous warning", id="span.previous_warning", show=False),
)
GAP_BINDINGS: Final = (Binding("L", "gap", "longest gap", id="span.gap", show=False),)

_SAID_AFTER_S: Final = 0.5
"""How long something is looked for before that is said, s."""
_LONGEST_NAME: Final = 40
"""Characters of a name in a notice."""


class JumpKeys(SpanRows):
    """What the keys do."""

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self._gaps = GapJumps()
        self._stop_search = Event()
        """Set: nobody waits any more for the warning that is looked for."""

    def action_cause(self, by: int) -> None:
        """To the next or previous cause of failure, or error event of a span that did not fail itself."""
        from tracetui.tui.widgets.stops import place_of

        data = self.data
        if data is None:
            return
        stops = data.failures()
        if not stops:
            self.post_message(Notice("nothing failed in this run"))
            return
        at = place_of(self.session.store, data.tree.preorder(), data.run, self._selected)
        number, wrapped = stops.next(self._selected, at, by)
        what = "cause" if stops[number].event is None else "error"
        if len(stops) == 1:
            self.post_message(Notice(f"the only {what}"))
        self._stop_at(stops[number], by, what, wrapped and len(stops) > 1)

    def action_warning(self, by: int) -> None:
        """To the next or previous warning, retry or non-zero exit status."""
        from tracetui.tui.widgets.stops import place_of

        data = self.data
        if data is None:
            return
        at = place_of(self.session.store, data.tree.preorder(), data.run, self._selected)
        search = data.warnings.search()
        self._stop_search.set()
        if data.warnings.is_large:
            self._stop_search = stop = Event()
            self.run_worker(self._look_beside(data, search, at, by, stop), exclusive=True, group="warning")
            return
        found = next(steps := search.find(at, by))
        if found is None:
            self.run_worker(self._look_on(data, steps, at, by), exclusive=True, group="warning")
        else:
            self._stop_at_warning(found, at, by)

    async def _look_on(self, data: SpanData, steps: Iterator[Found | None], at: int, by: int) -> None:
        """Look for a warning a few records at a time."""
        import asyncio

        self._say("looking for warnings")
        found: Found | None = None
        while found is None:
            await asyncio.sleep(0)
            found = next(steps)
            if self.data is not data:
                return
        self._stop_at_warning(found, at, by)

    async def _look_beside(self, data: SpanData, search: WarningSearch, at: int, by: int, stop: Event) -> None:
        """Look for a warning in a thread."""
        import asyncio

        looking = asyncio.ensure_future(asyncio.to_thread(search.run_to_end, at, by, stop))
        done, _ = await asyncio.wait((looking,), timeout=_SAID_AFTER_S)
        if not done:
            self._say("looking for warnings")
        found = await looking
        if found is not None and self.data is data:
            self._stop_at_warning(found, at, by)

    def on_unmount(self) -> None:
        """Nobody waits any more for what is looked for."""
        self._stop_search.set()

    def _stop_at_warning(self, found: Found, at: int, by: int) -> None:
        stop, wrapped = found
        if stop is None:
            self._say("no warning, retry or non-zero exit in this run")
            return
        if stop.place == at:
            self._say("the only warning")
        self._stop_at(stop, by, "warning", wrapped and stop.place != at)

    def _stop_at(self, stop: Stop, by: int, what: str, wrapped: bool) -> None:
        if wrapped:
            self.post_message(Notice(f"wrapped: {'first' if by > 0 else 'last'} {what} again", "warning"))
        before = self._selected
        if self._go_to(stop):
            self.post_message(Jumped(what, before, self._selected))
        elif stop.span is None:
            self.post_message(Notice(f"this {what} is in no span: v lists it in time order", "warning"))
        else:
            self.post_message(Notice(f"the chips hide this {what}", "warning"))

    def _go_to(self, stop: Stop) -> bool:
        """Select an event where it has a row, else its span; what stands in the place of the tree is told of the event."""
        if stop.event is not None and not self.display:
            self._selected = ("event", stop.event)
            self.post_message(SpanSelected(stop.span, stop.event))
            return True
        if stop.event is not None and self.select_event(stop.event):
            return True
        return stop.span is not None and self.select_span(stop.span)

    def action_slow(self, by: int) -> None:
        """To the next or previous slow span."""
        if self.data is not None and self.data.study.is_large:
            self._say("looking for slow spans")
            self.run_worker(self._slow_later(self.data, by), group="slow", exclusive=True)
        else:
            self._jump(self.data.study.slow_positions() if self.data is not None else (), by, "slow span")

    async def _slow_later(self, data: SpanData, by: int) -> None:
        await data.study.look_aside()
        if data is self.data:
            self._jump(data.study.slow_positions(), by, "slow span")

    def next_hit(self, by: int) -> tuple[int, int]:
        """To the next or previous hit, or (0) the nearest from here: its number from 1, and how many. (0, 0): none."""
        if self.data is None:
            return 0, 0
        hits = self.data.hits
        return self._jump(hits, by, "hit"), len(hits)

    def show_hits(self, marks: Marks, spans: Bools | None) -> None:
        """Mark what a search looks for, and know the spans that it hit, by row of the store; None: no search."""
        self._marks = marks
        if self.data is not None:
            self.data.show_hits(marks, spans)
            self._repaint()

    def _jump(self, positions: Sequence[int], by: int, what: str) -> int:
        """Select the next of `positions` (ascending, in the whole tree); its number from 1, 0 if there is none."""
        if self.data is None or not len(positions):
            self.post_message(Notice(f"no {what} in this run"))
            return 0
        number, wrapped = self.data.next_in(positions, self._selected, by)
        if by and len(positions) == 1:
            self.post_message(Notice(f"the only {what}"))
        elif wrapped and by:
            self.post_message(Notice(f"wrapped: {'first' if by > 0 else 'last'} {what} again", "warning"))
        row, before = self.data.tree.row(positions[number]), self._selected
        if self.select_span(row):
            self.post_message(Jumped(what, before, self._selected))
        else:
            self.post_message(Notice(f"chips or filter hide this {what}", "warning"))
        return number + 1

    def action_gap(self) -> None:
        """To the longest gap of the selected span or of one around it, then to the next longest."""
        if self.data is None or self._selected is None:
            return
        kind, row = self._selected
        owner = row if kind == "span" else self.session.store.events.span[row]
        gap = self._gaps.next(self.data, owner) if self.data.axis.has_times else None
        if gap is None:
            self.post_message(Notice("nothing here was idle"))
            return
        name = self.session.store.strings[self.session.store.spans.name[gap.holder]]
        self.post_message(Notice(gap.words(safe(name[:_LONGEST_NAME]), self.session.symbols)))
        self._repaint()
        self.post_message(TimeShown())
        before = self._selected
        if self.select_span(gap.row):
            self.post_message(Jumped("gap", before, self._selected))
        else:
            self.post_message(Notice("the chips hide what ended this gap", "warning"))
