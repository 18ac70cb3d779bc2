"""What there is to say of an analysed run in single words and lines: for the printed page and for the screen."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from tracetui.core.analysis.attribution import Part, kinds_of
from tracetui.core.analysis.page import Page
from tracetui.core.analysis.run_analysis import RunAnalysis
from tracetui.core.analysis.spending import other_callers
from tracetui.core.analysis.tables import cache_note, number
from tracetui.core.bodies import Bodies
from tracetui.core.model import Kind, Status
from tracetui.core.pricing import Cost
from tracetui.core.text import clock_time, cut, duration, exact, offset, safe

_DIFFERS: Final = 0.01
"""Part of the wall clock's figure from which on a sum of durations is told apart from it."""
_PATH_NAMES: Final = 60


def outcome(some: int, every: int, word: str) -> str:
    """``2 recovered``; only the word where that is all of them."""
    return "" if not some else word if some == every else f"{some:,} {word}"


class RunWords:
    """Words on one run.

    Args:
        about: The analysis.
        page: Width, symbols, length of lists.
        bodies: For the subjects of the spans that are named.
        id: The run's id as it is printed.
        spent: What the run cost.
        tz: Zone of times shown.
    """

    def __init__(self, about: RunAnalysis, page: Page, bodies: Bodies, id: str, spent: Cost, tz: tzinfo) -> None:
        self._about = about
        self._page = page
        self._symbols = page.symbols
        self._bodies = bodies
        self._id = id
        self._cost = spent
        self._tz = tz
        self._spans = about.spans
        self._store = about.spans.store

    def span_words(self, row: int, subject: str = "", name: str = "") -> str:
        """Symbol, name and subject of a span."""
        if row < 0:
            return f"{self._symbols['error']} {safe(name)}"
        called = safe(name or self._about.name(row)) or "(no name)"
        subject = safe(subject)
        about = f"  {subject}" if subject and subject != called else ""
        return f"{self._symbols[Kind(self._store.spans.kind[row]).name]} {called}{about}"

    def crumbs(self, row: int, room: int, *, short: bool = False) -> str:
        """The names from the run down to a span; without the outermost where there is no room for it, or not for all."""
        if row < 0:
            return "the run itself"
        names = [safe(name) or "(no name)" for name in self._about.path_names(row)[-_PATH_NAMES:]]
        if short and len(names) > 2:
            names = names[-2:]
        crumb = f" {self._symbols['crumb']} "
        text = crumb.join(names)
        return cut(text, max(20, room), "start", self._symbols)

    def _crumb_end(self, row: int) -> str:
        return self.crumbs(row, 60, short=True)

    def _went(self, row: int) -> str:
        word = {Status.ok: "was ok", Status.unset: "ended", Status.error: "failed", Status.skipped: "was skipped"}
        status = Status(self._store.spans.status[row])
        took = self._spans.took[self._spans.node(row)]
        length = f", took {duration(int(took), self._symbols)}" if took >= 0 else ""
        return word.get(status, "was open") + length

    def extent(self, moments: list[int]) -> str:
        """From when to when: ``+1.2s to +3m``."""
        begin = self._spans.begin
        if not moments or begin < 0:
            return ""
        first, last = (offset(time - begin, self._symbols) for time in (min(moments), max(moments)))
        return first if first == last else f"{first} to {last}"

    def _clock(self, time: int) -> str:
        return clock_time(time, self._tz)[:8]

    def gap_words(self) -> str:
        """The longest idle stretch: how long, from when on, in what."""
        found = self._about.attribution
        if found is None:
            return ""
        gap = found.gaps[0]
        where = f" in {safe(self._about.name(gap.row))}" if gap.row is not None else ""
        most = "the longest " if len(found.gaps) > 1 else ""
        begin = self._spans.begin
        return f"{most}{duration(gap.end - gap.start, self._symbols)} from {offset(gap.start - begin, self._symbols)}{where}"

    def model_notes(self) -> list[str]:
        """What is to be said of the figures by model: the cache, and why they differ from those of the wall clock."""
        about, symbols = self._about, self._symbols
        notes = cache_note(about.spent.cache_share, symbols)
        for kind, amount in other_callers(about.usages).items():
            is_, whose = ("is", "") if amount == 1 else ("are", "s")
            notes.append(f"{exact(amount, symbols)} of the calls {is_} no model call{whose} by kind: {kind.name}")
        found = about.attribution
        clock = next((part.ns for part in found.parts if part.word == "model"), 0) if found is not None else 0
        added = sum(each.total_ns for each in about.names if each.kind is Kind.llm)
        if clock and added - clock > clock * _DIFFERS:
            notes.append(
                f"total adds up all calls, also those inside of others or beside them: {duration(added, symbols)} of "
                f"model calls, {duration(clock, symbols)} on the clock"
            )
        return notes

    def part_calls(self, part: Part) -> str:
        """How many calls are in a part of the clock, with their sum where that is another: some ran at once, or held others."""
        noun = {"own": "span", "idle": "gap"}.get(part.word, "call")
        kinds = kinds_of(part.word)
        added = sum(each.total_ns for each in self._about.names if each.kind in kinds)
        is_other = added and not part.open_ns and abs(added - part.ns) > part.ns * _DIFFERS
        return number(part.count, noun) + (f", {duration(added, self._symbols)} added up" if is_other else "")

    def called_once(self) -> str:
        """How many agents have one model call only, and no growth; empty where there is none."""
        once = self._about.called_once
        return f"{number(once, 'agent')} with one model call: not listed" if once else ""
