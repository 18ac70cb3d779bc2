"""A key that does nothing where it is pressed says so, and where it does something: no key is ever silent."""

from __future__ import annotations

from collections.abc import Iterable

from tracetui.tui.keymaps import Key, key_words


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
