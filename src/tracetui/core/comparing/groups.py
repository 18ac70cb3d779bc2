"""Many runs against many: a good folder and a bad one, by medians of the runs and of each name path.

A path is the names from the top down; the only root of a run counts as the same whatever it is called, and so does what only
groups others. Of each path and side:
in how many runs it appears, in how many a span of it failed, and the medians of what it took in the runs where it appears.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from tracetui.core.comparing.comparison import dense, spent
from tracetui.core.comparing.sides import STAR, Floats, Side, sides
from tracetui.core.model import NO_TIME, Flag, Kind, Status
from tracetui.core.store.shape import Longs

if TYPE_CHECKING:
    from tracetui.core.pricing import Costs
    from tracetui.core.store import Run, Store

FIGURES: Final = ("duration_ns", "own_ns", "tokens", "usd")
"""Sums over the spans of one path in one run: time, time that no child covers, own tokens, own cost."""

_ROOT: Final = (-1, "")
_SHARE: Final = 0.10
"""A median that differs by less of the run's median is no difference."""


@dataclass(slots=True)
class PathFigures:
    """One path on one side."""

    runs: int = 0
    """In which it appears."""
    failed: int = 0
    """Runs in which a span of it failed."""
    calls: float = 0
    """Median of spans of it in a run."""
    medians: dict[str, float | None] = field(default_factory=dict)
    """Of ``FIGURES``, over the runs where it appears and the figure is known."""


@dataclass(slots=True)
class PathRow:
    """One path on both sides."""

    name: str
    """Untrusted."""
    above: int
    """Index of the row of the path without its last name, -1 for one at the top."""
    depth: int
    kind: Kind
    a: PathFigures
    b: PathFigures
    state: str
    """``only_a``, ``only_b``, ``changed`` or ``same``."""
    score: float
    """How much of a difference it is: the largest difference of failure rates, of appearance, and of the shares of the runs'
    medians of time, tokens and cost."""
    why: tuple[str, ...]
    """What differs: ``failures``, ``runs``, ``time``, ``tokens``, ``cost``."""


@dataclass(slots=True)
class Group:
    """The runs of one side."""

    runs: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    medians: dict[str, float | None] = field(default_factory=dict)
    """Of ``duration_ns``, ``tokens``, ``usd``, ``spans``, ``errors``."""


@dataclass(slots=True)
class GroupComparison:
    """A good folder against a bad one."""

    a: Group
    b: Group
    rows: list[PathRow]
    """Every path, as it was met first."""

    def ranked(self) -> list[PathRow]:
        """The differences, the largest first; of equal ones the deepest, which explains those above it."""
        found = [row for row in self.rows if row.why]
        return sorted(found, key=lambda row: (-round(row.score, 6), -row.depth))

    def path(self, row: PathRow) -> list[str]:
        """Names from the top down, its own at the end. Untrusted."""
        names = [row.name]
        while row.above >= 0:
            row = self.rows[row.above]
            names.append(row.name)
        return names[::-1]


@dataclass(slots=True)
class _Path:
    path: tuple[int, tuple[int, str]]
    kind: Kind
    shown: str
    runs: tuple[list[_InRun], list[_InRun]] = field(default_factory=lambda: ([], []))


@dataclass(slots=True)
class _InRun:
    calls: int
    failed: bool
    figures: tuple[float | None, ...]


Member = tuple["Store", "Run", "Costs | None"]


def compare_groups(a: Sequence[Member], b: Sequence[Member], status_of: Callable[[Run, Store], str]) -> GroupComparison:
    """Compare the runs of two folders.

    Args:
        a: What is compared with: each with its store and its costs.
        b: What is compared.
        status_of: The status of a run, in a word.
    """
    paths: dict[tuple[int, tuple[int, str]], int] = {}
    table: list[_Path] = []
    groups: list[Group] = []
    for number, members in enumerate((a, b)):
        totals = []
        statuses: dict[str, int] = {}
        for store, run, costs in members:
            (side,) = sides((store, run, None, costs))
            totals.append(_read(side, number, paths, table))
            word = status_of(run, store)
            statuses[word] = statuses.get(word, 0) + 1
        groups.append(
            Group(len(members), statuses, _medians(("duration_ns", "tokens", "usd", "spans", "errors"), totals))
        )
    one, other = groups
    return GroupComparison(one, other, _rows(table, one, other))


def _read(
    side: Side, number: int, paths: dict[tuple[int, tuple[int, str]], int], table: list[_Path]
) -> tuple[float | None, ...]:
    """Put one run into the table; its own figures."""
    own = _own_figures(side)
    at = _path_numbers(side, paths, table)
    failed = ((side.flags & Flag.announced) > 0) & (side.status == Status.error)
    found, place = np.unique(at, return_inverse=True)
    place = place.reshape(-1)
    counts = np.bincount(place, minlength=len(found))
    failures = np.bincount(place, weights=failed.astype(np.float64), minlength=len(found))
    sums = [_summed(place, values, len(found)) for values in own]
    for index, path in enumerate(found.tolist()):
        figures = tuple(each[index] for each in sums)
        table[path].runs[number].append(_InRun(int(counts[index]), bool(failures[index]), figures))
    length, _ = side.run.duration()
    tokens, usd = (float(np.nansum(values)) if np.isfinite(values).any() else None for values in own[2:])
    return length, tokens, usd, float(side.run.span_count), float(side.run.error_count)


def _own_figures(side: Side) -> list[Floats]:
    size = len(side)
    timed = (side.start != NO_TIME) & (side.end != NO_TIME)
    duration = np.where(timed, np.maximum(side.end - side.start, 0), np.nan)
    own = np.where(side.own_ns == NO_TIME, np.nan, side.own_ns)
    return [duration, own, dense(side, "total")[:size], spent(side)[:size]]


def _summed(place: Longs, values: Floats, count: int) -> list[float | None]:
    known = np.isfinite(values)
    sums = np.bincount(place[known], weights=values[known], minlength=count).tolist()
    counts = np.bincount(place[known], minlength=count).tolist()
    return [value if number else None for value, number in zip(sums, counts, strict=True)]


def _path_numbers(side: Side, paths: dict[tuple[int, tuple[int, str]], int], table: list[_Path]) -> Longs:
    """The number of each position's path."""
    only_root = len(side.children(-1)) == 1
    texts: dict[int, tuple[int, str]] = {}
    found: list[int] = []
    for position, (label, above) in enumerate(zip(side.label.tolist(), side.parent.tolist(), strict=True)):
        text = texts.get(label)
        if text is None:
            name = side.name(position)
            model = side.models.get(position, "")
            if side.flags[position] & Flag.invented:
                name = ""  # called after what is in it, which is never twice the same
            text = texts[label] = (int(side.kind[position]), name.replace(model, STAR) if model else name)
        key = (found[above] if above >= 0 else -1, _ROOT if above < 0 and only_root else text)
        number = paths.get(key)
        if number is None:
            number = paths[key] = len(table)
            table.append(_Path(key, Kind(int(side.kind[position])), side.name(position)))
        found.append(number)
    return np.asarray(found, np.int64)


def _medians(names: Iterable[str], rows: Sequence[tuple[float | None, ...]]) -> dict[str, float | None]:
    result: dict[str, float | None] = {}
    for number, name in enumerate(names):
        known = [row[number] for row in rows if row[number] is not None]
        result[name] = median(value for value in known if value is not None) if known else None
    return result


def _rows(table: list[_Path], a: Group, b: Group) -> list[PathRow]:
    rows: list[PathRow] = []
    for entry in table:
        above = entry.path[0]
        mine, theirs = (_figures(runs) for runs in entry.runs)
        score, why = _weighed(mine, theirs, a, b)
        state = "only_b" if not mine.runs else "only_a" if not theirs.runs else "changed" if why else "same"
        depth = rows[above].depth + 1 if above >= 0 else 0
        rows.append(PathRow(entry.shown, above, depth, entry.kind, mine, theirs, state, score, why))
    return rows


def _figures(runs: list[_InRun]) -> PathFigures:
    return PathFigures(
        len(runs),
        sum(run.failed for run in runs),
        median(run.calls for run in runs) if runs else 0,
        _medians(FIGURES, [run.figures for run in runs]),
    )


def _weighed(mine: PathFigures, theirs: PathFigures, a: Group, b: Group) -> tuple[float, tuple[str, ...]]:
    """How large a difference is, and in what."""
    differences = {
        "failures": abs(_share(theirs.failed, b.runs) - _share(mine.failed, a.runs)),
        "runs": abs(_share(theirs.runs, b.runs) - _share(mine.runs, a.runs)),
    }
    for word, own, whole in (("time", "own_ns", "duration_ns"), ("tokens", "tokens", "tokens"), ("cost", "usd", "usd")):
        left, right = mine.medians.get(own), theirs.medians.get(own)
        most = max(a.medians.get(whole) or 0, b.medians.get(whole) or 0)
        if (left is not None or right is not None) and most > 0:
            differences[word] = abs((right or 0) - (left or 0)) / most
    if not (mine.runs and theirs.runs):  # its whole figures are no news beside that
        differences = {word: differences[word] for word in ("failures", "runs")}
    why = tuple(word for word, value in differences.items() if value >= _SHARE)
    return max(differences.values()), why


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
