"""The settings as a list: what is in force, where it comes from, what was wrong. Enter copies the line for the file."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from tracetui.core import text
from tracetui.tui.screens.choosing import Choice, ChoiceScreen
from tracetui.tui.settings import BY_KEY, SETTINGS

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp
    from tracetui.tui.session import Session
    from tracetui.tui.settings import Loaded

_VALUE_CELLS: Final = 16
_SOURCE_CELLS: Final = 12
_BESIDE: Final = 6
"""Cells of a row that no problem stands in."""


def choices(session: Session, problems: tuple[str, ...], theme: str, width: int) -> list[Choice]:
    """Mistakes first and whole, then every setting and every remapped key with where it comes from."""
    loaded = session.loaded
    found = [choice for problem in problems for choice in _whole(problem, loaded, session.symbols["warning"], width)]
    if found:
        found.append(Choice("", " "))
    key_cells = max(len(setting.key) for setting in SETTINGS)
    for setting in SETTINGS:
        value, source = loaded.value(setting.key), loaded.source(setting.key)
        if setting.key == "theme" and source == "default" and theme != setting.default.strip('"'):
            value, source = f'"{theme}"', "chosen (T)"
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


class SettingsScreen(ChoiceScreen):
    """The list; ends with the key that was chosen."""

    def __init__(self, app: TracetuiApp) -> None:
        path = app.session.loaded.path
        note = (
            f"settings are in {path if path is not None else 'no file'}; keys under [keys], by the names that ? shows"
        )
        listed = choices(app.session, app.setting_problems, app.theme, app.size.width)
        enter = "copy the line for the file"
        super().__init__(app.session, "Settings", listed, app.main.facts, note=note, enter=enter)


def line_to_copy(session: Session, key: str) -> str:
    """The line that says in the file what is in force now; empty for what has no line."""
    if key not in BY_KEY:
        return ""
    table, _, name = key.rpartition(".")
    line = f"{name} = {session.loaded.value(key)}\n"
    return f"[{table}]\n{line}" if table else line
