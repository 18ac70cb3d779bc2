"""The open run as a timeline of parallel lanes: what ran at once stands below one another, by agent.

A row is a lane, in which the cursor goes from span to span (left, right); up and down go to what ran at that time in the
next lane. The selection and the part of the time that is shown are those of the tree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.strip import Strip

from tracetui.core.model import Kind, RunStatus, Status
from tracetui.tui.messages import FollowChanged, Notice, SpanSelected, TimeShown
from tracetui.tui.presentation import bars
from tracetui.tui.presentation.columns import HEADINGS_FROM
from tracetui.tui.presentation.lanes import (
    LaneBar,
    LaneColumns,
    LaneRow,
    lane_columns,
    lane_headings,
    lane_pieces,
    without_overlaps,
)
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.time_window import Window, showing
from tracetui.tui.session import Session
from tracetui.tui.widgets.flat_view import FlatView, Identity
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.run_strip import STRIP_AT, STRIP_FROM, look_soon
from tracetui.tui.widgets.run_study import LIVE
from tracetui.tui.widgets.time_axis import TimeAxis
from tracetui.tui.widgets.time_keys import TIME_BINDINGS, TimeKeys

if TYPE_CHECKING:
    import numpy as np

    from tracetui.core.analysis.lanes import Lanes
    from tracetui.core.store.shape import Ints
    from tracetui.tui.widgets.span_data import SpanData

_MOST_BELOW: Final = 4_096
"""Spans below a holder that are looked at for one that has a place."""
_EIGHTHS: Final = 8


class LanesView(TimeKeys, FlatView):
    """Lanes of work."""

    title: ClassVar[str] = "Timeline"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "along(-1)", "span before, in this lane", id="span.lane_before", show=False),
        Binding("right,l", "along(1)", "span after, in this lane", id="span.lane_after", show=False),
        *TIME_BINDINGS,
    ]

    def __init__(self, session: Session, *, id: str | None = None) -> None:
        super().__init__(session, id=id)
        self._lanes: Lanes | None = None
        self._moment: int | None = None
        """The moment at which up and down look, ns since the epoch."""
        self._spans = 0
        self._failed: frozenset[int] | None = None
        """Lanes in which a cause of failure lies."""
        self._has_agents = False

    # ------------------------------------------------------------ rows

    def row_count(self) -> int:
        """Lanes."""
        return 0 if self._lanes is None else len(self._lanes)

    def position_text(self) -> str:
        """Which lane is selected."""
        return f"lane {self.cursor + 1:,} of {self.row_count():,}" if self.row_count() else ""

    def _job(self, data: SpanData) -> Callable[[], object]:
        from tracetui.core.analysis.lanes import lane_spans, lanes

        return partial(lanes, lane_spans(self.session.store, data.tree))

    def _put(self, made: Lanes | None) -> None:
        self._lanes, self._failed = made, None
        self._has_agents = made is not None and bool((made.agent >= 0).any())

    def _identity(self, index: int) -> Identity | None:
        place = self._place_in(index)
        return None if self._lanes is None or place < 0 else ("span", int(self._lanes.rows[place]))

    def _index_of(self, identity: Identity) -> int:
        place = self._place(identity)
        return self._lanes.lane(place) if self._lanes is not None and place >= 0 else -1

    def _place(self, identity: Identity | None) -> int:
        """Where a span stands; of one that holds others the first of those that stands anywhere; -1: nowhere."""
        if identity is None or self._lanes is None or self.data is None or identity[0] != "span":
            return -1
        place = self._lanes.place(identity[1])
        tree, at = self.data.tree, self.data.tree.position(identity[1])
        if place >= 0 or at < 0:
            return place
        below = tree.rows()[at + 1 : at + min(tree.size(at), _MOST_BELOW)].tolist()
        return next((found for row in below if (found := self._lanes.place(row)) >= 0), -1)

    def _place_in(self, lane: int) -> int:
        """The place that is selected in a lane, else what ran in it at the same time."""
        made = self._lanes
        if made is None or not 0 <= lane < len(made):
            return -1
        first, last = made.bounds(lane)
        selected = self._place(self._owner())
        if first <= selected < last:
            return selected
        anchor = self._moment
        if anchor is None:
            anchor = int(made.start[selected]) if selected >= 0 else int(made.start[first])
        at = first + int(made.start[first:last].searchsorted(anchor, "right")) - 1
        if at < first:
            return first
        is_nearer = at + 1 < last and anchor - int(made.end[at]) > int(made.start[at + 1]) - anchor
        return at + 1 if is_nearer else at

    def _owner(self) -> Identity | None:
        """The selected span, or that of the selected event."""
        if self._selected is None or self._selected[0] == "span":
            return self._selected
        owner = self.session.store.events.span[self._selected[1]]
        return ("span", owner) if owner >= 0 else None

    # ------------------------------------------------------------ selection

    def action_along(self, by: int) -> None:
        """To the next or previous span of this lane."""
        if self._lanes is None or not self.row_count():
            return
        place = self._place_in(self.cursor) + by
        first, last = self._lanes.bounds(self.cursor)
        if first <= place < last:
            self._take(place, by_user=True)
        else:
            self.post_message(Notice(f"this is the {'last' if by > 0 else 'first'} span of the lane"))

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - the bar is where it is
        """A click takes what stands there in the lane."""
        axis, width = self.time_axis, self.size.width
        columns = self._columns(width)
        cell = x - columns.bars_at
        if axis is not None and cell >= 0:
            view = axis.view
            self._moment = axis.tree.extent[0] + view.begin + (2 * cell + 1) * view.length // (2 * columns.bars)
            self._selected = None
            self._take(self._place_in(index), by_user=True)
        return False

    def select(self, span: int | None, event: int | None) -> bool:
        """Put the cursor on what was selected elsewhere."""
        before = self.cursor
        found = super().select(span, event)
        place = self._place(self._owner())
        if found and place >= 0:
            self._stay_at(place)
            self.refresh_rows((before, self.cursor))
        return found

    def _take(self, place: int, *, by_user: bool) -> None:
        """Select what stands at a place."""
        made = self._lanes
        if made is None or place < 0:
            return
        if by_user:
            self.set_following(False)
        row = int(made.rows[place])
        is_new = self._selected != ("span", row)
        before, self._selected = self.cursor, ("span", row)
        LineView.move_to(self, made.lane(place))
        self.refresh_rows((before, self.cursor))
        self._stay_at(place)
        if is_new:
            self.post_message(SpanSelected(row, None, by_user, self))
        self.refresh_pinned()
        self._say_where()

    def _stay_at(self, place: int) -> None:
        """Up and down go on from here, and here is what is shown of the time."""
        axis, made = self.time_axis, self._lanes
        if axis is None or made is None:
            return
        begin = axis.tree.extent[0]
        start, end = int(made.start[place]) - begin, min(int(made.end[place]) - begin, axis.whole)
        window = axis.window
        if window is not None and not self.following and axis.show(showing(window, start, end, axis.whole)):
            self.time_shown(axis.window)
        view = axis.view
        self._moment = begin + (max(start, view.begin) + min(end, view.end)) // 2

    def _now_selected(self, by_user: bool) -> None:
        """The cursor came to another lane: what ran there at the same time is selected, and stays the moment."""
        super()._now_selected(by_user)
        place, moment = self._place(self._owner()), self._moment
        if by_user and place >= 0:
            self._stay_at(place)
            self._moment = moment
        self.refresh_pinned()

    # ------------------------------------------------------------ drawing

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """The run in words, the whole of it in one line, the axis."""
        rows = super().pinned_rows(width)
        data = self.data
        has_room = self.size.height >= HEADINGS_FROM and self.row_count() > 0
        if data is not None and has_room and data.axis.has_times and data.tree.count >= STRIP_FROM:
            rows.insert(STRIP_AT, data.strip.pieces(width, self.selected_time()))
        return rows

    def render_line(self, y: int) -> Strip:
        """One line; what a large run is like as a whole is found out beside the screen."""
        if y == STRIP_AT and self.data is not None:
            look_soon(self, self.data.strip, self.refresh_pinned)
        return super().render_line(y)

    def _nothing(self) -> list[Piece]:
        if self.data is not None and not self.data.axis.has_times:
            return [("   This run has no times.", "strong bold"), ("  v goes on to another view.", "muted")]
        return super()._nothing()

    def _columns(self, width: int) -> LaneColumns:
        return lane_columns(width, self._has_agents)

    def _headings(self, width: int) -> list[Piece]:
        columns, axis = self._columns(width), self.time_axis
        view = axis.view if axis is not None else Window(0, 1)
        return lane_headings(columns, bars.axis(view.length, columns.bars, self.session.symbols, view.begin))

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:
        """A lane."""
        data, made = self.data, self._lanes
        if data is None or made is None:
            return []
        columns = self._columns(width)
        agent = int(made.agent[index])
        is_first = index == 0 or int(made.agent[index - 1]) != agent
        last = made.bounds(index)[1]
        has_open = self.session.store.spans.status[int(made.rows[last - 1])] == Status.open
        word = "error" if index in self._failed_lanes(data, made) else "open" if has_open else ""
        name = data.name_of(agent) if agent >= 0 and is_first else ""
        place = self._place_in(index) if selected else -1
        return lane_pieces(
            LaneRow(index + 1, name, word),
            self._bars(data, made, index, columns.bars, place),
            columns,
            self.session.symbols,
            selected=selected,
            focused=focused,
        )

    def _failed_lanes(self, data: SpanData, made: Lanes) -> frozenset[int]:
        if self._failed is None:
            causes = (made.place(data.tree.row(at)) for at in data.study.causes())
            self._failed = frozenset(made.lane(place) for place in causes if place >= 0)
        return self._failed

    def _bars(self, data: SpanData, made: Lanes, lane: int, width: int, selected: int) -> list[LaneBar]:
        """The bars of a lane in the part of the time that is shown."""
        import numpy as np

        view, (first, last) = data.axis.view, made.bounds(lane)
        begin = data.tree.extent[0] + view.begin
        edges = begin + np.arange(width + 1, dtype=np.int64) * view.length // width
        places = _worth_drawing(made.start[first:last], made.end[first:last], edges) + first
        if first <= selected < last and selected not in places:
            places = np.append(places, selected)
        now = data.axis.now_ns or data.run.last_time
        start = made.start[places] - begin
        end = np.minimum(made.end[places], max(now, begin)) - begin
        end = np.maximum(end, start)
        cells = np.clip(start * width // view.length, 0, width - 1)
        until = np.clip((2 * end * width + view.length) // (2 * view.length), cells + 1, width)
        # What is shorter than a cell shares it with its neighbours: the mark says how much of the cell they fill.
        filled = made.covered(lane, edges) * width * _EIGHTHS // view.length
        eighths = np.clip(np.maximum(filled[cells], (end - start) * width * _EIGHTHS // view.length), 1, _EIGHTHS)
        shown = (end >= 0) & (start <= view.length)
        spans = self.session.store.spans
        is_live = data.status in LIVE
        found = []
        for at in np.flatnonzero(shown).tolist():
            row = int(made.rows[places[at]])
            is_open = spans.status[row] == Status.open
            style = (
                ("status-open" if is_live else "status-warning") if is_open else kind_style(Kind(spans.kind[row]).name)
            )
            found.append(
                LaneBar(
                    int(cells[at]),
                    int(until[at]),
                    int(eighths[at]),
                    data.name_of(row) if until[at] - cells[at] > 1 else "",
                    style,
                    is_failed=data.study.is_cause(row),
                    end=("now" if is_live else "gone") if is_open else "",
                    is_selected=int(places[at]) == selected,
                    cut_before=bool(start[at] < 0),
                    cut_after=bool(end[at] > view.length),
                )
            )
        return without_overlaps(found)

    # ------------------------------------------------------------ the time

    @property
    def time_axis(self) -> TimeAxis | None:
        """The axis of the open run."""
        return None if self.data is None else self.data.axis

    def selected_time(self) -> tuple[int, int] | None:
        """From when to when the selected span ran."""
        owner = self._owner()
        return None if self.data is None or owner is None else self.data.time_of(*owner)

    def time_shown(self, window: Window | None) -> None:  # noqa: ARG002 - the axis has it
        """Another part of the time."""
        self.refresh_all()
        self.post_message(TimeShown())

    def action_pan(self, by: int) -> None:
        """Show what was earlier or later, which lets go of following."""
        self.set_following(False)
        super().action_pan(by)

    # ------------------------------------------------------------ what changes

    def _loaded(self) -> None:
        if self.following and self.row_count():
            self.refresh_all()
            self._go_to_newest()
            return
        super()._loaded()
        place = self._place(self._owner())
        if place >= 0:
            self._stay_at(place)

    def _came(self, rows: int) -> None:  # noqa: ARG002 - new spans count, not new lanes
        count = 0 if self._lanes is None else len(self._lanes.rows)
        came, self._spans = count - self._spans, count
        super()._came(came if came < count else 0)

    def tick(self) -> None:
        """A second went by: what is open goes on."""
        if self.following and self.data is not None and self.data.is_moving and self.data.axis.follow():
            self.time_shown(self.data.axis.window)
        super().tick()

    def set_following(self, on: bool) -> None:
        """Stay at the newest span, or let go."""
        if on != self.following:
            self.new_count, self.following = 0, on
            self.post_message(FollowChanged(on, 0))
            if on and self.row_count():
                self._go_to_newest()

    def _go_to_newest(self) -> None:
        made, axis = self._lanes, self.time_axis
        if made is not None and axis is not None and len(made.rows):
            axis.follow()
            self._take(int(made.start.argmax()), by_user=False)

    def _end(self, data: SpanData) -> None:
        """The run is over: what was followed into a failure is shown at its first cause."""
        followed = self.following
        self.set_following(False)
        cause = data.study.first_cause() if followed and data.status is RunStatus.error else None
        if cause is not None and self._lanes is not None:
            self._take(self._lanes.place(cause), by_user=False)


def _worth_drawing(start: np.ndarray, end: np.ndarray, edges: np.ndarray) -> Ints:
    """Places of one lane that are to be drawn: all that lie within the edges, of very many one for each cell.

    What is longer than a cell covers an edge; of what lies within one cell only, the first is drawn.
    """
    import numpy as np

    first = int(end.searchsorted(edges[0], "left"))
    last = int(start.searchsorted(edges[-1], "right"))
    if last - first <= 2 * len(edges):
        return np.arange(first, max(first, last), dtype=np.int32)
    at = start.searchsorted(edges)
    found = np.unique(np.concatenate((at, at - 1)))
    kept: Ints = found[(found >= first) & (found < last)].astype(np.int32)
    return kept
