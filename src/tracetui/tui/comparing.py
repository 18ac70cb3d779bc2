"""Two runs compared for the screen: which ones, and the work itself, which a thread does while the screen goes on.

Columns are compared in one go, bodies are read one by one: between two of them what was read meanwhile is folded in
(`tui.stillness`), and the work can be stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tracetui.core.model import SpanDetail
from tracetui.core.run_bodies import RunBodies

if TYPE_CHECKING:
    from tracetui.core.comparing import Comparison, Parting
    from tracetui.core.comparing.by_name import NameDifference
    from tracetui.core.comparing.outline import Outline
    from tracetui.core.comparing.values import Differences
    from tracetui.core.store import Run
    from tracetui.tui.session import Session

KEPT_UP_TO: Final = 200_000
"""Rows of a comparison that is kept for when it is asked for again."""
WHOLE: Final = 1_000_000
"""Equal lines around a change where the whole text is wanted."""


class Stopped(Exception):
    """Nobody waits for it any more."""


class Work:
    """What a thread may do for a comparison: look at the store, and be stopped.

    Args:
        session: Whose store it is.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._stop = threading.Event()

    def stop(self) -> None:
        """Nobody waits for it any more."""
        self._stop.set()

    def go_on(self) -> None:
        """Raises `Stopped` where nobody waits for it."""
        if self._stop.is_set():
            raise Stopped

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Nothing is folded into the store meanwhile. Raises `Stopped` where nobody waits for it."""
        self.go_on()
        with self.session.looking():
            yield


class LentBodies(RunBodies):
    """Bodies of a run for other threads than the loop's. Make it while nothing is folded in."""

    def __init__(self, work: Work, run: Run) -> None:
        from tracetui.core.formats import FORMATS

        session = work.session
        super().__init__(session.store, session.bodies.sources, FORMATS, run)
        self.work = work
        self._lock = threading.Lock()

    def size_of(self, span_row: int) -> int:
        """Bytes of the records that `span_detail` reads."""
        with self.work.looking(), self._lock:
            return super().size_of(span_row)

    def span_detail(self, span_row: int) -> SpanDetail:
        """What the records of a span say. Raises ChangedOnDisk where one of them is gone from its file."""
        with self.work.looking(), self._lock:
            return super().span_detail(span_row)


@dataclass(slots=True)
class Compared:
    """A comparison with what the screen shows of it."""

    comparison: Comparison
    outline: Outline
    names: list[NameDifference]
    has_tokens: bool
    has_cost: bool
    at_ns: int
    """When it was made, by our clock."""
    epoch: int
    """What the store was then."""
    parting: Parting | None = None
    """Where they part; None while that is looked for."""
    texts: dict[tuple[int, bool], Texts] = field(default_factory=dict)
    """What was found to differ in the texts of a row, and whether whole texts were asked for."""

    def lend(self, work: Work) -> None:
        """Read bodies for somebody else from now on."""
        for side in (self.comparison.one, self.comparison.other):
            if isinstance(side.bodies, LentBodies):
                side.bodies.work = work


@dataclass(frozen=True, slots=True)
class Texts:
    """What differs in what the spans of a row were given and what they gave."""

    said: tuple[str, str]
    """What each side did, in a line; empty where nothing is recorded. Safe."""
    input: Differences | None
    output: Differences | None


def compare(work: Work, a: Run, b: Run) -> Compared:
    """In a thread: everything but what has to be read from disk. Raises `Stopped`."""
    from tracetui.core.comparing import Comparison
    from tracetui.core.comparing.by_name import by_name
    from tracetui.core.comparing.outline import Outline
    from tracetui.core.comparing.row_words import matters
    from tracetui.core.comparing.sides import sides

    session = work.session
    with work.looking():
        epoch, at_ns = session.store.epoch, session.now_ns()
        bodies = LentBodies(work, a), LentBodies(work, b)
        runs = zip((a, b), bodies, strict=True)
        one, other = sides(*((session.store, run, its, session.costs) for run, its in runs))
    # Both are laid out: what is read from now on changes nothing in them.
    work.go_on()
    comparison = Comparison(one, other, go_on=work.go_on)
    names = [each for each in by_name(comparison) if matters(comparison, each)]
    return Compared(
        comparison,
        Outline(comparison),
        names,
        has_tokens=any(len(side.sums["total"].at) for side in (one, other)),
        has_cost=any(len(side.sums[name].at) for side in (one, other) for name in ("cost", "computed")),
        at_ns=at_ns,
        epoch=epoch,
    )


def find_parting(compared: Compared) -> Parting:
    """In a thread: where they part; reads inputs as far as needed. Raises `Stopped`."""
    from tracetui.core.comparing import parting

    return parting(compared.comparison)


def find_texts(compared: Compared, row: int, *, whole: bool) -> Texts:
    """In a thread: what differs in the texts of a row. Raises `Stopped`."""
    from tracetui.core.comparing.alignment import NONE
    from tracetui.core.comparing.divergence import said_of
    from tracetui.core.comparing.parting_lines import said_line
    from tracetui.core.comparing.values import CONTEXT, differences
    from tracetui.core.model import ABSENT

    comparison, rows = compared.comparison, compared.comparison.alignment
    sides = ((comparison.one, int(rows.a[row])), (comparison.other, int(rows.b[row])))
    lines = ["" if at == NONE else said_line(side, at) for side, at in sides]
    said = lines[0], lines[1]
    if NONE in (sides[0][1], sides[1][1]):
        return Texts(said, None, None)
    mine, theirs = said_of(comparison, row)
    context = WHOLE if whole else CONTEXT

    def differ(one: object, other: object) -> Differences | None:
        return None if one is ABSENT and other is ABSENT else differences(one, other, context)

    return Texts(said, differ(mine.input, theirs.input), differ(mine.output, theirs.output))


# ---------------------------------------------------------------- which runs


@dataclass(frozen=True, slots=True)
class Pair:
    """Rows of two runs, and why these."""

    a: int
    b: int
    why: str


def pair_of(runs: Sequence[Run], opened: int | None, marked: Iterable[int]) -> Pair | str:
    """The runs that are meant; a sentence where that cannot be told. The one that started first is A.

    Two that are marked; one that is marked and the open one; else the open one and the one before it of its name.
    """
    chosen = sorted(row for row in marked if runs[row].live)
    if len(chosen) > 2:
        return f"{len(chosen)} runs are marked: two can be compared"
    if len(chosen) == 2:
        return ordered(runs, chosen[0], chosen[1], "the two marked runs")
    if opened is None or not runs[opened].live:
        return "there is no run to compare"
    if chosen and chosen[0] != opened:
        return ordered(runs, chosen[0], opened, "the marked run and the open one")
    before = previous_of(runs, opened)
    if before is None:
        return ""
    words = "compared with the run before it" if _is_before(runs, before, opened) else "compared with the run after it"
    return ordered(runs, before, opened, words)


def previous_of(runs: Sequence[Run], row: int) -> int | None:
    """The newest run of the same name that started before, else the oldest that started later; None: there is none."""
    run = runs[row]
    if not run.name:
        return None
    same = [each.row for each in runs if each.live and each.name == run.name and each.row != row]
    before = [each for each in same if _is_before(runs, each, row)]
    if before:
        return max(before, key=lambda each: _age(runs, each))
    return min(same, key=lambda each: _age(runs, each), default=None)


def ordered(runs: Sequence[Run], one: int, other: int, why: str) -> Pair:
    """Two runs, the one that started first as A."""
    return Pair(one, other, why) if _is_before(runs, one, other) else Pair(other, one, why)


def others_of(runs: Sequence[Run], row: int) -> list[int]:
    """Runs that one can be compared with: those of its name first, the newest first."""
    name = runs[row].name
    rest = [run.row for run in runs if run.live and run.row != row]
    rest.sort(key=lambda each: _age(runs, each), reverse=True)
    return sorted(rest, key=lambda each: not name or runs[each].name != name)


def _age(runs: Sequence[Run], row: int) -> tuple[int, int]:
    from tracetui.tui.presentation.runs import started

    return started(runs[row]), row


def _is_before(runs: Sequence[Run], one: int, other: int) -> bool:
    return _age(runs, one) < _age(runs, other)
