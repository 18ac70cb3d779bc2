"""A summary on the screen: sections in one column or two, a cursor that stands only where enter leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from tracetui.tui.messages import Notice
from tracetui.tui.presentation.pieces import Piece, width_of
from tracetui.tui.presentation.summary_page import (
    LISTED,
    MORE_BY,
    Laid,
    Page,
    Slot,
    Target,
    head_rows,
    lay_out,
    resorted,
)
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView, Scroll


class Position(NamedTuple):
    """Where one is on a page, in words that another page of the same thing understands too."""

    title: str
    """Of a section."""
    number: int
    """Of the line in it."""
    section: str = ""
    """Title of the section that it leads to."""
    target: Target | None = None
    """The first run or span that it leads to."""
    value: str = ""
    """What is copied from it."""

    def likeness(self, slot: Slot) -> int:
        """How sure it is that a line of the same section is the one meant: 2, 1 or 0."""
        if self.section and slot.section == self.section:
            return 2
        return (self.target is not None and self.target in slot.targets) + bool(self.value and slot.value == self.value)


@dataclass(slots=True)
class Remembered:
    """Where one was in a summary, to begin there again."""

    position: Position | None = None
    more: dict[str, int] = field(default_factory=dict)
    """By title of a section how many of its lines are shown."""
    top: int = 0
    """The first row that was shown."""
    sorts: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """By title of a section what it is sorted by, and whether in reverse."""
    jumps: list[tuple[Position, int]] = field(default_factory=list)
    """Where jumps within it began, and the first row that was shown then; the last one at the end."""


class SummaryView(LineView):
    """The sections of a page. `show` gives it another page; the cursor stays on its line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(-1)", "column to the left", id="summary.left", show=False),
        Binding("right,l", "side(1)", "column to the right", id="summary.right", show=False),
        Binding("tab", "section(1)", "next section", id="summary.next_section", show=False),
        Binding("shift+tab", "section(-1)", "previous section", id="summary.previous_section", show=False),
    ]

    class Chosen(Message):
        """A line was entered that leads somewhere."""

        def __init__(self, targets: tuple[Target, ...], words: str) -> None:
            super().__init__()
            self.targets = targets
            self.words = words

    def __init__(self, session: Session) -> None:
        super().__init__(session, id="summary")
        self.page = self._given = Page([], [])
        self.wanted = ""
        """Title of the section to go to as soon as there is one, while nobody moves meanwhile."""
        self._begins = False
        """What is shown is new, and not yet scrolled to where one was in it."""
        self.remembered = Remembered()
        self._side = 0
        self._jumped_at = 0
        """The first row that was shown when a section was last gone to."""
        self._laid: tuple[int, Laid] | None = None

    # ------------------------------------------------------------ what is shown

    def show(self, page: Page, remembered: Remembered | None = None) -> None:
        """Show a page; where one was in it, or in the one before, the cursor stands.

        Args:
            page: The sections.
            remembered: Where one was in what the page is about, if that is something else than before: it begins there again.
        """
        begins = remembered is not None
        if remembered is not None:
            self.remembered = remembered
            self.remembered.jumps.clear()
        self._begins |= begins
        self._given = page
        beside = self.cursor - self.top
        self._sort_sections()
        self._relay()
        self._go_to(self.remembered.position)
        if self._begins:  # the first page of something else is often short: it only says that it is being made
            self.scroll_rows(self.remembered.top)
            self._begins = self.top < self.remembered.top or next(self._stops(), None) is None
        elif self.top and self.remembered.position is not None:  # the line stays where it is on the screen
            self.scroll_rows(self.cursor - beside)
        if self.wanted and self.go_to_section(self.wanted):
            self.wanted = ""

    @property
    def given(self) -> Page:
        """The page as it was given, its sections in their own order."""
        return self._given

    def _sort_sections(self) -> None:
        """The page as it is given, its sections in the order that was asked for."""
        sorts = self.remembered.sorts
        parts = [
            resorted(part, sorts[part.title][0], reverse=sorts[part.title][1]) if part.title in sorts else part
            for part in self._given.parts
        ]
        self.page = Page(self._given.head, parts)

    def sort(self, by: int, *, reverse: bool = False) -> str:
        """Sort the section of the cursor by its next figure, or the other way round; says why not, where it cannot be."""
        slot = self.slot
        part = self.page.parts[slot.part] if slot is not None and slot.enters else None
        if part is None or not part.sorts:
            return "nothing to sort here: < > sort the tables that have headings"
        number = (part.sorts.index(part.by) if part.by in part.sorts else -1 if by > 0 else 0) + by
        chosen = part.sorts[number % len(part.sorts)] if by else part.by or part.sorts[0]
        was = self.remembered.sorts.get(part.title, ("", False))[1]
        is_reverse = not was if reverse else False
        self.remembered.sorts[part.title] = chosen, is_reverse
        self._sort_sections()
        self._relay()
        self._go_to(Position(part.title, 0))
        self.remembered.position = self.position
        return ""

    @property
    def order(self) -> str:
        """What the section of the cursor was sorted by, in words; empty where it is as it was."""
        slot = self.slot
        title = self.page.parts[slot.part].title if slot is not None else ""
        chosen, is_reverse = self.remembered.sorts.get(title, ("", False))
        return f"{title.lower()} by {chosen}{', reversed' if is_reverse else ''}" if chosen else ""

    def _relay(self) -> None:
        self._laid = None
        self.refresh_all()

    @property
    def laid(self) -> Laid:
        """The page at the width that there is."""
        width = self.size.width
        if self._laid is None or self._laid[0] != width:
            self._laid = (width, lay_out(self.page, width, self.session.symbols, self.remembered.more))
            self._side = min(self._side, len(self._laid[1].columns) - 1)
        return self._laid[1]

    @property
    def slot(self) -> Slot | None:
        """What the cursor stands on."""
        return self.laid.slot(self._side, self.cursor)

    @property
    def position(self) -> Position | None:
        """Where the cursor stands, in words that another page understands too."""
        slot = self.slot
        if slot is None or not slot.enters:
            return None
        target = slot.targets[0] if slot.targets else None
        return Position(self.page.parts[slot.part].title, slot.line, slot.section, target, slot.value)

    def section_text(self) -> str:
        """The section of the cursor as text, for copying."""
        slot, laid = self.slot, self.laid
        if slot is None:
            return ""
        width = laid.widths[self._side]
        rows = [each.draw(width, "") for each in laid.columns[self._side] if each.part == slot.part]
        return "\n".join("".join(text for text, _ in row).rstrip() for row in rows).strip("\n")

    def _go_to(self, position: Position | None) -> None:
        """To a line of a section; where it is gone, to the nearest one of that section; else to the first line of all."""
        found = None if position is None else self._find(position)
        if found is None:
            found = next(self._stops(), None)
        if found is not None:
            self._put(*found, scroll="auto", by_user=False)

    def _find(self, position: Position) -> tuple[int, int] | None:
        best: tuple[tuple[int, int], int, int] | None = None
        for side, row in self._stops():
            slot = self.laid.columns[side][row]
            if self.page.parts[slot.part].title == position.title:
                distance = -position.likeness(slot), abs(slot.line - position.number)
                if best is None or distance < best[0]:
                    best = (distance, side, row)
        return None if best is None else best[1:]

    def _stops(self, side: int | None = None) -> Iterator[tuple[int, int]]:
        """Columns and rows on which the cursor may stand, one column after the other."""
        for number, column in enumerate(self.laid.columns):
            if side is None or number == side:
                yield from ((number, row) for row, slot in enumerate(column) if slot.enters)

    # ------------------------------------------------------------ rows

    def row_count(self) -> int:
        """Rows of the longest column."""
        return self.laid.height

    def pinned_rows(self, width: int) -> list[list[Piece]]:
        """What it is about, in words."""
        return [*head_rows(self.page.head, width, self.session.symbols), []] if self.page.head else []

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A row of each column."""
        laid, symbols = self.laid, self.session.symbols
        row: list[Piece] = []
        for side, (place, wide) in enumerate(zip(laid.places, laid.widths, strict=True)):
            row.append((" " * (place - width_of(row)), ""))
            slot = laid.slot(side, index)
            here = selected and side == self._side and slot is not None and slot.enters
            gutter = (symbols["gutter_focused" if focused else "gutter"], "accent" if focused else "muted")
            row.append(gutter if here else (" ", ""))
            style = ("selected" if focused else "beside") if here else ""
            row += slot.draw(wide, style) if slot is not None else []
        return row

    # ------------------------------------------------------------ moving

    def _put(self, side: int, row: int, scroll: Scroll = "auto", by_user: bool = True) -> None:
        changed = side != self._side
        self._side = side
        if changed:
            self.refresh_rows((self.cursor, row))
        self.move_to(row, scroll, by_user)
        if by_user:
            self.remembered.position = self.position
            self.wanted = ""
        if row <= 3:  # the rule above the first line, and the top of the page
            self.scroll_rows(0)
        self._keep_top(by_user=by_user)

    def scroll_rows(self, top: int) -> None:
        """Show the rows from `top` on."""
        super().scroll_rows(top)
        self._keep_top(by_user=not self._begins)

    def _keep_top(self, *, by_user: bool) -> None:
        if by_user:
            self._begins = False
            self.remembered.top = self.top

    def move_by(self, rows: int, scroll: Scroll = "auto") -> None:
        """To the next line on which the cursor may stand; where there is none, the view goes on to its end. Or a page on."""
        if abs(rows) > 1:
            self._turn(rows)
            return
        stops = [row for _, row in self._stops(self._side)]
        ahead = [row for row in stops if row > self.cursor] if rows > 0 else [row for row in stops if row < self.cursor]
        if ahead:
            self._put(self._side, min(ahead) if rows > 0 else max(ahead), scroll)
        else:
            self.scroll_rows(self.top + rows * 3)

    def _turn(self, rows: int) -> None:
        """So many rows on, none of them passed over; the cursor goes along where a line in view lets it stand."""
        top = max(0, min(self.top + rows, self.row_count() - self.page_height))
        wanted = self.cursor + rows
        in_view = [row for _, row in self._stops(self._side) if top <= row < top + self.page_height]
        if in_view:
            self._put(self._side, min(in_view, key=lambda row: abs(row - wanted)), "none")
        self.scroll_rows(top)

    def action_side(self, by: int) -> None:
        """To the line of the other column that stands nearest."""
        side = self._side + by
        stops = [row for _, row in self._stops(side)] if 0 <= side < len(self.laid.columns) else []
        if stops:
            self._put(side, min(stops, key=lambda row: abs(row - self.cursor)))

    def action_section(self, by: int) -> None:
        """To the first line of the next section, or the previous one; round at the end."""
        firsts: list[tuple[int, int]] = []
        known: set[int] = set()
        for side, row in self._stops():
            part = self.laid.columns[side][row].part
            if part not in known:
                known.add(part)
                firsts.append((side, row))
        if not firsts:
            return
        here = (self._side, self.cursor)
        after = [place for place in firsts if place > here]
        before = [place for place in firsts if place < here]
        chosen = (after or firsts)[0] if by > 0 else (before or firsts)[-1]
        self._put(*chosen)
        self.scroll_rows(min(self.top, max(0, chosen[1] - 1)))

    def action_enter(self) -> None:
        """Where the line leads, or more of the section."""
        slot = self.slot
        if slot is None or not slot.enters:
            return
        if slot.more:
            self._show_more(slot)
            return
        if slot.section:
            self.jump_to_section(slot.section)
            return
        words = "".join(text for text, _ in slot.draw(self.laid.widths[self._side], "")).strip()
        self.remembered.position = self.position
        self.post_message(self.Chosen(slot.targets, words))

    @property
    def titles(self) -> list[str]:
        """What the sections are called, from the first on."""
        return [part.title for part in self.page.parts]

    def jump_to_section(self, title: str) -> None:
        """To a section, from where `jump_back` leads here again; one that is not there yet is said to be waited for."""
        begun = self.position
        if not self.go_to_section(title):
            self.post_message(Notice(f"{title.lower()}: still being analysed"))
        elif begun is not None:
            self.remembered.jumps.append((begun, self._jumped_at))

    def jump_back(self) -> bool:
        """Where the last jump within the page began; False: there was none."""
        if not self.remembered.jumps:
            return False
        position, top = self.remembered.jumps.pop()
        self._go_to(position)
        self.remembered.position = self.position
        self.scroll_rows(top)
        return True

    def go_to_section(self, title: str) -> bool:
        """To the first line of a section, with its rule at the top; False: there is none of that title."""
        self._jumped_at = self.top
        for side, column in enumerate(self.laid.columns):
            rows = [row for row, slot in enumerate(column) if self.page.parts[slot.part].title == title]
            stops = [row for row in rows if column[row].enters]
            if stops:
                self._put(side, stops[0])
            if rows:
                self.scroll_rows(rows[0] + (rows[0] > 0))  # a blank stands above all but the first
                return True
        return False

    def _show_more(self, slot: Slot) -> None:
        part = self.page.parts[slot.part]
        more = self.remembered.more
        more[part.title] = more.get(part.title, max(part.listed, LISTED)) * MORE_BY
        self._relay()
        self._go_to(Position(part.title, slot.line))
        self.remembered.position = self.position

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:
        """A click chooses the column too; a second one does what enter does."""
        side = max(number for number, place in enumerate(self.laid.places) if place <= max(x, 0))
        slot = self.laid.slot(side, index)
        if slot is None or not slot.enters:
            self._go_to(self.remembered.position)
            return True
        same = side == self._side and by_cursor
        self._put(side, index, "none")
        if same:
            self.action_enter()
        return True

    def on_resize(self) -> None:
        """Another width: other columns; the cursor stays on its line."""
        self._laid = None
        super().on_resize()
        self._go_to(self.remembered.position)
