"""A key that does nothing where it is pressed says so, and where it does something: no key is ever silent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tracetui.tui.keymaps import Key, first_key, key_words, keys_of
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.line_editor import LineEditor

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp


def say_unbound(app: TracetuiApp, key: str) -> None:
    """Say in the header of the screen of the moment that a key does nothing there; nothing where one types."""
    main, header = app.main, getattr(app.screen, "header", None)
    if not isinstance(header, HeaderLine) or isinstance(app.focused, LineEditor):
        return
    elsewhere: list[tuple[str, list[Key]]] = [("among runs and spans: esc goes back", main.actions())]
    if app.screen is main:
        others = [(name, view) for name, view in main.views.items() if name != main.active]
        elsewhere = [(f"in the {name} pane", keys_of([view])) for name, view in others]
    header.say(unbound_words(key, elsewhere, first_key("app.help", "?", app.session.keymap)))


def unbound_words(key: str, elsewhere: Iterable[tuple[str, Iterable[Key]]], help_key: str) -> str:
    """What is said of a key that does nothing here.

    Args:
        key: As Textual calls it.
        elsewhere: Where else there are actions, in words (`in the runs pane`), and those actions.
        help_key: The key that lists all keys, as it is in force; empty if there is none.
    """
    shown = key_words(key)
    for place, keys in elsewhere:
        for each in keys:
            if shown in each.keys:
                return f"{shown} ({each.words}) does nothing here, only {place}"
    lists = f": {help_key} lists the keys" if help_key else ""
    return f"{shown} does nothing here{lists}"
