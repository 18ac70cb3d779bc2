"""Markdown as rows of pieces: headings, emphasis, lists, quotes, tables, code; links with their address in words.

Nothing in it can be clicked, and no markup of any other sort is read. The work is bounded: a text is cut in stretches
between its paragraphs, of which only those that are looked at are parsed; what could take a parser long (brackets within
brackets, emphasis without end, paragraphs of pages) stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import safe
from tracetui.tui.presentation.diffs import diff_line
from tracetui.tui.presentation.highlighting import MOST_CHARACTERS, PIECE, code_lines, language_of
from tracetui.tui.presentation.pieces import Piece, width_of
from tracetui.tui.presentation.wrap import wrap_pieces

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Row = list[Piece]

STRETCH: Final = 1_500
"""Characters that are parsed at once, a paragraph more or less; some 3 ms of work."""

LONGEST_PARAGRAPH: Final = 6_000
"""A longer one stays as it was written."""

MOST_SIGNS: Final = 400
"""Brackets, stars and the like in one paragraph; with more of them it stays as it was written."""

_SIGNS: Final = re.compile(r"[\[\]*_~`!<&\\]")
_FENCE: Final = re.compile(r"^(`{3,}|~{3,})[ \t]*([^\s`]{0,40})[^\n`]{0,200}$", re.MULTILINE)
_BLANK: Final = re.compile(r"\n[ \t]*\n")
_NESTED: Final = 20
_LEAST_CELLS: Final = 10
_DIFFS: Final = ("diff", "patch", "udiff")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that is drawn by itself."""

    start: int
    stop: int
    sort: str = "markdown"
    """`markdown`, `code`, or `plain`."""
    language: str = ""
    """The word of the fence, untrusted."""
    line: int = 1
    """Of code: the number of its first line."""
    lines: int = 0
    """Of code: how many the whole block has."""
    is_marked: bool = True
    """Of code: it is short enough to be highlighted."""


def stretches(text: str) -> list[Stretch]:
    """`text` in parts, none of which is much longer than `STRETCH`; joined they are the text, fences left out.

    Code that is set in belongs to a list and stays with it.
    """
    found: list[Stretch] = []
    at = 0
    while at < len(text):
        opening = _FENCE.search(text, at)
        if opening is None:
            break
        start = min(opening.end() + 1, len(text))
        closing = re.compile(rf"^ {{0,3}}{re.escape(opening[1][0])}{{{len(opening[1])},}}[ \t]*$", re.MULTILINE)
        end = closing.search(text, start)
        stop = len(text) if end is None else end.start()
        found += _paragraphs(text, at, opening.start())
        found += code_stretches(text, start, stop, opening[2])
        at = len(text) if end is None else min(end.end() + 1, len(text))
    return found + list(_paragraphs(text, at, len(text)))


def _paragraphs(text: str, start: int, stop: int) -> Iterator[Stretch]:
    while start < stop:
        end = stop
        if stop - start > STRETCH:
            gap = _BLANK.search(text, start + STRETCH, min(stop, start + LONGEST_PARAGRAPH))
            if gap is None:
                line = text.find("\n", start + STRETCH, min(stop, start + LONGEST_PARAGRAPH))
                end = line + 1 if line >= 0 else min(stop, start + LONGEST_PARAGRAPH)
            else:
                end = gap.end()
        if text[start:end].strip():
            is_long = end - start >= LONGEST_PARAGRAPH
            yield Stretch(start, end, "plain" if is_long else "markdown")
        start = end


def code_stretches(text: str, start: int, stop: int, language: str) -> Iterator[Stretch]:
    """A block of code in pieces that are highlighted one by one."""
    if text[stop - 1 : stop] == "\n":
        stop -= 1
    lines = text.count("\n", start, stop) + 1
    is_marked, number = stop - start <= MOST_CHARACTERS, 1
    while True:
        end = stop
        if stop - start > PIECE:
            line = text.rfind("\n", start, start + PIECE)
            end = line if line > start else min(stop, start + PIECE)
        yield Stretch(start, end, "code", language, number, lines, is_marked)
        number += text.count("\n", start, end)
        start = end
        if start >= stop:
            return
        if text[start] == "\n":
            start, number = start + 1, number + 1


def draw(text: str, part: Stretch, width: int, symbols: Symbols = UNICODE) -> list[Row]:
    """The rows of a stretch in `width` cells."""
    held = text[part.start : part.stop]
    if part.sort == "plain":
        return wrap_pieces([(safe(held, newlines=True), "")], width)
    if part.sort == "code":
        return code_rows(held, part, width, symbols)
    return _Renderer(width, symbols).render(held)


def markdown_rows(text: str, width: int, symbols: Symbols = UNICODE) -> list[Row]:
    """All rows of a text: for short ones."""
    return join([draw(text, part, width, symbols) for part in stretches(text)])


def join(parts: Sequence[list[Row]]) -> list[Row]:
    """Parts under one another, with a blank row between them."""
    rows: list[Row] = []
    for part in parts:
        rows += [[], *part] if rows and part else part
    return rows


def code_rows(code: str, part: Stretch, width: int, symbols: Symbols = UNICODE) -> list[Row]:
    """Code behind a bar, with its language above it and its line numbers, where it has a language."""
    word = part.language.strip("{}.,").lower()
    language = language_of(word) if part.is_marked else ""
    rows: list[Row] = []
    if word and part.line == 1:
        head: Row = [(safe(word[:40]), "muted")]
        if not part.is_marked:
            head.append(("  plain: it is long", "muted"))
        rows.append(head)
    if word in _DIFFS:
        lines = [diff_line(line) for line in code.split("\n")]
    else:
        lines = code_lines(code, language)
    digits = len(str(part.line + part.lines)) if word and word not in _DIFFS and part.lines > 1 else 0
    for number, line in enumerate(lines, part.line):
        rows += _code_line(line, number, max(3, digits) if digits else 0, width, symbols)
    return rows


def _code_line(line: Row, number: int, digits: int, width: int, symbols: Symbols) -> list[Row]:
    bar: Piece = (f"{symbols['quote']} ", "muted")
    taken = 2 + (digits + 2 if digits else 0)
    rows: list[Row] = []
    for at, row in enumerate(wrap_pieces(line, width - taken)):
        numbered: Row = [(f"{number if not at else '':>{digits}}  ", "muted")] if digits else []
        rows.append([bar, *numbered, *row])
    return rows


@lru_cache(1)
def _parser() -> MarkdownIt:
    """The blocks of Markdown; what stands within them is parsed one by one, if it is harmless."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _NESTED})
    return parser.enable(["table", "strikethrough"]).disable(["inline", "reference", "html_block", "html_inline"])


@dataclass(slots=True)
class _Prefix:
    """What stands before the rows of a list item or a quote."""

    first: Row
    rest: Row
    is_used: bool = False


@dataclass(slots=True)
class _List:
    number: int | None
    """Of its next item; None: it has bullets."""


@dataclass(slots=True)
class _Renderer:
    """Makes rows of the tokens of one stretch."""

    width: int
    symbols: Symbols
    rows: list[Row] = field(default_factory=list)
    _prefixes: list[_Prefix] = field(default_factory=list)
    _lists: list[_List] = field(default_factory=list)
    _wants_gap: bool = False
    _heading: bool = False
    _table: list[list[Row]] | None = None

    def render(self, text: str) -> list[Row]:
        """The rows of a text."""
        for token in _parser().parse(text):
            self._take(token)
        return self.rows

    def _take(self, token: Token) -> None:
        family, _, part = token.type.rpartition("_")
        if token.type == "inline":
            self._inline(token)
        elif family in ("paragraph", "heading"):
            self._in_paragraph(token, part == "open")
        elif family in ("bullet_list", "ordered_list"):
            self._in_list(token, part == "open")
        elif family in ("list_item", "blockquote"):
            self._in_item(family, part == "open")
        elif token.type in ("fence", "code_block"):
            self._block_of_code(token)
        elif token.type == "hr":
            self._gap(False)
            self._emit([(self.symbols["rule"] * max(4, min(40, self._room())), "rule")])
            self._wants_gap = True
        else:
            self._in_table(token.type)

    def _in_paragraph(self, token: Token, is_open: bool) -> None:
        is_heading = token.type.startswith("heading")
        if is_open:
            self._heading = is_heading
            self._gap(token.hidden)
        else:
            self._heading, self._wants_gap = False, not is_heading and not token.hidden

    def _in_list(self, token: Token, is_open: bool) -> None:
        if not is_open:
            self._lists.pop()
            self._wants_gap = not self._lists
            return
        start = token.attrGet("start")
        self._gap(bool(self._lists))
        is_ordered = token.type.startswith("ordered")
        self._lists.append(_List((int(start) if start is not None else 1) if is_ordered else None))

    def _in_item(self, family: str, is_open: bool) -> None:
        if not is_open:
            self._close()
        elif family == "list_item":
            self._open_item()
        else:
            self._gap(False)
            bar: Row = [(f"{self.symbols['quote']} ", "muted")]
            self._push(_Prefix(bar, bar))

    # ------------------------------------------------------------ where rows go

    def _room(self) -> int:
        return self.width - sum(width_of(prefix.rest) for prefix in self._prefixes)

    def _gap(self, is_tight: bool) -> None:
        if self._wants_gap and not is_tight and self.rows:
            self.rows.append([piece for prefix in self._prefixes if prefix.is_used for piece in prefix.rest])
        self._wants_gap = False

    def _emit(self, pieces: Row) -> None:
        for row in wrap_pieces(pieces, self._room()):
            self._emit_row(row)

    def _emit_row(self, row: Row) -> None:
        before: Row = []
        for prefix in self._prefixes:
            before += prefix.rest if prefix.is_used else prefix.first
            prefix.is_used = True
        self.rows.append([*before, *row])

    def _push(self, prefix: _Prefix) -> None:
        if self._room() - width_of(prefix.rest) < _LEAST_CELLS:
            prefix = _Prefix([], [])  # nested deeper than there is room: no further in
        self._prefixes.append(prefix)

    def _open_item(self) -> None:
        around = self._lists[-1]
        if around.number is None:
            first: Row = [(f"{self.symbols['bullet']} ", "")]
        else:
            first = [(f"{str(around.number)[:12]}. ", "")]
            around.number += 1
        if self._wants_gap:
            self._gap(False)
        self._push(_Prefix(first, [(" " * width_of(first), "")]))

    def _close(self) -> None:
        prefix = self._prefixes[-1]
        if not prefix.is_used and prefix.first:
            self._emit_row([])
        self._prefixes.pop()

    # ------------------------------------------------------------ what stands in the blocks

    def _inline(self, token: Token) -> None:
        pieces = inline_pieces(token.content)
        if self._heading:
            pieces = [(words, "strong bold" if not style else f"{style} bold") for words, style in pieces]
        if self._table is not None:
            self._table[-1].append([(words.replace("\n", " "), style) for words, style in pieces])
        else:
            self._emit(pieces)

    def _block_of_code(self, token: Token) -> None:
        self._gap(False)
        code = token.content.removesuffix("\n")
        language = token.info.split()[0] if token.info.split() else ""
        part = Stretch(0, len(code), "code", language, 1, code.count("\n") + 1, len(code) <= PIECE)
        for row in code_rows(code, part, max(_LEAST_CELLS, self._room()), self.symbols):
            self._emit_row(row)
        self._wants_gap = True

    def _in_table(self, sort: str) -> None:
        if sort == "table_open":
            self._gap(False)
            self._table = []
        elif sort == "tr_open" and self._table is not None:
            self._table.append([])
        elif sort == "table_close" and self._table is not None:
            table, self._table = self._table, None
            for row in _table_rows(table, self._room(), self.symbols):
                self._emit(row)
            self._wants_gap = True


def _table_rows(table: list[list[Row]], width: int, symbols: Symbols) -> list[Row]:
    """Columns under one another where they fit; else each line with bars between its cells."""
    columns = max((len(line) for line in table), default=0)
    cells = [max((width_of(line[at]) for line in table if at < len(line)), default=0) for at in range(columns)]
    fits = sum(cells) + 3 * max(0, columns - 1) <= width
    rows: list[Row] = []
    for number, line in enumerate(table):
        row: Row = []
        for at, cell in enumerate(line):
            if at:
                row.append((" | " if not fits else "   ", "muted"))
            row += [(words, "strong bold" if not number and not style else style) for words, style in cell]
            if fits and at < len(line) - 1:
                row.append((" " * (cells[at] - width_of(cell)), ""))
        rows.append(row)
        if not number and fits:
            rows.append([(symbols["rule"] * (sum(cells) + 3 * (columns - 1)), "rule")])
    return rows


_INLINE_STYLES: Final = {"strong": "strong bold", "em": "italic", "s": "strike"}


def inline_pieces(content: str) -> list[Piece]:
    """A paragraph's words with their emphasis, its links with their address; as written where it looks dangerous."""
    if len(content) > LONGEST_PARAGRAPH or len(_SIGNS.findall(content)) > MOST_SIGNS:
        return [(safe(content, newlines=True), ""), ("  (as written)", "muted")]
    pieces: list[Piece] = []
    styles: list[str] = []
    links: list[tuple[str, int]] = []
    tokens: list[Token] = []
    parser = _parser()
    parser.inline.parse(content, parser, {}, tokens)
    for token in tokens:
        name = token.tag
        if token.type in ("softbreak", "hardbreak"):
            pieces.append(("\n", ""))
        elif token.type == "code_inline":
            pieces.append((safe(token.content), "code-keyword"))
        elif token.type == "image":
            pieces += _address(f"[image: {token.content or 'unnamed'}]", str(token.attrGet("src") or ""))
        elif token.type == "link_open":
            links.append((str(token.attrGet("href") or ""), len(pieces)))
        elif token.type == "link_close" and links:
            address, at = links.pop()
            said = "".join(words for words, _ in pieces[at:])
            pieces += _address("", address) if address and safe(address) not in (said, f"mailto:{said}") else []
        elif name in _INLINE_STYLES and token.nesting:
            styles.append(_INLINE_STYLES[name]) if token.nesting > 0 else styles.pop()
        elif token.content:
            pieces.append((safe(token.content, newlines=True), " ".join(dict.fromkeys(styles))))
    return [piece for piece in pieces if piece[0]]


def _address(words: str, address: str) -> list[Piece]:
    shown = address if len(address) <= 400 else address[:400] + "…"
    return [(words, ""), (f" ({safe(shown)})" if address else "", "muted")]
