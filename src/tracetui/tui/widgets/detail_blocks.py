"""What a tab of the detail is made of: blocks of rows under one another, each of which makes only the rows it is asked for.

A block knows how many rows it has at a width, draws one, and says what pressing a key on one does. `Stack` puts blocks
under one another; a list of a million records is one block, whose items open into blocks of their own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from tracetui.core.model import ABSENT
from tracetui.core.symbols import Symbols
from tracetui.core.text import exact
from tracetui.tui.presentation.detail import Look, Row, Section, copied_from, rule_row
from tracetui.tui.presentation.laid_out import MOST_CHARACTERS, SURE_ROWS, LaidOut
from tracetui.tui.presentation.pieces import cut_pieces
from tracetui.tui.presentation.wrap import LongText
from tracetui.tui.widgets.json_rows import TEXT_SHOWN, JsonRows

TEXT_ROWS: Final = 20
"""Rows of a text in the overview before one asks for more."""


class Block:
    """Rows; the base has none. A row is numbered from 0 within its block."""

    record: int | None = None
    """The record that its rows show."""

    def count(self, width: int) -> int:  # noqa: ARG002 - for subclasses
        """How many rows there are at this width."""
        return 0

    def row(self, index: int, width: int, selected: str) -> Row:  # noqa: ARG002 - for subclasses
        """Row `index` in at most `width` cells; `selected` is the style of what the cursor is on, or empty."""
        return []

    def folds(self, index: int) -> bool:  # noqa: ARG002 - for subclasses
        """Whether space and enter do something on this row."""
        return False

    def is_cut(self, index: int) -> bool:  # noqa: ARG002 - for subclasses
        """Whether the row says that a value goes on."""
        return False

    def toggle(self, index: int) -> int:
        """Open or fold; the row where the cursor belongs then."""
        return index

    def fold(self, index: int) -> int:
        """Fold, or go to what this row stands in."""
        return index

    def unfold(self, index: int) -> int:
        """Open, or go on."""
        return self.toggle(index) if self.folds(index) else index

    def open_all(self, index: int) -> bool:  # noqa: ARG002 - for subclasses
        """Open everything below; False if it was too much for once."""
        return True

    def value(self, index: int) -> object:  # noqa: ARG002 - for subclasses
        """What the row shows, as recorded; ABSENT: only what is drawn."""
        return ABSENT

    def whole(self) -> object:
        """What all its rows show together; ABSENT: nothing that was recorded."""
        return ABSENT

    def around(self, index: int) -> object:  # noqa: ARG002 - for subclasses
        """The value that the one in this row is a part of; ABSENT: it stands by itself."""
        return ABSENT

    def record_at(self, index: int) -> int | None:  # noqa: ARG002 - for subclasses
        """The record that this row shows, if it shows one."""
        return self.record


class Rows(Block):
    """Rows that are drawn already.

    Args:
        rows: The rows.
        copies: What is copied from each; a single one: from all of them.
        below: What the rows are the heading of, and is copied from them.
    """

    def __init__(self, rows: Sequence[Row], copies: Sequence[str] = (), below: Block | None = None) -> None:
        self._rows = rows
        self._copies = copies
        self._below = below

    def count(self, width: int) -> int:  # noqa: ARG002 - the same at every width
        """How many rows were given."""
        return len(self._rows)

    def row(self, index: int, width: int, selected: str) -> Row:  # noqa: ARG002 - nothing in it is selected
        """The row as given."""
        return cut_pieces(self._rows[index], width)

    def value(self, index: int) -> object:
        """What is copied from the row."""
        if self._below is not None:
            return self._below.whole()
        if len(self._copies) == 1:
            return self._copies[0]
        return self._copied(index) or ABSENT

    def _copied(self, index: int) -> str:
        return self._copies[index] if index < len(self._copies) else copied_from(self._rows[index])

    def whole(self) -> object:
        """What is copied from one row after another."""
        if len(self._copies) == 1:
            return self._copies[0]
        return "\n".join(self._copied(index) for index in range(len(self._rows))) or ABSENT


class Action(Block):
    """One row that does something when it is entered: read again, parse all; `copies` makes what is copied from it."""

    def __init__(self, row: Row, act: Callable[[], None], copies: Callable[[], str] = lambda: "") -> None:
        self._row = row
        self._act = act
        self._copies = copies

    def count(self, width: int) -> int:  # noqa: ARG002 - the same at every width
        """One."""
        return 1

    def row(self, index: int, width: int, selected: str) -> Row:  # noqa: ARG002 - there is one row
        """The row as given; its first words are marked while the cursor is on it."""
        first, *rest = self._row
        return cut_pieces([(first[0], selected or first[1]), *rest], width)

    def folds(self, index: int) -> bool:  # noqa: ARG002 - there is one row
        """Yes: enter does what the row says."""
        return True

    def toggle(self, index: int) -> int:
        """Do it."""
        self._act()
        return index

    def value(self, index: int) -> object:  # noqa: ARG002 - there is one row
        """What the row stands for."""
        return self._copies() or ABSENT


class Text(Block):
    """A text that wraps, or is laid out as what it is; long ones show their beginning until one asks for all."""

    def __init__(self, section: Section, symbols: Symbols, rows: int = 0) -> None:
        self.text = section.text or ""
        self._look = section
        self._symbols = symbols
        self._most = section.most or rows
        self._all = False
        self._width = 80
        self._wrapped = self._laid_out(self.text[:TEXT_SHOWN])

    def _laid_out(self, text: str) -> LongText | LaidOut:
        sort = self._look.sort
        if sort not in ("markdown", "code", "diff") or len(text) > MOST_CHARACTERS:
            return LongText(text)
        sure = SURE_ROWS if self._all or not self._most else self._most + 1
        return LaidOut(text, sort, self._look.language, self._symbols, sure)  # type: ignore[arg-type]  # one of the three

    def is_of(self, section: Section) -> bool:
        """Whether it shows the text of a section in its way."""
        own = self._look
        return self.text == section.text and (own.sort, own.language) == (section.sort, section.language)

    def dress(self, section: Section) -> None:
        """Take the look of a section with the same text: the pane has another width."""
        self._look = section

    def _cells(self, width: int) -> int:
        taken = self._look.indent + (2 if self._look.quoted else 0)
        cells = max(1, width - taken)
        return min(cells, self._look.measure) if self._look.measure else cells

    def _shown(self, width: int) -> int:
        count = self._wrapped.count(self._cells(width))
        return count if self._all or not self._most else min(count, self._most)

    def _hides(self, width: int) -> bool:
        if self._all:
            return False
        return len(self.text) > TEXT_SHOWN or self._wrapped.count(self._cells(width)) > self._shown(width)

    def count(self, width: int) -> int:
        """Rows of what is shown, and one that says that there is more."""
        self._width = width
        return self._shown(width) + self._hides(width)

    def row(self, index: int, width: int, selected: str) -> Row:
        """A row of text behind its indent."""
        before: Row = [(" " * self._look.indent, "")]
        if not index and self._look.lead:
            before = list(self._look.lead)
        if self._look.quoted:
            before.append((f"{self._symbols['quote']} ", self._look.quoted))
        if index >= self._shown(width):
            words = f"{exact(len(self.text), self._symbols)} characters, enter shows all"
            if self._look.sort and len(self.text) > MOST_CHARACTERS:
                words += " as written"
            return cut_pieces([*before, (words, selected or "muted")], width, self._symbols)
        row = self._wrapped.row(index, self._cells(width))
        if isinstance(row, str):
            row = [(row, self._look.style)]
        elif self._look.style:
            row = [(words, style or self._look.style) for words, style in row]
        return cut_pieces([*before, *row], width)

    def folds(self, index: int) -> bool:
        """The row that says that there is more, and once all is shown every row."""
        return self._all or index >= self._shown(self._width)

    def is_cut(self, index: int) -> bool:
        """The row that says that there is more."""
        return not self._all and index >= self._shown(self._width)

    def toggle(self, index: int) -> int:
        """Show all, or only the beginning again."""
        self._all = not self._all
        self._wrapped = self._laid_out(self.text if self._all else self.text[:TEXT_SHOWN])
        return index if self._all else 0

    def fold(self, index: int) -> int:
        """Only the beginning again."""
        return self.toggle(index) if self._all else index

    def value(self, index: int) -> object:  # noqa: ARG002 - one text
        """The whole text."""
        return self.text

    def whole(self) -> object:
        """The whole text."""
        return self.text


class Beginning(Text):
    """The beginning of something larger: what is copied from it is the whole, which is not at hand."""

    def value(self, index: int) -> object:  # noqa: ARG002 - the same for every row
        """Nothing that could be copied in the place of all."""
        return ABSENT

    def whole(self) -> object:
        """The same."""
        return ABSENT


class Json(Block):
    """A value that folds."""

    def __init__(self, rows: JsonRows, symbols: Symbols, indent: int = 0) -> None:
        self.rows = rows
        self._symbols = symbols
        self._indent = indent

    def count(self, width: int) -> int:
        """Rows of what is open."""
        return self.rows.count(max(1, width - self._indent))

    def row(self, index: int, width: int, selected: str) -> Row:
        """A key and its value, a bracket, or a row of text."""
        pieces = self.rows.pieces(index, max(1, width - self._indent), selected, self._symbols)
        return [(" " * self._indent, ""), *pieces] if self._indent else pieces

    def folds(self, index: int) -> bool:
        """Containers and texts that are longer than their row do."""
        return self.rows.is_foldable(index)

    def is_cut(self, index: int) -> bool:
        """Whether a text goes on here."""
        return self.rows.is_cut(index)

    def toggle(self, index: int) -> int:
        """Open or fold."""
        return self.rows.toggle(index)

    def fold(self, index: int) -> int:
        """Fold, or go to the head of what it stands in."""
        return self.rows.fold(index)

    def unfold(self, index: int) -> int:
        """Open, or go on."""
        return self.rows.unfold(index)

    def open_all(self, index: int) -> bool:
        """Open everything below."""
        return self.rows.open_all(index)

    def value(self, index: int) -> object:
        """The value in this row."""
        return self.rows.value_at(index)

    def around(self, index: int) -> object:  # noqa: ARG002 - all its rows are of one value
        """The whole value."""
        return self.rows.value

    def whole(self) -> object:
        """The whole value."""
        return self.rows.value


class Stack(Block):
    """Blocks under one another."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = list(blocks)
        self._width = -1
        self._sums: list[int] = []

    def changed(self) -> None:
        """The number of rows of a block is another."""
        self._width = -1

    def count(self, width: int) -> int:
        """Rows of all blocks together."""
        if width != self._width:
            self._width = width
            self._sums = list(accumulate(block.count(width) for block in self.blocks))
        return self._sums[-1] if self._sums else 0

    def place(self, index: int) -> tuple[Block, int, int]:
        """The block of a row, the row's number in it, and that of the block's first row."""
        self.count(self._width)
        position = bisect_right(self._sums, index)
        if index < 0 or position >= len(self.blocks):
            return Block(), 0, 0
        first = self._sums[position - 1] if position else 0
        return self.blocks[position], index - first, first

    def row(self, index: int, width: int, selected: str) -> Row:
        """The row of the block it belongs to."""
        self.count(width)
        block, at, _ = self.place(index)
        before = block.count(width)
        row = block.row(at, width, selected)
        if block.count(width) != before:
            self.changed()
        return row

    def folds(self, index: int) -> bool:
        """What the block says."""
        block, at, _ = self.place(index)
        return block.folds(at)

    def is_cut(self, index: int) -> bool:
        """What the block says."""
        block, at, _ = self.place(index)
        return block.is_cut(at)

    def toggle(self, index: int) -> int:
        """What the block does."""
        return self._passed(index, lambda block, at: block.toggle(at))

    def fold(self, index: int) -> int:
        """What the block does."""
        return self._passed(index, lambda block, at: block.fold(at))

    def unfold(self, index: int) -> int:
        """What the block does."""
        return self._passed(index, lambda block, at: block.unfold(at))

    def _passed(self, index: int, act: Callable[[Block, int], int]) -> int:
        width = self._width
        block, at, first = self.place(index)
        moved = first + act(block, at)
        self.changed()
        self.count(width)
        return moved

    def open_all(self, index: int) -> bool:
        """What the block does."""
        width = self._width
        block, at, _ = self.place(index)
        done = block.open_all(at)
        self.changed()
        self.count(width)
        return done

    def value(self, index: int) -> object:
        """What the block says."""
        block, at, _ = self.place(index)
        return block.value(at)

    def around(self, index: int) -> object:
        """What the block says."""
        block, at, _ = self.place(index)
        return block.around(at)

    def record_at(self, index: int) -> int | None:
        """What the block says."""
        block, at, _ = self.place(index)
        return block.record_at(at)


class Items(Block):
    """A list of any length of rows that open into blocks: events, records, unreadable lines.

    Args:
        count: How many there are.
        head: Draws the row of an item at a width; `selected` as in `Block.row`.
        body: Makes what stands below an opened item.
        opened: Items that are open from the start.
        record: The record of an item, if it shows one.
    """

    def __init__(
        self,
        count: int,
        head: Callable[[int, int, str], Row],
        body: Callable[[int], Block],
        opened: Sequence[int] = (),
        record: Callable[[int], int | None] = lambda _: None,
    ) -> None:
        self._number = count
        self._head = head
        self._body = body
        self._record = record
        self._bodies: dict[int, Block] = {}
        self._open: list[int] = []
        self._first_rows: list[int] = []
        self._width = -1
        for item in opened:
            self._bodies[item] = body(item)

    def again(self, item: int) -> None:
        """Make the body of an item anew."""
        if item in self._bodies:
            self._bodies[item] = self._body(item)
        self._width = -1

    def grow(self, count: int) -> None:
        """There are more items now."""
        self._number = count

    def count(self, width: int) -> int:
        """One row an item, and those of the opened ones' bodies."""
        if width != self._width:
            self._width = width
            self._open = sorted(self._bodies)
            rows, self._first_rows = 0, []
            for item in self._open:
                self._first_rows.append(item + rows)
                rows += self._bodies[item].count(width)
        inside = self._first_rows[-1] - self._open[-1] + self._bodies[self._open[-1]].count(width) if self._open else 0
        return self._number + inside

    def _place(self, index: int) -> tuple[int, int]:
        """The item of a row, and the row within its body; -1 for its head."""
        self.count(self._width)
        position = bisect_right(self._first_rows, index) - 1
        if position < 0:
            return index, -1
        item, first = self._open[position], self._first_rows[position]
        rows = self._bodies[item].count(self._width)
        if index <= first + rows:
            return item, index - first - 1
        return item + index - first - rows, -1

    def _first(self, item: int) -> int:
        position = bisect_right(self._open, item) - 1
        if position < 0:
            return item
        last = self._open[position]
        if last == item:
            return self._first_rows[position]
        return self._first_rows[position] + self._bodies[last].count(self._width) + item - last

    def row(self, index: int, width: int, selected: str) -> Row:
        """The head of an item, or a row of its body."""
        self.count(width)
        item, at = self._place(index)
        if at < 0:
            return self._head(item, width, selected)
        body = self._bodies[item]
        before = body.count(width)
        row = body.row(at, width, selected)
        if body.count(width) != before:
            self._width = -1
        return row

    def is_open(self, item: int) -> bool:
        """Whether its body is shown."""
        return item in self._bodies

    def folds(self, index: int) -> bool:
        """Heads do; in a body it is for the body to say."""
        item, at = self._place(index)
        return at < 0 or self._bodies[item].folds(at)

    def is_cut(self, index: int) -> bool:
        """What the body says."""
        item, at = self._place(index)
        return at >= 0 and self._bodies[item].is_cut(at)

    def toggle(self, index: int) -> int:
        """Open or fold an item, or what its body has there."""
        item, at = self._place(index)
        if at >= 0:
            return self._inside(item, lambda body: body.toggle(at))
        if item in self._bodies:
            del self._bodies[item]
        else:
            self._bodies[item] = self._body(item)
        self._again()
        return index

    def fold(self, index: int) -> int:
        """Fold; from a body's own top go to the item's head."""
        item, at = self._place(index)
        if at < 0:
            return self.toggle(index) if item in self._bodies else index
        body = self._bodies[item]
        before = body.count(self._width)
        moved = self._inside(item, lambda body: body.fold(at))
        if moved == index and body.count(self._width) == before:
            return self._first(item)
        return moved

    def unfold(self, index: int) -> int:
        """Open, or go on."""
        item, at = self._place(index)
        if at >= 0:
            return self._inside(item, lambda body: body.unfold(at))
        return index + 1 if item in self._bodies else self.toggle(index)

    def _inside(self, item: int, act: Callable[[Block], int]) -> int:
        first = self._first(item)
        at = act(self._bodies[item])
        self._again()
        return first + 1 + at

    def _again(self) -> None:
        width, self._width = self._width, -1
        self.count(width)

    def open_all(self, index: int) -> bool:
        """Everything below an item."""
        item, at = self._place(index)
        if item not in self._bodies:
            self._bodies[item] = self._body(item)
            self._again()
        done = self._bodies[item].open_all(max(0, at))
        self._again()
        return done

    def value(self, index: int) -> object:
        """What the body says; of a head what its body holds as a whole."""
        item, at = self._place(index)
        body = self._bodies.get(item)
        if body is None:
            return ABSENT
        return body.whole() if at < 0 else body.value(at)

    def around(self, index: int) -> object:
        """What the body says."""
        item, at = self._place(index)
        return self._bodies[item].around(at) if at >= 0 and item in self._bodies else ABSENT

    def record_at(self, index: int) -> int | None:
        """The record of the item."""
        return self._record(self._place(index)[0]) if self._number else None


def block_of(section: Section, look: Look, kept: dict[str, Block]) -> Block:
    """The block of a section; what was folded or shown whole stays so while the value is the same."""
    held = kept.get(section.key)
    if section.value is not ABSENT:
        if isinstance(held, Json) and held.rows.value is section.value:
            return held
        rows = JsonRows(section.value, braces=not section.columns, groups=section.groups)
        block: Block = Json(rows, look.symbols, section.indent)
    elif section.text is not None:
        if isinstance(held, Text) and held.is_of(section):
            held.dress(section)
            return held
        block = Text(section, look.symbols, TEXT_ROWS)
    else:
        return Rows(section.rows, section.copies)
    kept[section.key] = block
    return block


def stack_of(sections: Sequence[Section], look: Look, kept: dict[str, Block], blocks: dict[str, Block]) -> Stack:
    """Sections under one another with their rules; `blocks` are ready ones, by the key of the section they stand for."""
    parts: list[Block] = []
    for section in sections:
        head: list[Row] = []
        if not look.compact and not section.tight:
            head.append([])
        if section.title:
            head.append(rule_row(section.title, section.fact, look, section.title_style))
        block = blocks.get(section.key) or block_of(section, look, kept)
        if head:
            parts.append(Rows(head, below=block))
        parts.append(block)
    return Stack(parts)
