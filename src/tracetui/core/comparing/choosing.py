"""Which runs a comparison is of: what the words of the command line mean.

A path is read by itself, so that two recordings of one run stay two; all other words are looked up in one reading of the
places. Two paths of which one holds several runs are compared as groups.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracetui.core.errors import Ambiguous, TracetuiError
from tracetui.core.loading import Loaded, NothingReadable, nothing_found
from tracetui.core.run_names import candidate_lines, meant_runs, printed_ids
from tracetui.core.store import Run


class TooFew(TracetuiError):
    """Less than two runs were named."""


@dataclass(slots=True)
class Chosen:
    """What one word means."""

    word: str
    loaded: Loaded
    runs: list[Run]
    """One; several where a path holds several, the newest first."""
    is_path: bool
    others: list[Run]
    """Other runs of the name that was asked for."""


def choose(
    words: Sequence[str],
    places: Sequence[str],
    read: Callable[[Sequence[str]], Loaded],
    is_failed: Callable[[Loaded], Callable[[Run], bool]],
) -> list[Chosen]:
    """What each word means, in order.

    Args:
        words: As typed.
        places: Where ids and names are looked up; none: the usual place.
        read: Reads paths.
        is_failed: For a reading: whether a run of it failed.

    Raises:
        NothingReadable: A path or the places hold no run.
        Ambiguous: A path with several runs where one is meant, the beginning of several ids.
        NotFound: No run is called so.
        TooFew: There is nothing to compare.
    """
    if len(words) < 2:
        raise TooFew("diff takes two runs or more, or two folders; say where runs are looked for with --in")
    read_before: dict[tuple[str, ...], Loaded] = {}

    def loaded_of(paths: Sequence[str]) -> Loaded:
        key = tuple(paths)
        if key not in read_before:
            read_before[key] = read(paths)
        return read_before[key]

    chosen = [_of_word(word, places, loaded_of, is_failed) for word in words]
    several = [each for each in chosen if len(each.runs) > 1]
    if several and not (len(chosen) == 2 and all(each.is_path for each in chosen)):
        each = several[0]
        raise Ambiguous(
            f"{each.word!r} holds {len(each.runs)} runs; name one of them and the path with --in, "
            "or give two folders to compare all of their runs",
            candidate_lines(each.runs, printed_ids(each.runs)),
        )
    return chosen


def _of_word(
    word: str,
    places: Sequence[str],
    loaded_of: Callable[[Sequence[str]], Loaded],
    is_failed: Callable[[Loaded], Callable[[Run], bool]],
) -> Chosen:
    if os.path.lexists(word) or word == "-":
        loaded = loaded_of((word,))
        if not loaded.runs:
            raise NothingReadable(f"nothing in {word!r} is a run that tracetui can read")
        return Chosen(word, loaded, loaded.runs, True, [])
    loaded = loaded_of(places)
    if not loaded.runs:
        raise NothingReadable(nothing_found(list(places)))
    found, *others = meant_runs(word, loaded.runs, is_failed(loaded))
    return Chosen(word, loaded, [found], False, others)
