"""A JSON value as rows that fold: flattened only where it is open, and drawn only where it is looked at.

The open part is a flat list of stretches. A stretch of a million folded children is one entry, an open child splits it, so
neither a long list nor a deep nesting costs more than what was opened by hand, and nothing here recurses with the depth of
a value. Two looks: `braces` reads like the JSON text (overview, raw records), without it keys and values stand in two
columns (attributes). Strings are always in quotes; text that holds JSON opens parsed and says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

from tracetui.core.bodies import NOT_JSON, PARSED_HERE, json_in_text
from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import bytes_size, cell_width, cut, exact, safe
from tracetui.tui.presentation.json_values import clip_label, preview, scalar
from tracetui.tui.presentation.pieces import Piece, cut_pieces
from tracetui.tui.presentation.wrap import LongText, one_line

TEXT_SHOWN: Final = 65_536
"""Characters of an opened text that are shown before one asks for all of it."""

OPENED_AT_ONCE: Final = 20_000
"""Containers that one press of "open all" opens at most."""

ROOT_OPENS: Final = 200
"""Rows up to which the outermost container is open from the start, though it is larger than the rows one asked for."""

_PARSED_WHEN_DRAWN: Final = 65_536
_KEY_CELLS: Final = 42
_INDENT_LEVELS: Final = 12
_WORDS_FROM: Final = 50
_LOOKED_AT: Final = 10_000
_TEXTS_LOOKED_AT: Final = 100_000
_KEYS_MEASURED: Final = 200
_LEAST_VALUE: Final = 8


class _Node:
    """An open container or text."""

    __slots__ = ("depth", "index", "keys", "parent", "shown_parsed", "value")

    def __init__(self, value: object, depth: int, parent: _Node | None, index: int, shown_parsed: str = "") -> None:
        self.value = value
        self.depth = depth
        self.parent = parent
        self.index = index
        self.shown_parsed = shown_parsed
        self.keys: list[object] | None = list(value) if isinstance(value, dict) else None

    def child(self, index: int) -> object:
        if isinstance(self.value, dict) and self.keys is not None:
            return self.value[self.keys[index]]
        return self.value[index] if isinstance(self.value, (list, tuple)) else None

    def label(self, index: int) -> str:
        return str(index) if self.keys is None else str(self.keys[index])

    def __len__(self) -> int:
        return len(self.value) if isinstance(self.value, (dict, list, tuple)) else 0


@dataclass(slots=True)
class _Stretch:
    """Rows after one another: folded children `start` to `stop` of a node, its head, its text, its end."""

    node: _Node
    part: str
    """`children`, `head`, `text`, `more` or `close`."""
    start: int = 0
    stop: int = 1
    text: LongText | None = None


class JsonRows:
    """One value, folded and unfolded; knows its rows, their pieces, and what stands in each.

    Args:
        value: What JSON can hold; other objects are shown by their repr. Untrusted.
        braces: Look like JSON text instead of two columns.
        groups: Top keys that are headings (a family of attributes), not keys that were recorded.
        open_rows: Rows up to which containers are open from the start.
    """

    def __init__(
        self, value: object, *, braces: bool = False, groups: frozenset[str] = frozenset(), open_rows: int = 24
    ) -> None:
        self.value = value
        self.braces = braces
        self.groups = groups
        in_columns = not braces and isinstance(value, (dict, list, tuple))
        self._root = _Node(value if in_columns else [value], -1, None, 0)
        self._labelled = in_columns
        self._stretches = [_Stretch(self._root, "children", 0, len(self._root))] if len(self._root) else []
        self._sums: list[int] = []
        self._width = 0
        self._texts_left = _TEXTS_LOOKED_AT
        self._keys_need = self._measured_keys()
        self._parsed: dict[tuple[int, int], object] = {}
        self._open_first(open_rows)

    # ------------------------------------------------------------ rows

    def count(self, width: int) -> int:
        """How many rows there are at this width."""
        if width != self._width or not self._sums:
            self._width = width
            self._sums = list(accumulate(self._rows_of(stretch) for stretch in self._stretches))
        return self._sums[-1] if self._sums else 0

    def pieces(self, index: int, width: int, selected: str = "", symbols: Symbols = UNICODE) -> list[Piece]:
        """Row `index` in at most `width` cells; `selected` is the style of its key if the cursor is on it."""
        self.count(width)
        found = self._find(index)
        if found is None:
            return []
        stretch, at = found
        match stretch.part:
            case "children":
                return self._child_row(stretch.node, at, width, selected, symbols)
            case "head":
                return self._head_row(stretch.node, width, selected, symbols)
            case "text":
                return self._text_row(stretch, at, width, selected)
            case "more":
                indent = self._indent(stretch.node.depth + 1, width)
                words = f"{exact(_length(stretch.node.value), symbols)} characters, enter shows all"
                return cut_pieces([(indent, ""), (words, selected or "muted")], width, symbols)
        closing = "}" if isinstance(stretch.node.value, dict) else "]"
        return cut_pieces([(self._indent(stretch.node.depth, width), ""), (closing, selected)], width, symbols)

    def is_foldable(self, index: int) -> bool:
        """Whether space and enter do something here."""
        found = self._find(index)
        if found is None:
            return False
        stretch, at = found
        return stretch.part != "children" or self._opens(stretch.node, at)

    def is_open(self, index: int) -> bool:
        """Whether this row belongs to the frame of something open: its head, text or end."""
        found = self._find(index)
        return found is not None and found[0].part not in ("children", "more")

    def value_at(self, index: int) -> object:
        """What stands in row `index`: what `y` copies."""
        found = self._find(index)
        if found is None:
            return self.value
        stretch, at = found
        if stretch.part == "children":
            return stretch.node.child(at)
        return stretch.node.shown_parsed or stretch.node.value

    # ------------------------------------------------------------ folding

    def toggle(self, index: int) -> int:
        """Open or fold row `index`, or show all of a text; the row where the cursor belongs then."""
        found = self._find(index)
        if found is None:
            return index
        stretch, _ = found
        if stretch.part == "children":
            self._open(index)
            return index
        if stretch.part == "more":
            self._show_all(stretch)
            return index
        return self.fold(index)

    def unfold(self, index: int) -> int:
        """Open row `index` if it is folded, else go on to the next row."""
        found = self._find(index)
        if found is not None and (found[0].part == "more" or (found[0].part == "children" and self.is_foldable(index))):
            return self.toggle(index)
        return min(index + 1, self.count(self._width) - 1)

    def fold(self, index: int) -> int:
        """Fold what row `index` frames, or go to the head of what it stands in; the row of that head."""
        found = self._find(index)
        if found is None:
            return index
        stretch, _ = found
        if stretch.part == "children":
            head = self._head_of(stretch.node)
            return index if head is None else self._first_row(head)
        head = self._head_of(stretch.node)
        if head is None:
            return index
        row = self._first_row(head)
        self._close(head)
        return row

    def is_cut(self, index: int) -> bool:
        """Whether this row says that a text goes on."""
        found = self._find(index)
        return found is not None and found[0].part == "more"

    def reveal(self, path: Sequence[int], offset: int = -1) -> int:
        """Open all that hides the value at the end of a path of child numbers; its row, or that of a character in it."""
        node = self._root
        steps = [*path] if self._labelled else [0, *path]
        for at in steps[:-1]:
            inside = self._opened(node, at)
            if inside is None:
                return self._row_of(node, at)
            node = inside
        if not steps:
            return 0
        return self._row_in_text(node, steps[-1], offset) if offset >= 0 else self._row_of(node, steps[-1])

    def _opened(self, node: _Node, at: int) -> _Node | None:
        """Child `at` of an open node as an open node itself; None where it does not open."""
        head = self._head_at(node, at)
        if head is not None:
            return self._stretches[head].node
        return self._open_child(node, at) if 0 <= at < len(node) and self._opens(node, at) else None

    def _head_at(self, node: _Node, at: int) -> int | None:
        for position, stretch in enumerate(self._stretches):
            if stretch.part == "head" and stretch.node.parent is node and stretch.node.index == at:
                return position
        return None

    def _row_of(self, node: _Node, at: int) -> int:
        """The row of child `at` of an open node."""
        self.count(self._width)
        for position, stretch in enumerate(self._stretches):
            if stretch.part == "children" and stretch.node is node and stretch.start <= at < stretch.stop:
                return self._first_row(position) + at - stretch.start
        head = self._head_at(node, at)
        return 0 if head is None else self._first_row(head)

    def _row_in_text(self, node: _Node, at: int, offset: int) -> int:
        value = node.child(at)
        if not isinstance(value, str) or self._fits(node, at, value) or self._opened(node, at) is None:
            return self._row_of(node, at)
        head = self._head_at(node, at)
        if head is None or head + 1 >= len(self._stretches) or self._stretches[head + 1].text is None:
            return self._row_of(node, at)
        if offset >= TEXT_SHOWN and self._stretches[head + 2 : head + 3] and self._stretches[head + 2].part == "more":
            self._show_all(self._stretches[head + 2])
        stretch = self._stretches[head + 1]
        row = 0 if stretch.text is None else stretch.text.row_of(offset, self._text_width(stretch.node, self._width))
        self._sums = []
        self.count(self._width)
        return self._first_row(head + 1) + row

    def open_all(self, index: int) -> bool:
        """Open everything below row `index`, at most `OPENED_AT_ONCE` containers; False if some were left folded."""
        found = self._find(index)
        if found is None:
            return True
        stretch, at = found
        if stretch.part == "children":
            if not self._opens(stretch.node, at):
                return self._open_from(index, at)
            node = self._open(index)
        else:
            node = stretch.node
        if node is None or isinstance(node.value, str):
            return True
        head = self._head_of(node)
        first = 0 if head is None else head
        return self._open_range(first, self._end_of(first))

    def _open_from(self, index: int, at: int) -> bool:
        """Open everything below row `index`, child `at`, which does not open itself: what comes after it beside it."""
        position = bisect_right(self._sums, index)
        stretch = self._stretches[position]
        head = self._head_of(stretch.node)
        stop = len(self._stretches) if head is None else self._end_of(head)
        if at > stretch.start:
            before = _Stretch(stretch.node, "children", stretch.start, at)
            self._stretches[position : position + 1] = [before, _Stretch(stretch.node, "children", at, stretch.stop)]
            position, stop = position + 1, stop + 1
        return self._open_range(position, stop)

    def _open_range(self, first: int, stop: int) -> bool:
        """Open all that folds in the stretches `first` to `stop`: one pass, with what is left on a stack."""
        self._texts_left = _TEXTS_LOOKED_AT
        pending = deque(self._stretches[first:stop])
        done: list[_Stretch] = []
        left = OPENED_AT_ONCE
        while pending:
            stretch = pending.popleft()
            if stretch.part != "children" or left <= 0:
                done.append(stretch)
                continue
            at = self._next_to_open(stretch)
            if at is None:
                done.append(stretch)
                continue
            left -= 1
            before, opened, after = self._split(stretch, at)
            done += before
            done.append(opened[0])
            pending.extendleft(reversed([*opened[1:], *after]))
        self._stretches[first:stop] = done
        self._sums = []
        self.count(self._width)
        return left > 0 and self._texts_left > 0

    def _next_to_open(self, stretch: _Stretch) -> int | None:
        for at in range(stretch.start, stretch.stop):
            value = stretch.node.child(at)
            if isinstance(value, str):
                # To see whether a text folds takes looking into it.
                self._texts_left -= 1
                if self._texts_left > 0 and self._opens(stretch.node, at):
                    return at
            elif isinstance(value, (dict, list, tuple)) and value:
                return at
        return None

    def _open_first(self, rows: int) -> None:
        """Open containers level by level as long as all rows together are few."""
        left = rows - len(self._root)
        waiting = deque([self._root])
        looked = 0
        while waiting and left > 0 and looked < _LOOKED_AT:
            node = waiting.popleft()
            for at in range(min(len(node), _LOOKED_AT)):
                looked += 1
                value = node.child(at)
                cost = len(value) + self.braces if isinstance(value, (dict, list, tuple)) and value else 0
                heading = node is self._root and cost <= ROOT_OPENS and (self.braces or node.label(at) in self.groups)
                if not cost or (cost > left and not heading):
                    continue
                opened = self._open_child(node, at)
                if opened is not None:
                    left -= cost
                    waiting.append(opened)

    def _open_child(self, node: _Node, at: int) -> _Node | None:
        for position, stretch in enumerate(self._stretches):
            if stretch.node is node and stretch.part == "children" and stretch.start <= at < stretch.stop:
                return self._replace(position, at)
        return None

    def _open(self, index: int) -> _Node | None:
        position = bisect_right(self._sums, index)
        stretch = self._stretches[position]
        at = stretch.start + index - (self._sums[position - 1] if position else 0)
        return self._replace(position, at) if self._opens(stretch.node, at) else None

    def _replace(self, position: int, at: int) -> _Node:
        before, opened, after = self._split(self._stretches[position], at)
        self._stretches[position : position + 1] = [*before, *opened, *after]
        self._sums = []
        self.count(self._width)
        return opened[0].node

    def _split(self, stretch: _Stretch, at: int) -> tuple[list[_Stretch], list[_Stretch], list[_Stretch]]:
        """The stretch in three: what stands before child `at`, that child opened, what comes after."""
        parent = stretch.node
        value, parsed_from = parent.child(at), ""
        if isinstance(value, str) and (parsed := self._json_of(parent, at, value, most=PARSED_HERE)) is not NOT_JSON:
            value, parsed_from = parsed, str(value)
        node = _Node(value, parent.depth + 1, parent, at, parsed_from)
        opened = [_Stretch(node, "head")]
        if isinstance(value, str):
            opened.append(_Stretch(node, "text", text=LongText(value[:TEXT_SHOWN])))
            if len(value) > TEXT_SHOWN:
                opened.append(_Stretch(node, "more"))
        else:
            opened.append(_Stretch(node, "children", 0, len(node)))
            if self.braces:
                opened.append(_Stretch(node, "close"))
        before = [_Stretch(parent, "children", stretch.start, at)] if at > stretch.start else []
        after = [_Stretch(parent, "children", at + 1, stretch.stop)] if at + 1 < stretch.stop else []
        return before, opened, after

    def _close(self, head: int) -> None:
        node = self._stretches[head].node
        stop = self._end_of(head)
        parent = node.parent
        if parent is None:
            return
        start, end, first = node.index, node.index + 1, head
        if stop < len(self._stretches) and (after := self._stretches[stop]).part == "children" and after.node is parent:
            end, stop = after.stop, stop + 1
        if first and (before := self._stretches[first - 1]).part == "children" and before.node is parent:
            start, first = before.start, first - 1
        self._stretches[first:stop] = [_Stretch(parent, "children", start, end)]
        self._sums = []
        self.count(self._width)

    def _end_of(self, head: int) -> int:
        """The stretch behind everything that belongs to the head at `head`."""
        node = self._stretches[head].node
        position = head + 1
        while position < len(self._stretches):
            stretch = self._stretches[position]
            if stretch.node is not node and stretch.node.depth <= node.depth:
                break
            position += 1
        return position

    def _head_of(self, node: _Node) -> int | None:
        for position, stretch in enumerate(self._stretches):
            if stretch.part == "head" and stretch.node is node:
                return position
        return None

    def _first_row(self, position: int) -> int:
        return self._sums[position - 1] if position else 0

    def _show_all(self, stretch: _Stretch) -> None:
        position = self._stretches.index(stretch)
        self._stretches[position - 1].text = LongText(str(stretch.node.value))
        del self._stretches[position]
        self._sums = []
        self.count(self._width)

    # ------------------------------------------------------------ finding

    def _find(self, index: int) -> tuple[_Stretch, int] | None:
        """The stretch of a row and which of its children or text rows it is."""
        self.count(self._width)
        if not self._sums or not 0 <= index < self._sums[-1]:
            return None
        position = bisect_right(self._sums, index)
        stretch = self._stretches[position]
        return stretch, stretch.start + index - (self._sums[position - 1] if position else 0)

    def _rows_of(self, stretch: _Stretch) -> int:
        if stretch.text is not None:
            return stretch.text.count(self._text_width(stretch.node, self._width))
        return stretch.stop - stretch.start

    def _text_width(self, node: _Node, width: int) -> int:
        return max(1, width - len(self._indent(node.depth + 1, width)))

    def _opens(self, node: _Node, at: int) -> bool:
        value = node.child(at)
        if isinstance(value, (dict, list, tuple)):
            return bool(value)
        if not isinstance(value, str):
            return False
        return self._json_of(node, at, value) is not NOT_JSON or not self._fits(node, at, value)

    def _fits(self, node: _Node, at: int, text: str) -> bool:
        room = self._value_room(node, at, self._width)
        return len(text) <= room and cell_width(safe(text)) + 2 <= room and "\n" not in text

    def _value_room(self, node: _Node, at: int, width: int) -> int:
        if self.braces or not self._labelled:
            label = 0 if node.depth < 0 else 4 + cell_width(clip_label(node.label(at), width))
            return max(8, width - len(self._indent(node.depth + 1, width)) - label)
        return max(_LEAST_VALUE, width - self._key_span(node, at, width))

    def _json_of(self, node: _Node, at: int, text: str, most: int = _PARSED_WHEN_DRAWN) -> object:
        if len(text) > most:
            return NOT_JSON
        key = (id(node), at)
        if key not in self._parsed:
            if len(self._parsed) > _LOOKED_AT:
                self._parsed.clear()
            self._parsed[key] = json_in_text(text)
        return self._parsed[key]

    # ------------------------------------------------------------ drawing

    def _indent(self, depth: int, width: int) -> str:
        """Blanks before a row; deeper than a third of the width the depth is written as a number."""
        most = max(1, min(_INDENT_LEVELS, width // 6))
        if depth <= most:
            return "  " * max(0, depth)
        return f"{depth} ".rjust(2 * most)

    def _key_cells(self, width: int) -> int:
        """The column of the keys: what they need where that is little more than 40 % of the width; values are cut first."""
        usual = max(6, min(_KEY_CELLS, width * 2 // 5))
        return max(usual, min(self._keys_need, width * 3 // 5))

    def _key_span(self, node: _Node, at: int, width: int) -> int:
        """Cells up to the value of this row: a key that is longer than the column moves its value."""
        most = max(6, width - _LEAST_VALUE)
        need = len(self._indent(node.depth + 1, width)) + 3 + cell_width(one_line(node.label(at), most))
        return max(self._key_cells(width), min(need, most))

    def _measured_keys(self) -> int:
        """Cells that the keys and those under headings need, as far as their column can matter."""
        most, need = _KEY_CELLS, 0
        tops = islice(self.value, _KEYS_MEASURED) if self._labelled and isinstance(self.value, dict) else ()
        for key in tops:
            need = max(need, 3 + cell_width(one_line(str(key), most)))
            below = self.value[key] if isinstance(self.value, dict) and str(key) in self.groups else None
            if isinstance(below, dict):
                for inner in islice(below, _KEYS_MEASURED):
                    need = max(need, 5 + cell_width(one_line(str(inner), most)))
        return need

    def _head_row(self, node: _Node, width: int, selected: str, symbols: Symbols) -> list[Piece]:
        parent, value = node.parent, node.value
        if parent is None:
            return []
        if isinstance(value, str):
            content: list[Piece] = [("text", "muted")]
        elif node.shown_parsed:
            is_wide = self._value_room(parent, node.index, width) >= _WORDS_FROM
            content = [("text that holds JSON, shown parsed" if is_wide else "text, shown parsed", "muted")]
        else:
            content = [("{" if isinstance(value, dict) else "[", "muted")]
        if self._is_group(parent, node.index):
            content = []
        elif self.braces and node.shown_parsed:
            content = [("{ " if isinstance(value, dict) else "[ ", ""), ("JSON in text, parsed", "muted")]
        # In the look of JSON the brackets say what an open container is, and a long list is counted by the rule above.
        told = not self.braces or node.shown_parsed or isinstance(value, str)
        fact = self._facts(node.shown_parsed or value, value, symbols) if told else ""
        return self._row(parent, node.index, content, fact, "fold_open", width, selected, symbols)

    def _child_row(self, node: _Node, at: int, width: int, selected: str, symbols: Symbols) -> list[Piece]:
        value = node.child(at)
        room = self._value_room(node, at, width)
        if isinstance(value, str):
            parsed = self._json_of(node, at, value)
            if parsed is not NOT_JSON:
                fact = self._facts(value, parsed, symbols)
                content = preview(parsed, room - len(fact) - 2, symbols)
                return self._row(node, at, content, fact, "fold_closed", width, selected, symbols)
            return self._string_row(node, at, value, room, width, selected, symbols)
        if isinstance(value, (dict, list, tuple)):
            fact = self._facts(value, value, symbols) if value else ""
            content = preview(value, room - len(fact) - 2, symbols)
            mark = "fold_closed" if value else ""
            return self._row(node, at, content, fact, mark, width, selected, symbols)
        return self._row(node, at, [scalar(value, room, symbols)], "", "", width, selected, symbols)

    def _string_row(
        self, node: _Node, at: int, text: str, room: int, width: int, selected: str, symbols: Symbols
    ) -> list[Piece]:
        if self._fits(node, at, text):
            return self._row(node, at, [scalar(text, room, symbols)], "", "", width, selected, symbols)
        hidden = max(1, len(text) - room)
        fact = f"+{exact(hidden, symbols)}" + (" characters" if room >= 40 else "")
        content = [scalar(text, room - len(fact) - 2, symbols)]
        return self._row(node, at, content, fact, "fold_closed", width, selected, symbols)

    def _text_row(self, stretch: _Stretch, at: int, width: int, selected: str) -> list[Piece]:
        text = stretch.text
        if text is None:
            return []
        cells = self._text_width(stretch.node, width)
        before = text.count(cells)
        row = text.row(at, cells)
        if text.count(cells) != before:
            self._sums = []
        return [(self._indent(stretch.node.depth + 1, width), ""), (row or " ", selected or "code-string")]

    def _row(
        self, node: _Node, at: int, content: list[Piece], fact: str, mark: str, width: int, selected: str, symbols: Symbols
    ) -> list[Piece]:  # fmt: skip
        if self.braces or not self._labelled:
            pieces = self._braces_row(node, at, content, width, selected)
        else:
            pieces = self._column_row(node, at, content, mark, width, selected, symbols)
        if not fact:
            return cut_pieces(pieces, width, symbols)
        room = width - cell_width(fact)
        pieces = cut_pieces(pieces, max(0, room - 1), symbols)
        used = sum(cell_width(text) for text, _ in pieces)
        return cut_pieces([*pieces, (" " * max(1, room - used), ""), (fact, "muted")], width, symbols)

    def _braces_row(self, node: _Node, at: int, content: list[Piece], width: int, selected: str) -> list[Piece]:
        indent: Piece = (self._indent(node.depth + 1, width), "")
        if selected and (node.depth < 0 or node.keys is None):
            content = [(text, selected) for text, _ in content]
        if node.depth < 0 or node.keys is None:
            return [indent, *content]
        label = clip_label(node.label(at), width)
        return [indent, (f'"{label}"', selected or "code-key"), (": ", ""), *content]

    def _column_row(
        self, node: _Node, at: int, content: list[Piece], mark: str, width: int, selected: str, symbols: Symbols
    ) -> list[Piece]:
        cells = self._key_span(node, at, width)
        indent = self._indent(node.depth + 1, width)
        sign = symbols[mark] if mark else " "
        room = max(1, cells - len(indent) - 3)
        label = cut(one_line(node.label(at), room, symbols), room, symbols=symbols)
        is_heading = self._is_group(node, at) or (
            node is self._root and bool(self.groups) and isinstance(node.child(at), dict)
        )
        style = selected or ("strong bold" if is_heading else "code-key")
        gap = " " * max(1, cells - len(indent) - 2 - cell_width(label))
        return [(f"{indent}{sign} ", "muted"), (label, style), (gap, ""), *content]

    def _is_group(self, node: _Node, at: int) -> bool:
        return node is self._root and bool(self.groups) and node.label(at) in self.groups

    def _facts(self, recorded: object, value: object, symbols: Symbols) -> str:
        """Items and, of text, its size: what stands at the right of a container."""
        if isinstance(value, str):
            return f"{exact(len(value), symbols)} characters"
        number = _length(value)
        unit = ("key" if isinstance(value, dict) else "item") + ("" if number == 1 else "s")
        size = f"  {bytes_size(len(recorded), symbols)}" if isinstance(recorded, str) else ""
        return f"{exact(number, symbols)} {unit}{size}"


def _length(value: object) -> int:
    return len(value) if isinstance(value, (str, dict, list, tuple)) else 0
