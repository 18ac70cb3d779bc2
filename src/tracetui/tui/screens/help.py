"""The keys: those of the focused pane first, then all others, with bars and symbols; typing finds an action and does it.

Made from the bindings; what is not bound is not listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from tracetui.core import text
from tracetui.core.symbols import Symbols
from tracetui.tui.keymaps import ALSO, SECTIONS, Key
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.screens.narrowing import NarrowedScreen, NarrowedView
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import Scroll

_COLUMN: Final = 36
_GAP: Final = 4
_KEYS_CELLS: Final = 14
"""At most so many cells for the keys of a block."""
_LARGEST: Final = 3
_KEYS_OF_PANE: Final = {"spans": "span", "runs": "runs", "detail": "detail", "compare": "compare"}
_ORDER: Final = ("move", "jump", "find", "look", "take", "app")

Block = list[list[Piece]]
"""A heading and its lines."""


class HelpView(NarrowedView, inherit_bindings=False):
    """Keys in columns; while something is typed, the actions that fit it as rows to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "up", show=False),
        Binding("down", "down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]

    asks = "type to find an action"

    def __init__(self, session: Session, keys: Sequence[Key], pane: str) -> None:
        super().__init__(session, id="help")
        self.keys = keys
        self.found: list[Key] = []
        """The actions that fit what is typed."""
        self._pane = pane
        self._lines: list[list[Piece]] = []
        self._lines_width = -1

    @property
    def chosen(self) -> Key | None:
        """The action that enter does; None while nothing is typed."""
        return self.found[min(self.cursor, len(self.found) - 1)] if self.found else None

    def narrow(self) -> None:
        """Find the actions; none while nothing is typed."""
        wanted = self.typed.casefold().split()
        fit = [key for key in self.keys if all(word in _looked_at(key) for word in wanted)]
        self.found = fit if self.typed else []

    def nothing_words(self) -> str:
        """Whether no action fits."""
        return "no such action" if self.typed and not self.found else ""

    def row_count(self) -> int:
        """Lines of the page, or actions that were found."""
        if self.typed:
            return len(self.found)
        width = self.size.width
        if width != self._lines_width:
            self._lines, self._lines_width = self._page(width), width
        return len(self._lines)

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A line of the page, or an action."""
        if not self.typed:
            return self._lines[index]
        key = self.found[index]
        gutter = self.session.symbols["gutter_focused"] if selected else " "
        keys = text.fit(" ".join(key.keys), 16)
        words = (key.words, "selected" if selected else "")
        also = f"  {_title(key.section)}  {key.id}  {ALSO.get(key.id, '')}".rstrip()
        return [(gutter, "accent"), (keys, "strong bold"), words, (also, "muted")]

    def move_by(self, rows: int, scroll: Scroll = "auto") -> None:  # noqa: ARG002 - a list of few rows
        """Choose another action; a page scrolls."""
        if self.typed:
            super().move_by(rows, "auto")
        else:
            self.scroll_rows(self.top + rows)

    # ------------------------------------------------------------ the page

    def _page(self, width: int) -> list[list[Piece]]:
        columns = max(1, min(_LARGEST, (width - 1 + _GAP) // (_COLUMN + _GAP)))
        cells = (width - 2 - _GAP * (columns - 1)) // columns
        blocks = self._blocks(cells)
        heights = [len(block) + 1 for block in blocks]
        return _side_by_side(_fill(blocks, heights, columns), cells)

    def _blocks(self, cells: int) -> list[Block]:
        mine = _KEYS_OF_PANE.get(self._pane) or self._first_section()
        title = f"This pane: {self._pane}" if self._pane else f"Here: {_title(mine).lower()}"
        blocks = [self._block(title, mine, cells)]
        # Whatever else has keys follows, so that none is left out.
        others = dict.fromkeys((*_ORDER, "span", "runs", "detail", *(key.section for key in self.keys)))
        for section in others:
            if section not in (mine, "chip"):
                blocks.append(self._block(_title(section), section, cells))
        symbols = self.session.symbols
        return [block for block in (*blocks, *_legends(cells, symbols)) if len(block) > 1]

    def _first_section(self) -> str:
        """What a screen other than the main one is about: the first of its keys that is neither moving nor everywhere."""
        own = (key.section for key in self.keys if key.section not in _ORDER)
        return next(own, self.keys[0].section if self.keys else "app")

    def _block(self, title: str, section: str, cells: int) -> Block:
        block: Block = [_heading(title, cells, self.session.symbols)]
        lines = _paired([key for key in self.keys if key.section == section])
        if section == "find":
            lines[1:1] = _chip_lines([key for key in self.keys if key.section == "chip"])
        elif section == "jump":  # its heading says so for all
            lines = [(keys, words.removeprefix("next, previous ")) for keys, words in lines]
        room = min(max((len(keys) for keys, _ in lines), default=0), _KEYS_CELLS)
        for keys, words in lines:
            shown = text.cut(keys, room, symbols=self.session.symbols)
            block.append(cut_pieces([(text.fit(shown, room + 2), "strong bold"), (words, "muted")], cells))
        return block


class HelpScreen(NarrowedScreen[Key | None]):
    """The keys over the whole screen; ends with the action that was chosen. Letters are typed, so only esc goes back."""

    def __init__(self, session: Session, keys: Sequence[Key], pane: str, facts: HeaderFacts) -> None:
        self.view = HelpView(session, keys, pane)
        super().__init__(self.view, "Keys", facts, id="help-pane")
        self.footer.always = (("esc", "close"),)
        self._said = f"{pane} pane first" if pane else ""

    def on_mount(self) -> None:
        """Say what this is."""
        super().on_mount()
        self.pane.say(self._said)

    def on_resize(self) -> None:
        """Say how to see the rest, where there is one."""
        self.call_after_refresh(self._say_keys)

    def _say_keys(self) -> None:
        more = [("pgdn", "more")] if self.view.row_count() > self.view.page_height else []
        self.footer.show([("type", "to find"), ("enter", "do it"), *more, ("ctrl+p", "palette")])

    def choose(self) -> None:
        """End with the action under the cursor, while something is typed."""
        if (chosen := self.view.chosen) is not None:
            self.dismiss(chosen)


def _looked_at(key: Key) -> str:
    return f"{key.words} {key.id} {ALSO.get(key.id, '')}".casefold()


def _title(section: str) -> str:
    return SECTIONS.get(section, section.capitalize())


def _chip_lines(chips: Sequence[Key]) -> list[tuple[str, str]]:
    """The keys of the classes: one line while they are the digits, else one for each that has another key."""
    digits = [key for key in chips if key.keys == (key.id.partition(".")[2],)]
    lines = [("1-9" if len(digits) == len(chips) else "digits", "only this class, again: away")] if digits else []
    return lines + [(" ".join(key.keys), key.words) for key in chips if key not in digits]


def _paired(keys: Sequence[Key]) -> list[tuple[str, str]]:
    """Lines of keys and words: an action and its opposite, which have neighbouring ids, share a line."""
    lines: list[tuple[str, str]] = []
    for key in keys:
        words = key.words
        before = lines[-1][1].partition(" ") if lines else ("", "", "")
        direction, _, what = words.partition(" ")
        if key.keys and {direction, before[0]} == {"next", "previous"} and what == before[2]:
            lines[-1] = (f"{lines[-1][0].split()[0]} {key.keys[0]}", f"{before[0]}, {words}")
        elif key.keys and lines and words == lines[-1][1].replace("more", "less") and "more" in lines[-1][1]:
            lines[-1] = (f"{lines[-1][0]} {key.keys[0]}", f"{lines[-1][1]}, less")
        else:
            lines.append((" ".join(key.keys) or "no key", words))
    return lines


def _heading(title: str, cells: int, symbols: Symbols) -> list[Piece]:
    return [(f"{title} ", "muted"), (symbols["rule"] * max(0, cells - len(title) - 1), "rule")]


def _legends(cells: int, symbols: Symbols) -> list[Block]:
    marks: Block = [_heading("Marks", cells, symbols)]
    for mark, words in (
        (symbols.none, "not recorded"),
        (symbols.computed, "worked out by tracetui"),
        (symbols.at_least, "at least: a part is missing"),
        (symbols.reading, "still being read"),
        ("dim", "kept only as an ancestor"),
    ):
        marks.append([(text.fit(mark, 9), "strong bold"), (words, "muted")])
    full, half, silence, now = symbols["bar_full"], symbols.eighths[3], symbols["silence"], symbols["now"]
    bars: Block = [
        _heading("Bars", cells, symbols),
        [(symbols["bar_thin"] * 6, "muted"), ("   span with children", "muted")],
        [(full * 5 + half, "kind-llm"), ("   on the critical path", "muted")],
        [(symbols["bar_medium"] * 6, "kind-tool"), ("   beside it", "muted")],
        [(f"{full * 3}{silence * 2}{now}", "status-open"), ("   open, then silent", "muted")],
        [
            (symbols["bar_thin"] * 2 + symbols["idle"] * 2 + symbols["bar_thin"] * 2, "muted"),
            ("   idle inside", "muted"),
        ],
        [(symbols["cut_before"] + full * 4 + symbols["cut_after"], "kind-llm"), ("   goes on: zoomed in", "muted")],
        [("".join(symbols.density[at] for at in (1, 1, 3, 5, 7, 1)), "muted"), ("   how much ran at once", "muted")],
    ]
    signs: Block = [_heading("Symbols", cells, symbols)]
    pairs = (
        (("error", "status-error", "error"), ("running", "status-open", "open, running")),
        (("stalled", "status-warning", "stalled"), ("unfinished", "status-warning", "unfinished")),
        (("skipped", "muted", "skipped"), ("unknown", "muted", "unknown")),
        (("retry", "status-warning", "retry"), ("slow", "status-warning", "slow, warning")),
    )
    for pair in pairs:
        line: list[Piece] = []
        for word, style, meaning in pair:
            line += [(symbols[word], style), (text.fit(f" {meaning}", 15), "muted")]
        signs.append(line)
    return [marks, bars, signs]


def _fill(blocks: list[Block], heights: list[int], columns: int) -> list[list[list[Piece]]]:
    """Blocks from top to bottom into columns of about the same height."""
    if columns == 1:
        return [[line for block in blocks for line in (*block, [])]]
    most = -(-sum(heights) // columns)
    filled: list[list[list[Piece]]] = [[]]
    for block, height in zip(blocks, heights, strict=True):
        if filled[-1] and len(filled[-1]) + height > most + 2 and len(filled) < columns:
            filled.append([])
        filled[-1] += [*block, []]
    return filled


def _side_by_side(columns: list[list[list[Piece]]], cells: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    for row in range(max(len(column) for column in columns)):
        line: list[Piece] = [(" ", "")]
        for number, column in enumerate(columns):
            pieces = cut_pieces(column[row], cells) if row < len(column) else []
            line += pieces
            if number < len(columns) - 1:
                line.append((" " * (cells - width_of(pieces) + _GAP), ""))
        lines.append(line)
    return lines
