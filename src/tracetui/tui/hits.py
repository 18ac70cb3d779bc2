"""What a search of the open run has found: columns by span, filled by a thread while the screen looks at them.

A phrase may stand in every one of a million spans, so nothing is kept for a hit but its span, its record and the number of
its field. A span counts once, whatever it holds how often.
"""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.formats import FORMATS
from tracetui.core.regexes import Cancelled, Child, TooSlow
from tracetui.core.search import Needle, Search, SlowPattern

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from tracetui.core.store.snapshot import Snapshot
    from tracetui.tui.session import Session

TELL_EVERY_S: Final = 0.1
_MOST_WORDS: Final = 50
_LONGEST_WORD: Final = 200
_AT_ONCE: Final = 512


@dataclass(slots=True)
class Hits:
    """Spans that hold what is looked for, in the order in which they were found.

    Args:
        run: Row of the run.
        needle: What is looked for.
    """

    run: int
    needle: Needle
    span: array[int] = field(default_factory=lambda: array("i"))
    record: array[int] = field(default_factory=lambda: array("i"))
    """Row of the record with the first hit in each; -1: its name."""
    place: array[int] = field(default_factory=lambda: array("I"))
    """Number of the field in ``places``."""
    places: list[str] = field(default_factory=list)
    """Fields that were hit, such as `input.messages.3.text`. Untrusted."""
    words: dict[str, None] = field(default_factory=dict)
    """Some of what a regular expression matched, to be marked where it is shown; of a text the text itself."""
    outside: int = 0
    """Hits in records of the run that are of no span."""
    share: float = 0.0
    """How much of the run has been searched, 0 to 1."""
    is_done: bool = False
    fault: str = ""
    """What could not be searched, or why it ended; untrusted."""
    searched_records: int = 0
    _seen: bytearray = field(default_factory=bytearray)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.place)

    def add(self, span: int, record: int, place: str) -> None:
        """A value of a span holds it."""
        if span >= len(self._seen):
            self._seen.extend(bytes(span + 1 - len(self._seen)))
        if self._seen[span]:
            return
        self._seen[span] = 1
        number = self._numbers.get(place)
        if number is None:
            number = self._numbers[place] = len(self.places)
            self.places.append(place)
        self.span.append(span)
        self.record.append(record)
        self.place.append(number)

    def by_row(self) -> npt.NDArray[np.bool_]:
        """Of each span row whether it is hit, as far as rows are known."""
        import numpy as np

        return np.frombuffer(bytes(self._seen), np.bool_)

    def where(self, span: int) -> str:
        """The field of the first hit in a span; empty: its name, or none. Untrusted."""
        try:
            at = self.span.index(span, 0, len(self.place))  # a thread may be adding one
        except ValueError:
            return ""
        return self.places[self.place[at]]


def look(
    hits: Hits, session: Session, snapshot: Snapshot, stop: Event, tell: Callable[[], None], first_record: int = 0
) -> None:
    """Fill ``hits``: names first, then bodies. In a thread; ends when ``stop`` is set. Raises SlowPattern.

    ``first_record``: only what came since.
    """
    hits.is_done = False
    try:
        _look_at_names(hits, snapshot, stop)
    except Cancelled:
        return
    except TooSlow:
        raise SlowPattern("the pattern takes too long on the name of a span") from None
    tell()
    sources = {} if session.feed is None else session.feed.reader.sources
    search = Search(
        snapshot,
        sources,
        FORMATS,
        hits.needle,
        runs=[hits.run],
        names=False,
        context=0,
        lines=False,
        first_record=first_record,
        is_cancelled=stop.is_set,
    )
    told_at = time.monotonic()
    for hit in search.hits():
        if hit.span >= 0:
            hits.add(hit.span, hit.record, hit.field)
        else:
            hits.outside += 1
        if hits.needle.is_regex and len(hits.words) < _MOST_WORDS and len(hit.match) <= _LONGEST_WORD:
            hits.words.setdefault(hit.match)
        now = time.monotonic()
        if now - told_at >= TELL_EVERY_S:
            hits.share = search.searched_bytes / max(1, search.total_bytes)
            tell()
            told_at = now
    if search.unsearched:
        hits.fault = f"{len(search.unsearched)} files could not be searched: {search.unsearched[0].reason}"
    hits.searched_records = len(snapshot.records)
    hits.is_done = not stop.is_set()


def _look_at_names(hits: Hits, snapshot: Snapshot, stop: Event) -> None:
    import numpy as np

    rows = snapshot.rows_of_run(hits.run)
    names = snapshot.spans.np("name")[rows]
    numbers = np.flatnonzero(np.bincount(names)).tolist() if len(names) else []
    found = _names_hit(hits, [snapshot.strings[number] for number in numbers], stop)
    wanted = [number for number, is_hit in zip(numbers, found, strict=True) if is_hit]
    for row in rows[np.isin(names, wanted)].tolist() if wanted else ():
        hits.add(row, -1, "")


def _names_hit(hits: Hits, names: list[str], stop: Event) -> list[bool]:
    needle = hits.needle
    if not needle.is_regex:
        return [needle.find(name) is not None for name in names]
    matcher = Child(stop.is_set)
    found: list[Any] = []
    try:
        for at in range(0, len(names), _AT_ONCE):
            batch = names[at : at + _AT_ONCE]
            places = matcher.places(needle.wanted, needle.flags, batch)
            hits.words.update(
                (name[place[0] : place[1]][:_LONGEST_WORD], None)
                for name, place in zip(batch, places, strict=True)
                if place is not None and len(hits.words) < _MOST_WORDS
            )
            found += places
    finally:
        matcher.close()
    return [place is not None for place in found]
