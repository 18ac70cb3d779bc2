"""The repair report as rows: findings with their numbers, the spans and bytes they are about, files that could not be read.

Pure functions of plain values. Texts of a trace become safe here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePath
from typing import Final

from tracetui.core import text
from tracetui.core.repairs import Finding
from tracetui.core.symbols import Symbols
from tracetui.core.text import cut, safe
from tracetui.tui.presentation.detail import Row
from tracetui.tui.presentation.pieces import cut_pieces, spread, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.wrap import one_line

_PATH_SHARE: Final = 0.45
_PATH_CELLS: Final = 44
"""Cells of a path at most: its last folders tell it apart, and the reason needs the room."""
_LEAST_GROUPED: Final = 3
_BAD: Final = frozenset({"unreadable", "cut", "lost", "missing", "taken_back"})
_STRANGE: Final = frozenset({"orphans", "twice", "again", "no_start", "early", "late", "negative", "backwards"})


def finding_row(finding: Finding, width: int, selected: str, symbols: Symbols, is_open: bool | None) -> Row:
    """`▾ ! orphans  3   their parent was never recorded`; `is_open` None: nothing is below it."""
    fold = "  " if is_open is None else f"{symbols['fold_open' if is_open else 'fold_closed']} "
    mark, style = "  ", "muted"
    if finding.what in _BAD:
        mark, style = f"{symbols['error']} ", "status-error"
    elif finding.what in _STRANGE:
        mark, style = f"{symbols['warning']} ", "status-warning"
    sort = finding.sort
    left: Row = [(fold, "muted"), (mark, style), (sort.label, selected or "strong")]
    if finding.count:
        left.append((f"  {text.exact(finding.count, symbols)}", "strong bold"))
    why = sort.why if finding.count else (safe(finding.details[0]) if finding.details else sort.why)
    room = width - width_of(left) - 3
    if room >= 12:
        left.append(("   " + cut(why, room, symbols=symbols), "muted"))
    return cut_pieces(left, width, symbols)


def span_row(name: str, kind: str, about: str, start: int | None, width: int, selected: str, symbols: Symbols) -> Row:
    """A span that something was found at: kind, name, what was found, since the run's start. `start` in ns."""
    left: Row = [("      ", ""), (f"{symbols.get(kind)} ", kind_style(kind))]
    left.append((one_line(name, max(8, width // 2), symbols) or "(no name)", selected))
    right: Row = [(text.offset(start, symbols), "muted")]
    room = width - width_of(left) - width_of(right) - 4
    if about and room >= 8:
        left.append(("  " + cut(safe(about), room, symbols=symbols), "muted"))
    return spread(left, right, width, symbols)


def bytes_row(
    path: str, line: int, offset: int, reason: str, width: int, selected: str, symbols: Symbols, is_open: bool
) -> Row:
    """Bytes that could not be read: file and line, why. Opens to what stands there."""
    place = f":{line}" if line else f" at {offset:,}"
    cells = max(12, min(_PATH_CELLS, int(width * _PATH_SHARE))) - len(place)
    left: Row = [
        ("    ", ""),
        (f"{symbols['fold_open' if is_open else 'fold_closed']} ", "muted"),
        (cut(safe(path), cells, "folders", symbols), selected),
        (place, "strong bold"),
    ]
    room = max(1, width - width_of(left) - 2)
    return cut_pieces([*left, ("  " + cut(safe(reason), room, symbols=symbols), "muted")], width, symbols)


@dataclass(frozen=True, slots=True)
class Files:
    """Files that are told of together: of one folder, for one reason. One that stands alone has no folder."""

    folder: str
    reason: str
    paths: tuple[str, ...]


def grouped(paths: Sequence[tuple[str, str]]) -> list[Files]:
    """Paths with reasons, those of one folder below what all have in common together; in the order of the paths.

    Fewer than `_LEAST_GROUPED` of a sort stand by themselves.
    """
    parents = [PurePath(path).parent.parts for path, _ in paths]
    # What the first and the last in order have in common, all have.
    ends = zip(min(parents), max(parents), strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    found: dict[tuple[str, str], list[str]] = {}
    for (path, reason), parent in zip(paths, parents, strict=True):
        folder = f"{parent[common]}/" if len(parent) > common else ""
        found.setdefault((folder, reason), []).append(path)
    groups: list[Files] = []
    for (folder, reason), members in found.items():
        if len(members) < _LEAST_GROUPED:
            groups += [Files("", reason, (path,)) for path in members]
        else:
            own = folder or f"{PurePath(*parents[0][:common]).name}/"
            groups.append(Files(own, reason, tuple(members)))
    return groups


def file_row(path: str, reason: str, mark: str, width: int, symbols: Symbols) -> Row:
    """A file that could not be read at all, and why."""
    style = "status-error" if mark == "error" else "muted"
    shown = cut(safe(path), max(12, min(_PATH_CELLS, int(width * _PATH_SHARE))), "folders", symbols)
    left: Row = [("  ", ""), (f"{symbols[mark]} ", style), (shown, "")]
    room = max(1, width - width_of(left) - 2)
    return cut_pieces([*left, ("  " + cut(safe(reason), room, symbols=symbols), "muted")], width, symbols)


def files_row(
    folder: str, count: int, reason: str, mark: str, width: int, selected: str, symbols: Symbols, is_open: bool
) -> Row:
    """`▸ ∙ mlflow/…  31 files  not recognised: no format knows it`: files of one folder with one reason."""
    number = f"  {text.count(count, symbols)} files"
    cells = max(12, min(_PATH_CELLS, int(width * _PATH_SHARE))) - len(number)
    left: Row = [
        (f"{symbols['fold_open' if is_open else 'fold_closed']} ", "muted"),
        (f"{symbols[mark]} ", "status-error" if mark == "error" else "muted"),
        (cut(safe(folder), cells, "folders", symbols), selected),
        (number, "strong bold"),
    ]
    room = max(1, width - width_of(left) - 2)
    return cut_pieces([*left, ("  " + cut(safe(reason), room, symbols=symbols), "muted")], width, symbols)


def detail_row(words: str, width: int, symbols: Symbols) -> Row:
    """A file or a reason below a finding."""
    return [("      ", ""), (one_line(words, max(1, width - 6), symbols), "")]


def path_row(path: str, width: int, symbols: Symbols) -> Row:
    """A file below the row of its folder."""
    return [("      ", ""), (cut(safe(path), max(1, width - 6), "folders", symbols), "")]
