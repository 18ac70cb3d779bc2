"""The keys that the user gives to actions: from the table `[keys]` of the settings to a keymap of Textual's.

Every mistake is told, and what it costs: an id that there is none of, a key that no terminal sends, a key that another
action of the same pane had. `esc` and `ctrl+c` stay what they are, so that there is always a way back.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.binding import Binding
from textual.keys import _character_to_key
from textual.screen import Screen
from textual.widget import Widget

from tracetui.core.text import safe
from tracetui.tui.keymaps import NO_KEY, applied, key_words, owners

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.dom import DOMNode

    from tracetui.tui.settings import KeysTable

_MODIFIERS: Final = ("ctrl", "alt", "shift")
_NAMES: Final = {
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
    "ins": "insert",
    "return": "enter",
    **{name: name for name in ("enter", "tab", "space", "backspace", "delete", "insert", "home", "end", "escape")},
    **{name: name for name in ("up", "down", "left", "right", "pageup", "pagedown")},
    **{f"f{number}": f"f{number}" for number in range(1, 25)},
}
_SAME: Final = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+[": "esc", "ctrl+h": "backspace"}
"""What terminals cannot tell apart."""
_RESERVED: Final = ("escape", "ctrl+c")
_KEPT: Final = ("app.quit",)
"""Actions that always have a key."""


@dataclass(frozen=True, slots=True)
class Remapped:
    """What is to be put in force, and what was wrong; texts that can be printed."""

    keymap: Mapping[str, str]
    problems: tuple[str, ...] = ()


def textual_key(written: str) -> str:
    """The name that Textual has for a key as people write it (`ctrl+d`, `<`, `pgup`); raises ValueError with a reason."""
    *modifiers, last = written.split("+") if written[-1:] != "+" else [*written[:-1].rstrip("+").split("+"), "+"]
    modifiers = [modifier.lower() for modifier in modifiers if modifier]
    if unknown := [modifier for modifier in modifiers if modifier not in _MODIFIERS]:
        raise ValueError(f"there is no key {written!a}: {unknown[0]!a} is none of {', '.join(_MODIFIERS)}")
    if (same := _SAME.get("+".join((*modifiers, last.lower())))) is not None:
        raise ValueError(f"a terminal sends the same for {written} as for {same}")
    if len(last) == 1 and last.isprintable() and last != " ":
        if "shift" in modifiers:
            raise ValueError(f"write {last.upper()!a} for {written!a}")
        name = last.lower() if "ctrl" in modifiers else last
        return "+".join((*modifiers, name if name.isalnum() else _character_to_key(name)))
    if last.lower() not in _NAMES:
        near = difflib.get_close_matches(last.lower(), _NAMES, 1)
        raise ValueError(f"there is no key {written!a}" + (f"; did you mean {near[0]}?" if near else ""))
    return "+".join((*modifiers, _NAMES[last.lower()]))


def remap(table: KeysTable, where: str, classes: Iterable[type[DOMNode]] | None = None) -> Remapped:
    """The keymap that a table of the settings makes.

    Args:
        table: Id to keys as written.
        where: What problems name: the file.
        classes: What has actions; None: all of the screen.
    """
    if not table:
        return Remapped({})
    known = list(owners() if classes is None else classes)
    defaults = _defaults(known)
    keymap: dict[str, str] = {}
    problems: list[str] = []
    for id, keys in table.items():
        if id not in defaults:
            near = difflib.get_close_matches(id, defaults, 1)
            problems.append(f"keys.{id}: there is no such action" + (f"; did you mean {near[0]}?" if near else ""))
            continue
        try:
            keymap[id] = ",".join(_given(id, keys, defaults[id])) or NO_KEY
        except ValueError as error:
            problems.append(f"keys.{id}: {error}; it keeps {' '.join(map(key_words, defaults[id]))}")
    problems += _conflicts(known, keymap)
    return Remapped(keymap, tuple(safe(f"{where}: {problem}") for problem in problems))


def _defaults(classes: Iterable[type[DOMNode]]) -> dict[str, list[str]]:
    """The keys of each action, as Textual names them."""
    found: dict[str, list[str]] = {}
    for owner in classes:
        for binding in vars(owner)["BINDINGS"]:
            if isinstance(binding, Binding) and binding.id:
                keys = found.setdefault(binding.id, [])
                keys += [each.strip() for each in binding.key.split(",") if each.strip() not in keys]
    return found


def _given(id: str, keys: Sequence[str], defaults: Sequence[str]) -> list[str]:
    named = list(dict.fromkeys(textual_key(key) for key in keys))
    for key in named:
        if key in _RESERVED and key not in defaults:
            raise ValueError(f"{key_words(key)} is always the way back")
    # A way out that is lost leaves people in a screen that they cannot leave.
    named += [key for key in defaults if key in _RESERVED and key not in named]
    if not named and id in _KEPT:
        raise ValueError("this needs a key")
    return named


# ------------------------------------------------------------------------------------------------------------ conflicts


def _conflicts(classes: Sequence[type[DOMNode]], keymap: Mapping[str, str]) -> Iterator[str]:
    """What of one pane takes a key from what else."""
    said: set[str] = set()
    for title, chain in contexts(classes):
        before, after = _in_force(chain, {}), _in_force(chain, keymap)
        mine = {binding.id for owner in chain for _, binding in owner._merge_bindings() if binding.id}
        for key in sorted({key for id in mine & set(keymap) for key in keymap[id or ""].split(",") if key != NO_KEY}):
            taken = [id for id in keymap if id in mine and key in keymap[id].split(",")]
            loser, winner = before.get(key), after.get(key, taken[0])
            if len(taken) > 1:
                words = f"{' and '.join(taken)} are both given {key_words(key)} {title}; {winner} has it"
            elif loser is not None and loser != winner and loser not in keymap:
                left = " ".join(key_words(other) for other, id in after.items() if id == loser)
                keeps = f"keeps {left}" if left else "has no key there any more"
                words = f"keys.{winner}: {key_words(key)} was the key of {loser} {title}, which {keeps}"
            else:
                continue
            said_as = words.replace(f" {title}", "")
            if said_as not in said:
                said.add(said_as)
                yield words


def contexts(classes: Sequence[type[DOMNode]]) -> Iterator[tuple[str, list[type[DOMNode]]]]:
    """What acts together: a pane or a screen, what is around it, and the app; with words for where that is."""
    from tracetui.tui.app import TracetuiApp
    from tracetui.tui.screens.main import MainScreen
    from tracetui.tui.widgets.detail import Detail
    from tracetui.tui.widgets.run_list import RunList
    from tracetui.tui.widgets.span_tree import SpanTree

    panes: dict[type[DOMNode], str] = {SpanTree: "spans", RunList: "runs", Detail: "detail"}
    for pane, name in panes.items():
        yield f"in the {name} pane", [pane, MainScreen, TracetuiApp]
    for owner in classes:
        if owner not in panes and owner not in (MainScreen, TracetuiApp):
            if issubclass(owner, Screen):
                yield f"in {owner.__name__}", [owner, TracetuiApp]
            elif issubclass(owner, Widget):
                yield f"in {owner.__name__}", [owner]


def _in_force(chain: Iterable[type[DOMNode]], keymap: Mapping[str, str]) -> dict[str, str]:
    """Key to the id of the action that it does, the innermost first."""
    found: dict[str, str] = {}
    for owner in chain:
        for key, binding in applied(owner._merge_bindings(), keymap):
            if binding.id and key != NO_KEY:
                found.setdefault(key, binding.id)
    return found
