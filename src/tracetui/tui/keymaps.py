"""Keys and actions: every action is a `Binding` with an id on the class that acts; everything else is made from those.

The help screen, the palette, the footers and the docs read the bindings here, so that nothing is listed twice. A keymap
maps ids to keys; `App.set_keymap` puts it in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.binding import Binding, BindingsMap
from textual.keys import format_key

if TYPE_CHECKING:
    from textual.dom import DOMNode

SECTIONS: Final[dict[str, str]] = {
    "span": "Spans",
    "names": "Spans by name",
    "runs": "Runs",
    "detail": "Detail",
    "move": "Move",
    "jump": "Jump: next, previous",
    "find": "Find",
    "chip": "Classes of spans and events",
    "look": "Look",
    "take": "Take away",
    "app": "Always",
    "summary": "Summary",
    "compare": "Comparing",
    "trouble": "What could not be read",
}
"""First part of a binding's id to the heading that it stands under."""

ALSO: Final[dict[str, str]] = {
    "span.next_cause": "of failure (error, broken)",
    "span.previous_cause": "of failure (error, broken)",
    "span.next_warning": "(retry, exit code)",
    "span.previous_warning": "(retry, exit code)",
    "span.next_slow": "(slowest)",
    "span.previous_slow": "(slowest)",
    "find.compare": "(difference)",
    "look.summary": "(loops, repeated calls, slowest, total cost, tokens, errors)",
    "look.settings": "(configuration, remapped keys)",
    "look.themes": "(colours)",
}
"""Words that people look for an action by, beside its own; by its id."""

NO_KEY: Final = "f60"
"""What an action without a key is bound to in a keymap of Textual's, which knows no other way: no keyboard sends it."""

_WORDS: Final = {
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
    "enter": "enter",
    "backspace": "backspace",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One action as people see it."""

    id: str
    keys: tuple[str, ...]
    """As written on a keyboard: `ctrl+d`, `<`."""
    words: str
    action: str
    node: DOMNode
    """The widget, screen or app that acts."""

    @property
    def section(self) -> str:
        """First part of the id."""
        return self.id.partition(".")[0]


def key_words(key: str) -> str:
    """A key of Textual's as it is written on a keyboard: `left_square_bracket` is `[`."""
    *modifiers, last = key.split("+") if key != "+" else [key]
    return "+".join([*modifiers, _WORDS.get(last, "+" if last == "plus" else format_key(last))])


def keys_of(nodes: Iterable[DOMNode]) -> list[Key]:
    """The actions that these nodes offer, each once, in the order in which they are bound, with the keys in force."""
    found: dict[str, Key] = {}
    for node in nodes:
        by_id: dict[str, list[Binding]] = {}
        for binding in _own(node._bindings):
            by_id.setdefault(binding.id or "", []).append(binding)
        in_force = _own(applied(node._bindings, node.app._keymap))
        for id, bindings in by_id.items():
            if id not in found:
                keys = dict.fromkeys(key_words(binding.key) for binding in in_force if binding.id == id)
                keys.pop(key_words(NO_KEY), None)
                found[id] = Key(id, tuple(keys), bindings[0].description, bindings[0].action, node)
    return list(found.values())


def _own(bindings: BindingsMap) -> list[Binding]:
    """Those that are actions of ours."""
    return [binding for _, binding in bindings if binding.id and binding.description]


def applied(bindings: BindingsMap, keymap: Mapping[str, str]) -> BindingsMap:
    """Bindings with a keymap of Textual's in force."""
    if not keymap:
        return bindings
    copy = bindings.copy()
    copy.apply_keymap(dict(keymap))
    return copy


def written(keys: str, owners: Iterable[type[DOMNode]], keymap: Mapping[str, str]) -> str:
    """Keys that a text of ours names by their defaults, as they are in force; empty where none is left.

    Args:
        keys: `e`, or several: `[ ]`. What is no key of an action stays as it is.
        owners: Whose keys are meant, the first one first.
        keymap: The keymap in force, as Textual keeps it.
    """
    if not keymap:
        return keys
    owners = list(owners)
    return " ".join(filter(None, (_in_force(key, owners, keymap) for key in keys.split())))


def _in_force(key: str, owners: Iterable[type[DOMNode]], keymap: Mapping[str, str]) -> str:
    for owner in owners:
        for binding in _own(owner._merge_bindings()):
            if key_words(binding.key) == key:
                return first_key(binding.id or "", key, keymap)
    return key


def first_key(id: str, default: str, keymap: Mapping[str, str]) -> str:
    """The first key of an action as it is in force; empty if it has none."""
    if id not in keymap:
        return default
    key = keymap[id].split(",")[0]
    return "" if key == NO_KEY else key_words(key)


def owners() -> Iterator[type[DOMNode]]:
    """Every widget, screen and app of ours that has actions of its own. Loads all modules of the screen."""
    import importlib
    import pkgutil

    from textual.dom import DOMNode

    import tracetui.tui

    for module in sorted(found.name for found in pkgutil.walk_packages(tracetui.tui.__path__, "tracetui.tui.")):
        for value in vars(importlib.import_module(module)).values():
            is_ours = isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module
            if is_ours and any(isinstance(each, Binding) and each.id for each in vars(value).get("BINDINGS", ())):
                yield value
