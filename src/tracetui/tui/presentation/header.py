"""The header line, the chips and the footer as text: what each shows, and what goes first where width lacks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.core.model import CHIPS, RunStatus
from tracetui.core.symbols import Symbols
from tracetui.tui.presentation.pieces import Piece, first_that_fits, spread, width_of
from tracetui.tui.presentation.runs import STATUS_STYLES

if TYPE_CHECKING:
    from tracetui.core.store import Run

_KIND_STYLES: Final = ("kind-agent", "kind-llm", "kind-tool", "kind-retrieval", "kind-step")
_SHORT_WORDS: Final = {"retriever": "retr"}
_CHIP_FORMS: Final = (
    (2, True, True, True),
    (1, True, True, True),
    (1, False, True, True),
    (1, False, True, False),
    (1, False, False, False),
    (0, False, True, False),
    (0, False, False, False),
)
"""What is tried in turn until the chips fit: words (2 full, 1 short, 0 none), counts on all, on active ones, inner blanks."""
NOTICE_STYLES: Final = {"plain": "", "warning": "status-warning", "error": "status-error"}


@dataclass(slots=True)
class HeaderFacts:
    """What the header says."""

    path: str
    """What is open, as the user named it; untrusted."""
    counts: dict[RunStatus, int]
    runs: int
    shown: int | None = None
    """How many of them a search or filter of the list leaves; None: it hides none."""
    is_reading: bool = False
    """Not all is read: no run yet is not no run."""


def header_left(facts: HeaderFacts, symbols: Symbols) -> list[list[Piece]]:
    """The left part of the header, from its longest form to its shortest."""
    name: list[Piece] = [(" ", ""), ("tracetui", "accent bold")]
    path, short = (
        [("  ", ""), (text.cut(text.safe(facts.path), cells, "path", symbols), "muted")] for cells in (40, 16)
    )
    runs: list[Piece] = [("  ", ""), (text.count(facts.runs), ""), (" runs" if facts.runs != 1 else " run", "muted")]
    if facts.shown is not None:
        runs[1:1] = [(text.count(facts.shown), "strong"), (" of ", "muted")]
    if facts.is_reading and not facts.runs:
        runs = [("  ", ""), (f"reading{symbols.reading}", "muted")]
    live = _count("running", RunStatus.running, "live", facts, symbols)
    failed = _count("error", RunStatus.error, "failed", facts, symbols)
    stalled = _count("stalled", RunStatus.stalled, "stalled", facts, symbols)
    return [
        [*name, *path, *runs, *live, *failed, *stalled],
        [*name, *short, *runs, *live, *failed],
        [*name, *runs, *live, *failed],
        [*runs[1:], *live, *failed],
        name,
    ]


def _count(symbol: str, status: RunStatus, word: str, facts: HeaderFacts, symbols: Symbols) -> list[Piece]:
    number = facts.counts.get(status, 0)
    if not number:
        return []
    return [("  ", ""), (f"{symbols[symbol]} {text.count(number)}", STATUS_STYLES[status]), (f" {word}", "muted")]


def header_line(left: list[list[Piece]], right: list[list[Piece]], width: int, symbols: Symbols) -> list[Piece]:
    """The header: the longest left part beside the longest right part that fit, the right end a blank.

    Args:
        left: Forms of the left part, longest first.
        right: Forms of the right part, longest first; the left part gives way to the shortest of them.
        width: Cells.
        symbols: The set in use.
    """
    inner = width - 1
    for shown in left:
        for said in right:
            if width_of(shown) + width_of(said) + (2 if said else 0) <= inner:
                return [*spread(shown, said, inner, symbols), (" ", "")]
    return [*spread(left[-1], right[0] if right else [], inner, symbols), (" ", "")]


def chip_line(run: Run | None, active: Collection[int], width: int, symbols: Symbols) -> list[Piece]:
    """The chips of a run: what each number key shows. Full words with counts, then less, until it fits."""
    counts = [chip_count(run, number) for number in range(1, len(CHIPS) + 1)]
    candidates = (
        _chips(counts, active, symbols, words=words, all_counts=all_counts, active_counts=active_counts, blanks=blanks)
        for words, all_counts, active_counts, blanks in _CHIP_FORMS
    )
    return first_that_fits(candidates, width, symbols)


def chip_count(run: Run | None, number: int) -> int:
    """Members that chip `number` (1 to 9) has in a run."""
    if run is None:
        return 0
    _, kinds, classes = CHIPS[number - 1]
    return sum(run.kind_counts[kind] for kind in kinds) + sum(run.class_counts[cls] for cls in classes)


def _chips(
    counts: Sequence[int],
    active: Collection[int],
    symbols: Symbols,
    *,
    words: int,
    all_counts: bool,
    active_counts: bool,
    blanks: bool,
) -> list[Piece]:
    pieces: list[Piece] = []
    for number, (word, kinds, _classes) in enumerate(CHIPS, start=1):
        count, is_on = counts[number - 1], number in active
        label = ("", _SHORT_WORDS.get(word, word), word)[words]
        figure = text.count(count) if count and (all_counts or (active_counts and is_on)) else ""
        symbol = symbols.get(word, symbols["other"])
        inner = " " if blanks else ""
        if is_on:
            shown = inner.join(part for part in (str(number), symbol, label) if part)
            pieces.append((f"[{shown}{' ' + figure if figure else ''}]", "selected"))
            continue
        if not count:
            pieces.append((f" {number}{inner}{symbol}{inner}{label} ", "muted"))
            continue
        symbol_style = _KIND_STYLES[number - 1] if kinds and number <= len(_KIND_STYLES) else "muted"
        pieces += [
            (" ", ""),
            (str(number), "strong bold"),
            (inner, ""),
            (symbol, symbol_style),
            (f"{inner}{label}", ""),
        ]
        pieces.append((f" {figure} " if figure else " ", "muted"))
    return pieces


def footer_line(
    keys: Sequence[tuple[str, str]],
    right: list[Piece],
    width: int,
    symbols: Symbols,
    always: Sequence[tuple[str, str]] = (("?", "help"),),
) -> list[Piece]:
    """Keys and what they do, as many as fit beside what stands at the right; `always` is never left out.

    Args:
        keys: Key and word, the most useful first.
        right: What stands at the right end; left out where it does not fit beside three keys.
        width: Cells.
        symbols: The set in use.
        always: The keys that have their place at the end in any case.
    """
    last = [piece for number, each in enumerate(always) for piece in ([("  ", "")] if number else []) + _key(*each)]
    room = width - 2 - width_of(last)
    if width_of(right) > room // 2:
        right = []
    room -= width_of(right) + 2 if right else 0
    shown: list[Piece] = [(" ", "")]
    for key, word in keys:
        piece = _key(key, word)
        if width_of(piece) + 2 > room:
            break
        shown += [*piece, ("  ", "")]
        room -= width_of(piece) + 2
    return [*spread([*shown, *last], right, width - 1, symbols), (" ", "")]


def _key(key: str, word: str) -> list[Piece]:
    return [(key, "strong bold"), (f" {word}", "muted")]
