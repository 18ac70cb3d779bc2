"""What all parts of the screen share: the store, the bodies on disk, the clock and how things are to be shown.

One `Session` is made when the screen opens and handed to each widget in its constructor; there are no globals. It holds
no state of the view (selection, folding, chips), which belongs to the widgets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from tracetui.core.model import RunStatus
from tracetui.core.pricing.cost import Cost
from tracetui.core.run_status import StatusResult, StatusRules, run_status
from tracetui.core.symbols import UNICODE, Symbols
from tracetui.tui.link import Link
from tracetui.tui.presentation import Styles
from tracetui.tui.settings import Loaded, Settings
from tracetui.tui.state import State
from tracetui.tui.themes import OWN_COLOURS

if TYPE_CHECKING:
    from tracetui.core.analysis.slow import SlowSpans
    from tracetui.core.bodies import Bodies
    from tracetui.core.pricing import Costs
    from tracetui.core.relations import Relations
    from tracetui.core.store import Run, Store
    from tracetui.tui.feed import Feed

_MOVING = (RunStatus.running, RunStatus.stalled)
_SECOND = 1_000_000_000


def local_timezone() -> tzinfo:
    """The viewer's own zone."""
    return datetime.now().astimezone().tzinfo or UTC


def plain_styles() -> Styles:
    """Weights without colours: what widgets are drawn with before a theme is chosen."""
    return Styles(dict.fromkeys(OWN_COLOURS, "ansi_default"), no_color=True)


@dataclass(slots=True)
class Marked:
    """Rows of the store that have a bookmark: runs, and spans and events of the open run."""

    runs: set[int] = field(default_factory=set)
    spans: set[int] = field(default_factory=set)
    events: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Session:
    """Plain values, given to each widget. `now_ns` and `tz` are what tests replace."""

    store: Store
    bodies: Bodies
    feed: Feed | None = None
    """What reads; None where nothing is read (tests with a store made by hand)."""
    symbols: Symbols = UNICODE
    now_ns: Callable[[], int] = time.time_ns
    """Our clock, ns since the epoch."""
    tz: tzinfo = field(default_factory=local_timezone)
    rules: StatusRules = field(default_factory=StatusRules)
    """When a run counts as stalled or dead."""
    styles: Styles = field(default_factory=plain_styles)
    """Names of styles (`presentation.Styles`) in the theme of the moment; the app replaces it with the theme."""
    state: State = field(default_factory=State)
    """What is remembered from one start to the next; without a folder (tests, `--no-state`) nothing is."""
    loaded: Loaded = field(default_factory=Loaded)
    """The user's settings and where they come from; `settings` has the values."""
    link: Link = field(default_factory=Link)
    """How fast the terminal is taken to be, and how often what changes is sent."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Id of an action to the keys that the user gave it, as Textual keeps them."""
    costs: Costs | None = None
    """What calls cost that have no cost recorded; None until that is known, and where there are no such calls."""
    marked: Marked = field(default_factory=Marked)
    """What has a bookmark."""
    _statuses: dict[int, tuple[int, int, StatusResult]] = field(default_factory=dict)
    _causes: dict[int, tuple[tuple[int, ...], int]] = field(default_factory=dict)
    _slow: SlowSpans | None = None
    _relations: tuple[int, Relations] | None = None

    @property
    def settings(self) -> Settings:
        """The values of the settings in force."""
        return self.loaded.settings

    @property
    def is_reading(self) -> bool:
        """What was there at the start is not read to its end yet."""
        if self.feed is None:
            return False
        return self.feed.progress is None or not self.feed.progress.done

    def looking(self) -> AbstractContextManager[None]:
        """For a thread that is not the loop's: nothing is folded into the store meanwhile (`tui.stillness`)."""
        return nullcontext() if self.feed is None else self.feed.stillness.looking()

    def status(self, run: Run) -> StatusResult:
        """How `run` stands now; worked out when it changed, and for a live run once a second."""
        now = self.now_ns()
        epoch, second = run.epoch, now // _SECOND
        known = self._statuses.get(run.row)
        if known is not None and known[0] == epoch and (known[1] == second or known[2].status not in _MOVING):
            return known[2]
        result = run_status(run, now, self.rules)
        if result.status is RunStatus.stalled:
            # Only now is it worth measuring how long the open step usually takes.
            result = run_status(run, now, self.rules, self.slow_spans().open_p95(run.row))
        self._statuses[run.row] = (epoch, second, result)
        return result

    def causes(self, run: Run) -> int:
        """How many failed spans of a run have no failed child; worked out again only when the run has changed."""
        if not run.error_count:
            return 0
        self.learn_causes((run.row,))
        return self._causes[run.row][1]

    def learn_causes(self, rows: Iterable[int]) -> None:
        """Work out `causes` of many runs at once, as far as they are not known."""
        from tracetui.core.store.rollups import cause_counts

        states: dict[int, tuple[int, ...]] = {}
        for row in rows:
            run = self.store.runs[row]
            state = (run.error_count, run.span_count, len(run.failed), run.restarts)
            if run.error_count and self._causes.get(row, (None,))[0] != state:
                states[row] = state
        if states:
            for row, count in zip(states, cause_counts(self.store, list(states)), strict=True):
                self._causes[row] = (states[row], count)

    def cost(self, run: Run) -> Cost:
        """What a run cost, as far as that is known."""
        if self.costs is not None:
            return self.costs.of_run(run)
        return Cost(run.usage.cost_usd, partial="cost_usd" in run.usage_partial())

    def span_cost(self, row: int) -> Cost:
        """What a span itself cost, as far as that is known."""
        if self.costs is not None:
            return self.costs.of_span(row)
        usage = self.store.usage_of(row)
        return Cost() if usage is None else Cost(usage.cost_usd)

    def relations(self) -> Relations:
        """Which runs belong together, as the store is now."""
        if self._relations is None or self._relations[0] != self.store.epoch:
            from tracetui.core.relations import Relations

            self._relations = (self.store.epoch, Relations(self.store))
        return self._relations[1]

    @property
    def slow(self) -> SlowSpans:
        """Times by name over all that has been read, shared by all; as far as they are measured."""
        if self._slow is None:
            from tracetui.core.analysis.slow import SlowSpans

            self._slow = SlowSpans(self.store, self.settings.slow_rules(), measured=False)
        return self._slow

    def slow_spans(self) -> SlowSpans:
        """The same, up to date unless measuring takes long: what studies a large run does that in a thread."""
        if not self.slow.takes_long:
            self.slow.refresh()
        return self.slow
