"""The list of themes, each shown while the cursor stands on it; esc puts the old one back."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult

from tracetui.core import text
from tracetui.tui.presentation.pieces import Piece, cut_pieces
from tracetui.tui.screens.choosing import Choice, ChoiceScreen
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp

_FACTS: Final = {
    "dark": "dark, the default",
    "light": "for light surroundings",
    "contrast": "dark, high contrast",
    "safe": "dark, told apart in all kinds of colour blindness",
    "terminal": "the terminal's own 16 colours, the fewest bytes",
}
KEPT_AS: Final = "theme"
"""Name of the remembered theme in the state."""


class ThemeSample(LineView, can_focus=False):
    """A few rows as they stand on the main screen, for a look at a theme."""

    has_cursor = False

    def row_count(self) -> int:
        """Lines of the sample."""
        return len(self._rows())

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A line of it."""
        return cut_pieces(self._rows()[index], width)

    def _rows(self) -> list[list[Piece]]:
        symbols = self.session.symbols
        full, thin, medium = symbols["bar_full"], symbols["bar_thin"], symbols["bar_medium"]
        error, now, silence = symbols["error"], symbols["now"], symbols["silence"]
        rows: list[tuple[str, str, str, str, str, str, str, str, str]] = [
            ("error", "status-error", "agent", "kind-agent", "research", "plan, then look", "1m31s", "", thin * 20),
            ("", "", "llm", "kind-llm", "chat", "claude", "9.4s", "kind-llm", full * 7),
            ("error", "status-error", "tool", "kind-tool", "fetch_page", "timed out", "31.2s", "status-error", ""),
            (
                "slow",
                "status-warning",
                "retriever",
                "kind-retrieval",
                "search",
                "over 5.0s",
                "8.1s",
                "kind-retrieval",
                "",
            ),
            ("open", "status-open", "guardrail", "kind-check", "check", "is running", "12.0s", "status-open", ""),
        ]
        bars = {
            "fetch_page": f"{' ' * 7}{full * 8}{error}",
            "search": f"{' ' * 6}{medium * 5}",
            "check": f"{' ' * 12}{full * 4}{silence * 3}{now}",
        }
        made: list[list[Piece]] = [[(" What it looks like ", "muted"), (symbols["rule"] * 60, "rule")], []]
        for status, style, kind, kind_style, name, about, time, bar_style, bar in rows:
            indent = "  " if kind == "agent" else "    "
            made.append(
                [
                    (f"  {symbols[status] if status else ' '} ", style),
                    (indent, ""),
                    (f"{symbols[kind]} ", kind_style),
                    (text.fit(name, 12), "selected" if name == "fetch_page" else "strong" if kind == "agent" else ""),
                    (f"  {text.fit(about, 16)}", "muted"),
                    (f"{time:>7}  ", style if status in ("error", "open") and kind != "agent" else ""),
                    (bars.get(name, bar), bar_style or "muted"),
                ]
            )
        words = {
            '"query"': "code-key",
            '"spruce"': "code-string",
            "12": "code-number",
            "return": "code-keyword",
            "+ added": "diff-added",
            "- removed": "diff-removed",
            " hit ": "hit",
        }
        code: list[Piece] = [(f"  {symbols['quote']}", "rule")]
        for word, style in words.items():
            code += [("  ", ""), (word, style)]
        made += [[], code]
        return made


class ThemeScreen(ChoiceScreen):
    """The list, and below it what the theme under the cursor looks like."""

    DEFAULT_CSS = "ThemeScreen ThemeSample { height: 9; }"

    def compose(self) -> ComposeResult:
        """The list over the sample."""
        yield self.header
        yield self.pane
        yield ThemeSample(self.view.session, id="theme-sample")
        yield self.footer


class Theming:
    """Chooses themes for the app."""

    def __init__(self, app: TracetuiApp) -> None:
        self._app = app
        self.names: list[str] = []
        self.problems: tuple[str, ...] = ()
        self.source = "chosen (T)"
        """Why another theme is shown than the settings say."""
        self._before = ""
        self.is_previewing = False
        """A list of themes is open, and the one under its cursor is shown there."""

    def begin(self) -> None:
        """Load the themes and take the one that is wanted. Raises TracetuiError for an option that names none."""
        from tracetui.core.errors import TracetuiError
        from tracetui.tui.themes import DEFAULT_THEME, load_themes

        app = self._app
        loaded = load_themes()
        for theme in loaded.themes.values():
            app.register_theme(theme)
        self.names, self.problems = sorted(loaded.themes), loaded.problems
        wanted = app.options.theme or self._kept()
        if wanted not in loaded.themes:
            if app.options.theme:
                raise TracetuiError(f"there is no theme {wanted!r}; there are {', '.join(self.names)}")
            self.problems += (f"theme {wanted} cannot be used; {DEFAULT_THEME} is shown",)
            wanted = DEFAULT_THEME
        app.theme = wanted

    def _kept(self) -> str:
        """What the settings say, else what was chosen last."""
        session = self._app.session
        if session.loaded.source("theme") == "default":
            kept = session.state.read(KEPT_AS)
            if isinstance(kept, str) and kept in self.names:
                return kept
            return self._by_terminal()
        return session.settings.theme

    def _by_terminal(self) -> str:
        """Nobody chose: what the terminal can show; without one, as in a test, what is usual."""
        from tracetui.tui.colours import FEW_COLOURS_THEME, default_theme

        usual = self._app.session.settings.theme
        found = usual if self._app.is_headless else default_theme(os.environ, usual)
        if found == FEW_COLOURS_THEME:
            self.source = "16 colours"
        return found

    def choose(self) -> None:
        """Let one be chosen from the list."""
        app = self._app
        self._before = app.theme
        choices = [Choice(name, name, _FACTS.get(name, "your own")) for name in self.names]
        note = "NO_COLOR is set: themes differ in weights only" if app.no_color else ""
        screen = ThemeScreen(
            app.session, "Themes", choices, app.main.facts, note=note, on_highlight=self._show, at=self._before
        )

        def chosen(name: str | None) -> None:
            self.is_previewing = False
            if app.theme != self._before:
                app.refresh_css(animate=False)
                app.call_next(app.restyle)  # a key may come in between
            self.take(name)

        self.is_previewing = True
        app.push_screen(screen, chosen)

    def _show(self, name: str | None) -> None:
        self._app.theme = self._before if name is None else name

    def take(self, name: str | None) -> None:
        """Show a theme and remember it, unless the settings name one; None: nothing was chosen."""
        if name is None:
            return
        app = self._app
        app.theme, self.source = name, "chosen (T)"
        source = app.session.loaded.source("theme")
        if source == "default":
            app.main.header.say(f"theme {name}")
            app.run_worker(self._keep(name), group="theme", exclusive=True)
        else:
            app.main.header.say(f"theme {name}; the next start takes {app.session.settings.theme} ({source})")

    async def _keep(self, name: str) -> None:
        problem = await asyncio.to_thread(self._app.session.state.write, KEPT_AS, name)
        if problem:
            self._app.main.header.mention(problem, "warning")
