"""The detail pane: the selected span, event or run as a person wants to read it, most telling first.

It follows the selection once that rests; what was folded, and where one was, is kept for each tab while the same thing is
shown. Every row can be copied, rows that fold have their key marked under the cursor. Only visible rows are made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip
from textual.timer import Timer

from tracetui.core.model import ABSENT
from tracetui.core.symbols import Symbols
from tracetui.core.text import count as count_of
from tracetui.tui.messages import ContextWanted, Notice, PositionChanged, ViewWanted
from tracetui.tui.presentation import strip
from tracetui.tui.presentation.detail import ONE_LINE_FROM, Look, tab_at, tab_row
from tracetui.tui.presentation.marks import Marks, places_in
from tracetui.tui.presentation.marks import marked as with_marks
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.taken import Source, of_record, of_records, of_value
from tracetui.tui.widgets.detail_blocks import Block, Stack
from tracetui.tui.widgets.detail_pages import Page
from tracetui.tui.widgets.event_page import EventPage
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.run_page import RunPage
from tracetui.tui.widgets.span_page import SpanPage

if TYPE_CHECKING:
    from tracetui.core.store import Change

REST_S: Final = 0.06
"""How long the selection rests before the detail follows it."""

LOOK_EVERY_S: Final = 1.0
"""The least time between two looks at what grows, s: a column of changing rows costs a link more than it tells."""

COMPACT_BELOW: Final = 16
"""Rows of the pane under which what belongs together shares a line, where it is wide enough."""

_SEEK_S: Final = 0.03
"""How long rows are looked through for a hit."""
_NARROW: Final = 30
_TOP_ROWS: Final = 3
"""Rows among which the cursor begins, on the first with something in it."""
_MAKERS: Final = {"span": SpanPage, "event": EventPage, "run": RunPage}


@dataclass(slots=True)
class _TabState:
    """Where one was in a tab, and its blocks."""

    kept: dict[str, Block] = field(default_factory=dict)
    cursor: int = -1
    top: int = 0


class Detail(LineView):
    """What the selected span, event or run is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket,ctrl+left", "tab(-1)", "previous tab", id="detail.previous_tab", show=False),
        Binding("right_square_bracket,ctrl+right", "tab(1)", "next tab", id="detail.next_tab"),
        Binding("space", "toggle_row", "fold", id="detail.toggle"),
        Binding("left,h", "fold", "fold, then out", id="detail.fold", show=False),
        Binding("right,l", "unfold", "unfold, then go on", id="detail.unfold", show=False),
        Binding("asterisk", "open_all", "unfold all below", id="detail.open_all", show=False),
        Binding("V", "view", "value in the viewer", id="detail.view", show=False),
        Binding("c", "context", "whole context", id="detail.context"),
        Binding("r", "read_again", "read again", id="detail.read_again", show=False),
    ]

    def __init__(self, session: Session, *, id: str | None = None, rest_s: float = REST_S) -> None:
        super().__init__(session, id=id)
        self._rest_s = rest_s
        self._timer: Timer | None = None
        self._later: Timer | None = None
        self._looked_at = float("-inf")
        self._wanted: tuple[str, int] | None = None
        self._page: Page | None = None
        self._marks = Marks()
        self._seeks = False
        self._seeks_in: tuple[str, int] | None = None
        self._tab = "Overview"
        self._states: dict[str, _TabState] = {}
        self._made: tuple[Look, Stack] | None = None
        self._held: tuple[tuple[Size, Symbols, tzinfo], Look] | None = None

    # ------------------------------------------------------------ what is shown

    def show_span(self, row: int) -> None:
        """Show a span, once the selection rests."""
        self._ask(("span", row))

    def show_event(self, row: int) -> None:
        """Show an event, once the selection rests."""
        self._ask(("event", row))

    def show_run(self, row: int) -> None:
        """Show a run, once the selection rests."""
        self._ask(("run", row))

    def show_nothing(self) -> None:
        """Show that nothing is selected."""
        self._ask(None)

    @property
    def shown(self) -> tuple[str, int] | None:
        """What is shown: `span`, `event` or `run` and its row; None for nothing."""
        return None if self._page is None else self._page.key

    @property
    def tab(self) -> str:
        """Name of the tab that is shown."""
        return self._tab

    def _ask(self, wanted: tuple[str, int] | None) -> None:
        if wanted == self._wanted and (self._timer is not None or wanted == self.shown):
            return
        self._wanted = wanted
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._page is None or wanted is None or self._rest_s <= 0:
            self._show_wanted()
        else:
            self._timer = self.set_timer(self._rest_s, self._show_wanted)

    def _show_wanted(self) -> None:
        self._timer = None
        wanted = self._wanted
        self._states.clear()
        self._made = None
        self._page = None if wanted is None else _MAKERS[wanted[0]](self.session, wanted[1], self._read_again)
        if self._page is not None:
            self._page.post = self.post_message
            self._page.later = self._in_thread
        if self._page is not None and self._tab not in [name for name, _ in self._page.tabs(self._look())]:
            self._tab = "Overview"
        self._enter_tab(self._tab)
        self._find()
        self.post_message(PositionChanged("" if self._page is None else self._page.position()))

    def _read_again(self, whole: bool) -> None:
        """The user wants it from disk, or as a whole."""
        if self._page is not None:
            if not whole:
                self.session.bodies.forget()
                self._page.forget()
                self._states.clear()
            self._page.read(whole)
            self._made = None
            self.refresh_all()

    def _in_thread(self, work: Callable[[], Callable[[], None]], about: str) -> None:
        """Do work for the page in a thread, and show what came of it; work about the same that is under way is given up."""
        page = self._page

        async def do() -> None:
            done = await asyncio.to_thread(work)
            if page is self._page:
                done()
                self._made = None
                self.refresh_all()

        self.run_worker(do(), group=about, exclusive=True)

    def action_context(self) -> None:
        """All that the model was told, or only what was added since the call before."""
        why = "nothing is selected" if self._page is None else self._page.toggle_context()
        if why:
            self.post_message(Notice(why))
            return
        self._made = None
        self._states.setdefault("Messages", _TabState()).top = 0
        if self._tab != "Messages":
            self.show_tab("Messages")
        else:
            self._cursor = self._top = 0
            self._cursor = self._first_filled()
            self.refresh_all()

    def on_context_wanted(self, event: ContextWanted) -> None:
        """The line that stands for what is not shown was entered."""
        event.stop()
        if event.more:
            self._made = None
            self.refresh_all()
        else:
            self.action_context()

    def apply_change(self, change: Change) -> None:
        """The store took something in: look again only if what is shown is touched, repaint only what differs."""
        if self._page is not None and self._page.is_touched(change):
            self.look_soon()

    def tick(self) -> None:
        """A second went by: the ages of what is open."""
        if self._page is not None and self._page.is_open:
            self.look_soon()

    def look_soon(self) -> None:
        """Look again in a moment, after the frame that shows the change in the tree; at most every `LOOK_EVERY_S`."""
        if self._rest_s <= 0:
            self._look_again()
        elif self._later is None:
            wait = self._looked_at + LOOK_EVERY_S - time.monotonic()
            self._later = self.set_timer(max(self._rest_s, wait), self._look_again)

    def _look_again(self) -> None:
        if self._later is not None:
            self._later.stop()
            self._later = None
        self._looked_at = time.monotonic()
        page = self._page
        if page is None:
            return
        look, before = self._look(), self.row_count()
        tabs, position = page.tabs(look), page.position()
        page.read()
        self._made = None
        if page.position() != position:
            self.post_message(PositionChanged(page.position()))
        if page.tabs(look) != tabs or self.row_count() != before:
            self.refresh_all()
            return
        visible = self.visible_rows
        self._strips = {key: line for key, line in self._strips.items() if key[0] in visible}
        self.refresh_if_changed(visible)
        if self._pinned is not None and self._pinned[1] != self.pinned_rows(self.size.width):
            self.refresh_pinned()

    # ------------------------------------------------------------ rows

    def _look(self) -> Look:
        # The content size is worked out anew by Textual at each question, for each row several times.
        size, symbols, tz = self.outer_size, self.session.symbols, self.session.tz
        if self._held is None or self._held[0] != (size, symbols, tz):
            width = max(1, size.width - (2 if size.width >= _NARROW else 1))
            compact = size.height < COMPACT_BELOW and width >= ONE_LINE_FROM
            self._held = (size, symbols, tz), Look(width, compact, symbols, tz)
        return self._held[1]

    def _stack(self) -> Stack:
        look = self._look()
        if self._made is None or self._made[0] != look:
            before = self._made
            at_start = before is not None and self._cursor == self._first_filled_of(before[1], before[0].width)
            if self._page is None:
                stack = Stack(())
            else:
                stack = self._page.stack(self._tab, look, self._state().kept)
            stack.count(look.width)
            self._made = (look, stack)
            if before is not None:
                self._laid_out_anew(stack, look, at_start)
        return self._made[1]

    def _laid_out_anew(self, stack: Stack, look: Look, at_start: bool) -> None:
        """The pane has other rows now: what was drawn of them is remembered by number and width, which may be the same."""
        self._strips.clear()
        self._epoch += 1
        if at_start or (self._cursor < _TOP_ROWS and not stack.row(self._cursor, look.width, "")):
            self._cursor = self._first_filled_of(stack, look.width)

    def _state(self) -> _TabState:
        return self._states.setdefault(self._tab, _TabState())

    def row_count(self) -> int:
        """Rows of the tab."""
        return self._stack().count(self._look().width) if self._page is not None else 0

    def pinned_rows(self, width: int) -> list[list[Piece]]:  # noqa: ARG002 - it is the pane's own
        """Title, path and tabs."""
        look = self._look()
        if self._page is None:
            return [[(" Nothing selected.", "strong bold")]]
        tabs = self._page.tabs(look)
        rows = [*self._page.title(look, self._tab), tab_row(tabs, self._tab_index(), look)]
        return [[(" ", ""), *row] for row in rows]

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A row of the tab behind the gutter."""
        stack, look = self._stack(), self._look()
        marked = selected and focused
        gutter: Piece = (self.session.symbols["gutter_focused"], "accent") if marked else (" ", "")
        style = "selected" if marked and stack.folds(index) else ""
        row = stack.row(index, look.width, style)
        if self._marks:
            row = with_marks(row, self._marks, self._text_of(index - 1), self._text_of(index + 1))
        return [gutter, *row]

    def render_line(self, y: int) -> Strip:
        """A line; the last one says how many rows are below it."""
        line = super().render_line(y)
        if y != self.outer_size.height - 1:
            return line
        hidden = self.row_count() - self.visible_rows.stop
        if hidden <= 0:
            return line
        words = f"  {self.session.symbols['more']} {count_of(hidden, self.session.symbols)} more "
        width = self.size.width
        if width < len(words) + 8:
            return line
        tail = strip([(words, "muted")], len(words), self.session.styles)
        return Strip.join([line.crop(0, width - len(words)), tail])

    # ------------------------------------------------------------ search

    def show_marks(self, marks: Marks) -> None:
        """Mark what is searched for wherever it is shown."""
        if marks != self._marks:
            self._marks = marks
            self.refresh_all()

    def seek(self, about: tuple[str, int] | None = None) -> None:
        """Have what is shown next show its first place that is marked: in the first tab that has one, cursor on it.

        Args:
            about: `span` or `event` and its row, where that is shown only later; None: whatever is shown.
        """
        self._seeks, self._seeks_in = bool(self._marks), about
        if self._timer is None:
            self._find()

    def _text_of(self, index: int) -> str:
        """What stands in a row; nothing where there is none."""
        width, stack = self._look().width, self._stack()
        if not self._marks or not 0 <= index < stack.count(width):
            return ""
        return "".join(text for text, _ in stack.row(index, width, ""))

    def _find(self) -> None:
        """Go to the first row with a mark, unless that takes longer than a moment."""
        if not self._seeks or self._page is None or self._seeks_in not in (None, self._page.key):
            return
        self._seeks = False
        until, width = time.monotonic() + _SEEK_S, self._look().width
        here = self._tab
        for tab in sorted(self._tabs(), key=lambda name: name != here):
            if time.monotonic() > until:
                break
            self.show_tab(tab)
            stack = self._stack()
            for row in range(stack.count(width)):
                if places_in(self._text_of(row), self._marks, self._text_of(row - 1), self._text_of(row + 1)):
                    self.move_to(row, "center")
                    return
                if time.monotonic() > until:
                    break
        self.show_tab(here)

    # ------------------------------------------------------------ tabs

    def _tabs(self) -> list[str]:
        return [] if self._page is None else [name for name, _ in self._page.tabs(self._look())]

    @property
    def tab_names(self) -> list[str]:
        """The tabs there are now."""
        return self._tabs()

    def _tab_index(self) -> int:
        tabs = self._tabs()
        return tabs.index(self._tab) if self._tab in tabs else 0

    def action_tab(self, step: int) -> None:
        """To the tab beside this one, round and round."""
        if tabs := self._tabs():
            self.show_tab(tabs[(self._tab_index() + step) % len(tabs)])

    def show_tab(self, name: str) -> None:
        """Show a tab, where one was in it."""
        if name not in self._tabs() or name == self._tab:
            return
        state = self._state()
        state.cursor, state.top = self._cursor, self._top
        self._enter_tab(name)

    def _enter_tab(self, name: str) -> None:
        self._tab = name
        self._made = None
        state = self._state()
        self._top = state.top
        # The pane may have had other rows when one was here before.
        is_blank = state.cursor < _TOP_ROWS and not self._stack().row(state.cursor, self._look().width, "")
        self._cursor = self._first_filled() if is_blank else state.cursor
        self.refresh_all()

    def _first_filled(self) -> int:
        """The first row with something in it."""
        return self._first_filled_of(self._stack(), self._look().width)

    @staticmethod
    def _first_filled_of(stack: Stack, width: int) -> int:
        return next((row for row in range(min(_TOP_ROWS, stack.count(width))) if stack.row(row, width, "")), 0)

    def on_click(self, event: events.Click) -> None:
        """A click on a tab shows it; elsewhere it selects."""
        if event.y != len(self._pinned_now(self.size.width)) - 1 or self._page is None:
            super().on_click(event)
            return
        event.stop()
        look = self._look()
        clicked = tab_at(self._page.tabs(look), self._tab_index(), event.x - 1, look)
        if clicked is not None:
            self.show_tab(self._tabs()[clicked])

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - the whole row folds
        """A second click on a row that folds opens or folds it."""
        if by_cursor and self._stack().folds(index):
            self._act(self._stack().toggle(index))
            return True
        return False

    # ------------------------------------------------------------ folding

    def action_toggle_row(self) -> None:
        """Open or fold the row of the cursor."""
        if self._stack().folds(self._cursor):
            self._act(self._stack().toggle(self._cursor))

    def action_enter(self) -> None:
        """Open or fold; all of a text that is cut, and what does not fold, in the viewer."""
        stack = self._stack()
        if self.row_count() and (stack.is_cut(self._cursor) or not stack.folds(self._cursor)):
            self.action_view()
        elif stack.folds(self._cursor):
            self._act(stack.toggle(self._cursor))

    def action_view(self) -> None:
        """All of the value under the cursor in the viewer."""
        source = self.selected_value()
        if source is None:
            self.post_message(Notice("nothing recorded stands here"))
        else:
            self.post_message(ViewWanted(source))

    def action_fold(self) -> None:
        """Fold, or go to what this stands in."""
        self._act(self._stack().fold(self._cursor))

    def action_unfold(self) -> None:
        """Open, or go on."""
        self._act(self._stack().unfold(self._cursor))

    def action_open_all(self) -> None:
        """Open everything below the row of the cursor."""
        if not self._stack().open_all(self._cursor):
            self.post_message(Notice("opened as much as fits at once; * opens more", "warning"))
        self._act(self._cursor)

    def _act(self, index: int) -> None:
        """Rows came or went; the cursor belongs on row `index`."""
        self.refresh_all()
        self.move_to(index, by_user=True)

    def action_read_again(self) -> None:
        """Read what is shown from disk again."""
        self._read_again(False)

    # ------------------------------------------------------------ copying

    def selected_value(self) -> Source | None:
        """What stands under the cursor, as recorded, else the record it is of; None where there is neither."""
        if self._page is None or not self.row_count():
            return None
        value = self._stack().value(self._cursor)
        return self.selected_record() if value is ABSENT else of_value(value)

    def selected_record(self) -> Source | None:
        """The record under the cursor as it was written, else all records of what is shown; None where there are none."""
        if self._page is None:
            return None
        record = self._stack().record_at(self._cursor) if self.row_count() else None
        if record is not None:
            return of_record(self.session, record)
        records = self._page.records()
        return of_records(self.session, records) if records else None
