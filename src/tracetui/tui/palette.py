"""The palette: every action by its words, and whatever else has a name: rows, runs, tabs, themes, folders opened lately.

Made from the bindings, as the help is. What it does is always an action of ours: names of a recording choose which run is
opened, and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.tui.keymaps import ALSO, SECTIONS, Key
from tracetui.tui.presentation.runs import run_name
from tracetui.tui.screens.choosing import Choice, ChoiceScreen
from tracetui.tui.screens.main import MainScreen

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp

MOST_RUNS: Final = 2_000
"""Runs that are offered by name; the run list has a filter for more."""

_ALSO: Final = {"Errors": "(failures, causes)", "Loops": "(repeated calls)", "Bottlenecks": "(slow)"}
"""By what other words a section is looked for."""
_LAST: Final = ("move", "chip")
"""Sections that are known by heart: what acts is looked for."""


def actions(app: TracetuiApp) -> list[Key]:
    """The actions of the moment, and those that have no key of their own but a name."""
    keys = [key for key in app.actions() if key.id != "app.palette"]
    return [*keys, *app.main.viewing.keys()] if isinstance(app.screen, MainScreen) else keys


def choices(app: TracetuiApp) -> list[Choice]:
    """Everything that can be done and is few: actions, tabs, themes, folders."""
    keys = actions(app)
    found = [_of_key(key) for key in sorted(keys, key=lambda key: key.section in _LAST)]
    found += sections(app)
    if isinstance(app.screen, MainScreen):
        tabs = app.main.detail.tab_names
        found += [Choice(f"tab:{name}", f"Detail: tab {name}", "in the detail") for name in tabs]
    found += [Choice(f"theme:{name}", f"Theme: {name}", "now" if name == app.theme else "") for name in app.theme_names]
    found += [Choice(f"folder:{path}", f"Open: {path}", "opened lately") for path in app.remembered.folders]
    return found


def sections(app: TracetuiApp) -> list[Choice]:
    """The sections of the summary that is shown; from the main screen the most telling ones of the summary of the runs."""
    from tracetui.core.analysis.glance import LINES
    from tracetui.tui.screens.summary import SummaryScreen

    if isinstance(app.screen, SummaryScreen):
        return [
            Choice(f"section:{title}", f"Section: {title} {_ALSO.get(title, '')}".rstrip())
            for title in app.screen.view.titles
        ]
    if not isinstance(app.screen, MainScreen) or app.main.has_no_runs:
        return []
    others = app.main.summarising.others
    return [
        Choice(
            f"summary:{title}",
            f"Summary: {title.lower()} of {others} {_ALSO.get(title, '')}".rstrip(),
            "of the summary",
        )
        for _, title in LINES
    ]


def run_choices(app: TracetuiApp) -> Iterator[Choice]:
    """The runs in the order of the list, by name; those past the most are told of."""
    rows = app.main.runs.shown_runs
    runs = app.session.store.runs
    for row in rows[:MOST_RUNS]:
        yield Choice(f"run:{row}", f"Run: {run_name(runs[row])}", app.session.status(runs[row]).status.name)
    if len(rows) > MOST_RUNS:
        left = text.count(len(rows) - MOST_RUNS)
        yield Choice("runs:", f"Run: {left} more; the list of runs has a filter", "look.runs")


def _of_key(key: Key) -> Choice:
    words = f"{SECTIONS.get(key.section, key.section.capitalize())}: {key.words} {ALSO.get(key.id, '')}".rstrip()
    return Choice(f"action:{key.id}", words, "  ".join(key.keys))


class PaletteScreen(ChoiceScreen):
    """The palette as a list; ends with the key of a choice, which the app then does."""

    def __init__(self, app: TracetuiApp) -> None:
        super().__init__(app.session, "Palette", choices(app), app.main.facts)
        self._few = self.view.choices
        self._pane = app.main.active
        self._has_rows = isinstance(app.screen, MainScreen)
        self._owner = app
        self._runs: list[Choice] | None = None
        """None until something is typed."""
        self.view.wanted = self._wanted

    def _wanted(self, typed: str) -> list[Choice]:
        """What is offered for what is typed: names of runs only then, and a row for digits."""
        if not typed:
            return list(self._few)
        if self._runs is None:
            self._runs = list(run_choices(self._owner)) if self._has_rows else []
        found = [*self._few, *self._runs]
        if typed.strip().isdecimal() and self._has_rows:
            number = int(typed.strip()[:9])
            found.insert(0, Choice(f"row:{number}", f"Go to row {number}", f"in the {self._pane} pane"))
        return found
