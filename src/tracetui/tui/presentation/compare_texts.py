"""What differs at one row of a comparison, in words and as changed lines: the lower part of the screen.

Lines of one side are marked by their sign and by colour; long ones are wrapped behind the sign. Texts are untrusted and made
safe here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.core.comparing.alignment import NONE
from tracetui.core.comparing.parting_lines import seen_words, what_differs
from tracetui.core.jsontext import json_text
from tracetui.core.model import ABSENT
from tracetui.core.text import cell_width, cut
from tracetui.tui.presentation.comparing import clean
from tracetui.tui.presentation.detail import Look, rule_row
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.wrap import one_line, shown, wrap

if TYPE_CHECKING:
    from tracetui.core.comparing import Parting, Row
    from tracetui.core.comparing.row_words import RowWords
    from tracetui.core.comparing.values import Difference, Differences
    from tracetui.tui.comparing import Compared, Texts

Pieces = list[Piece]

MOST_ROWS: Final = 20_000
"""Rows of changed lines that are shown; how many there are more is told."""
_LONGEST_VALUE: Final = 20_000
"""Characters of a value that only one side has; the rest is told."""
_STYLES: Final = {"-": "diff-removed", "+": "diff-added", " ": "muted"}
_SIGN_CELLS: Final = 4
_LONGEST: Final = 2_000
"""Characters of a text that is shown in one row."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the detail is about.

    Attributes:
        row: Of the comparison.
        number: Which of the differences this is, from 1; 0: none of them.
        of: How many there are.
        parting: Where the runs part, if that is here.
    """

    row: Row
    number: int
    of: int
    parting: Parting | None = None


def place_rows(compared: Compared, words: RowWords, place: Place, texts: Texts | None, look: Look) -> list[Pieces]:
    """What differs at a row; `texts` None: they are being read."""
    row, symbols, width = place.row, look.symbols, look.width
    rows = [_title_row(place, look), _name_row(compared, words, row, look)]
    for letter, at in (("A", 0), ("B", 1)):
        rows.append(_side_row(letter, at, words, row, texts, look))
    if place.parting is not None and place.parting.answered != NONE:
        answered = compared.comparison.row(place.parting.answered)
        before = (
            f"  The first other output to the same input was that of {clean(answered.name, symbols) or '(no name)'}."
        )
        rows.append([(cut(before, width, symbols=symbols), "muted")])
    rows += [[(cut(f"  {each}", width, symbols=symbols), "muted")] for each in words.beside_runs(row)]
    if texts is None:
        reads = row.a != NONE and row.b != NONE
        return [*rows, [], [(f"  reading texts{symbols.reading}", "muted")]] if reads else rows
    parts = list(_parts(texts, look))
    if not parts and row.a != NONE and row.b != NONE:
        parts = [[], [("  Input and output are the same, or not recorded.", "muted")]]
    return [*rows, *parts]


def _title_row(place: Place, look: Look) -> Pieces:
    symbols = look.symbols
    if place.parting is not None:
        return rule_row("First divergence", seen_words(place.parting, symbols), look)
    number = f"{text.count(place.number)} of {text.count(place.of)}"
    return rule_row(f"Difference {number}" if place.number else "No difference of its own", "", look)


def _name_row(compared: Compared, words: RowWords, row: Row, look: Look) -> Pieces:
    symbols, kind = look.symbols, row.kind.name
    name = one_line(clean(row.name[:_LONGEST], symbols), max(8, look.width // 2), symbols) or "(no name)"
    pieces: Pieces = [(f"{symbols[kind]} ", kind_style(kind)), (f"{kind} ", "muted"), (name, "strong bold")]
    parting = compared.parting
    is_parting = parting is not None and parting.divergence is not None and parting.divergence.row == row.index
    said = [clean(note, symbols) for note in words.notes(row)]
    if not said and is_parting and parting is not None:
        said = [what_differs(parting, row, "B", symbols)]
    if not said and row.marks:
        said = [f"another {mark}" for mark in row.marks]
    if said:
        pieces.append(("  " + "  ".join(said), "status-error" if row.outcomes[1] == "error" else ""))
    crumb = f" {symbols['crumb']} "
    path = crumb.join(clean(name, symbols) for name in compared.comparison.path(row.index))
    room = look.width - width_of(pieces) - 3
    if path and room >= 12:
        while cell_width(path) > room and crumb in path:
            path = path.partition(crumb)[2]
        pieces.append(("  " + cut(path, room, symbols=symbols), "muted"))
    return cut_pieces(pieces, look.width, symbols)


def _side_row(letter: str, at: int, words: RowWords, row: Row, texts: Texts | None, look: Look) -> Pieces:
    symbols, outcome = look.symbols, row.outcomes[at]
    if row.figures[at] is None:
        return [("  ", ""), (letter, "strong bold"), (f"  {symbols.none}  not there", "muted")]
    bad = outcome == "error"
    word = "" if outcome in (None, "unset") else str(outcome)
    style = "status-error" if bad else "status-open" if outcome == "open" else "muted"
    pieces: Pieces = [("  ", ""), (letter, "strong bold"), (f"  {word:<8}", style)]
    pieces.append((text.fit(words.time(row.figures[at]), 7), "status-error" if bad else ""))
    said = "" if texts is None else clean(texts.said[at][:_LONGEST], symbols)
    room = look.width - width_of(pieces) - 3
    if said and room > 4:
        pieces.append(("  " + one_line(said, room, symbols), "" if bad else "muted"))
    return pieces


def _parts(texts: Texts, look: Look) -> Iterator[Pieces]:
    left = MOST_ROWS
    for title, found in (("What differs in the input", texts.input), ("What differs in the output", texts.output)):
        if found is None or not found.found:
            continue
        yield []
        yield rule_row(title, _fact(found), look)
        rows = 0
        for row in _differences(found, look):
            rows += 1
            if left > 0:
                left -= 1
                yield row
        if rows > MOST_ROWS:
            yield [(f"  {look.symbols['more']} and {text.count(rows - MOST_ROWS)} more lines", "muted")]
        for name, value in found.same:
            line = clean(f"{json_text(name)}: {json_text(value)}"[:_LONGEST], look.symbols)
            yield [
                (" " * _SIGN_CELLS, ""),
                (one_line(line, max(8, look.width - _SIGN_CELLS - 1), look.symbols), "muted"),
            ]


def _fact(found: Differences) -> str:
    if found.stopped:
        return "the beginning of it"
    if found.approximate:
        return "aligned by count"
    return f"{found.keys_different} of {found.keys} keys" if found.keys else ""


def _differences(found: Differences, look: Look) -> Iterator[Pieces]:
    for each in found.found:
        if each.lines and (len(each.lines) > 2 or not each.path):
            yield from _text_lines(each, look)
        else:
            yield from _value_lines(each, look)


def _text_lines(each: Difference, look: Look) -> Iterator[Pieces]:
    symbols = look.symbols
    if each.path:
        yield [
            ("  " + one_line(clean(each.path[:_LONGEST], symbols), max(8, look.width - 4), symbols) + ":", "code-key")
        ]
    for line in each.lines:
        if line.sign == "@":
            yield [(f"    {symbols.cut} {line.text} equal line{'' if line.text == '1' else 's'}", "muted")]
        else:
            yield from _signed_lines(line.sign, line.text, look)


def _value_lines(each: Difference, look: Look) -> Iterator[Pieces]:
    lead = f"{json_text(each.path)}: " if each.path else ""
    texts = {line.sign: line.text for line in each.lines}
    for sign, value in (("-", each.a), ("+", each.b)):
        if value is not ABSENT:
            said = json_text(texts[sign]) if sign in texts else json_text(value)
            more = len(said) - _LONGEST_VALUE
            rest = f" [{text.count(more)} more characters]" if more > 0 else ""
            yield from _signed_lines(sign, lead + said[:_LONGEST_VALUE] + rest, look)


def _signed_lines(sign: str, line: str, look: Look) -> Iterator[Pieces]:
    """A line behind its sign; what is too long goes on below it."""
    symbols = look.symbols
    glyph = {"-": symbols["removed"], "+": symbols["added"]}.get(sign, " ")
    room = max(8, look.width - _SIGN_CELLS - 1)
    for number, part in enumerate(wrap(clean(line, symbols), room)):
        lead = f"  {glyph} " if not number else " " * _SIGN_CELLS
        yield [(lead + shown(part, room), _STYLES[sign])]
