"""How runs are called: the ids that are printed, unique within an answer, and the run that a word means.

Used by every command that takes a RUN and by the screen's ``--pick``. Ids and names are untrusted and as recorded.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import pairwise

from tracetui.core.errors import Ambiguous, NotFound
from tracetui.core.store import Run

MOST_CANDIDATES = 20
"""Candidates told of an ambiguous name; more help nobody."""

_SHORTEST = 4


def printed_ids(runs: Iterable[Run]) -> dict[int, str]:
    """Run row to id: the recorded one; where several runs have the same, ``@`` and the format (and a number) follow."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.id, []).append(run)
    ids = {group[0].row: id for id, group in groups.items() if len(group) == 1}
    taken = set(ids.values())
    for id, group in groups.items():
        for run in sorted(group, key=lambda run: (run.format, run.key)) if len(group) > 1 else ():
            first = name = f"{id}@{run.format}"
            number = 1
            while name in taken:
                number += 1
                name = f"{first}-{number}"
            taken.add(name)
            ids[run.row] = name
    return ids


def short_ids(ids: dict[int, str]) -> dict[int, str]:
    """Run row to the shortest beginning of its id, of 4 characters or more, that no other id begins with."""
    rows = sorted(ids, key=ids.__getitem__)
    common = [_common(ids[before], ids[after]) for before, after in pairwise(rows)]
    short = {}
    for at, row in enumerate(rows):
        needed = 1 + max(common[at - 1] if at else 0, common[at] if at < len(common) else 0)
        short[row] = ids[row][: max(needed, _SHORTEST)]
    return short


def _common(one: str, other: str) -> int:
    """Length of the common beginning."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))


def newest_first(runs: Iterable[Run]) -> list[Run]:
    """Runs by start, the newest first; those without a time last, in order of their files' change."""
    return sorted(runs, key=lambda run: (-1 if run.start is None else run.start, run.mtime_ns, run.row), reverse=True)


def find_run(word: str, runs: Iterable[Run], is_failed: Callable[[Run], bool]) -> Run:
    """The run that a word means, the first of `meant_runs`; raises what that does."""
    return meant_runs(word, runs, is_failed)[0]


def meant_runs(word: str, runs: Iterable[Run], is_failed: Callable[[Run], bool]) -> list[Run]:
    """The run that a word means: ``latest``, ``failed``, an id, the unique beginning of one, a name (its newest run).

    It comes first and alone, but with all others of its name, the newest first, if it was found by a name.

    Args:
        word: As typed.
        runs: What it may mean.
        is_failed: Whether a run has the status ``error``.

    Raises:
        Ambiguous: The beginning of several ids, and no name.
        NotFound: Nothing of that.
    """
    candidates = newest_first(runs)
    if word in ("latest", "failed"):
        found = next((run for run in candidates if word == "latest" or is_failed(run)), None)
        if found is None:
            raise NotFound("no run has failed" if word == "failed" else "there is no run")
        return [found]
    ids = printed_ids(candidates)
    exact = [run for run in candidates if ids[run.row] == word] or [run for run in candidates if run.id == word]
    if len(exact) == 1:
        return exact
    beginning = exact or _beginning(word, candidates, ids)
    if len(beginning) == 1:
        return beginning
    named = [run for run in candidates if run.name == word]
    if named and not exact:
        return named
    if beginning:
        raise Ambiguous(f"{word!r} is the beginning of {len(beginning)} ids", candidate_lines(beginning, ids))
    if "/" in word:
        raise NotFound(f"no such file or folder: {word!r}")
    words = dict.fromkeys(text for run in candidates for text in (run.name, ids[run.row]) if len(text) <= _SHORT)
    close = difflib.get_close_matches(word[:_SHORT], list(words)[:_FEW_WORDS], 1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    raise NotFound(
        f"no run is called {word!r}; {meant}`tracetui list PATH` shows the runs of a path, and --in PATH looks there"
    )


_SHORT = 80
_FEW_WORDS = 2_000
"""Comparing is quadratic in the length of names, which are whatever a recording says."""


def _beginning(word: str, runs: list[Run], ids: dict[int, str]) -> list[Run]:
    if not word:
        return []
    ordered = sorted((ids[run.row], index) for index, run in enumerate(runs))
    at = bisect_left(ordered, (word, -1))
    found = []
    while at < len(ordered) and ordered[at][0].startswith(word):
        found.append(ordered[at][1])
        at += 1
    return [runs[index] for index in sorted(found)]


def candidate_lines(runs: list[Run], ids: dict[int, str]) -> list[str]:
    """A line for each of several runs, the first ``MOST_CANDIDATES`` of them, and how many more there are."""
    lines = [f"{ids[run.row]}  {run.name}".rstrip() for run in runs[:MOST_CANDIDATES]]
    more = len(runs) - MOST_CANDIDATES
    return [*lines, f"and {more} more"] if more > 0 else lines
