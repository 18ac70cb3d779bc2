"""The settings as a list: what is in force, where it comes from, what was wrong. Enter copies the line for the file."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult

from tracetui.core import text
from tracetui.tui.presentation.pieces import Piece, cut_pieces
from tracetui.tui.screens.choosing import Choice, ChoiceScreen
from tracetui.tui.settings import BY_KEY, SETTINGS
from tracetui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp
    from tracetui.tui.session import Session
    from tracetui.tui.settings import Loaded

_VALUE_CELLS: Final = 16
_SOURCE_CELLS: Final = 12
_BESIDE: Final = 6
"""Cells of a row that no problem stands in."""
_WORDS_FROM: Final = 20
"""Rows of the terminal from which on the setting under the cursor is told of below the list."""


def choices(
    session: Session, problems: tuple[str, ...], theme: str, width: int, why: str = "chosen (T)"
) -> list[Choice]:
    """Mistakes first and whole, then every setting and every remapped key with where it comes from."""
    loaded = session.loaded
    found = [choice for problem in problems for choice in _whole(problem, loaded, session.symbols["warning"], width)]
    if found:
        found.append(Choice("", " "))
    key_cells = max(len(setting.key) for setting in SETTINGS)
    for setting in SETTINGS:
        value, source = loaded.value(setting.key), loaded.source(setting.key)
        if setting.key == "theme" and source == "default" and theme != setting.default.strip('"'):
            value, source = f'"{theme}"', why
        words = setting.words
        if setting.key == "link" and session.settings.link == "auto":
            words = f"now {'slow' if session.link.is_slow else 'fast'}: {session.link.reason}. {words}"
        shown = f"{setting.key:<{key_cells}}  {text.fit(value, _VALUE_CELLS)}  {text.fit(source, _SOURCE_CELLS)}"
        mark = "" if source == "default" else session.symbols["marked"]
        found.append(Choice(setting.key, f"{shown}  {words.replace('`', '')}", mark=mark))
    for id, keys in loaded.settings.keys.items():
        given = text.fit(" ".join(keys) or "no key", _VALUE_CELLS)
        found.append(Choice(f"keys.{id}", f"{text.fit(f'keys.{id}', key_cells)}  {given}  file", mark="*"))
    return found


def _whole(problem: str, loaded: Loaded, mark: str, width: int) -> list[Choice]:
    """A problem in as many rows as it takes; the file is named above the list."""
    words = problem.removeprefix(f"{text.safe(str(loaded.path))}: ")
    lines = textwrap.wrap(words, max(20, width - _BESIDE)) or [""]
    return [
        Choice("", line if not number else f"  {line}", mark="" if number else mark)
        for number, line in enumerate(lines)
    ]


def setting_words(key: str, session: Session) -> list[str]:
    """All there is to say of one line of the list, a paragraph each; none of a line that is no setting."""
    setting = BY_KEY.get(key)
    if setting is None:
        return []
    words = setting.words
    if key == "link" and session.settings.link == "auto":
        words = f"{words} Now {'slow' if session.link.is_slow else 'fast'}: {session.link.reason}."
    variable = f"  environment: {setting.variable}" if setting.variable else ""
    return [words, f"values: {setting.allowed}  default: {setting.default}{variable}".replace("`", "")]


class SettingWords(LineView, can_focus=False):
    """What the setting under the cursor is for, whole."""

    has_cursor = False

    def __init__(self, session: Session) -> None:
        super().__init__(session, id="setting-words")
        self._key = ""

    def tell(self, key: str) -> None:
        """Tell of another one."""
        self._key = key
        self.refresh_all()

    def row_count(self) -> int:
        """Lines it takes."""
        return len(self._lines())

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A line of it; the rule first."""
        line, style = self._lines()[index]
        return cut_pieces([(line, style)], width, self.session.symbols)

    def _lines(self) -> list[Piece]:
        width = self.size.width
        words, *facts = (*setting_words(self._key, self.session), "")
        lines: list[Piece] = [(self.session.symbols["rule"] * width, "rule")]
        for style, paragraphs in (("", [words]), ("muted", facts)):
            for paragraph in paragraphs:
                shown = text.safe(paragraph.replace("`", ""))
                lines += [(f" {line}", style) for line in textwrap.wrap(shown, max(20, width - 2))]
        return lines


class SettingsScreen(ChoiceScreen):
    """The list, and below it all there is to say of the setting under the cursor; ends with the key that was chosen."""

    DEFAULT_CSS = "SettingsScreen SettingWords { height: 7; }"

    def __init__(self, app: TracetuiApp) -> None:
        path = app.session.loaded.path
        note = f"{path if path is not None else 'there is no file'}; keys stand under [keys], by the names in ?"
        listed = choices(app.session, app.setting_problems, app.theme, app.size.width, app.theming.source)
        enter = "copy the line for the file"
        self.words = SettingWords(app.session)
        super().__init__(
            app.session,
            "Settings",
            listed,
            app.main.facts,
            note=note,
            enter=enter,
            on_highlight=lambda key: self.words.tell(key or ""),
        )

    def compose(self) -> ComposeResult:
        """The list over the words."""
        yield self.header
        yield self.pane
        yield self.words
        yield self.footer

    def on_resize(self) -> None:
        """Where there are few rows the list needs them."""
        self.words.display = self.size.height >= _WORDS_FROM

    def on_mount(self) -> None:
        """Tell of the first one."""
        super().on_mount()
        if (chosen := self.view.chosen) is not None:
            self.words.tell(chosen.key)


def line_to_copy(session: Session, key: str) -> str:
    """The line that says in the file what is in force now; empty for what has no line."""
    if key not in BY_KEY:
        return ""
    table, _, name = key.rpartition(".")
    line = f"{name} = {session.loaded.value(key)}\n"
    return f"[{table}]\n{line}" if table else line
