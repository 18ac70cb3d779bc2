"""What cleaning deletes, or would, and what stays with the reason: as lines of text and as JSON facts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tracetui.core.figures import age, bytes_size, exact
from tracetui.core.recording.cleaning import WHYS, Cleaned, CleanResult, Kept
from tracetui.core.summary import iso_time, path_facts
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut, safe

Facts = dict[str, Any]

_ID_CELLS: Final = 12
_SIZE_CELLS: Final = 7
_AGE_CELLS: Final = 6


def clean_lines(
    result: CleanResult, now_ns: int, symbols: Symbols, width: int | None, *, every_kept: bool
) -> Iterator[str]:
    """All of it, files in full.

    Args:
        result: What was deleted, or would be.
        now_ns: What ages are counted to, ns since the epoch.
        symbols: For what is cut.
        width: Cells of a line that names a run; None: as long as it is.
        every_kept: Tell of each run that stays, and not only how many stay for which reason.
    """
    for run in result.runs:
        yield _deleted_line(run, now_ns, symbols, width)
        yield from (f"    {safe(shown_path(path))}" for path in run.paths)
    if result.runs:
        yield ""
    if result.kept and every_kept:
        for kept in result.kept:
            yield _fitted(f"{_id(kept.id, symbols)}  {safe(kept.name)}", symbols, width)
            yield f"    stays: {safe(kept.reason)}"
        yield ""
    elif result.kept:
        yield _counted(len(result.kept), "run stays", "runs stay") + ":"
        for why, count in Counter(kept.why for kept in result.kept).most_common():
            yield f"{count:>7,}  {WHYS[why]}"
    yield _total(result)


def clean_facts(result: CleanResult) -> Facts:
    """The same for a script."""
    whys = Counter(kept.why for kept in result.kept)
    return {
        "dry_run": result.dry_run,
        "runs": [_run_facts(run) | {"bytes": run.bytes, "last_activity": iso_time(run.last_ns)} for run in result.runs],
        "files": len(set(result.paths)),
        "bytes": result.bytes,
        "kept": [_run_facts(run) | {"why": run.why, "reason": run.reason} for run in result.kept],
        "kept_by_reason": dict(sorted(whys.items())),
    }


def _run_facts(run: Cleaned | Kept) -> Facts:
    paths = [path_facts(str(path)) for path in run.paths]
    facts: Facts = {"id": run.id, "name": run.name, "format": run.format, "paths": [each["path"] for each in paths]}
    if any("path_bytes" in each for each in paths):
        facts["path_bytes"] = [each.get("path_bytes") for each in paths]
    return facts


def shown_path(path: Path) -> str:
    """A path as short as it can be typed from here: relative below the current folder."""
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)


def _deleted_line(run: Cleaned, now_ns: int, symbols: Symbols, width: int | None) -> str:
    old = f"{age(now_ns - run.last_ns, symbols):>{_AGE_CELLS}} old"
    line = f"{old}  {bytes_size(run.bytes, symbols):>{_SIZE_CELLS}}  {_id(run.id, symbols)}  {safe(run.name)}"
    return _fitted(line, symbols, width)


def _fitted(line: str, symbols: Symbols, width: int | None) -> str:
    return line if width is None else cut(line, width, symbols=symbols)


def _id(id: str, symbols: Symbols) -> str:
    shown = cut(safe(id), _ID_CELLS, "id", symbols)
    return shown + " " * (_ID_CELLS - cell_width(shown))


def _total(result: CleanResult) -> str:
    files = _counted(len(set(result.paths)), "file", "files")
    what = f"{_counted(len(result.runs), 'run', 'runs')} in {files}, {bytes_size(result.bytes)}"
    if not result.runs:
        return "nothing to delete" if result.dry_run else "nothing was deleted"
    return f"{what}: nothing was deleted yet, --yes deletes them" if result.dry_run else f"deleted {what}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{exact(number)} {one if number == 1 else many}"
