"""The repair report: what had to be put right, worked out or left out in the open run, and what could not be read at all.

Grouped and counted. Enter on a span goes there, on bytes that could not be read it shows them as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from tracetui.core import text
from tracetui.core.model import NO_TIME, Kind
from tracetui.core.repair_words import GROUPS, SPAN_SORTS
from tracetui.core.repairs import Finding, Repairs, bad_rows, span_rows
from tracetui.tui.messages import ViewWanted
from tracetui.tui.presentation.detail import Look, Row, rule_row
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.report import (
    bytes_row,
    detail_row,
    file_row,
    files_row,
    finding_row,
    grouped,
    path_row,
    span_row,
)
from tracetui.tui.presentation.runs import run_name
from tracetui.tui.presentation.wrap import one_line
from tracetui.tui.session import Session
from tracetui.tui.widgets.detail_blocks import Block, Items, Rows, Stack
from tracetui.tui.widgets.detail_pages import Page
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.jumps import Jumps
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from tracetui.core.store import Run

Paths = Sequence[tuple[str, str]]

_OPENED_ROWS: Final = 8
"""A finding with no more below it is open from the start."""
_TOP_ROWS: Final = 12
"""Rows among which the cursor begins, on the first that enter does something on."""
_NOTHING: Final = "Nothing had to be put right: all of it could be read as it stands."


class ReportList(LineView):
    """The report of a run and of what was opened as rows; texts are untrusted and made safe when they are drawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "enter", "fold", id="trouble.fold", show=False),
        Binding("left,h", "fold", "fold, then out", id="trouble.close", show=False),
        Binding("right,l", "unfold", "unfold, then go on", id="trouble.open", show=False),
    ]

    class Chosen(Message):
        """A span was entered."""

        def __init__(self, run: int, span: int) -> None:
            super().__init__()
            self.run = run
            self.span = span

    def __init__(self, session: Session, run: Run | None) -> None:
        super().__init__(session, id="trouble")
        self.refused: Paths = ()
        self.unrecognised: Paths = ()
        self._run = run
        self._found = [] if run is None else Repairs(session.store, run).of(run)
        self._page = Page(session, lambda _whole: None)
        self._page.post = self.post_message
        self._made: tuple[int, Stack] | None = None
        self._look_up()

    def _look_up(self) -> None:
        store, run = self.session.store, self._run
        mine = set() if run is None else set(bad_rows(store, run))
        self._elsewhere = [row for row in store.unreadable() if row not in mine]

    def tell(self, refused: Paths, unrecognised: Paths) -> None:
        """Paths with reasons, as the reader knows them."""
        self.refused, self.unrecognised = refused, unrecognised
        self._look_up()
        self._made = None
        self.refresh_all()
        self.move_to(self._first_row())

    @property
    def words(self) -> str:
        """How much there is, for the rule of the pane."""
        found = len(self._found)
        said = [f"{found} finding{'' if found == 1 else 's'}"] if found else []
        if self._elsewhere or self.refused:
            said.append(f"{len(self._elsewhere) + len(self.refused):,} unreadable elsewhere")
        if self.unrecognised:
            said.append(f"{len(self.unrecognised):,} not recognised")
        return "  ".join(said)

    # ------------------------------------------------------------ rows

    def _width(self) -> int:
        return max(1, self.size.width - 2)

    def _stack(self) -> Stack:
        width = self._width()
        if self._made is None or self._made[0] != width:
            self._made = (width, Stack([*self._of_run(width), *self._of_folder(width)]))
            self._made[1].count(width)
        return self._made[1]

    def _first_row(self) -> int:
        stack = self._stack()
        return next((row for row in range(min(_TOP_ROWS, stack.count(self._width()))) if stack.folds(row)), 0)

    def row_count(self) -> int:
        """Rows of what is open."""
        return self._stack().count(self._width())

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A row behind the gutter."""
        symbols, stack = self.session.symbols, self._stack()
        style = ("selected" if focused else "beside") if selected and stack.folds(index) else ""
        row = stack.row(index, self._width(), style)
        gutter = symbols["gutter_focused" if focused else "gutter"] if selected and row else " "
        return [(gutter, "accent" if focused else "muted"), *row]

    def _heading(self, title: str, fact: str, width: int) -> Row:
        return rule_row(title, fact, Look(width, symbols=self.session.symbols))

    def _of_run(self, width: int) -> list[Block]:
        run = self._run
        if run is None:
            return []
        name = one_line(run_name(run), max(8, width - 4), self.session.symbols)
        blocks: list[Block] = [Rows([[], [("run ", "muted"), (name, "strong bold")]])]
        if not self._found:
            return [*blocks, Rows([[], [(_NOTHING, "")]])]
        for group in GROUPS:
            findings = [finding for finding in self._found if finding.sort.group == group]
            if findings:
                blocks.append(Rows([[], self._heading(group, "", width)]))
                blocks.append(self._findings(run, findings))
        return blocks

    def _of_folder(self, width: int) -> list[Block]:
        blocks: list[Block] = []
        if self._elsewhere:
            title = "Not readable in other runs" if self._run is not None else "Not readable"
            blocks += [
                Rows([[], self._heading(title, f"{len(self._elsewhere):,}", width)]),
                self._bytes(self._elsewhere),
            ]
        files = (
            ("Files that cannot be read", "cannot be read", "error", self.refused),
            ("Files that no format reads", "not recognised", "unknown", self.unrecognised),
        )
        for title, words, mark, paths in files:
            if paths:
                blocks.append(Rows([[], self._heading(title, f"{len(paths):,}", width)]))
                blocks.append(self._files(paths, words, mark))
        if not blocks and self._run is None:
            blocks = [Rows([[], [("Everything that is there can be read.", "")]])]
        return blocks

    def _files(self, paths: Paths, words: str, mark: str) -> Block:
        symbols, groups = self.session.symbols, grouped(paths)
        items: Items

        def head(item: int, width: int, selected: str) -> Row:
            found = groups[item]
            reason = f"{words}: {found.reason}"
            if len(found.paths) == 1:
                return file_row(found.paths[0], reason, mark, width, symbols)
            is_open = items.is_open(item)
            return files_row(found.folder, len(found.paths), reason, mark, width, selected, symbols, is_open)

        def body(item: int) -> Block:
            members = groups[item].paths
            if len(members) == 1:
                return Block()

            def draw(index: int, width: int, _selected: str) -> Row:
                return path_row(members[index], width, symbols)

            return _Drawn(len(members), draw, members.__getitem__)

        items = Items(len(groups), head, body)
        return items

    def _findings(self, run: Run, findings: list[Finding]) -> Items:
        below = [self._below(run, finding) for finding in findings]
        items: Items

        def head(item: int, width: int, selected: str) -> Row:
            is_open = items.is_open(item) if below[item] is not None else None
            return finding_row(findings[item], width, selected, self.session.symbols, is_open)

        def body(item: int) -> Block:
            return below[item] or Block()

        few = [
            item
            for item, finding in enumerate(findings)
            if (block := below[item]) is not None
            and block.count(self._width()) <= _OPENED_ROWS
            and finding.sort.group not in ("Worked out", "Set aside")
        ]
        items = Items(len(findings), head, body, few)
        return items

    def _below(self, run: Run, finding: Finding) -> Block | None:
        """What a finding is about: spans, bytes, or files and reasons; None where that is not known."""
        store, what = self.session.store, finding.what
        if what in ("unreadable", "cut"):
            return self._bytes(bad_rows(store, run, cut=what == "cut"))
        if what in SPAN_SORTS:
            return self._spans(run, span_rows(store, run, what), what)
        if not finding.details or not finding.count:
            return None
        details = finding.details

        def draw(index: int, width: int, _selected: str) -> Row:
            return detail_row(details[index], width, self.session.symbols)

        return _Drawn(len(details), draw, details.__getitem__)

    def _spans(self, run: Run, rows: list[int], what: str) -> Block:
        store, spans = self.session.store, self.session.store.spans
        begin = run.start

        def name_of(index: int) -> str:
            return store.strings[spans.name[rows[index]]]

        def draw(index: int, width: int, selected: str) -> Row:
            row = rows[index]
            start = None if begin is None or spans.start[row] == NO_TIME else spans.start[row] - begin
            about = self._about(row, what)
            kind = Kind(spans.kind[row]).name
            return span_row(name_of(index), kind, about, start, width, selected, self.session.symbols)

        return Jumps(len(rows), draw, lambda index: self._choose(run.row, rows[index]), name_of)

    def _choose(self, run: int, span: int) -> None:
        self.post_message(self.Chosen(run, span))

    def _about(self, row: int, what: str) -> str:
        """By how much a span lies outside its parent, or before itself."""
        spans, symbols = self.session.store.spans, self.session.symbols
        parent = spans.parent[row]
        if what == "early":
            return f"{text.duration(spans.start[parent] - spans.start[row], symbols)} before its parent"
        if what == "late":
            return f"{text.duration(spans.end[row] - spans.end[parent], symbols)} after its parent"
        if what == "negative":
            return f"ends {text.duration(spans.start[row] - spans.end[row], symbols)} before it starts"
        return ""

    def _bytes(self, rows: list[int]) -> Items:
        session, bad = self.session, self.session.store.bad
        items: Items

        def head(item: int, width: int, selected: str) -> Row:
            row = rows[item]
            path, reason = session.bodies.path_of(bad.source[row]), session.store.strings[bad.reason[row]]
            is_open = items.is_open(item)
            return bytes_row(path, bad.line[row], bad.offset[row], reason, width, selected, session.symbols, is_open)

        def body(item: int) -> Block:
            return self._page.bad_block(rows[item])

        items = Items(len(rows), head, body)
        return items

    # ------------------------------------------------------------ keys

    def action_enter(self) -> None:
        """Go to the span, or open what the row stands for."""
        if self._stack().folds(self._cursor):
            self._act(self._stack().toggle(self._cursor))

    def action_fold(self) -> None:
        """Fold, or go to what this stands in."""
        self._act(self._stack().fold(self._cursor))

    def action_unfold(self) -> None:
        """Open, or go on."""
        self._act(self._stack().unfold(self._cursor))

    def _act(self, index: int) -> None:
        self.refresh_all()
        self.move_to(index, by_user=True)

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - the whole row acts
        """A second click does what enter does."""
        if by_cursor and self._stack().folds(index):
            self.action_enter()
            return True
        return False


class _Drawn(Block):
    """Rows that only say something, drawn when they are seen: a folder may hold 10,000 files that no format reads."""

    def __init__(self, count: int, draw: Callable[[int, int, str], Row], value: Callable[[int], str]) -> None:
        self._number = count
        self._draw = draw
        self._value = value

    def count(self, width: int) -> int:  # noqa: ARG002 - the same at every width
        """One row each."""
        return self._number

    def row(self, index: int, width: int, selected: str) -> Row:
        """The row."""
        return self._draw(index, width, selected)

    def value(self, index: int) -> object:
        """What is copied from the row."""
        return self._value(index)


class TroubleScreen(Screen[tuple[int, int] | None]):
    """The report over the whole screen; ends with the rows of a run and of its span that was chosen. esc goes back.

    Args:
        session: What is shared.
        facts: What the header says.
        run: Row of the open run; None: there is none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,R,q", "close", "back", id="trouble.back", show=False),
    ]

    def __init__(self, session: Session, facts: HeaderFacts, run: int | None = None) -> None:
        super().__init__()
        self.session = session
        self.facts = facts
        self.header = HeaderLine(session, facts)
        self.list = ReportList(session, None if run is None else session.store.runs[run])
        self.pane = Pane(session, "Repair report", self.list, id="trouble-pane")
        self.footer = FooterLine(session)
        self.footer.always = (("?", "help"), ("esc", "back"))

    def compose(self) -> ComposeResult:
        """The report and its footer."""
        yield self.header
        yield self.pane
        yield self.footer

    async def on_mount(self) -> None:
        """Ask the reader, and fill the report."""
        self.header.remark = "esc back"
        self.pane.show_focus(True)
        self.list.focus()
        feed = self.session.feed
        refused: Paths = ()
        unrecognised: Paths = ()
        if feed is not None:
            refused = await feed.ask(lambda reader: reader.unreadable_paths)
            unrecognised = await feed.ask(lambda reader: reader.unrecognised)
        self.list.tell(refused, unrecognised)
        self.pane.say(self.list.words)
        self.footer.show([("enter", "go there, show the bytes"), ("space", "fold")])

    def on_view_wanted(self, event: ViewWanted) -> None:
        """All of some bytes over the whole screen."""
        from tracetui.tui.screens.viewer import ViewerScreen

        event.stop()
        self.app.push_screen(ViewerScreen(self.session, self.facts, event.source))

    def on_report_list_chosen(self, event: ReportList.Chosen) -> None:
        """Go to the span."""
        event.stop()
        self.dismiss((event.run, event.span))

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)
